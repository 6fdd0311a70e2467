"""The distance of a photograph from all others, and how little it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, number

NEIGHBOUR = 5
ROWS = 512  # photographs that are compared with all others at a time
COLUMNS = 2048  # others that are read at a time
NEAREST = 64  # are sorted first: leaving one class out rarely needs more


@dataclass(frozen=True, eq=False)
class Outlying:
    """Distances, and what they are worth.

    Parameters
    ----------
    distance : float32 array (N,)
        From each photograph to its k-th nearest of another specimen; features scaled to length 1.
    percentile : float64 array (N,)
        The share of photographs, in percent, that lie nearer to the others; of equals, half.
    auroc : float or None
        Measured: each class in turn is taken for unknown. The probability that a photograph of it
        lies farther from the other classes than theirs do from each other; the mean over classes.
        0.5 is chance. None with fewer than two classes.
    auroc_of_class : dict of int to float
    neighbour : int
        k.
    """

    distance: NDArray[Any]
    percentile: NDArray[Any]
    auroc: float | None
    auroc_of_class: dict[int, float]
    neighbour: int

    @property
    def sentence(self) -> str:
        """What a percentile is worth; stands wherever one stands."""
        if self.auroc is None:
            return "What the distance says of unknown species could not be measured here."
        return (
            f"Measured by leaving out one class at a time, the distance tells unknown from known "
            f"with an AUROC of {self.auroc:.2f} (0.5 is chance, 1 perfect): a hint, no verdict."
        )


def outlying(
    features: NDArray[Any],
    labels: NDArray[Any],
    specimens: Sequence[Any] | NDArray[Any],
    *,
    neighbour: int = NEIGHBOUR,
) -> Outlying:
    """Measure how far each photograph lies from those of other specimens.

    Parameters
    ----------
    features : float array (N, F)
        Pooled features; memory maps are read in parts.
    labels : int array (N,)
        Classes, to measure by; -1 for none.
    specimens : sequence (N,)
    neighbour : int
        k: to which of the nearest the distance goes.

    Returns
    -------
    Outlying

    Raises
    ------
    ValueError
        If a photograph has fewer than k of other specimens.

    Notes
    -----
    Sun et al. 2022, arXiv:2204.06507.
    """
    labels = np.asarray(labels)
    numbers, _ = number(specimens)
    if not len(features) == len(labels) == len(numbers):
        raise ValueError(
            f"{len(features)} features, {len(labels)} labels and {len(numbers)} specimens do not "
            "fit: one of each is needed for each photograph."
        )
    others = len(numbers) - int(np.bincount(numbers).max(initial=0))
    if neighbour < 1 or others < neighbour:
        raise ValueError(
            f"The distance to neighbour {neighbour} was asked for, and a photograph has only "
            f"{others} of other specimens: add photographs, or ask for a nearer one."
        )
    classes = np.unique(labels[labels != NO_CLASS])
    distance = np.empty(len(labels), np.float32)
    # Without class c: of photographs of c (as unknown), and of the others (as known).
    without = np.empty((len(labels), len(classes)), np.float32)
    for start in range(0, len(labels), ROWS):
        rows = np.arange(start, min(start + ROWS, len(labels)))
        apart = _distances(features, rows)
        apart[numbers[rows][:, None] == numbers] = np.inf
        distance[rows] = np.partition(apart, neighbour - 1, axis=1)[:, neighbour - 1]
        without[rows] = _without(apart, labels, classes, neighbour)
    auroc = {
        int(name): _auroc(column, labels == name, labels != NO_CLASS)
        for name, column in zip(classes, without.T, strict=True)
        if len(classes) > 1
    }
    measured = {name: value for name, value in auroc.items() if np.isfinite(value)}
    return Outlying(
        distance=distance,
        percentile=_percentile(distance),
        auroc=float(np.mean(list(measured.values()))) if measured else None,
        auroc_of_class=measured,
        neighbour=neighbour,
    )


def _distances(features: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """Return the distances (len(rows), N) between directions, from 0 to 2."""
    some = _directions(features[rows])
    found = np.empty((len(rows), len(features)), np.float32)
    for start in range(0, len(features), COLUMNS):
        part = slice(start, start + COLUMNS)
        found[:, part] = some @ _directions(features[part]).T
    return np.sqrt(np.maximum(2 - 2 * found, 0))


def _directions(features: NDArray[Any]) -> NDArray[Any]:
    values = np.asarray(features, np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def _without(
    apart: NDArray[Any], labels: NDArray[Any], classes: NDArray[Any], neighbour: int
) -> NDArray[Any]:
    """Return the distances (rows, classes) to the k-th nearest that is not of a class.

    They are infinite if there are fewer than `neighbour` others.
    """
    few = min(apart.shape[1], neighbour + NEAREST)
    nearest = np.argpartition(apart, few - 1, axis=1)[:, :few]
    order = np.argsort(np.take_along_axis(apart, nearest, axis=1), axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, order, axis=1)
    sorted_apart = np.take_along_axis(apart, nearest, axis=1)
    found = np.empty((len(apart), len(classes)), np.float32)
    for column, name in enumerate(classes):
        kept = np.cumsum(labels[nearest] != name, axis=1) >= neighbour
        place = kept.argmax(axis=1)
        found[:, column] = sorted_apart[np.arange(len(apart)), place]
        rest = np.flatnonzero(labels != name)
        for row in np.flatnonzero(~kept.any(axis=1)):
            found[row, column] = (
                np.partition(apart[row, rest], neighbour - 1)[neighbour - 1]
                if len(rest) >= neighbour
                else np.inf
            )
    return found


def _auroc(distance: NDArray[Any], unknown: NDArray[Any], labelled: NDArray[Any]) -> float:
    """Return how probably an unknown one lies farther than a known one; equals count half."""
    some = labelled & np.isfinite(distance)
    ranks = _ranks(distance[some])
    far = unknown[some]
    count, others = int(far.sum()), int((~far).sum())
    if not count or not others:
        return float("nan")
    return float((ranks[far].sum() - count * (count + 1) / 2) / (count * others))


def _percentile(distance: NDArray[Any]) -> NDArray[Any]:
    return 100 * (_ranks(distance) - 0.5) / len(distance)


def _ranks(values: NDArray[Any]) -> NDArray[Any]:
    """Return ranks from 1; equals share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[place]
