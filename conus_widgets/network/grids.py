"""The layers of a network as grids of cells over its input: one table, read by all who ask.

Which pixels a cell sees follows from strides and padding alone: A. Araujo, W. Norris, J. Sim,
"Computing Receptive Fields of Convolutional Neural Networks", Distill, 2019,
doi:10.23915/distill.00021, equations 1 to 4.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conus_widgets.checkpoint.architecture import Architecture, Convolution, connect


@dataclass(frozen=True)
class Grid:
    """The cells of a layer, along either axis; pixels are those of the network's input.

    Parameters
    ----------
    name, stage : str
        The layer, and its stage: "res2c" and "res2"; "conv1" and "pool1" belong to the "stem".
    cells : int
        How many.
    step : int
        Pixels from one cell to the next.
    low, high : int
        Cell i sees the pixels from ``step * i + low`` to ``step * i + high``, both included.
    gaps : bool
        Whether the next stage reads every second cell only: three of four cells are never read.
    """

    name: str
    stage: str
    cells: int
    step: int
    low: int
    high: int
    gaps: bool = False

    @property
    def centre(self) -> float:
        """The pixel that the first cell is centred on; the first pixel is 0.

        Notes
        -----
        Not the middle of the square that a cell is drawn as. The original network's pooling has no
        padding and its strides keep the first of two cells, so that cell i of 7 is centred on
        pixel 32 i + 2, while the square's middle is 32 i + 15.5: a map drawn as squares lies some
        14 pixels too low and too far right.
        """
        return (self.low + self.high) / 2

    @property
    def sight(self) -> int:
        """How many pixels a cell sees along an axis."""
        return self.high - self.low + 1

    def reached(self, first: int, end: int) -> tuple[int, int]:
        """Return which cells see any of the pixels from `first` on, before `end`.

        Returns
        -------
        (int, int)
            From this cell on, before that one; cells beyond the layer's edges are left out.
        """
        low = -((self.high - first) // self.step)
        high = (end - 1 - self.low) // self.step + 1
        return max(0, low), min(self.cells, high)

    def most_reached(self, count: int) -> int:
        """Return how many cells at most see any of `count` pixels in a row."""
        return (count + self.sight - 2) // self.step + 1

    @property
    def spoilt(self) -> tuple[int, int]:
        """How many of the first and of the last cells see beyond the edges of their input.

        Of a crop that is computed alone, these are not what they are in the whole photograph.
        """
        return -(self.low // self.step), -(-(self.high - self.step + 1) // self.step)

    def over(self, below: Grid) -> Grid:
        """Return this layer as a grid over the cells of a layer `below` it instead of pixels."""
        return Grid(
            self.name,
            self.stage,
            self.cells,
            self.step // below.step,
            (self.low - below.low) // below.step,
            (self.high - below.high) // below.step,
            self.gaps,
        )


def finer(table: Mapping[str, Grid]) -> str:
    """Return the layer to look into if the last one is too coarse: res4e of the published network.

    It is the last layer with more cells than the last of all, and without gaps.
    """
    listed = list(table.values())
    fine = [grid for grid in listed if grid.cells > listed[-1].cells and not grid.gaps]
    return (fine or listed)[-1].name


@functools.lru_cache(maxsize=16)  # asked for with every map
def grids(architecture: Architecture) -> dict[str, Grid]:
    """Return the grid of each layer that can be looked into, by name, from the input on."""
    return _grids(architecture, None)


def read_grids(architecture: Architecture) -> dict[str, Grid]:
    """Return the grids of the cells that are read later: without gaps, else those of `grids`.

    These are what a prediction computes: see `architecture.propagate_strides`.
    """
    return _grids(architecture, lambda x, step: _through(x, 1, step, 0))


def _grids(
    architecture: Architecture, subsample: Callable[[Grid, int], Grid] | None
) -> dict[str, Grid]:
    def convolved(x: Grid, c: Convolution, relu: bool, residual: Grid | None) -> Grid:
        return _through(x, c.size, c.stride, c.pad)

    def pooled(x: Grid) -> Grid:
        if architecture.pool == "pad1":
            return _through(x, 3, 2, 1)
        found = _through(x, 3, 2, 0)
        # The last window is kept even if a part of it lies beyond the edge.
        return Grid("", "", x.cells // 2, found.step, found.low, found.high)

    start = Grid("", "", architecture.size, 1, 0, 0)
    found = connect(architecture, start, convolved, pooled, subsample)
    names = [*found]
    following = dict(itertools.pairwise(names))
    # The first convolution of a block that is only one cell large and skips every second one.
    skipping = {block.name for block in architecture.blocks() if block.branch[0].stride > 1}
    return {
        name: Grid(
            name,
            name[:-1] if name.startswith("res") else "stem",
            grid.cells,
            grid.step,
            grid.low,
            grid.high,
            gaps=subsample is None and following.get(name) in skipping,
        )
        for name, grid in found.items()
    }


def _through(x: Grid, size: int, stride: int, pad: int) -> Grid:
    """Return what a convolution or pooling makes of a grid."""
    return Grid(
        "",
        "",
        cells=(x.cells + 2 * pad - size) // stride + 1,
        step=x.step * stride,
        low=x.low - x.step * pad,
        high=x.high + x.step * (size - 1 - pad),
    )
