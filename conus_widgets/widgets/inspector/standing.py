"""The labels after all verdicts, and the numbers that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.confusion import Pair
from conus_widgets.collection.consensus import Judgement, labels_after
from conus_widgets.collection.specimens import NO_CLASS
from conus_widgets.collection.wilson import Share
from conus_widgets.widgets.inspector.facts import Facts

__all__ = ["NOT_COUNTED", "Numbers", "Standing", "Standings"]

NOT_COUNTED = -1

Judged = Mapping[tuple[str, str], Judgement]


@dataclass(frozen=True, eq=False)
class Standing:
    """The labels and answers of S specimens, as some verdicts leave them.

    Parameters
    ----------
    names : tuple of str
        Names of the matrix' rows: all classes in the network's order, then other labels.
    rows : int array (S,)
        The row of each specimen; -1 if it does not count: without a label, with several, or left
        out by a verdict.
    answers : int array (S,)
        The network's first answer; -1 without one.
    probabilities : float32 array (S, C)
        Means over the photographs that count; not numbers without an answer.
    labels : list of N (str or None)
        Of each photograph; None if it does not count.
    class_of : int array (N,)
    """

    names: tuple[str, ...]
    rows: NDArray[Any]
    answers: NDArray[Any]
    probabilities: NDArray[Any]
    labels: list[str | None]
    class_of: NDArray[Any]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.probabilities.shape[1])

    @property
    def losses(self) -> NDArray[Any]:
        """Minus the logarithm of the label's probability, float64 (S,).

        For a label that is no class it is infinite; NaN if a specimen does not count.
        """
        found = np.full(len(self.rows), np.nan)
        counted = (self.rows != NOT_COUNTED) & (self.answers >= 0)
        named = np.flatnonzero(counted & (self.rows < self.classes))
        with np.errstate(divide="ignore"):
            found[named] = -np.log(self.probabilities[named, self.rows[named]].astype(np.float64))
        found[counted & (self.rows >= self.classes)] = np.inf
        return found

    @property
    def sureness(self) -> NDArray[Any]:
        """float32 (S,): the probability of the first answer; 0 without one."""
        asked = self.answers >= 0
        found = np.zeros(len(self.rows), np.float32)
        found[asked] = self.probabilities[asked, self.answers[asked]]
        return found

    def sureness_of(self, specimen: int) -> float:
        """Return the probability of one specimen's first answer; 0 without one."""
        answer = self.answers[specimen]
        return float(self.probabilities[specimen, answer]) if answer >= 0 else 0.0

    @property
    def mistaken(self) -> NDArray[np.bool_]:
        """Labels that are a class, and that the network names otherwise: bool (S,)."""
        named = (self.rows != NOT_COUNTED) & (self.rows < self.classes) & (self.answers >= 0)
        found: NDArray[np.bool_] = named & (self.rows != self.answers)
        return found

    def numbers(self) -> Numbers:
        """Return the matrix and what is counted in it."""
        counted = (self.rows != NOT_COUNTED) & (self.answers >= 0)
        whole = self.rows[counted] * self.classes + self.answers[counted]
        cells, counts = np.unique(whole, return_counts=True)
        rows, columns = divmod(cells, max(self.classes, 1))
        named = counted & (self.rows < self.classes)
        right = int((self.rows[named] == self.answers[named]).sum())
        return Numbers(
            self.names, rows, columns, counts, Share(right, int(named.sum())), self.classes
        )


@dataclass(frozen=True, eq=False)
class Numbers:
    """A confusion matrix of specimens by label and first answer.

    Parameters
    ----------
    names : tuple of str
        Of the rows; those of the columns are the first of them.
    rows, columns, counts : int arrays (M,)
        The cells that are not zero.
    right : Share
        Specimens that were named rightly, of those whose label is a class.
    classes : int
        Columns.
    """

    names: tuple[str, ...]
    rows: NDArray[Any]
    columns: NDArray[Any]
    counts: NDArray[Any]
    right: Share
    classes: int

    def cells(self) -> list[tuple[int, int, int]]:
        """Return (row, column, count) of each cell."""
        return list(
            zip(self.rows.tolist(), self.columns.tolist(), self.counts.tolist(), strict=True)
        )

    def pairs(self) -> list[Pair]:
        """Return the confused pairs, most mistakes first."""
        found: dict[tuple[int, int], list[int]] = {}
        for row, column, count in self.cells():
            if row != column and row < self.classes:
                both = found.setdefault((min(row, column), max(row, column)), [0, 0])
                both[row > column] += count
        pairs = [Pair(self.names[a], self.names[b], *both) for (a, b), both in found.items()]
        return sorted(pairs, key=lambda pair: (-pair.count, pair.first, pair.second))


class Standings:
    """Makes a `Standing` of some verdicts; what they do not touch is computed once.

    Parameters
    ----------
    facts : Facts
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._names = dict.fromkeys(facts.classes)
        self._labels: list[str | None] = list(facts.labels)
        self._class_of = np.array(facts.class_of, np.int64)
        count, classes = len(facts), len(facts.classes)
        self._rows = np.full(count, NOT_COUNTED, np.int64)
        self._answers = np.full(count, -1, np.int64)
        self._probabilities = np.full((count, classes), np.nan, np.float32)
        for name, place in zip(self._labels, self._class_of.tolist(), strict=True):
            if name and place == NO_CLASS:
                self._names.setdefault(name, None)
        self._places = {name: place for place, name in enumerate(self._names)}
        self._put(
            np.arange(count),
            facts.in_order,
            self._labels,
            self._class_of,
            self._rows,
            self._answers,
            self._probabilities,
            self._places,
        )

    def of(self, judged: Judged) -> Standing:
        """Return what the labels and numbers are under these judgements."""
        facts = self._facts
        touched = sorted({facts.specimen(case) for case, _ in judged if facts.has(case)})
        labels, class_of = list(self._labels), self._class_of.copy()
        rows, answers = self._rows.copy(), self._answers.copy()
        probabilities = self._probabilities.copy()
        places = dict(self._places)
        some = [one for specimen in touched for one in facts.photographs[specimen]]
        after = labels_after(
            [facts.labels[one] for one in some],
            [facts.specimens[facts.of_photograph[one]] for one in some],
            [facts.digests[one] for one in some],
            judged,
        )
        for one, label in zip(some, after, strict=True):
            labels[one] = label
            class_of[one] = facts.class_number(label) if label else NO_CLASS
            if label and class_of[one] == NO_CLASS:
                places.setdefault(label, len(places))
        if touched:
            photographs = np.array(some, np.int64)
            specimens = np.array(touched, np.int64)
            self._put(
                specimens, photographs, labels, class_of, rows, answers, probabilities, places
            )
        return Standing(tuple(places), rows, answers, probabilities, labels, class_of)

    def _put(
        self,
        specimens: NDArray[Any],
        photographs: NDArray[Any],
        labels: list[str | None],
        class_of: NDArray[Any],
        rows: NDArray[Any],
        answers: NDArray[Any],
        probabilities: NDArray[Any],
        places: Mapping[str, int],
    ) -> None:
        """Compute again what is known of some specimens, whose photographs come in their order."""
        facts = self._facts
        whose = np.searchsorted(specimens, facts.of_photograph[photographs])
        names = [labels[one] for one in photographs.tolist()]
        counted = np.array([name is not None for name in names], bool)
        answered = facts.answered[photographs]
        # Photographs that do not count speak only if a specimen has no others with an answer.
        best = np.bincount(whose[counted & answered], minlength=len(specimens)) > 0
        asked = answered & (counted | ~best[whose])
        starts, counts = _runs(whose[asked])
        if len(starts):
            means = _means(facts.probabilities, photographs[asked], starts, counts)
            some = specimens[whose[asked][starts]]
            probabilities[some] = means
            answers[some] = means.argmax(axis=1)
        found = class_of[photographs]
        for one in np.flatnonzero(counted & (found == NO_CLASS)).tolist():
            found[one] = places.get(names[one] or "", NOT_COUNTED)
        rows[specimens] = NOT_COUNTED
        found, whose = found[counted], whose[counted]
        starts, _ = _runs(whose)
        if len(starts):
            least = np.minimum.reduceat(found, starts)
            agreed = least == np.maximum.reduceat(found, starts)
            rows[specimens[whose[starts]]] = np.where(agreed, least, NOT_COUNTED)


def _runs(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where runs of equal values start, and how long each is."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    return starts, np.diff(starts, append=len(values))


def _means(
    rows: NDArray[Any], numbers: NDArray[Any], starts: NDArray[Any], counts: NDArray[Any]
) -> NDArray[Any]:
    """Return the means of rows with these numbers, run by run; as `mean`, to the last bit.

    All first rows of the runs, then all second ones, and so on: so each run is added in its order.
    """
    longest = np.argsort(-counts, kind="stable")
    starts, less = starts[longest], -counts[longest]
    sums: NDArray[Any] = rows[numbers[starts]]
    for step in range(1, counts.max()):
        more = np.searchsorted(less, -step)  # how many runs are longer
        sums[:more] += rows[numbers[starts[:more] + step]]
    found = np.empty_like(sums)
    found[longest] = sums / -less[:, None].astype(sums.dtype)
    return found
