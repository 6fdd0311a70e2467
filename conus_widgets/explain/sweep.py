"""Every window in a run of its own: coarse first, then finer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.explain.covering import Covering
from conus_widgets.explain.windows import Windows

COARSE = 4  # windows beside one another in the first round


class Sweep:
    """All windows of one size.

    Parameters
    ----------
    covering : Covering
    windows : Windows

    Attributes
    ----------
    total, done : int
        How many runs of the network this takes, and how many are done.

    Notes
    -----
    A round looks at every 8th window along each axis, say, the next at every 4th; the last window
    is always among them, so that what lies between can be drawn as straight lines.
    """

    def __init__(self, covering: Covering, windows: Windows) -> None:
        self.windows = windows
        self.total, self.done = windows.count, 0
        self._covering = covering
        self._values = np.full(windows.count, np.nan)
        self._rounds: list[NDArray[Any]] = []  # places along an axis
        self._order = self._plan()

    def _plan(self) -> NDArray[Any]:
        """Return the numbers of all windows, in the order of their rounds."""
        side = self.windows.side
        step = 1
        while len(_places(side, step)) > COARSE:
            step *= 2
        found: dict[int, None] = {}
        while step:
            places = _places(side, step)
            self._rounds.append(places)
            found |= dict.fromkeys((places[:, None] * side + places).ravel().tolist())
            step //= 2
        return np.array(list(found))

    def run(self, count: int) -> int:
        """Look at up to `count` more windows; return how many they were."""
        numbers = self._order[self.done : self.done + count]
        inside = self._covering.covered([[self.windows.place(number)] for number in numbers])
        self._values[numbers] = self._covering.losses(inside.logits)
        self.done += len(numbers)
        return len(numbers)

    def grid(self) -> NDArray[Any]:
        """Return a value for each window, (side, side): straight lines between those looked at."""
        side = self.windows.side
        values = self._values.reshape(side, side)
        drawn = np.full((side, side), np.nanmean(values))
        for places in self._rounds:
            known = values[np.ix_(places, places)]
            if np.isnan(known).any():
                break
            between = _between(side, places)
            drawn = between @ known @ between.T
        return np.where(np.isnan(values), drawn, values)


def _places(side: int, step: int) -> NDArray[Any]:
    """Return every `step`-th place along an axis, and the last."""
    return np.unique(np.append(np.arange(0, side, step), side - 1))


def _between(side: int, places: NDArray[Any]) -> NDArray[Any]:
    """Return weights (side, places) that draw straight lines between places."""
    weights = [np.interp(np.arange(side), places, unit) for unit in np.eye(len(places))]
    return np.stack(weights, axis=1)
