"""Sets of classes that hold the right one as often as was asked, by specimen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, by_specimen
from conus_widgets.collection.wilson import Share

FOLDS = 10


@dataclass(frozen=True, eq=False)
class PredictionSets:
    """A set for each specimen.

    Parameters
    ----------
    specimens : tuple
        Their names.
    members : bool array (S, C)
        The sets.
    p_values : float64 array (S, C)
        How usual the specimen would be for each class.
    confidence : float
        Share of specimens whose set was asked to hold the right class.
    covered : Share
        Of the labelled specimens, those whose set does.
    few : tuple of int
        Classes with too few calibration specimens for a limit of their own (fewer than 9 at a
        confidence of 90 %). They share one limit, and are right as often as asked only together.
    undecided : tuple of int
        Classes that are in every set, because even together they have too few specimens.
    sentence : str
        What a reader must know of the classes with few specimens; "" if there are none.
    """

    specimens: tuple[Any, ...]
    members: NDArray[Any]
    p_values: NDArray[Any]
    confidence: float
    covered: Share
    few: tuple[int, ...]
    undecided: tuple[int, ...]
    sentence: str

    @property
    def size(self) -> float:
        """Mean number of classes in a set."""
        return float(self.members.sum(axis=1).mean())


def prediction_sets(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    specimens: Sequence[Any] | NDArray[Any],
    *,
    confidence: float = 0.9,
    seed: int = 0,
) -> PredictionSets:
    """Give each specimen the classes that cannot be ruled out.

    Parameters
    ----------
    probabilities : float array (N, C)
        From a network that was **not** trained on these photographs, or out-of-fold: a network is
        surer of what it has learnt, and the sets would be too small.
    labels, specimens
        As `by_specimen` takes them. Specimens without a label get sets, and calibrate nothing.
    confidence : float
        Between 0.5 and 1.
    seed : int
        Of the ten folds: a specimen's set is calibrated on the nine that it is not in.

    Returns
    -------
    PredictionSets

    Raises
    ------
    ValueError
        For fewer than two labelled specimens, or another confidence.

    Notes
    -----
    Split conformal prediction by crepes. What is exchangeable is the specimen, not its photographs.
    A class is calibrated alone if that can rule it out at all: n specimens give p-values of
    1 / (n + 1) and more, so n must be at least confidence / (1 - confidence).
    """
    from crepes import ConformalClassifier  # heavy

    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence}: it must lie between 0.5 and 1.")
    found = by_specimen(probabilities, labels, specimens)
    labelled = np.flatnonzero(found.labels != NO_CLASS)
    if len(labelled) < 2:
        raise ValueError(
            f"{len(labelled)} specimens have a label that is a class: prediction sets need at "
            "least two, and are of use from about 9 a class."
        )
    least = least_specimens(confidence)
    strange = 1 - found.probabilities
    p_values = np.ones_like(strange)
    together = np.zeros(strange.shape[1], bool)
    folds = _folds(found.labels, seed)
    for fold in range(FOLDS + 1):
        asked = np.flatnonzero(folds == fold)
        calibrating = labelled[folds[labelled] != fold]
        own = found.labels[calibrating]
        scores = strange[calibrating, own]
        counts = np.bincount(own, minlength=strange.shape[1])
        # Classes with few specimens form one group, so that each specimen still counts for one
        # group only.
        groups = [np.array([c]) for c in np.flatnonzero(counts >= least)]
        groups.append(np.flatnonzero(counts < least))
        together |= counts < least
        for group in groups:
            members = scores[np.isin(own, group)]
            if len(members) and len(asked) and len(group):
                judge = ConformalClassifier().fit(members, seed=0)
                # Not smoothed: the same specimen has the same set each time.
                p_values[np.ix_(asked, group)] = judge.predict_p(
                    strange[np.ix_(asked, group)], smoothing=False
                )
    # A class is ruled out if its p-value is the limit or less, up to rounding.
    members = p_values > 1 - confidence + 1e-12
    held = members[labelled, found.labels[labelled]]
    few = np.flatnonzero(together)
    undecided = np.flatnonzero(members.all(axis=0) & together)
    return PredictionSets(
        specimens=found.names,
        members=members,
        p_values=p_values,
        confidence=confidence,
        covered=Share(int(held.sum()), len(held)),
        few=tuple(few.tolist()),
        undecided=tuple(undecided.tolist()),
        sentence=_sentence(len(few), len(undecided), len(together), least),
    )


def least_specimens(confidence: float) -> int:
    """Return how many specimens a class needs for a limit of its own."""
    return int(np.ceil(confidence / (1 - confidence) - 1e-9))


def _folds(labels: NDArray[Any], seed: int) -> NDArray[Any]:
    """Deal the specimens of each class out to the folds in turn.

    Those without a label form a fold of their own, which all others calibrate.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(len(labels), np.intp)
    folds[order] = np.arange(len(labels)) % FOLDS
    folds[labels == NO_CLASS] = FOLDS
    return folds


def _sentence(few: int, undecided: int, classes: int, least: int) -> str:
    if not few:
        return ""
    text = (
        f"{few} of {classes} classes have fewer than {least} calibration specimens: their sets are "
        "right as often as asked only for all of them together"
    )
    if undecided:
        text += f", and {undecided} of them stand in every set because nothing can rule them out"
    return text + "."
