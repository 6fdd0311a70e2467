"""Error rates by each thing that is known of a photograph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, by_specimen
from conus_widgets.collection.wilson import Share

LEAST = 10  # specimens
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


@dataclass(frozen=True)
class Slice:
    """Specimens that share something.

    Parameters
    ----------
    what, value : str
        Such as "view", "dorsal"; or "brightness", "lowest quarter (0.02 to 0.11)".
    errors, rest : Share
        Errors in the slice, and among all other specimens of which the same is known. The
        intervals are corrected for how many slices were looked at.
    p_value : float
        Of Fisher's exact test that errors are no more frequent here than in the rest; corrected.
    worse : bool
        Whether the slice is worse than the rest at a corrected level of 5 %.
    """

    what: str
    value: str
    errors: Share
    rest: Share
    p_value: float
    worse: bool


@dataclass(frozen=True)
class Slices:
    """All slices that were looked at.

    Parameters
    ----------
    found : tuple of Slice
        Those that are worse than the rest come first, then by the lower limit of the error rate.
    too_small : tuple of (str, str, int)
        Slices that were not judged, and how many specimens they have.
    """

    found: tuple[Slice, ...]
    too_small: tuple[tuple[str, str, int], ...]


def slices(
    known: Mapping[str, Sequence[Any] | NDArray[Any]],
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    specimens: Sequence[Any] | NDArray[Any],
    *,
    least: int = LEAST,
    confidence: float = 0.95,
) -> Slices:
    """Compare each slice with the rest.

    Parameters
    ----------
    known : mapping of str to sequence (N,)
        What is known of each photograph: words (view, region, institution, background), of which
        "" and None are not known; or numbers (size, brightness, sharpness), of which NaN is not.
        Numbers are cut into quarters.
    probabilities, labels, specimens
        As `by_specimen` takes them.
    least : int
        Specimens that a slice, and its rest, must have.
    confidence : float
        Of all intervals together.

    Returns
    -------
    Slices
        Nothing is clustered and nothing explained: a slice that is worse is a place to look at,
        and to try again on new photographs.

    Raises
    ------
    ValueError
        As `by_specimen`; for values that are not one for each photograph.

    Notes
    -----
    A specimen counts once in a slice, with the mean over its photographs there. One that has
    photographs on both sides (two views) counts on both: the test is then too careful, not too
    bold. The correction is Bonferroni's.
    """
    found = by_specimen(probabilities, labels, specimens)
    usable = (found.labels != NO_CLASS)[found.of_photograph]
    probabilities, labels = np.asarray(probabilities)[usable], np.asarray(labels)[usable]
    numbers = found.of_photograph[usable]

    def errors(here: NDArray[Any]) -> tuple[int, int]:
        part = by_specimen(probabilities[here], labels[here], numbers[here])
        wrong = part.probabilities.argmax(axis=1) != part.labels
        return int(wrong.sum()), len(wrong)

    judged, small = [], []
    for what, values in known.items():
        if len(values) != len(usable):
            raise ValueError(
                f"{what} has {len(values)} values for {len(usable)} photographs: give one for each."
            )
        names = _words(values)[usable]
        has = names != ""
        for value in dict.fromkeys(names[has].tolist()):
            here = has & (names == value)
            one, other = errors(here), errors(has & ~here)
            if one[1] < least:
                small.append((what, value, one[1]))
            elif other[1] >= least:
                judged.append((what, value, one, other))
    return Slices(_compared(judged, confidence), tuple(small))


def membership(
    known: Mapping[str, Sequence[Any] | NDArray[Any]],
) -> dict[tuple[str, str], NDArray[np.intp]]:
    """Return the photographs, by number, of each slice that `slices` looks at.

    Parameters
    ----------
    known : mapping of str to sequence (N,)
        As `slices` takes it.
    """
    found = {}
    for what, values in known.items():
        names = _words(values)
        for value in dict.fromkeys(names[names != ""].tolist()):
            found[what, value] = np.flatnonzero(names == value)
    return found


def _compared(
    judged: Sequence[tuple[str, str, tuple[int, int], tuple[int, int]]], confidence: float
) -> tuple[Slice, ...]:
    from scipy.stats import fisher_exact  # heavy

    looks = max(len(judged), 1)
    level = 1 - (1 - confidence) / looks
    found = []
    for what, value, (wrong, count), (others_wrong, others) in judged:
        counts = [[wrong, count - wrong], [others_wrong, others - others_wrong]]
        p_value = min(1.0, looks * float(fisher_exact(counts, alternative="greater")[1]))
        found.append(
            Slice(
                what,
                value,
                Share(wrong, count, level),
                Share(others_wrong, others, level),
                p_value,
                worse=p_value <= 1 - confidence,
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.worse, -one.errors.interval[0])))


def _words(values: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """Return the name of each photograph's slice (N,); "" if nothing is known."""
    given = np.asarray(values)
    if given.dtype == bool or not np.issubdtype(given.dtype, np.number):
        listed = given.tolist()
        return np.array(["" if value is None else str(value) for value in listed], object)
    numbers = given.astype(np.float64)
    there = np.isfinite(numbers)
    names = np.full(len(numbers), "", object)
    if not there.any() or np.ptp(numbers[there]) == 0:
        return names
    limits = np.quantile(numbers[there], (0.25, 0.5, 0.75))
    quarter = np.searchsorted(limits, numbers, side="left")
    for place, words in enumerate(QUARTERS):
        here = there & (quarter == place)
        if here.any():
            low, high = numbers[here].min(), numbers[here].max()
            names[here] = f"{words} ({low:.3g} to {high:.3g})"
    return names
