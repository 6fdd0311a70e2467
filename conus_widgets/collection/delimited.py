"""Rows of a text table, with mistakes that real ones have: a bad line costs itself, no other.

A lone quotation mark ends with its line; a usual CSV reader would swallow all that follows.
Letters that are not UTF-8 are read as Windows-1252 (Latin-1 with a few signs more).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass

from .problems import Problem, ReadingError

_DELIMITERS = ",;\t|"
_RETURN = "\ue00d"  # a sign for private use, in place of a carriage return
_LONGEST = 200  # lines that one cell in quotation marks may span


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line (from 1), its cells, what is wrong, how many lines."""

    line: int
    cells: list[str]
    fault: str = ""
    lines: int = 1


@dataclass(frozen=True)
class TextTable:
    """A text table.

    Attributes
    ----------
    columns : list of str
        The cells of its first row.
    rows : list of Row
        All others; each has as many cells as there are columns.
    problems : list of Problem
        Rows that had to be left out, and what was odd.
    """

    columns: list[str]
    rows: list[Row]
    problems: list[Problem]


def read_delimited(path: str, *, encoding: str | None = None) -> TextTable:
    """Read a table whose first row names the columns.

    Parameters
    ----------
    path : str
        A file of UTF-8 (with or without a mark at its start), UTF-16 with a mark, or Latin-1,
        with commas, semicolons, tabs or upright strokes between the cells.
    encoding : str, optional
        Needed only if the file has another encoding than these.

    Raises
    ------
    ReadingError
        If it cannot be read, or is empty.
    """
    name = os.path.basename(path)
    lines, problems = read_lines(path, encoding=encoding)
    start = 0
    separator = None
    if lines and lines[0].casefold().startswith("sep=") and len(lines[0]) == 5:
        separator, start = lines[0][4], 1  # Excel's way to say it
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start == len(lines):
        raise ReadingError(f"{path} is empty; export the table again.")
    separator = separator or sniff(lines[start])
    rows = split(lines[start:], separator, first=start + 1)
    columns = [column.strip() for column in next(rows).cells]
    kept = []
    for row in rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        extra = row.cells[len(columns) :]
        where = f"{name}, line {row.line},"
        if any(cell.strip() for cell in extra):
            reason = (
                f"has {len(row.cells)} cells, but there are {len(columns)} columns; put cells that "
                f'hold {separator!r} in double quotes ("). The row is left out.'
            )
            problems.append(Problem(where, reason))
            continue
        if row.fault:
            problems.append(Problem(where, row.fault, kept=True))
        cells = row.cells[: len(columns)] + [""] * (len(columns) - len(row.cells))
        kept.append(Row(row.line, cells, row.fault, row.lines))
    return TextTable(columns, kept, problems)


def read_lines(path: str, *, encoding: str | None = None) -> tuple[list[str], list[Problem]]:
    """Return the lines of a text file without their ends, and what was odd about its letters."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ReadingError(f"{path} cannot be read: {error.strerror}.") from error
    if encoding is not None:
        try:
            return _broken_up(data.decode(encoding)), []
        except (UnicodeDecodeError, LookupError) as error:
            raise ReadingError(f"{path} cannot be read as {encoding!r}: {error}.") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _broken_up(data.decode("utf-16", errors="replace")), []
    data = data.removeprefix(b"\xef\xbb\xbf")
    pieces = data.split(b"\n") if b"\n" in data else data.split(b"\r")
    lines, foreign = [], []
    for number, piece in enumerate(pieces, 1):
        text, sound = decode(piece.rstrip(b"\r"))
        lines.append(text)
        if not sound:
            foreign.append(number)
    if lines and not lines[-1]:
        lines.pop()
    return lines, [not_utf8(os.path.basename(path), foreign)] if foreign else []


def decode(line: bytes, otherwise: str = "cp1252") -> tuple[str, bool]:
    """Return a line as text, and whether it was UTF-8; `otherwise` is tried if it was not."""
    for encoding in ("utf-8", otherwise):
        try:
            return line.decode(encoding), encoding == "utf-8"
        except UnicodeDecodeError:
            pass
    return line.decode("latin-1"), False  # any byte is a letter there


def not_utf8(name: str, lines: list[int]) -> Problem:
    """Return the remark that some lines of a file are not what they should be."""
    some = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
    word = "line" if len(lines) == 1 else "lines"
    return Problem(
        name,
        f"is not UTF-8 in {len(lines):,} {word} ({some}), read as Latin-1; look at names with "
        "accents there.",
        kept=True,
    )


def _broken_up(text: str) -> list[str]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.split("\n") if "\n" in text else text.split("\r")
    if not lines[-1]:
        lines.pop()
    return lines


def sniff(header: str) -> str:
    """Return the sign that stands between the names of the columns."""
    line = header.replace("\r", _RETURN)
    return max(_DELIMITERS, key=lambda sign: len(next(csv.reader([line], delimiter=sign))))


def split(lines: list[str], separator: str, *, first: int = 1, quote: str = '"') -> Iterator[Row]:
    """Split lines into cells.

    Parameters
    ----------
    lines : list of str
        Without their ends.
    separator, quote : str
        One sign each.
    first : int
        The number of the first line.

    Notes
    -----
    A cell in quotation marks may span lines. It does if the quotation mark is closed later, unless
    all these lines are rows of as many cells as the first one has: then it is taken for a lone
    mark, which stands for itself. A table that puts every cell of its first row in quotation marks
    knows what it does, and is trusted.
    """
    width = 0
    trusted = bool(lines) and _all_quoted(lines[0], separator, quote)
    place = 0
    while place < len(lines):
        line = lines[place]
        taken, fault = 1, ""
        if quote not in line:
            cells = line.split(separator)
        else:
            cells, open_ended = _cells(line, separator, quote)
            if open_ended:
                cells, taken = _over_lines(lines, place, separator, quote, width, trusted)
            if not cells:
                cells = _unquoted(line, separator, quote)
                fault = f"has a lone quotation mark ({quote}); it is read as it stands."
        yield Row(first + place, cells, fault, taken)
        width = width or len(cells)
        place += taken


def _over_lines(
    lines: list[str], place: int, separator: str, quote: str, width: int, trusted: bool
) -> tuple[list[str], int]:
    """Return the cells of a row that goes on below, and how many lines; none if it does not."""
    # Whether each line so far could be a row of its own.
    alone = width > 1 and not trusted and lines[place].count(separator) == width - 1
    for end in range(place + 1, min(place + _LONGEST, len(lines))):
        alone = alone and lines[end].count(separator) == width - 1
        if quote not in lines[end]:
            continue
        cells, open_ended = _cells("\n".join(lines[place : end + 1]), separator, quote)
        if cells and not alone and len(cells) == (width or len(cells)):
            return cells, end + 1 - place
        if not open_ended:
            break
    return [], 1


def _all_quoted(line: str, separator: str, quote: str) -> bool:
    between = line.strip(quote).split(quote + separator + quote)
    return line[:1] == quote == line[-1:] and not any(quote in cell for cell in between)


def _cells(text: str, separator: str, quote: str) -> tuple[list[str], bool]:
    """Return a row's cells, none if they cannot be read; and if a quotation mark stays open."""
    # The reader refuses a lone carriage return, which cells of real tables hold.
    lines = [f"{line}\n" for line in text.replace("\r", _RETURN).split("\n")]
    try:
        # Strict: a mark that stays open is an error and not the end of the file.
        rows = list(csv.reader(lines, delimiter=separator, quotechar=quote, strict=True))
    except csv.Error as error:
        return [], "unexpected end" in str(error)
    return ([c.replace(_RETURN, "\r") for c in rows[0]] if len(rows) == 1 else []), False


def _unquoted(line: str, separator: str, quote: str) -> list[str]:
    """Return a line's cells if its quotation marks do not fit: whole ones are taken off."""
    return [
        cell[1:-1].replace(quote * 2, quote)
        if len(cell) > 1 and cell[0] == quote == cell[-1]
        else cell
        for cell in line.split(separator)
    ]
