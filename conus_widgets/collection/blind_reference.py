"""The standards of a blind review: labels, a reference column, the network's answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from conus_widgets.collection.blind_report import Decided
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.specimens import NO_CLASS, by_specimen
from conus_widgets.collection.spelling import folded
from conus_widgets.collection.verdicts import Verdict

WITHOUT_NAME = ("no class", "ambiguous", "not this specimen", "unusable")
"""Decisions that are not a name."""

_AT_FAULT = ("not this specimen", "unusable")  # the photographs, not the expert
FIRST = 5  # classes of an answer


@dataclass(frozen=True)
class Answer:
    """The network's answer about a specimen.

    Parameters
    ----------
    name : str
        The most probable class.
    classes : tuple of (str, float)
        The five most probable ones, with their probabilities (means over the photographs).
    """

    name: str
    classes: tuple[tuple[str, float], ...]


class Reference:
    """Names of specimens as they are compared: with synonyms, however they are written.

    Parameters
    ----------
    collection : Collection
    column : str, optional
        Which column says what is right; without it, the labels as they were given.

    Attributes
    ----------
    photographs : dict of str to tuple of int
        Of each specimen those that have an answer.
    answers : dict of str to Answer

    Raises
    ------
    ValueError
        If the table has no such column.
    """

    def __init__(self, collection: Collection, column: str | None = None) -> None:
        self.column = column
        self._synonyms = collection.names
        given = collection.as_given
        self.photographs, self.answers = _answers(given)
        self._classes = {self._key(name) for name in given.answers.classes}
        self._labels = self._names_in(given, "label")
        self._names = self._labels if column is None else self._names_in(given, column)

    def is_label(self, case: str, name: str, rank: str, qualifier: str) -> bool:
        """Whether a name, without a doubt, is that of the specimen's label."""
        same = self._key(name) == self._labels.get(case)
        return same and rank == "species" and not qualifier

    def wrong_and_right(self) -> tuple[list[str], list[str]]:
        """Return the specimens that the network is wrong about, and those that it is right about.

        Those without an answer, or without one name, are neither.
        """
        found: tuple[list[str], list[str]] = ([], [])
        for case, answer in self.answers.items():
            if self._names.get(case):
                found[self._key(answer.name) == self._names[case]].append(case)
        return found

    def compare(self, case: str, before: Verdict | None, after: Verdict | None) -> Decided | str:
        """Compare two decisions on a specimen; or return why it is left out."""
        if before is None:
            return "whose first decision was taken back"
        if after is None:
            return "not decided again"
        if case not in self.answers:
            return "not in this collection any more"
        if self.column is not None and not self._names.get(case):
            return f"without one name in {self.column!r}"
        if before.kind in _AT_FAULT or after.kind in _AT_FAULT:
            return "with photographs that cannot be judged"
        answer = self._key(self.answers[case].name)
        one, other = self._said(before), self._said(after)
        truth = None if self.column is None else self._names[case]
        return Decided(
            changed=one != other,
            to_answer=one != other and other == (answer, "species", ""),
            seconds_before=before.seconds,
            seconds_after=after.seconds,
            right_before=None if truth is None else self._right(one, truth),
            right_after=None if truth is None else self._right(other, truth),
            model_right=None if truth is None else answer == truth,
        )

    def _said(self, verdict: Verdict) -> tuple[str, str, str]:
        """Return what counts when decisions are compared."""
        if verdict.kind in WITHOUT_NAME:
            return ("", verdict.kind, "")
        name = self._key(verdict.name) if verdict.name else self._labels.get(verdict.case, "")
        return (name, verdict.rank or "species", verdict.qualifier)

    def _right(self, said: tuple[str, str, str], truth: str) -> bool:
        """Whether a decision is right. A doubtful name, or none, is not."""
        if said == ("", "no class", ""):
            return truth not in self._classes
        return said == (truth, "species", "")

    def _key(self, name: str) -> str:
        """Return a name as it is compared: with its synonyms, however it is written."""
        return folded(self._synonyms.accepted(name))

    def _names_in(self, given: Collection, column: str) -> dict[str, str]:
        """Return the value of a column for each specimen whose photographs agree on it."""
        found: dict[str, set[str]] = defaultdict(set)
        for case, name in zip(given.specimens, given.known(column), strict=True):
            found[case].add(self._key(name) if name.strip() else "")
        return {case: names.pop() for case, names in found.items() if len(names) == 1}


def _answers(collection: Collection) -> tuple[dict[str, tuple[int, ...]], dict[str, Answer]]:
    """Return the photographs that have an answer, and the answer, of each specimen."""
    answers, specimens = collection.answers, collection.specimens
    asked = answers.answered.nonzero()[0]
    found = by_specimen(
        answers.probabilities[asked],
        np.full(len(asked), NO_CLASS),
        [specimens[number] for number in asked.tolist()],
    )
    photographs: dict[str, list[int]] = defaultdict(list)
    for number in asked.tolist():
        photographs[specimens[number]].append(number)
    said = {}
    for case, row in zip(found.names, found.probabilities, strict=True):
        first = (-row).argsort(kind="stable")[:FIRST].tolist()
        classes = tuple((answers.classes[n], float(row[n])) for n in first)
        said[case] = Answer(classes[0][0], classes)
    return {case: tuple(numbers) for case, numbers in photographs.items()}, said
