"""Where the classes of a checkpoint live: its optional ``regions.csv``."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Mapping, Sequence

import numpy as np


class RegionsError(ValueError):
    """The file cannot be used; the message names the line."""


def parse(text: str, labels: Sequence[str]) -> dict[str, np.ndarray]:
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
        Where a row is not of this form.
    """
    place = {label: number for number, label in enumerate(labels)}
    rows: list[tuple[int, str, float]] = []
    reader = csv.reader(text.splitlines())
    try:
        table = list(reader)
    except csv.Error as error:
        raise RegionsError(f"line {reader.line_num}: it is no CSV ({error}).") from error
    for number, row in enumerate(table, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[:2] == ["class", "region"]):
            continue
        if len(cells) not in (2, 3):
            raise RegionsError(
                f"line {number}: {len(cells)} cells, where class, region and, "
                "if wanted, a weight are needed."
            )
        if not cells[1]:
            raise RegionsError(f"line {number}: the region's name is empty.")
        if cells[0] not in place:
            near = difflib.get_close_matches(cells[0], labels, 3)
            raise RegionsError(
                f"line {number}: no class is called {cells[0]!r}"
                + (f"; near are {', '.join(near)}." if near else ".")
            )
        try:
            weight = float(cells[2]) if len(cells) == 3 else 1.0
        except ValueError:
            weight = -1.0
        if not 0 <= weight < float("inf"):
            raise RegionsError(f"line {number}: {cells[2]!r} is no weight (0 or more).")
        rows.append((place[cells[0]], cells[1], weight))
    listed = {index for index, _, _ in rows}
    regions: dict[str, np.ndarray] = {}
    for index, region, weight in rows:
        if region not in regions:
            never = [0.0 if number in listed else 1.0 for number in range(len(labels))]
            regions[region] = np.array(never)
        regions[region][index] = weight
    return regions


def text(regions: Mapping[str, np.ndarray], labels: Sequence[str]) -> str:
    """Return a file that `parse` reads as `regions`; every weight is written down."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["class", "region", "weight"])
    for region, weights in regions.items():
        for label, weight in zip(labels, weights, strict=True):
            writer.writerow([label, region, repr(float(weight))])
    return file.getvalue()
