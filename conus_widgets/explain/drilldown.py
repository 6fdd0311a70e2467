"""Drill-down: coarse everywhere with several windows in a run, fine only where it matters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from conus_widgets.explain.covering import FIRST, Covering
from conus_widgets.explain.grouping import apart, scattered
from conus_widgets.explain.unmixing import Unmixing
from conus_widgets.explain.windows import Windows

TOGETHER = 3  # windows in a run
GAP = 96  # pixels from one window of a run to another's, at least
COARSE = 0.8  # of the runs; the rest goes to single windows
SMOOTH = 1.5  # windows over which the expected size of an answer is averaged
PRIOR = 0.1  # of what is expected before anything is known, stays
MOST = 3000  # windows: beyond, the estimate would take longer than the runs


def runs(windows: int, share: float) -> int:
    """Return how many runs a drill-down over so many windows takes."""
    return min(windows, max(FIRST, math.ceil(share * windows)))


class DrillDown:
    """Windows of one size, of which a share of the runs of an exact map must do.

    Parameters
    ----------
    covering : Covering
    windows : Windows
    share : float
        How many runs, relative to the number of windows; at least 16 are done.

    Attributes
    ----------
    total, done : int
        How many runs of the network this takes, and how many are done.

    Raises
    ------
    ValueError
        For more windows than `MOST`.

    Notes
    -----
    The first 16 runs look at one window each, and tell how far its effect spreads over the cells of
    the last layer. Then several windows, far apart, share a run: what the cells around each of them
    lost belongs to it (`Unmixing`). The last runs go to single windows again, where the estimate is
    least certain; that is where the answer changes much from window to window.
    """

    def __init__(self, covering: Covering, windows: Windows, share: float) -> None:
        if windows.count > MOST:
            raise ValueError(
                f"{windows.count} windows are too many for a drill-down, which takes up to {MOST}: "
                "use a larger stride, or method='exact'."
            )
        self.windows = windows
        self.total = runs(windows.count, share)
        self.done = 0
        self._covering = covering
        rng = np.random.default_rng(0)  # the same windows for every photograph
        order = scattered(windows.side, rng)
        self._groups = [[number] for number in order[:FIRST]]
        gap = -(-GAP // windows.stride)
        self._coarse = apart(order[FIRST:], windows.side, TOGETHER, gap, rng)
        self._until = FIRST + round(COARSE * (self.total - FIRST))
        self._alone: list[int] = []
        self._logits: list[NDArray[Any]] = []
        self._taken: list[NDArray[Any]] = []
        self._unmixing = Unmixing(windows, covering.cells)

    def run(self, count: int) -> int:
        """Do up to `count` more runs; return how many they were."""
        count = min(count, self.total - self.done)
        while len(self._groups) < self.done + count:
            if len(self._groups) < self._until and self._coarse:
                self._groups.append(self._coarse.pop(0))
            else:
                if not self._alone:
                    self._alone = self._uncertain(self.total - len(self._groups))
                self._groups.append([self._alone.pop(0)])
        groups = self._groups[self.done : self.done + count]
        inside = self._covering.covered([[self.windows.place(n) for n in g] for g in groups])
        self._logits.append(inside.logits)
        self._taken.append(self._covering.taken(inside))
        self.done += count
        return count

    def grid(self) -> NDArray[Any]:
        """Return a value for each window, (side, side): measured, or estimated."""
        found, _ = self._estimate()
        values = self._covering.drops(found)
        measured = np.concatenate(self._logits)
        for group, row in zip(self._groups, measured, strict=False):
            if len(group) == 1:
                values[group[0]] = self._covering.losses(row[None])[0]
        return values.reshape(self.windows.side, self.windows.side)

    def _estimate(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return what each window takes from each cell, and how uncertain the sum of it is.

        Returns
        -------
        array (windows, cells, K), array (windows,)
        """
        taken = np.concatenate(self._taken).astype(np.float32)
        groups = np.full((len(taken), TOGETHER), -1)
        for row, group in zip(groups, self._groups, strict=False):
            row[: len(group)] = group
        alone = [n for n, group in enumerate(self._groups[: self.done]) if len(group) == 1]
        # One number for each cell stands for all K.
        size = np.linalg.norm(taken, axis=2)
        expected = self._unmixing.start(size[alone], groups[alone, 0])
        found, variance = self._unmixing(taken, groups, expected)
        if self.done <= FIRST:
            return found, variance.sum(axis=1)
        # Again, now that it is known where much is taken and where little.
        scale = (size**2).sum() / np.sum([(expected[group] ** 2).sum() for group in self._groups])
        energy = (found**2).sum(axis=2) / scale + variance
        side = self.windows.side
        local = ndimage.gaussian_filter(
            energy.reshape(side, side, -1), (SMOOTH, SMOOTH, 0), mode="nearest"
        )
        expected = np.sqrt(local.reshape(energy.shape) + (PRIOR * expected) ** 2)
        found, variance = self._unmixing(taken, groups, expected)
        return found, variance.sum(axis=1)

    def _uncertain(self, count: int) -> list[int]:
        """Return windows whose estimate is least certain, none beside another if possible."""
        _, variance = self._estimate()
        side = self.windows.side
        place = np.stack(np.divmod(np.arange(side * side), side), axis=1)
        for group in self._groups:
            if len(group) == 1:
                variance[group[0]] = -1
        found: list[int] = []
        while len(found) < count:
            pick = int(np.argmax(variance))
            found.append(pick)
            # A neighbour will know more, once this one is measured.
            square = ((place - place[pick]) ** 2).sum(axis=1)
            variance = np.where(variance > 0, variance * (1 - np.exp(-square / 8)), variance)
            variance[pick] = -1
        return found
