"""Do probabilities mean what they say? Reliability, and the temperature that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from conus_widgets.collection.specimens import NO_CLASS, validated
from conus_widgets.collection.wilson import Share

COLDEST, HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class Bin:
    """Cases of similar confidence.

    Parameters
    ----------
    low, high : float
        The bin's edges; `high` belongs to it.
    confidence : float
        Mean of the first class's probability.
    right : Share
        Of the cases whose first class is the label.
    """

    low: float
    high: float
    confidence: float
    right: Share


@dataclass(frozen=True)
class Calibration:
    """Confidence beside the share that is right.

    Parameters
    ----------
    error : float
        Expected calibration error: the mean distance between confidence and share, weighed by how
        many cases a bin has.
    bins : tuple of Bin
        Those that have cases, from low to high confidence.
    """

    error: float
    bins: tuple[Bin, ...]


def calibration(
    probabilities: NDArray[Any], labels: NDArray[Any], *, bins: int = 15
) -> Calibration:
    """Compare confidence with what is right.

    Parameters
    ----------
    probabilities : float array (N, C)
        Of specimens (`by_specimen`), or of photographs if each counts.
    labels : int array (N,)
        Cases with -1 are left out.
    bins : int
        Equally wide ones between 0 and 1.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If nothing is labelled, or for no bin.

    Notes
    -----
    Guo et al. 2017, arXiv:1706.04599.
    """
    if bins < 1:
        raise ValueError(f"bins is {bins}: at least 1 is needed.")
    probabilities, labels = _labelled(probabilities, labels)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found = []
    for number in np.unique(places):
        here = places == number
        found.append(
            Bin(
                float(edges[number]),
                float(edges[number + 1]),
                float(confidence[here].mean()),
                Share(int(right[here].sum()), int(here.sum())),
            )
        )
    gaps = [abs(one.confidence - one.right.value) * one.right.whole for one in found]
    return Calibration(float(sum(gaps) / len(labels)), tuple(found))


@dataclass(frozen=True)
class Temperature:
    """What logits are divided by before softmax.

    Parameters
    ----------
    value : float
        Above 1 the network was too sure of itself.
    loss_before, loss_after : float
        Mean cross-entropy. One number fitted to many cases: the second is hardly too good.
    """

    value: float
    loss_before: float
    loss_after: float


def temperature(logits: NDArray[Any], labels: NDArray[Any]) -> Temperature:
    """Find the temperature of least cross-entropy, between 0.05 and 20.

    Parameters
    ----------
    logits : float array (N, C)
    labels : int array (N,)
        Cases with -1 are left out.

    Raises
    ------
    ValueError
        If nothing is labelled.
    """
    logits, labels = _labelled(logits, labels)
    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        return float(-log_softmax(logits / np.exp(logarithm), axis=1)[rows, labels].mean())

    limits = (np.log(COLDEST), np.log(HOTTEST))
    best = minimize_scalar(loss, bounds=limits, method="bounded", options={"xatol": 1e-6})
    return Temperature(float(np.exp(best.x)), loss(0.0), loss(best.x))


def _labelled(rows: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    rows, labels = validated(rows, labels)
    some = labels != NO_CLASS
    if not some.any():
        raise ValueError("None of the cases has a label that is a class: nothing can be compared.")
    return rows[some], labels[some]
