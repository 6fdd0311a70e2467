"""Tents, grown as a shell grows them: one row of cells after another along the lip.

The lip's edge is a row of pigment cells. A cell either lays pigment down or rests. Resting
stretches are closed again from both ends, one cell at a time, as an active cell wakes its resting
neighbour; cells active for a while may fail at once along a stretch of the lip. In space and time
a failed stretch that is closed from both sides is a white triangle: a tent. (The idea is of
H. Meinhardt, "The Algorithmic Beauty of Sea Shells", 1995; the rule here is a simpler one.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

CELLS = 170  # along the lip, shoulder to anterior end
STEPS = 260  # growth steps; about 170 of them are half a turn


def grow_tents(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Grow one field of tents.

    Returns
    -------
    resting : float32 array, shape (STEPS, CELLS)
        1 inside a tent, 0 in the pigment, slightly smoothed: a contour follows the tent's edge.
    stripes : float32 array, shape (STEPS, CELLS)
        Above 0 where a dark growth-parallel line is laid down; only in the darker bands.
    """
    where = np.linspace(0, 1, CELLS)
    bands = np.zeros(CELLS)
    for centre in (rng.uniform(0.22, 0.36), rng.uniform(0.58, 0.74)):
        bands = np.maximum(bands, np.exp(-(((where - centre) / rng.uniform(0.05, 0.085)) ** 2)))
    step = np.arange(STEPS)[:, None]
    patch = sum(
        np.sin(2 * np.pi * (step * rng.uniform(0.006, 0.02) + where * rng.uniform(0, 4) + p))
        for p in rng.random(3)
    )
    gloom = bands * np.clip(0.75 + 0.4 * patch, 0, 1)
    rate = rng.uniform(0.035, 0.075) * (1 - np.clip(1.5 * gloom, 0, 0.97))
    speed = rng.uniform(0.45, 0.65)
    scale = rng.uniform(6.0, 10.0)
    rest = rng.integers(1, 3)

    resting, beside = np.zeros((2, CELLS), bool)
    age = rng.integers(0, 6, CELLS)
    asleep = rng.random((STEPS, CELLS)) >= speed
    fail = rng.random((STEPS, CELLS)) < rate
    field = np.empty((STEPS, CELLS), np.float32)
    for n in range(STEPS):
        beside[1:-1] = resting[:-2] & resting[2:]
        resting &= beside | asleep[n]
        age += 1
        age[resting] = 0
        ready = age > rest
        failing = (fail[n] & ready).nonzero()[0]
        halted = (~ready).nonzero()[0] if len(failing) else failing
        for x in failing:
            # Widths from a heavy tail: many small tents, a few large ones.
            reach = min(scale * (0.4 + 0.5 * rng.pareto(2.2)), 15)
            k = np.searchsorted(halted, x)
            low = halted[k - 1] + 2 if k else 0
            high = halted[k] - 1 if k < len(halted) else CELLS
            # A strand of pigment stays between neighbours; narrow stretches hold.
            low, high = max(low, int(x - reach)), min(high, int(x + reach) + 1)
            if high - low >= 5:
                resting[low:high] = True
        field[n] = resting
    wobble = sum(
        np.sin(2 * np.pi * (step * f + where * k + p))
        for f, k, p in zip(
            rng.uniform(0.005, 0.03, 3), rng.uniform(3, 12, 3), rng.random(3), strict=True
        )
    )
    lines = np.cos(2 * np.pi * (step / rng.uniform(7.0, 10.0) + 0.13 * wobble))
    stripes = lines - 1.1 + 1.7 * gloom
    return ndimage.gaussian_filter(field, 0.8), stripes.astype(np.float32)


def sample(field: NDArray[Any], row: NDArray[Any], column: NDArray[Any]) -> NDArray[Any]:
    """Read `field` between its cells (bilinear); beyond its edge the edge is repeated."""
    row = np.clip(row, 0, field.shape[0] - 1.001)
    column = np.clip(column, 0, field.shape[1] - 1.001)
    r, c = row.astype(np.int32), column.astype(np.int32)
    fr, fc = row - r, column - c
    flat = field.ravel()
    k = r * field.shape[1] + c
    top = flat[k] * (1 - fc) + flat[k + 1] * fc
    k += field.shape[1]
    return top * (1 - fr) + (flat[k] * (1 - fc) + flat[k + 1] * fc) * fr
