"""The reviewers' verdicts together: one judgement for each case, or a disagreement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conus_widgets.collection.verdicts import Verdict


@dataclass(frozen=True)
class Judgement:
    """What is said of one case, by all its reviewers.

    Attributes
    ----------
    case, photograph : str
        As in `Verdict`.
    verdicts : tuple of Verdict
        The newest of each reviewer that stands, by time.
    """

    case: str
    photograph: str
    verdicts: tuple[Verdict, ...]

    @property
    def agreed(self) -> bool:
        """Whether all say the same."""
        return len({_said(verdict) for verdict in self.verdicts}) == 1

    @property
    def verdict(self) -> Verdict | None:
        """The newest verdict if all agree, else None: the label then stays as given."""
        return self.verdicts[-1] if self.agreed else None


def judgements(
    standing: Iterable[Verdict],
) -> dict[tuple[str, str], Judgement]:
    """Return what stands of each case and photograph.

    Parameters
    ----------
    standing : iterable of Verdict
        As `Log.standing`, in order of time; of `Log.seen_by` for a reviewer who must not see all.

    Returns
    -------
    dict of (case, photograph) to Judgement
    """
    newest: dict[tuple[str, str], dict[str, Verdict]] = {}
    for verdict in standing:
        if verdict.judges:
            of = newest.setdefault((verdict.case, verdict.photograph), {})
            of.pop(verdict.by, None)  # a newer one goes to the end
            of[verdict.by] = verdict
    return {key: Judgement(*key, tuple(by.values())) for key, by in newest.items()}


def labels_after(
    labels: Sequence[str],
    cases: Sequence[str],
    photographs: Sequence[str],
    judged: Mapping[tuple[str, str], Judgement],
) -> list[str | None]:
    """Return the label of each photograph as the verdicts leave it.

    Parameters
    ----------
    labels, cases, photographs : N texts
        As given: the label, the specimen, the photograph's digest.
    judged : mapping
        What `judgements` returned.

    Returns
    -------
    list of N (str or None)
        A new name if reviewers agree on it. None if a photograph must not be counted: unusable,
        ambiguous, not of this specimen, none of the classes, or a name above the species or with
        a qualifier, which no class of a network answers. A verdict on a photograph comes before
        one on its specimen.
    """
    found: list[str | None] = []
    for label, case, photograph in zip(labels, cases, photographs, strict=True):
        own = judged.get((case, photograph)) or judged.get((case, ""))
        verdict = own.verdict if own is not None else None
        if verdict is None or verdict.kind == "right":
            found.append(label)
        elif verdict.kind == "wrong" and verdict.rank == "species" and not verdict.qualifier:
            found.append(verdict.name)
        else:
            found.append(None)
    return found


def disagreements(judged: Mapping[tuple[str, str], Judgement]) -> list[Judgement]:
    """Return the cases of which reviewers say different things, in the order given."""
    return [judgement for judgement in judged.values() if not judgement.agreed]


def kappa(judged: Mapping[tuple[str, str], Judgement], a: str, b: str) -> tuple[float, int]:
    """Return how far two reviewers agree beyond chance, and on how many cases that rests.

    Returns
    -------
    (float, int)
        Cohen's kappa: 1 if they agree on all, 0 if as often as by chance; NaN without a common
        case, or if both always say the same one thing.

    Notes
    -----
    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
    Measurement 20 (1960), 37-46.
    """
    pairs = []
    for judgement in judged.values():
        by = {verdict.by: _said(verdict) for verdict in judgement.verdicts}
        if a in by and b in by:
            pairs.append((by[a], by[b]))
    if not pairs:
        return float("nan"), 0
    words = sorted({word for pair in pairs for word in pair})
    table = np.zeros((len(words), len(words)))
    for first, second in pairs:
        table[words.index(first), words.index(second)] += 1 / len(pairs)
    observed = float(np.trace(table))
    expected = float(table.sum(axis=1) @ table.sum(axis=0))
    return ((observed - expected) / (1 - expected) if expected < 1 else float("nan")), len(pairs)


def _said(verdict: Verdict) -> tuple[str, ...]:
    """Return what counts when verdicts are compared: the word, and of a new name all of it."""
    if verdict.kind == "right":  # a blind review writes down which name that was
        return (verdict.kind,)
    return (verdict.kind, verdict.name, verdict.rank, verdict.qualifier)
