"""Accuracy by specimen: over all, and for each class, view or region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, by_specimen
from conus_widgets.collection.wilson import Share


@dataclass(frozen=True)
class Accuracy:
    """The shares of specimens that were named rightly.

    Parameters
    ----------
    top1, top5 : Share
        The label is the first, or among the first five. None for `top5` of a network with five
        classes or fewer: it could not fail.
    unnamed : int
        Specimens left out because no class means their label.
    contradicted : int
        Specimens left out because their photographs have different labels.
    """

    top1: Share
    top5: Share | None
    unnamed: int = 0
    contradicted: int = 0


def accuracy(
    probabilities: NDArray[Any], labels: NDArray[Any], specimens: Sequence[Any] | NDArray[Any]
) -> Accuracy:
    """Count what is right, by specimen.

    Parameters
    ----------
    probabilities, labels, specimens
        As `by_specimen` takes them. With another specimen for each photograph, photographs are
        counted; two of the same specimen are then taken for independent, and the intervals are
        too narrow.

    Returns
    -------
    Accuracy

    Raises
    ------
    ValueError
        As `by_specimen`.
    """
    found = by_specimen(probabilities, labels, specimens)
    named = found.labels != NO_CLASS
    places = place(found.probabilities[named], found.labels[named])
    count = int(named.sum())
    few = found.probabilities.shape[1] <= 5
    return Accuracy(
        top1=Share(int((places < 1).sum()), count),
        top5=None if few else Share(int((places < 5).sum()), count),
        unnamed=int((~named & ~found.contradicted).sum()),
        contradicted=int(found.contradicted.sum()),
    )


def accuracy_per(
    values: Sequence[Any] | NDArray[Any],
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    specimens: Sequence[Any] | NDArray[Any],
) -> dict[Any, Accuracy]:
    """Count what is right for each value of something that is known, such as the view.

    Parameters
    ----------
    values : sequence (N,)
        Of each photograph: its label, view, region, institution ...
    probabilities, labels, specimens
        As `accuracy`.

    Returns
    -------
    dict
        In order of appearance. A specimen counts for a value with the mean over those of its
        photographs that have it; contradicted specimens count for none.
    """
    found = by_specimen(probabilities, labels, specimens)
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if len(listed) != len(found.of_photograph):
        raise ValueError(
            f"{len(found.of_photograph)} photographs have {len(listed)} values: give one for each."
        )
    sound = ~found.contradicted[found.of_photograph]
    places: dict[Any, list[int]] = {}
    for index in np.flatnonzero(sound):
        places.setdefault(listed[index], []).append(int(index))
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    return {
        value: accuracy(probabilities[some], labels[some], found.of_photograph[some])
        for value, some in places.items()
    }


def place(probabilities: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """Return how many classes (N,) stand before the label; ties in class order, as in `rank`."""
    own = np.take_along_axis(probabilities, labels[:, None], axis=1)
    before = np.arange(probabilities.shape[1]) < labels[:, None]
    return ((probabilities > own) | ((probabilities == own) & before)).sum(axis=1)
