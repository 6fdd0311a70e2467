"""A Darwin Core archive: its tables of occurrences and of media, row by row.

The archive's description (``meta.xml``) and its rows are read by python-dwca-reader, one row at a
time: a row that is too short, or not in the encoding that the description states, costs itself.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .columns import bare
from .delimited import Row, decode, not_utf8, read_delimited, split
from .problems import Problem, ReadingError

Terms = Mapping[str, str]
"""A row: values by the bare names of their terms, such as ``scientificname``; none is empty."""


@dataclass(frozen=True)
class Source:
    """One table of an archive.

    Attributes
    ----------
    name : str
        Its file.
    kind : str
        What a row is: "occurrence", "multimedia", or another type's bare name.
    rows : callable
        Gives (line, key of the occurrence, terms) for each row; problems go into the list that is
        handed over.
    """

    name: str
    kind: str
    rows: Callable[[list[Problem]], Iterator[tuple[int, str, Terms]]]


@contextmanager
def opened(path: str, problems: list[Problem]) -> Iterator[list[Source]]:
    """Open an archive: its core table first, then its extensions.

    Parameters
    ----------
    path : str
        A zip or tar file, or a folder. Without a ``meta.xml`` that can be used, files called
        occurrence and multimedia (or media), ending in ``.txt`` or ``.csv``, are read by their
        first line. A single CSV or text file is a table, too.
    problems : list of Problem
        Gets what is wrong.

    Raises
    ------
    ReadingError
        If nothing in it can be read.
    """
    if not os.path.exists(path):
        raise ReadingError(f"{path} is not there; give a Darwin Core archive, a folder or a CSV.")
    if os.path.isdir(path):
        yield _sources(path, problems)
    elif zipfile.is_zipfile(path) or tarfile.is_tarfile(path):
        with tempfile.TemporaryDirectory(prefix="conus-archive-") as folder:
            try:
                _unpack(path, folder)
            except (OSError, EOFError, RuntimeError, ValueError, *_BAD_PACKS) as error:
                raise ReadingError(
                    f"{path} cannot be unpacked ({error}); download the archive again."
                ) from error
            yield _sources(folder, problems)
    else:
        yield _single(path)


_BAD_PACKS = (zipfile.BadZipFile, tarfile.TarError, zlib.error)
_OCCURRENCES = ("occurrence", "occurrences", "occurrence_raw")
_MEDIA = ("multimedia", "media", "multimedia_raw", "image", "images")


def _single(path: str) -> list[Source]:
    """Return a table of media by itself, and the one of occurrences that may lie beside it."""
    beside = _named(os.path.dirname(path), _OCCURRENCES, "occurrence")[:1]
    if beside and os.path.splitext(os.path.basename(path).lower())[0] in _OCCURRENCES:
        return [_plain_source(path, "occurrence")]
    return [*beside, _plain_source(path, "multimedia")]


def _unpack(path: str, folder: str) -> None:
    """Unpack the tables, and nothing else: archives may hold gigabytes of photographs."""
    wanted = (".txt", ".csv", ".tsv", ".xml")
    taken: set[str] = set()

    def target(name: str) -> str | None:
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts or ".." in parts or "dataset" in parts[:-1]:
            return None  # "dataset" holds descriptions of data sets, up to thousands
        if not parts[-1].lower().endswith(wanted) or parts[-1] in taken:
            return None
        taken.add(parts[-1])
        return os.path.join(folder, parts[-1])

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            for member in sorted(pack.infolist(), key=lambda member: member.filename.count("/")):
                place = None if member.is_dir() else target(member.filename)
                if place:
                    with pack.open(member) as data, open(place, "wb") as file:
                        shutil.copyfileobj(data, file)
        return
    with tarfile.open(path) as tape:
        for entry in sorted(tape.getmembers(), key=lambda entry: entry.name.count("/")):
            place = target(entry.name) if entry.isfile() else None
            content = tape.extractfile(entry) if place else None
            if place and content:
                with content, open(place, "wb") as file:
                    shutil.copyfileobj(content, file)


def _sources(folder: str, problems: list[Problem]) -> list[Source]:
    meta = _meta(folder)
    if meta is not None:
        try:
            return _described(meta, problems)
        except ReadingError as error:
            problems.append(Problem("meta.xml", f"cannot be used: {error}", kept=True))
    else:
        reason = "is missing; the tables are read by their first lines."
        problems.append(Problem("meta.xml", reason, kept=True))
    core = _named(folder, _OCCURRENCES, "occurrence")
    media = _named(folder, _MEDIA, "multimedia")
    if not core and not media:
        raise ReadingError(
            f"{folder} holds neither a meta.xml that can be used nor a file called occurrence.txt "
            "or multimedia.txt; give the archive as it was downloaded."
        )
    return core[:1] + media[:1]


def _meta(folder: str) -> str | None:
    """Return the description, in the folder or in the only folder within it."""
    inside = [entry.path for entry in os.scandir(folder) if entry.is_dir()]
    for place in [folder, *(inside if len(inside) == 1 else [])]:
        if os.path.isfile(path := os.path.join(place, "meta.xml")):
            return path
    return None


def _described(meta: str, problems: list[Problem]) -> list[Source]:
    from dwca.descriptors import ArchiveDescriptor

    folder = os.path.dirname(meta)
    try:
        with open(meta, "rb") as file:
            text = decode(file.read().removeprefix(b"\xef\xbb\xbf"))[0]
        # What the standard takes for granted, the library asks for.
        whole = ArchiveDescriptor(_with_encodings(text))
        if min(table.lines_to_ignore for table in (whole.core, *whole.extensions)) < 0:
            raise ValueError("less than no line to ignore")
    except Exception as error:  # the library raises whatever the file brings about
        raise ReadingError(f"{type(error).__name__}: {error}.") from error
    if not all(table.fields_terminated_by for table in (whole.core, *whole.extensions)):
        raise ReadingError("a table has nothing between its cells.")
    found = []
    for description in (whole.core, *whole.extensions):
        description.fields = [field for field in description.fields if field["term"]]
        name = description.file_location
        path = os.path.join(folder, name)
        inside = os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
        if inside and os.path.isfile(path):
            found.append(_described_source(path, description))
        else:
            reason = "is named in meta.xml, but not in the archive; download the archive again."
            problems.append(Problem(name, reason))
    if not found:
        raise ReadingError("none of the files that it names is there.")
    return found


def _with_encodings(meta: str) -> str:
    """Return the description as the library needs it.

    The library decodes separators by the encoding of the table. All tables get UTF-8, which suits
    separators; what was there stays as ``stated``.
    """

    def complete(tag: re.Match[str]) -> str:
        return f'{re.sub(r"(?<= )encoding=", "stated=", tag[0])} encoding="UTF-8"'

    return re.sub(r"<(?:core|extension)\b[^<>]*?(?=/?>)", complete, meta)


def _stated_encoding(description: Any) -> str:
    """Return the encoding that a table states; UTF-8 if it states none that there is."""
    stated = description.raw_element.get("stated") or "utf-8"
    try:
        b"a".decode(stated)  # "base64" is known as well, but not for text
    except LookupError:
        return "utf-8"
    except UnicodeError:  # half a letter
        pass
    return codecs.lookup(stated).name


def _described_source(path: str, description: Any) -> Source:
    kind = bare(description.type or "")
    kind = "multimedia" if kind in ("multimedia", "audubonmediadescription", "image") else kind

    def rows(problems: list[Problem]) -> Iterator[tuple[int, str, Terms]]:
        from dwca.exceptions import InvalidArchive
        from dwca.rows import CoreRow, ExtensionRow

        row_class = CoreRow if description.represents_corefile else ExtensionRow
        short = {term: bare(term) for term in description.terms}
        name = os.path.basename(path)
        foreign: list[int] = []
        for line, cells in _cells(path, description, problems, foreign):
            try:
                row = row_class.from_fields(cells, line, description)
            except (InvalidArchive, IndexError):
                reason = "is too short for the columns that meta.xml names; it is left out."
                problems.append(Problem(f"{name}, line {line},", reason))
                continue
            key = row.id if description.represents_corefile else row.core_id
            yield line, (key or "").strip(), _terms(short, row.data)
        if foreign:
            problems.append(not_utf8(name, foreign))

    return Source(os.path.basename(path), kind, rows)


def _cells(
    path: str, description: Any, problems: list[Problem], foreign: list[int]
) -> Iterator[tuple[int, list[str]]]:
    """Return the cells of each row of a table, and its first line.

    Read as Latin-1, every byte is a letter of its own: line ends and separators are found whatever
    the encoding. Then each row is decoded for itself: archives that say ISO-8859-1 are often
    UTF-8, and the other way round. Lines that hold no UTF-8, though it is stated, are `foreign`.
    """
    stated = _stated_encoding(description)
    wide = stated.startswith(("utf-16", "utf-32"))
    otherwise = "cp1252" if stated in (*_UTF8, "iso8859-1") else stated
    quote, separator = description.fields_enclosed_by, description.fields_terminated_by
    skipped = description.lines_to_ignore
    pieces = islice(_pieces(path, stated if wide else "latin-1"), skipped, None)
    rows: Iterable[Row]
    if len(quote) == len(separator) == 1:
        rows = split(list(pieces), separator, first=skipped + 1, quote=quote)
    else:
        rows = (Row(n, line.split(separator)) for n, line in enumerate(pieces, skipped + 1))
    for row in rows:
        cells = row.cells
        if not any(cell.strip() for cell in cells):
            continue
        if not wide and not all(cell.isascii() for cell in cells):
            decoded = [
                (cell, True) if cell.isascii() else decode(cell.encode("latin-1"), otherwise)
                for cell in cells
            ]
            cells = [text for text, _ in decoded]
            if stated in _UTF8 and not all(sound for _, sound in decoded):
                foreign.append(row.line)
        if row.fault:
            where = f"{os.path.basename(path)}, line {row.line},"
            problems.append(Problem(where, row.fault, kept=True))
        yield row.line, cells


_UTF8 = ("utf-8", "utf-8-sig", "ascii")


def _pieces(path: str, encoding: str) -> Iterator[str]:
    """Yield the lines of a file, whichever of the three ends they have."""
    with open(path, encoding=encoding, errors="replace", newline="\n") as file:
        start = file.read(1 << 16)
        file.seek(0)
        if "\r" in start and "\n" not in start:
            yield from file.read().split("\r")
            return
        for line in file:
            yield line.rstrip("\r\n")


def _terms(short: Mapping[str, str], data: Mapping[str, str]) -> Terms:
    """Values by short names; if two terms share one, the first that says something counts."""
    terms: dict[str, str] = {}
    for term, value in data.items():
        if value and (text := value.strip()):
            terms.setdefault(short[term], text)
    return terms


_KEYS = {
    "occurrence": ("coreid", "gbifid", "id", "uuid", "occurrenceid", "catalognumber"),
    "multimedia": ("coreid", "gbifid", "records", "occurrenceid", "id", "catalognumber"),
}


def _plain_source(path: str, kind: str) -> Source:
    """Return a table that has no description: its first row names the columns."""

    def rows(problems: list[Problem]) -> Iterator[tuple[int, str, Terms]]:
        try:
            table = read_delimited(path)
        except ReadingError as error:
            problems.append(Problem(os.path.basename(path), f"cannot be read: {error}"))
            return
        problems += table.problems
        short = {name: bare(name) for name in table.columns}
        keys = [key for key in _KEYS[kind] if key in short.values()]
        for row in table.rows:
            terms = _terms(short, dict(zip(table.columns, row.cells, strict=True)))
            yield row.line, terms.get(keys[0], "") if keys else "", terms

    return Source(os.path.basename(path), kind, rows)


def _named(folder: str, stems: tuple[str, ...], kind: str) -> list[Source]:
    """Return the tables of a folder that have one of these names, the first name first."""
    found = []
    for name in sorted(os.listdir(folder)):
        stem, suffix = os.path.splitext(name.lower())
        if stem in stems and suffix in (".txt", ".csv", ".tsv"):
            found.append((stems.index(stem), os.path.join(folder, name)))
    return [_plain_source(path, kind) for _, path in sorted(found)]
