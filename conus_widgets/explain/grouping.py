"""Groups of windows that share a run: far from each other, and never in a pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CANDIDATES = 10


def scattered(side: int, rng: np.random.Generator) -> NDArray[Any]:
    """Return all places of a square grid in an order whose every beginning is spread evenly.

    Notes
    -----
    Of ten candidates by chance the one farthest from all before (D. P. Mitchell, 1991). A regular
    order would keep step with the network's strides, and see only one side of their pattern.
    """
    place = np.stack(np.divmod(np.arange(side * side), side), axis=1)
    rest = np.arange(side * side)
    nearest = np.full(side * side, np.inf)
    found = []
    while len(rest):
        ahead = rng.integers(len(rest), size=CANDIDATES)
        pick = ahead[np.argmax(nearest[rest[ahead]])]
        found.append(rest[pick])
        nearest = np.minimum(nearest, ((place - place[rest[pick]]) ** 2).sum(axis=1))
        rest[pick] = rest[-1]
        rest = rest[:-1]
    return np.array(found)


def apart(
    order: NDArray[Any], side: int, size: int, gap: int, rng: np.random.Generator
) -> list[list[int]]:
    """Return all places in groups of up to `size` that lie at least `gap` from each other.

    Parameters
    ----------
    order : int array
        The first places come into the first groups.
    side : int
        Of the grid.
    gap : int
        Along the axis on which two places are farther apart.
    """
    place = np.stack(np.divmod(np.arange(side * side), side), axis=1)
    rest, found = np.asarray(order), []
    while len(rest):
        group, rest = [int(rest[0])], rest[1:]
        free = np.ones(len(rest), bool)
        while len(group) < size and free.any():
            free &= np.abs(place[rest] - place[group[-1]]).max(axis=1) >= gap
            near = np.flatnonzero(free)[:30]  # early ones, in no order: no two groups are alike
            if not len(near):
                break
            pick = int(rng.choice(near))
            group.append(int(rest[pick]))
            rest, free = np.delete(rest, pick), np.delete(free, pick)
        found.append(group)
    return found
