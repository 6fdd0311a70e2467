"""Confusions: the matrix of all classes, the most confused pairs, the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, by_specimen, number


@dataclass(frozen=True)
class Pair:
    """Two classes, and how many specimens of each were taken for the other."""

    first: str
    second: str
    first_as_second: int
    second_as_first: int

    @property
    def count(self) -> int:
        """Mistakes in either direction."""
        return self.first_as_second + self.second_as_first


@dataclass(frozen=True, eq=False)
class Confusion:
    """Specimens by label and answer; only cells that are not zero are kept.

    Parameters
    ----------
    given : tuple of str
        Names of the rows: all classes in the network's order, also those without a specimen, then
        every label that is no class. None is ever left out or joined to "other".
    classes : tuple of str
        Names of the columns.
    rows, columns, counts : int arrays (M,)
        The cells.
    contradicted : int
        Specimens left out because their photographs have different labels.
    """

    given: tuple[str, ...]
    classes: tuple[str, ...]
    rows: NDArray[Any]
    columns: NDArray[Any]
    counts: NDArray[Any]
    contradicted: int = 0

    def matrix(self) -> NDArray[Any]:
        """Return all cells, int64 (rows, columns)."""
        found = np.zeros((len(self.given), len(self.classes)), np.int64)
        found[self.rows, self.columns] = self.counts
        return found

    def pairs(self) -> list[Pair]:
        """Return the confused pairs of classes, most mistakes first, then by name."""
        counts: dict[tuple[int, int], list[int]] = {}
        cells = zip(self.rows.tolist(), self.columns.tolist(), self.counts.tolist(), strict=True)
        for row, column, count in cells:
            if row != column and row < len(self.classes):
                both = counts.setdefault((min(row, column), max(row, column)), [0, 0])
                both[row > column] += count
        found = [Pair(self.classes[a], self.classes[b], *both) for (a, b), both in counts.items()]
        return sorted(found, key=lambda pair: (-pair.count, pair.first, pair.second))

    def table(self) -> Iterator[list[str]]:
        """Yield the rows of a CSV file: a head with all classes, then a row for each label."""
        yield ["label", *self.classes]
        for name, row in zip(self.given, self.matrix(), strict=True):
            yield [name, *(str(count) for count in row)]


def confusion(
    probabilities: NDArray[Any],
    labels: Sequence[str],
    specimens: Sequence[Any] | NDArray[Any],
    classes: Sequence[str],
) -> Confusion:
    """Count specimens by label and first answer.

    Parameters
    ----------
    probabilities : float array (N, C)
    labels : sequence of str (N,)
        As they were given; also names that are no class.
    specimens : sequence (N,)
    classes : sequence of str (C,)

    Returns
    -------
    Confusion

    Raises
    ------
    ValueError
        As `by_specimen`.
    """
    rows, given = number([*classes, *labels])
    rows = rows[len(classes) :]
    if len(set(classes)) < len(classes):
        raise ValueError("Two classes have the same name: rename one in the checkpoint.")
    # Rows are judged here, also those beyond the classes, so specimens are grouped without labels.
    found = by_specimen(probabilities, np.full(len(rows), NO_CLASS), specimens)
    label = np.zeros(len(found.names), np.intp)
    label[found.of_photograph] = rows
    sound = np.ones(len(found.names), bool)
    np.logical_and.at(sound, found.of_photograph, label[found.of_photograph] == rows)
    answers = found.probabilities.argmax(axis=1)
    cells, counts = np.unique(label[sound] * len(classes) + answers[sound], return_counts=True)
    across, down = divmod(cells, max(len(classes), 1))
    return Confusion(given, tuple(classes), across, down, counts, int((~sound).sum()))


@dataclass(frozen=True)
class Mistake:
    """A specimen that the network names otherwise than its label does.

    Parameters
    ----------
    specimen : Any
    label, answer : int
        Classes.
    loss : float
        Minus the logarithm of the label's probability.
    photographs : tuple of int
        Its photographs.
    """

    specimen: Any
    label: int
    answer: int
    loss: float
    photographs: tuple[int, ...]


def mistakes(
    probabilities: NDArray[Any], labels: NDArray[Any], specimens: Sequence[Any] | NDArray[Any]
) -> list[Mistake]:
    """Return all mistakes, the one that surprises the network most first.

    Parameters, and errors, as `by_specimen`.
    """
    found = by_specimen(probabilities, labels, specimens)
    answers = found.probabilities.argmax(axis=1)
    wrong = np.flatnonzero((found.labels != NO_CLASS) & (answers != found.labels))
    with np.errstate(divide="ignore"):
        losses = -np.log(found.probabilities[wrong, found.labels[wrong]])
    photographs: dict[int, list[int]] = {int(s): [] for s in wrong}
    for index, specimen in enumerate(found.of_photograph.tolist()):
        if specimen in photographs:
            photographs[specimen].append(index)
    return [
        Mistake(
            found.names[wrong[n]],
            int(found.labels[wrong[n]]),
            int(answers[wrong[n]]),
            float(losses[n]),
            tuple(photographs[int(wrong[n])]),
        )
        for n in np.argsort(-losses, kind="stable")
    ]
