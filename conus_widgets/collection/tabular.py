"""A table of photographs: CSV in any of its kinds, or Parquet."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from .columns import find_column
from .delimited import read_delimited
from .pictures import is_address, locate
from .problems import Problem, ReadingError
from .screening import screened
from .table import Record, Table, specimen_key
from .views import orientation

_THINGS = (
    "file",
    "label",
    "specimen",
    "view",
    "region",
    "institution",
    "collection",
    "catalogue",
    "occurrence",
    "media",
)


def read_table(
    path: str | os.PathLike[str],
    photographs: str | os.PathLike[str] | None = None,
    *,
    views: Mapping[str, str] | None = None,
    encoding: str | None = None,
    **columns: str,
) -> Table:
    """Read a table with a row for each photograph.

    Parameters
    ----------
    path : path
        A CSV file (commas, semicolons or tabs; UTF-8, UTF-16 or Latin-1) whose first row names
        the columns, or a Parquet file.
    photographs : path, optional
        The folder of the photographs; by default the table's own. A file's name that does not
        lead anywhere from there is looked for below it by its end; see `pictures.find`.
    views : mapping of str to str, optional
        Words for views and what they mean; see `views.orientation`.
    encoding : str, optional
        Needed only if the CSV file has another encoding than those above.
    **columns : str
        Which column holds what, if its name does not say so: ``file``, ``label``, ``specimen``,
        ``view``, ``region``, ``institution``, ``collection``, ``catalogue``, ``occurrence``, and
        ``media`` for one with several photographs in a cell, with "|" between them.

    Returns
    -------
    Table
        All other columns are in `Record.others`. A specimen is institution, collection and
        catalogue number; else the occurrence; else what the column for it says. A column that is
        named here comes first.

    Raises
    ------
    ReadingError
        If the table cannot be read or has no column for the photographs.
    ValueError
        If a column that is named here is not there.
    """
    if unknown := sorted(set(columns) - set(_THINGS)):
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(_THINGS)}.")
    source = os.path.abspath(path)
    base = os.path.abspath(photographs) if photographs is not None else os.path.dirname(source)
    names, rows, problems = _read(source, encoding)
    table = _Columns(names, columns)
    if not table.holds("file", "media"):
        raise ReadingError(
            f"{source} has no column that is known to name photographs, but "
            f"{', '.join(map(repr, names[:8]))}; say which one it is: file='...'."
        )
    entries: list[tuple[str, str, Sequence[str]]] = []  # what names the photograph, where, its row
    for where, cells in rows:
        file = table.read("file", cells)
        given = [file] if file else several(table.read("media", cells))
        if not given:
            reason = "names no photograph; the row is left out."
            problems.append(Problem(f"{os.path.basename(source)}, {where},", reason))
        entries += ((one, where, cells) for one in given)
    located = locate([given for given, *_ in entries], base, search=photographs is not None)
    problems += located.problems
    records = []
    grouped = False
    for (name, where, cells), (place, reason) in zip(entries, located.found, strict=True):
        if reason:
            problems.append(Problem(f"{name} ({where})", reason))
            continue
        key = table.specimen(cells)
        grouped = grouped or bool(key)
        others = table.others(cells)
        if is_address(name):
            others["address"] = name
        record = Record(
            place,
            label=table.read("label", cells),
            specimen=key or name,
            view=orientation(table.read("view", cells), views),
            region=table.read("region", cells),
            institution=table.read("institution", cells),
            occurrence=table.read("occurrence", cells),
            catalogue=table.read("catalogue", cells),
            others=others,
            given_view=table.read("view", cells),
        )
        records.append((record, where))
    return screened(records, source=source, grouped=grouped, problems=problems, bases=(base,))


class _Columns:
    """Which column holds what, and how to read it."""

    def __init__(self, names: Sequence[str], asked: Mapping[str, str]) -> None:
        place = {name: number for number, name in enumerate(names)}
        self._places = {
            thing: place[column]
            for thing in _THINGS
            if (column := find_column(names, thing, asked.get(thing))) is not None
        }
        taken = set(self._places.values())
        self._others = [(n, name) for name, n in place.items() if n not in taken]
        self._own_specimen = "specimen" in asked

    def holds(self, *things: str) -> bool:
        return any(thing in self._places for thing in things)

    def read(self, thing: str, cells: Sequence[str]) -> str:
        place = self._places.get(thing)
        return "" if place is None else cells[place].strip()

    def specimen(self, cells: Sequence[str]) -> str:
        """Return the key of the specimen, "" if nothing tells it."""
        said = self.read("specimen", cells)
        if said and self._own_specimen:
            return said
        return specimen_key(
            institution=self.read("institution", cells),
            collection=self.read("collection", cells),
            catalogue=self.read("catalogue", cells),
            occurrence=self.read("occurrence", cells),
            other=said,
        )

    def others(self, cells: Sequence[str]) -> dict[str, str]:
        found = {name: text for n, name in self._others if (text := cells[n].strip())}
        if collection := self.read("collection", cells):
            found["collectionCode"] = collection
        return found


def several(cell: str) -> list[str]:
    """Return the photographs that one cell names, as Darwin Core's ``associatedMedia`` does.

    "|" stands between them by Darwin Core's advice; people also write ";" or ", " there.
    """
    for sign in ("|", ";", ", "):
        if sign in cell:
            return [part.strip() for part in cell.split(sign) if part.strip()]
    return [cell.strip()] if cell.strip() else []


def _read(
    source: str, encoding: str | None
) -> tuple[list[str], list[tuple[str, Sequence[str]]], list[Problem]]:
    """Return the columns' names, the rows and where each stands, what is wrong with others."""
    try:
        with open(source, "rb") as file:
            head = file.read(4)
    except OSError as error:
        raise ReadingError(
            f"{source} cannot be read: {error.strerror}; give a CSV or Parquet file."
        ) from error
    if head == b"PAR1":
        return _read_parquet(source)
    if head.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise ReadingError(f"{source} is an office document or archive; export the table as CSV.")
    table = read_delimited(source, encoding=encoding)
    rows: list[tuple[str, Sequence[str]]] = [(f"line {row.line}", row.cells) for row in table.rows]
    return _distinct(table.columns), rows, table.problems


def _read_parquet(
    source: str,
) -> tuple[list[str], list[tuple[str, Sequence[str]]], list[Problem]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(source)
        columns = [column.to_pylist() for column in table.columns]
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = f"{source} is no sound Parquet file ({error}); write it again."
        raise ReadingError(reason) from error
    texts = [[_text(value) for value in column] for column in columns]
    rows: list[tuple[str, Sequence[str]]] = [
        (f"row {number}", cells) for number, cells in enumerate(zip(*texts, strict=True), 1)
    ]
    return _distinct(table.column_names), rows, []


def _text(value: object) -> str:
    """Write a cell of Parquet as text; numbers with gaps have become a column of fractions."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of columns; one that occurs again gets a number."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        found.append(name if name and name not in found else f"{name or 'column'} ({place})")
    return found
