"""Accuracy as given, with synonyms, and by genus: a changed name is no mistake of the network."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, by_specimen, number
from conus_widgets.collection.wilson import Share


@dataclass(frozen=True)
class NamedAccuracy:
    """Three shares of the same specimens.

    Parameters
    ----------
    as_given : Share
        The first class has, letter by letter, the name of the label.
    with_synonyms : Share
        Both have the same accepted name.
    by_genus : Share
        Their accepted names belong to the same genus.
    unnamed : int
        Specimens left out because no class means their label, even with synonyms.
    ambiguous : int
        Specimens among the counted whose label was split into several names. It is never moved:
        only the class of the very same name is right.
    contradicted : int
        Specimens left out because their photographs have labels of different meaning.
    """

    as_given: Share
    with_synonyms: Share
    by_genus: Share
    unnamed: int = 0
    ambiguous: int = 0
    contradicted: int = 0


def accuracy_by_names(
    probabilities: NDArray[Any],
    labels: Sequence[str],
    specimens: Sequence[Any] | NDArray[Any],
    classes: Sequence[str],
    *,
    accepted: Mapping[str, str],
    ambiguous: Collection[str] = (),
    genera: Mapping[str, str] | None = None,
) -> NamedAccuracy:
    """Count what is right under three ways of reading names.

    Parameters
    ----------
    probabilities : float array (N, C)
    labels : sequence of str (N,)
        As they were given.
    specimens : sequence (N,)
    classes : sequence of str (C,)
        Names of the network's classes.
    accepted : mapping of str to str
        The accepted name of a label or class; one that is missing is its own accepted name.
    ambiguous : collection of str
        Labels and classes that may mean several accepted names.
    genera : mapping of str to str, optional
        The genus of an accepted name; one that is missing is a genus of its own.

    Returns
    -------
    NamedAccuracy
        All three shares count the same specimens: those that some class can name with synonyms.

    Raises
    ------
    ValueError
        As `by_specimen`.
    """
    unclear = frozenset(ambiguous)
    genera = genera or {}

    def meaning(name: str) -> str:
        return name if name in unclear else accepted.get(name, name)

    meanings, different = number([meaning(name) for name in [*classes, *labels]])
    of_class, of_label = meanings[: len(classes)], meanings[len(classes) :]
    known = np.isin(of_label, of_class)
    # Classes of the same meaning are not joined before the first is found: the answer stays the
    # one that the network gave.
    first_of = np.full(len(different), NO_CLASS)
    first_of[of_class[::-1]] = np.arange(len(classes))[::-1]
    found = by_specimen(probabilities, np.where(known, first_of[of_label], NO_CLASS), specimens)
    sound = np.ones(len(found.names), bool)  # all photographs of a specimen mean the same
    one = np.zeros(len(found.names), np.intp)
    one[found.of_photograph] = of_label
    np.logical_and.at(sound, found.of_photograph, one[found.of_photograph] == of_label)
    counted = sound & (found.labels != NO_CLASS)
    answers = found.probabilities.argmax(axis=1)

    given = np.ones(len(found.names), bool)
    own = [classes[answer] for answer in answers[found.of_photograph]]
    np.logical_and.at(
        given, found.of_photograph, [a == b for a, b in zip(own, labels, strict=True)]
    )
    same = of_class[answers] == one
    genus = [genera.get(name, name) for name in different]
    related = np.array([genus[of_class[a]] == genus[m] for a, m in zip(answers, one, strict=True)])
    split = np.array([different[m] in unclear for m in one], bool)
    whole = int(counted.sum())

    def share(right: NDArray[Any]) -> Share:
        return Share(int((right & counted).sum()), whole)

    return NamedAccuracy(
        as_given=share(given),
        with_synonyms=share(same),
        by_genus=share(related.astype(bool)),
        unnamed=int((sound & ~counted).sum()),
        ambiguous=int((split & counted).sum()),
        contradicted=int((~sound).sum()),
    )
