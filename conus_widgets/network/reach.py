"""Crops around a change of a few pixels: what it reaches, layer by layer, and what to compute.

Which cells a change reaches is read from the table of `grids`; nothing here knows a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from conus_widgets.network.grids import Grid

Place = tuple[slice, slice]

PIXELS = 16  # crops of photographs are multiples of this


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


def rounded(cells: int, to: int) -> int:
    """Return the next multiple.

    Kernels are made for each shape, and the windows at a photograph's edges would ask for shapes of
    their own.
    """
    return -(-cells // to) * to


def crop_of(grid: Grid, changed: int, to: int) -> int:
    """Return how many cells of a layer to compute so that `changed` of them are right.

    It is a multiple of `to`.
    """
    return min(grid.cells, rounded(changed + sum(grid.spoilt), to))


def around(first: int, last: int, grid: Grid, crop: int) -> Span:
    """Return where to compute `crop` cells, so that none from `first` on, before `last`, is spoilt.

    The edges of the crop spoil cells; the edges of the layer itself spoil nothing.
    """
    start = min(max(0, first - grid.spoilt[0]), grid.cells - crop)
    return Span(start, start + crop, first, last)


def of_places(places: Sequence[Sequence[Place]], grid: Grid) -> list[Change]:
    """Return what changes in a layer if copies of a photograph differ in these places.

    All crops have one size.
    """
    sides = [s.stop - s.start for each in places for place in each for s in place]
    crop = crop_of(grid, grid.most_reached(max(sides, default=1)), max(1, PIXELS // grid.step))
    return [
        Change(number, *(around(*grid.reached(s.start, s.stop), grid, crop) for s in place))
        for number, each in enumerate(places)
        for place in each
    ]


def onwards(changes: Sequence[Change], grid: Grid) -> list[Change]:
    """Return what then changes in the next layer, given as a grid over the one that has changed.

    All crops have one size.
    """
    rows = [grid.reached(change.rows.first, change.rows.last) for change in changes]
    columns = [grid.reached(change.columns.first, change.columns.last) for change in changes]
    crop = crop_of(grid, max((end - first for first, end in rows + columns), default=0), 2)
    return [
        Change(change.number, around(*y, grid, crop), around(*x, grid, crop))
        for change, y, x in zip(changes, rows, columns, strict=True)
    ]


def cut(images: NDArray[Any], change: Change, step: int) -> NDArray[Any]:
    """Return what is read of one of the images (N, C, rows, columns): a part (C, rows, columns).

    It is what the cells of `step` that are to be computed need.
    """
    y, x = change.rows, change.columns
    return images[change.number, :, step * y.start : step * y.end, step * x.start : step * x.end]


def paste(crops: NDArray[Any], changes: Sequence[Change], layers: NDArray[Any]) -> None:
    """Put what has changed of crops (K, C, rows, columns) into layers (N, C, rows, columns)."""
    for found, change in zip(crops, changes, strict=True):
        y, x = change.rows, change.columns
        layers[change.number, :, y.first : y.last, x.first : x.last] = found[
            :, y.first - y.start : y.last - y.start, x.first - x.start : x.last - x.start
        ]
