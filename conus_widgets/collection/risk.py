"""The risk-coverage curve: the error rate among the answers that the network is surest of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS, validated
from conus_widgets.collection.wilson import Share, interval


@dataclass(frozen=True)
class Skip:
    """What may be skipped.

    Parameters
    ----------
    coverage : float
        Share of all cases.
    threshold : float
        Least confidence of a case that is skipped.
    errors : Share
        Among the skipped.
    """

    coverage: float
    threshold: float
    errors: Share


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """Error rate by coverage, the surest cases first.

    Parameters
    ----------
    thresholds : float64 array (M,)
        Confidences, falling. Cases of equal confidence come together.
    covered, wrong : int arrays (M,)
        Cases with at least that confidence, and those of them that are wrong.
    total : int
        Labelled cases.
    """

    thresholds: NDArray[Any]
    covered: NDArray[Any]
    wrong: NDArray[Any]
    total: int

    @property
    def coverage(self) -> NDArray[Any]:
        """Shares of the cases (M,)."""
        return self.covered / self.total

    @property
    def risk(self) -> NDArray[Any]:
        """Error rates among the covered (M,)."""
        return self.wrong / self.covered

    @property
    def area(self) -> float:
        """Mean of the risk over all coverages (Geifman and El-Yaniv 2017, arXiv:1705.08500)."""
        steps = np.diff(self.covered, prepend=0)
        return float((self.risk * steps).sum() / self.total)

    def skip(self, most: float, *, confidence: float = 0.95) -> Skip | None:
        """Return the largest share of cases among which errors are rarer than `most`.

        Parameters
        ----------
        most : float
            Error rate, between 0 and 1, that must lie above Wilson's interval: a few cases without
            an error prove little.
        confidence : float
            Of that interval.

        Returns
        -------
        Skip or None
            None if no share is safe enough. It speaks of these cases and others like them; it
            was chosen with their labels.
        """
        if not 0 < most < 1:
            raise ValueError(f"most is {most}: give an error rate between 0 and 1.")
        # Two-sided intervals of this confidence end where one-sided ones of `confidence` do.
        _, high = interval(self.wrong, self.covered, confidence=2 * confidence - 1)
        safe = np.flatnonzero(high <= most)
        if not len(safe):
            return None
        last = safe[-1]
        errors = Share(int(self.wrong[last]), int(self.covered[last]), confidence)
        return Skip(float(self.coverage[last]), float(self.thresholds[last]), errors)


def risk_curve(probabilities: NDArray[Any], labels: NDArray[Any]) -> RiskCurve:
    """Sort cases by confidence and count mistakes.

    Parameters
    ----------
    probabilities : float array (N, C)
        Of specimens (`by_specimen`), or of photographs if each counts.
    labels : int array (N,)
        Cases with -1 are left out.

    Returns
    -------
    RiskCurve

    Raises
    ------
    ValueError
        If nothing is labelled.
    """
    probabilities, labels = validated(probabilities, labels)
    some = labels != NO_CLASS
    if not some.any():
        raise ValueError("None of the cases has a label that is a class: no error can be counted.")
    probabilities, labels = probabilities[some], labels[some]
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum((probabilities.argmax(axis=1) != labels)[order])
    falling = confidence[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    return RiskCurve(falling[ends], ends + 1, wrong[ends], len(labels))
