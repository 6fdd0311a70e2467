"""Lists of cases: of a cell, a pair, a slice, the suggestions or the disagreements; worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.consensus import Judgement
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.inspector.standing import Standing

__all__ = ["KINDS", "REVIEWED", "SURENESS", "Filters", "Query", "cases_of", "worst_first"]

KINDS = ("cell", "pair", "mistakes", "slice", "suggestions", "disagreements", "all", "unanswered")
REVIEWED = ("", "no", "yes")
SURENESS = {
    "": (0.0, 1.01),
    "80 % and more": (0.8, 1.01),
    "50 to 80 %": (0.5, 0.8),
    "below 50 %": (0.0, 0.5),
}
"""The choices of the filter by confidence, and their limits of probability."""


@dataclass(frozen=True)
class Query:
    """Which cases are asked for.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    a, b : str
        "cell": the label and the answer. "pair": two classes, either of which was taken for the
        other. "slice": what is known and its value, as "view" and "dorsal".

    Raises
    ------
    ValueError
        For another kind.
    """

    kind: str = "mistakes"
    a: str = ""
    b: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no list {self.kind!r}; there are {', '.join(KINDS)}.")


@dataclass(frozen=True)
class Filters:
    """A choice of cases: by view, region, how sure the network is, and if they were reviewed.

    `reviewed` is "yes", "no" or, for all, "".
    """

    view: str = ""
    region: str = ""
    sureness: str = ""
    reviewed: str = ""

    def __post_init__(self) -> None:
        if self.reviewed not in REVIEWED or self.sureness not in SURENESS:
            raise ValueError(
                f"The filters are reviewed={self.reviewed!r} and sureness={self.sureness!r}: use "
                f"one of {REVIEWED} and of {tuple(SURENESS)}."
            )

    def keeps(self, specimen: int, facts: Facts, standing: Standing, reviewed: bool) -> bool:
        """Whether a specimen is left."""
        if self.view and self.view not in facts.specimen_views[specimen]:
            return False
        if self.region and self.region not in facts.specimen_regions[specimen]:
            return False
        low, high = SURENESS[self.sureness]
        if self.sureness and not low <= float(standing.sureness_of(specimen)) < high:
            return False
        return not self.reviewed or reviewed == (self.reviewed == "yes")


def cases_of(
    query: Query,
    facts: Facts,
    standing: Standing,
    *,
    judged: Mapping[tuple[str, str], Judgement],
    suggested: tuple[str, ...] = (),
    in_slice: Mapping[tuple[str, str], NDArray[Any]] | None = None,
) -> NDArray[Any]:
    """Return the numbers of the specimens of a list, int64, the worst first.

    Parameters
    ----------
    query : Query
    facts, standing
        Lists go by the labels as the verdicts leave them. A case that was judged stays in its list
        if that is still true of it.
    judged : mapping
        The judgements, for "disagreements".
    suggested : tuple of str
        The specimens of the suggestions, the worst first.
    in_slice : mapping of (what, value) to int array
        The photographs of each slice. Its list has the specimens that are named otherwise than
        their labels by these photographs.
    """
    if query.kind == "suggestions":
        return np.array([facts.specimen(one) for one in suggested if facts.has(one)], np.int64)
    if query.kind == "disagreements":
        of = [one.case for one in judged.values() if not one.agreed and facts.has(one.case)]
        return np.array(list(dict.fromkeys(map(facts.specimen, of))), np.int64)
    if query.kind == "unanswered":
        return np.flatnonzero(standing.answers < 0)
    return worst_first(np.flatnonzero(_chosen(query, facts, standing, in_slice or {})), standing)


def worst_first(specimens: NDArray[Any], standing: Standing) -> NDArray[Any]:
    """Return specimens by their losses: what surprises the network most comes first.

    Labels that are no class come before all others, the surest answers first.
    """
    losses, sureness = standing.losses[specimens], standing.sureness[specimens]
    losses = np.where(np.isnan(losses), -1, losses)
    found: NDArray[Any] = specimens[np.lexsort((-sureness, -losses))]
    return found


def _chosen(
    query: Query,
    facts: Facts,
    standing: Standing,
    in_slice: Mapping[tuple[str, str], NDArray[Any]],
) -> Any:
    rows, answers = standing.rows, standing.answers
    if query.kind == "all":
        return answers >= 0
    if query.kind == "mistakes":
        return standing.mistaken
    if query.kind == "slice":
        return _mistaken_in(in_slice.get((query.a, query.b), ()), facts, standing)
    places = {name: place for place, name in enumerate(standing.names)}
    for name in (query.a, query.b):
        if name not in places:
            raise ValueError(f"{name!r} is neither a class nor a label of this collection.")
    a, b = places[query.a], places[query.b]
    if query.kind == "cell":
        return (rows == a) & (answers == b)
    return ((rows == a) & (answers == b)) | ((rows == b) & (answers == a))


def _mistaken_in(photographs: Iterable[int], facts: Facts, standing: Standing) -> NDArray[np.bool_]:
    """Specimens (S,) that the network names otherwise, by some of their photographs only."""
    found = np.zeros(len(facts), bool)
    shown: dict[int, list[int]] = {}
    for one in map(int, photographs):
        if facts.answered[one] and standing.labels[one]:
            shown.setdefault(int(facts.of_photograph[one]), []).append(one)
    for specimen, some in shown.items():
        row = standing.rows[specimen]
        if 0 <= row < standing.classes:
            found[specimen] = facts.probabilities[some].mean(axis=0).argmax() != row
    return found
