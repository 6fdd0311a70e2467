"""How far a change of a few pixels reaches, layer by layer, and which crops hold all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Place = tuple[slice, slice]

STEP = 4  # pixels from one cell of the second stage's layers to the next
REACH = 3  # cells by which its three blocks spread a change, and what a crop's edge does
BEFORE, AFTER = REACH + 2, REACH + 1  # cells of a crop that its first and last edge spoils


@dataclass(frozen=True)
class Span:
    """Cells along one axis: what is computed (`start` to `end`), and what of it has changed."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Change:
    """Where copy `number` differs from the photograph."""

    number: int
    rows: Span
    columns: Span


def span(low: int, high: int, cells: int, crop: int) -> Span:
    """Return which cells of the second stage a change of the pixels `low` to `high` reaches.

    Parameters
    ----------
    low, high : int
        Pixels from `low` on, before `high`.
    cells : int
        Of the layer along this axis.
    crop : int
        How many cells are computed, at least what `crop_of` says.
    """
    # Output o of the first convolution sees pixels 2 o - 3 to 2 o + 3; cell p of the pooling
    # behind it sees outputs 2 p to 2 p + 2, or 2 p - 1 to 2 p + 1.
    outputs = -((3 - low) // 2), (high + 2) // 2
    first = max(0, -((2 - outputs[0]) // 2) - REACH)
    last = min(cells, (outputs[1] + 1) // 2 + REACH + 1)
    start = min(max(0, first - BEFORE), cells - crop)
    return Span(start, start + crop, first, last)


def crop_of(pixels: int, cells: int) -> int:
    """Return how many cells must be computed around a change of so many pixels."""
    changed = pixels // STEP + 4 + 2 * REACH
    return min(cells, rounded(changed + BEFORE + AFTER, 4))


def rounded(cells: int, to: int) -> int:
    """Return the next multiple: kernels are made for each shape, and the windows at a photograph's
    edges would ask for shapes of their own."""
    return -(-cells // to) * to


def reached(changed: Span, stride: int, cells: int) -> tuple[int, int]:
    """Return which cells of a block's output a change of its input reaches: from, and before.

    Parameters
    ----------
    changed : Span
        Of the input; only `first` and `last` are looked at.
    stride : int
    cells : int
        Of the output along this axis.
    """
    first, last = -(-changed.first // stride) - 1, -(-changed.last // stride) + 1
    return max(0, first), min(cells, last)


def around(first: int, last: int, cells: int, crop: int) -> Span:
    """Return where to compute `crop` of so many cells, so that those from `first` on, before
    `last`, do not lie at an edge of the crop; the edges of the layer itself are no matter."""
    start = min(max(0, first - 1), cells - crop)
    return Span(start, start + crop, first, last)


def of_places(places: Sequence[Sequence[Place]], cells: int) -> list[Change]:
    """Return what changes in the second stage, so many cells wide, where copies of a photograph
    differ in these places; all crops have one size."""
    sides = [s.stop - s.start for each in places for place in each for s in place]
    crop = crop_of(max(sides, default=1), cells)
    return [
        Change(number, *(span(s.start, s.stop, cells, crop) for s in place))
        for number, each in enumerate(places)
        for place in each
    ]


def through_block(changes: Sequence[Change], stride: int, cells: int) -> list[Change]:
    """Return what then changes in a block's output, so many cells wide; of one size as well."""
    reach = [
        (
            change.number,
            reached(change.rows, stride, cells),
            reached(change.columns, stride, cells),
        )
        for change in changes
    ]
    sides = [last - first for _, *axes in reach for first, last in axes]
    crop = min(cells, rounded(max(sides, default=0) + 2, 2))
    return [
        Change(number, *(around(*axis, cells, crop) for axis in axes)) for number, *axes in reach
    ]


def cut(images: np.ndarray, change: Change, step: int) -> np.ndarray:
    """Return the part (C, rows, columns) of one of the images (N, C, rows, columns) that what is to
    be computed, in cells of `step`, reads."""
    y, x = change.rows, change.columns
    return images[change.number, :, step * y.start : step * y.end, step * x.start : step * x.end]


def paste(crops: np.ndarray, changes: Sequence[Change], layers: np.ndarray) -> None:
    """Put what has changed of crops (K, C, rows, columns) into layers (N, C, rows, columns)."""
    for found, change in zip(crops, changes, strict=True):
        y, x = change.rows, change.columns
        layers[change.number, :, y.first : y.last, x.first : x.last] = found[
            :, y.first - y.start : y.last - y.start, x.first - x.start : x.last - x.start
        ]
