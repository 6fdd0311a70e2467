"""Specimens from photographs: everything is counted and compared by specimen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_CLASS = -1  # the label of what no class of the network means


@dataclass(frozen=True, eq=False)
class Specimens:
    """S specimens of N photographs.

    Parameters
    ----------
    of_photograph : int array (N,)
        The specimen's number of each photograph.
    names : tuple of str
        The specimens, in the order in which their first photographs come.
    probabilities : float64 array (S, C)
        Means over a specimen's photographs.
    labels : int array (S,)
        Classes; -1 for a specimen whose label is no class, or that is contradicted.
    contradicted : bool array (S,)
        True if the photographs of a specimen have different labels: one of them is wrong, and
        nothing says which. Such specimens are left out of all counts.
    """

    of_photograph: NDArray[Any]
    names: tuple[Any, ...]
    probabilities: NDArray[Any]
    labels: NDArray[Any]
    contradicted: NDArray[Any]


def number(values: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Return a number for each value (N,), and the different values in order of appearance."""
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    seen: dict[Any, int] = {}
    numbers = [seen.setdefault(value, len(seen)) for value in listed]
    return np.array(numbers, np.intp), tuple(seen)


def mean_by(numbers: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """Return the means (S, ...) of the rows (N, ...) that have the same number.

    The numbers are 0 ... S-1, and each must occur.
    """
    rows = np.asarray(rows, np.float64)
    order = np.argsort(numbers, kind="stable")
    wholes = np.bincount(numbers)
    starts = np.cumsum(wholes) - wholes
    sums = np.add.reduceat(rows[order], starts, axis=0) if len(rows) else rows
    return sums / wholes.reshape(-1, *[1] * (rows.ndim - 1))


def by_specimen(
    probabilities: NDArray[Any], labels: NDArray[Any], specimens: Sequence[Any] | NDArray[Any]
) -> Specimens:
    """Take photographs of the same specimen together.

    Parameters
    ----------
    probabilities : float array (N, C)
        Of the photographs that could be used; those that could not are not passed.
    labels : int array (N,)
        The class of each photograph's label; -1 for a label that no class means.
    specimens : sequence (N,)
        What each photograph shows: names or numbers, equal for the same specimen.

    Returns
    -------
    Specimens

    Raises
    ------
    ValueError
        For arrays that do not fit each other, probabilities that are not numbers, or labels beyond
        the classes.
    """
    probabilities, labels = validated(probabilities, labels)
    if len(specimens) != len(labels):
        raise ValueError(
            f"{len(labels)} photographs have {len(specimens)} specimens given: give one for each."
        )
    numbers, names = number(specimens)
    count = len(names)
    largest = np.full(count, NO_CLASS - 1)
    np.maximum.at(largest, numbers, labels)
    least = np.full(count, np.iinfo(np.intp).max)
    np.minimum.at(least, numbers, labels)
    contradicted = largest != least
    return Specimens(
        of_photograph=numbers,
        names=names,
        probabilities=mean_by(numbers, probabilities),
        labels=np.where(contradicted, NO_CLASS, largest),
        contradicted=contradicted,
    )


def validated(
    probabilities: NDArray[Any], labels: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return probabilities (N, C), float64, and labels (N,), or say what is wrong with them."""
    probabilities = np.asarray(probabilities, np.float64)
    labels = np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"Probabilities of shape {probabilities.shape} and labels of shape {labels.shape} do "
            "not fit: (N, classes) and (N,) are needed."
        )
    if labels.size and not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"Labels have type {labels.dtype}: give the numbers of classes.")
    broken = ~np.isfinite(probabilities).all(axis=1)
    if broken.any():
        raise ValueError(
            f"{broken.sum()} of {len(broken)} rows of probabilities hold no numbers, first row "
            f"{broken.argmax()}: leave photographs out that could not be used."
        )
    classes = probabilities.shape[1]
    if labels.size and (labels.min() < NO_CLASS or labels.max() >= classes):
        raise ValueError(
            f"Labels run from {labels.min()} to {labels.max()}, but the network has {classes} "
            f"classes: use 0 to {classes - 1}, and {NO_CLASS} for a label that no class means."
        )
    return probabilities, labels.astype(np.intp)
