"""The part of each window in a change, if several windows shared a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from conus_widgets.explain.windows import Windows

#: Relative variances: what neighbouring windows share, what windows share that lie alike on the
#: network's strides, and what no neighbour tells.
SMOOTH, STRIDES, OWN = 0.95, 0.05, 0.01
PERIODS = ((32, 0.3), (16, 0.7))  # pixels of the strides of stages 5 and 4, and their weights
NEAR, FAR = 1.0, 5.0  # lengths of the first two, in sides of a window
NOISE = 1e-3  # relative: windows that share a run do not add up exactly


class Unmixing:
    """Estimates what every window takes from every cell of the last layer.

    Parameters
    ----------
    windows : Windows
    cells : int
        Of the last layer, along each side.

    Notes
    -----
    Gaussian-process regression (C. E. Rasmussen, C. K. I. Williams, 2006, chapter 2), one cell at a
    time: neighbouring windows take alike, and a window takes most from the cells below it. So a
    sum over windows that lie far apart can be taken apart again, and what no run has measured is
    filled in from its neighbours.
    """

    def __init__(self, windows: Windows, cells: int) -> None:
        side = windows.side
        places = np.stack(np.divmod(np.arange(windows.count), side), axis=1) * windows.stride
        middle = (np.arange(cells) + 0.5) * windows.size / cells
        cell = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2)
        centre = places + windows.window / 2
        self.distance = np.linalg.norm(centre[:, None] - cell, axis=-1)  # (windows, cells)
        self._alike = _alike(side, windows.stride, windows.window)

    def start(self, taken: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
        """Return how much each window is expected to take from each cell, (windows, cells).

        Parameters
        ----------
        taken : array (N, cells)
            What some windows alone took: how far it spreads is learned from these.
        numbers : int array (N,)
            Which windows.
        """
        energy = taken**2
        spread = (energy * self.distance[numbers] ** 2).sum() / max(energy.sum(), 1e-30)
        # The squared Gaussian exp(-2 d^2 / s^2) has the mean square distance s^2 / 2.
        expected: NDArray[Any] = np.exp(-(self.distance**2) / max(2 * spread, 1e-30)) + 1e-3
        return expected

    def __call__(
        self, taken: NDArray[Any], groups: NDArray[Any], expected: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return what each window takes from each cell, and the variance of that.

        Parameters
        ----------
        taken : array (runs, cells, K)
            What each run's windows took together; K answers are estimated alike.
        groups : int array (runs, at most so many windows)
            The windows of each run; -1 if there is none.
        expected : array (windows, cells)
            Standard deviation of what a window takes from a cell, up to a common factor.

        Returns
        -------
        float32 array (windows, cells, K)
        float32 array (windows, cells)
            In the square of the units of `expected`.
        """
        there = groups >= 0
        columns = [self._alike[:, groups[:, n]] * there[:, n] for n in range(groups.shape[1])]
        found = np.empty((len(expected), taken.shape[1], taken.shape[2]), np.float32)
        variance = np.empty(expected.shape, np.float32)
        for cell, e in enumerate(expected.T.astype(np.float32)):
            # Covariances of all windows with the runs, and of the runs with each other.
            cross = sum(column * e[groups[:, n]] for n, column in enumerate(columns))
            cross *= e[:, None]
            among = np.zeros((len(groups), len(groups)), np.float32)
            for n in range(groups.shape[1]):
                among += cross[groups[:, n]] * there[:, n, None]
            among[np.diag_indices(len(groups))] += NOISE * among.trace() / len(groups) + 1e-30
            factor = cho_factor(among, lower=True)
            found[:, cell] = cross @ cho_solve(factor, taken[:, cell].astype(np.float32))
            known = solve_triangular(factor[0], cross.T, lower=True)
            variance[:, cell] = e * e * self._alike[0, 0] - np.einsum("ij,ij->j", known, known)
        return found, np.clip(variance, 0, None)


def _alike(side: int, stride: int, window: int) -> NDArray[Any]:
    """Return the covariance of any two windows, float32 (windows, windows)."""
    lags = np.arange(-(side - 1), side) * stride
    distance = np.hypot(lags[:, None], lags)
    waves = 1 + sum(weight * np.cos(2 * np.pi * lags / period) for period, weight in PERIODS)
    waves /= waves.max()
    table = SMOOTH * _matern(distance / (NEAR * window))
    table += STRIDES * _matern(distance / (FAR * window)) * np.outer(waves, waves)
    table[side - 1, side - 1] += OWN
    row, column = np.divmod(np.arange(side * side), side)
    found: NDArray[Any] = table.astype(np.float32)[
        row[:, None] - row + side - 1, column[:, None] - column + side - 1
    ]
    return found


def _matern(x: NDArray[Any]) -> NDArray[Any]:
    """Matérn covariance of smoothness 3/2 at the distance x: continuous, with a slope."""
    x = np.sqrt(3) * x
    return (1 + x) * np.exp(-x)
