"""Labels that look wrong: a list to look through, worst first, and where its numbers come from."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, by_specimen, mean_by


class Provenance(enum.Enum):
    """Whether the network that gave the probabilities had been trained on these labels."""

    HELD_OUT = "held out"
    OUT_OF_FOLD = "out-of-fold"
    IN_SAMPLE = "in-sample"


SENTENCES = {
    Provenance.HELD_OUT: "The network was not trained on these photographs.",
    Provenance.OUT_OF_FOLD: (
        "Probabilities come from last layers fitted to stored features; none was fitted to the "
        "specimen that it is asked about."
    ),
    Provenance.IN_SAMPLE: (
        "MARKED: the network was trained on these very labels, and repeats wrong ones as it learnt "
        "them. Most wrong labels will not be found."
    ),
}


@dataclass(frozen=True, eq=False)
class Suggestions:
    """All photographs and specimens by how well their labels fit.

    Parameters
    ----------
    quality : float64 array (N,)
        cleanlab's label quality of each photograph, 0 to 1; NaN if it was not judged.
    order : int array
        The judged photographs, the worst first.
    specimens : tuple
        The specimens with a judged photograph, the worst first.
    specimen_quality : float64 array
        Theirs: the mean over their judged photographs.
    suggested : int array
        Theirs: the class that the network finds most probable in the mean over photographs; equal
        to the label if the network agrees with it.
    contradicted : tuple
        Specimens whose photographs have different labels: one of them is wrong for certain.
    unnamed, unlearnt : int
        Photographs that were not judged: their label is no class; or no other specimen of their
        class was there to learn from.
    provenance : Provenance
    """

    quality: NDArray[Any]
    order: NDArray[Any]
    specimens: tuple[Any, ...]
    specimen_quality: NDArray[Any]
    suggested: NDArray[Any]
    contradicted: tuple[Any, ...]
    unnamed: int
    unlearnt: int
    provenance: Provenance

    @property
    def sentence(self) -> str:
        """Where the probabilities come from; stands wherever the list stands."""
        return SENTENCES[self.provenance]


def suggest(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    specimens: Sequence[Any] | NDArray[Any],
    provenance: Provenance,
    *,
    judged: NDArray[Any] | None = None,
    accept_in_sample: bool = False,
) -> Suggestions:
    """Rank all photographs, and all specimens, by label quality.

    Parameters
    ----------
    probabilities : float array (N, C)
        Best from `last_layer.out_of_fold`, unless the network never saw this collection.
    labels, specimens
        As `by_specimen` takes them.
    provenance : Provenance
        Where `probabilities` come from.
    judged : bool array (N,), optional
        False if a probability says nothing of the label: `OutOfFold.judged`.
    accept_in_sample : bool
        Whether to rank by a network that was trained on these labels; the list is then marked.

    Returns
    -------
    Suggestions
        Nobody is accused: the ranking says what to look at first, and has no threshold.

    Raises
    ------
    ValueError
        For probabilities in-sample that were not accepted, or as `by_specimen`.
    """
    if provenance is Provenance.IN_SAMPLE and not accept_in_sample:
        raise ValueError(
            "The network was trained on these labels and repeats the wrong ones: use probabilities "
            "out-of-fold (last_layer.out_of_fold), or accept_in_sample=True for a marked list."
        )
    found = by_specimen(probabilities, labels, specimens)
    labels = np.asarray(labels)
    named = labels != NO_CLASS
    known = np.ones(len(labels), bool) if judged is None else np.asarray(judged, bool)
    if known.shape != labels.shape:
        raise ValueError(
            f"judged has shape {known.shape} for {len(labels)} photographs: give one for each."
        )
    some = np.flatnonzero(named & known)
    quality = np.full(len(labels), np.nan)
    quality[some] = _quality(np.asarray(probabilities)[some], labels[some])
    order = some[np.argsort(quality[some], kind="stable")]
    there, numbers = np.unique(found.of_photograph[some], return_inverse=True)
    means = mean_by(numbers, quality[some]) if len(some) else np.empty(0)
    worst = np.argsort(means, kind="stable")
    return Suggestions(
        quality=quality,
        order=order,
        specimens=tuple(found.names[there[w]] for w in worst),
        specimen_quality=means[worst],
        suggested=found.probabilities.argmax(axis=1)[there[worst]],
        contradicted=tuple(found.names[s] for s in np.flatnonzero(found.contradicted)),
        unnamed=int((~named).sum()),
        unlearnt=int((named & ~known).sum()),
        provenance=provenance,
    )


def _quality(probabilities: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    if not len(labels):
        return np.empty(0)
    from cleanlab.rank import get_label_quality_scores  # heavy

    # cleanlab wants rows that sum to 1 up to float64's rounding.
    rows = np.asarray(probabilities, np.float64)
    rows = rows / np.maximum(rows.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return np.asarray(get_label_quality_scores(labels, rows))
