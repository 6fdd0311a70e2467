"""Medians and quartiles of ratios, round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A median between its quartiles."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles of some values, at least one."""
    low, median, high = np.percentile(np.asarray(values, float), [25, 50, 75])
    return Spread(float(median), float(low), float(high))


def ratio(ours: Sequence[float], peer: Sequence[float]) -> Spread:
    """Return the spread of ours / peer, each round for itself.

    Notes
    -----
    The ratio of two medians would compare one minute with another: on a shared machine they differ
    by more than the engines do.

    Raises
    ------
    ValueError
        If one has more rounds than the other.
    """
    if len(ours) != len(peer):
        raise ValueError(f"{len(ours)} rounds of ours cannot be paired with {len(peer)}.")
    return spread(np.asarray(ours, float) / np.asarray(peer, float))


def fastest(values: dict[str, list[float]], engines: Sequence[str]) -> str | None:
    """Return which of some engines has the lowest median, None if none was measured."""
    measured = [name for name in engines if values.get(name)]
    return min(measured, key=lambda name: float(np.median(values[name])), default=None)
