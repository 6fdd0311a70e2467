"""Labels of a collection beside the classes of a network: which class is meant, and which not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.equality import ByValue

from .names import Names
from .problems import Problem
from .spelling import folded
from .taxa import parse


@dataclass(frozen=True, eq=False)
class Comparison(ByValue):
    """How labels and classes go together.

    Attributes
    ----------
    ids : int64 array, shape (N,)
        The class that each label names; -1 if it is none of the network's.
    unknown : tuple of str
        The labels that are none of them, each once.
    empty : tuple of str
        Classes of the network that no label names.
    problems : tuple of Problem
        All of that in words.
    """

    ids: NDArray[Any]
    unknown: tuple[str, ...]
    empty: tuple[str, ...]
    problems: tuple[Problem, ...]


def compare_labels(
    labels: Sequence[str],
    classes: Sequence[str],
    *,
    names: Names | None = None,
    qualifiers: Sequence[str] | None = None,
) -> Comparison:
    """Return which class each label names.

    Parameters
    ----------
    labels : sequence of str
        N labels as given, "" for none.
    classes : sequence of str
        The network's classes.
    names : Names, optional
        Synonyms. They move no label to another class; they only tell why one is unknown.
    qualifiers : sequence of str, optional
        N texts of ``identificationQualifier``, if the doubt stands in a column of its own.

    Notes
    -----
    A label names a class if they are equal; or equal but for case, spaces and underscores; or if
    both name the same species, with or without subgenus and authorship. A doubtful name ("cf.")
    is no class that goes without the doubt. If several classes would do, none is taken.
    """
    own = names or Names()
    exact = {name: number for number, name in enumerate(classes)}
    loosely = _unique([folded(name) for name in classes])
    by_name = _unique([taxon.canonical if (taxon := parse(n)).certain else "" for n in classes])
    decided: dict[tuple[str, str], int] = {("", ""): -1}
    given = [""] * len(labels) if qualifiers is None else qualifiers
    different = dict.fromkeys(zip(labels, given, strict=True))
    for label, qualifier in different:
        taxon = parse(label, qualifier)
        number = -1
        if label and not qualifier.strip():
            number = exact.get(label, loosely.get(folded(label), -1))
        if number < 0 and label and taxon.certain:
            number = by_name.get(taxon.canonical, -1)
        decided[label, qualifier] = number
    ids = np.fromiter(map(decided.__getitem__, zip(labels, given, strict=True)), np.int64)
    strange = [pair for pair in different if pair[0] and decided[pair] < 0]
    problems = [
        Problem(" ".join((label, q)).strip(), _strange(label, q, classes, own), kept=True)
        for label, q in strange
    ]
    present = set(ids.tolist())
    empty = tuple(name for number, name in enumerate(classes) if number not in present)
    if empty:
        some = ", ".join(map(repr, empty[:5])) + (", ..." if len(empty) > 5 else "")
        reason = (
            f"do not occur in the collection ({some}); nothing can be said about their accuracy."
        )
        problems.append(Problem(f"{len(empty):,} of {len(classes):,} classes", reason, kept=True))
    unknown = tuple(dict.fromkeys(label for label, _ in strange))
    return Comparison(ids, unknown, empty, tuple(problems))


def _unique(names: Sequence[str]) -> dict[str, int]:
    """Return the place of each name that occurs once."""
    found: dict[str, int] = {}
    for number, name in enumerate(names):
        found[name] = -1 if name in found else number
    found.pop("", None)
    return found


def _strange(label: str, qualifier: str, classes: Sequence[str], names: Names) -> str:
    taxon = parse(label, qualifier)
    if taxon.qualifier:
        sure = f"; its genus is {taxon.sure_genus}" if taxon.sure_genus else ""
        return f"is a doubtful name ({taxon.qualifier}) and no class of the model{sure}."
    if split := names.ambiguous([label]).get(label):
        return f"is ambiguous ({', '.join(split)}) and no class of the model."
    accepted = names.accepted(label)
    if accepted != label and accepted in {names.accepted(name) for name in classes}:
        return (
            f"is no class of the model, but a synonym of {accepted!r}, which is: it counts in the "
            "accuracy with synonyms."
        )
    near = difflib.get_close_matches(label, classes, 3, 0.8)
    hint = f"; near are {', '.join(map(repr, near))}" if near else ""
    return f"is no class of the model, which cannot be right about it{hint}."
