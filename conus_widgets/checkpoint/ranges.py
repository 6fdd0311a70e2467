"""The regions in which the classes of a checkpoint live: its optional ``regions.csv``."""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import nearest, shown
from conus_widgets.checkpoint.texts import as_seen


class RegionsError(ValueError):
    """The file cannot be used; the message names the line."""


def parse(text: str, labels: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read rows of class, region and, if given, weight (1).

    Parameters
    ----------
    text : str
        The file, with or without a first row "class,region".
    labels : sequence of str
        Class names.

    Returns
    -------
    dict of str to float64 array (classes,)
        For each region, the weight of each class. A class that is listed, but not for a region,
        weighs 0 there; one that is never listed is not known to be absent anywhere and weighs 1.

    Raises
    ------
    RegionsError
        If a row is not of this form.
    """
    place: dict[str, int] = {}
    shared = set()
    for number, label in enumerate(labels):
        name = as_seen(label)
        shared |= {name} & place.keys()
        place[name] = number
    separator = _separator(text, place)
    rows: list[tuple[int, str, float]] = []
    begun = False
    for number, row in _table(text, separator):
        cells = [cell.strip() for cell in row]
        heading = not begun and _is_heading(cells)
        begun = begun or any(cells)
        if heading or not any(cells):
            continue
        if len(cells) not in (2, 3):
            raise RegionsError(
                f"line {number}: {len(cells)} cells, but class, region and, "
                "if wanted, a weight are needed."
            )
        if not cells[1]:
            raise RegionsError(f"line {number}: the region's name is empty.")
        name = as_seen(cells[0])
        if name in shared:
            raise RegionsError(f"line {number}: two classes are called {cells[0]!r}.")
        if name not in place:
            near = difflib.get_close_matches(cells[0], labels, 3)
            raise RegionsError(
                f"line {number}: no class is called {cells[0]!r}"
                + (f"; near are {', '.join(near)}." if near else ".")
            )
        try:
            weight = float(_with_point(cells[2], separator)) if len(cells) == 3 else 1.0
        except ValueError:
            weight = -1.0
        if not 0 <= weight < float("inf"):
            raise RegionsError(f"line {number}: {cells[2]!r} is no weight (0 or more).")
        rows.append((place[name], cells[1], weight))
    listed = {index for index, _, _ in rows}
    regions: dict[str, NDArray[Any]] = {}
    for index, region, weight in rows:
        if region not in regions:
            never = [0.0 if number in listed else 1.0 for number in range(len(labels))]
            regions[region] = np.array(never)
        regions[region][index] = weight
    return regions


def _separator(text: str, names: Collection[str]) -> str:
    """Return what separates the cells: a comma, or a semicolon or a tab.

    Spreadsheets write a semicolon in much of Europe. It is one here (as a tab is) only if the first
    row is a heading, or begins with a class, when it is read so.
    """
    for separator in ",;\t":
        with contextlib.suppress(RegionsError):  # reading the rows will say so
            rows = ([cell.strip() for cell in row] for _, row in _table(text, separator))
            first = next((cells for cells in rows if any(cells)), [])
            if len(first) > 1 and (_is_heading(first) or as_seen(first[0]) in names):
                return separator
    return ","


def _is_heading(cells: Sequence[str]) -> bool:
    return [cell.lower() for cell in cells[:2]] == ["class", "region"]


def _with_point(number: str, separator: str) -> str:
    """Where semicolons part the cells, a comma may stand for the decimal point."""
    return number.replace(",", ".") if separator == ";" else number


def _table(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows, each with the number of its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise RegionsError(f"line {reader.line_num}: it is no CSV ({error}).") from error


def text(regions: Mapping[str, NDArray[Any]], labels: Sequence[str]) -> str:
    """Return a file that `parse` reads as `regions`; every weight is written down."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["class", "region", "weight"])
    for region, weights in regions.items():
        for label, weight in zip(labels, weights, strict=True):
            writer.writerow([label, region, repr(float(weight))])
    return file.getvalue()


def require_region(region: str, regions: Mapping[str, NDArray[Any]], name: str) -> None:
    """Raise a ValueError unless a region is one of a checkpoint's.

    Parameters
    ----------
    region : str
    regions : mapping of str to array (classes,)
        As `parse` returns it.
    name : str
        Of the checkpoint, for the error.
    """
    if not isinstance(region, str):
        raise ValueError(f"region is {shown(region)}: give the name of a region, or None.")
    if region in regions:
        return
    if not regions:
        raise ValueError(
            f"{name} cannot weigh classes by region {region!r}: its folder has no regions.csv."
        )
    raise ValueError(f"No region is called {region!r}; there are {nearest(region, list(regions))}.")


def weighed(
    probabilities: NDArray[Any], region: str, regions: Mapping[str, NDArray[Any]]
) -> NDArray[Any]:
    """Return probabilities (classes,) weighed by where the classes live; they sum to 1.

    Raises
    ------
    ValueError
        If no class that is possible lives there.
    """
    found: NDArray[Any] = probabilities * regions[region]
    if found.sum() <= 0:
        raise ValueError(
            f"No class that this network considers possible lives in {region!r}: leave the region "
            "out."
        )
    return np.asarray(found / found.sum())
