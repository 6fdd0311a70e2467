"""Shares with Wilson's interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


@dataclass(frozen=True)
class Share:
    """How many of how many, and between which limits the true share lies.

    Parameters
    ----------
    part, whole : int
    confidence : float
        Of the interval.
    """

    part: int
    whole: int
    confidence: float = 0.95

    @property
    def value(self) -> float:
        """The share; NaN of nothing."""
        return self.part / self.whole if self.whole else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval; 0 to 1 of nothing."""
        low, high = interval(self.part, self.whole, confidence=self.confidence)
        return float(low), float(high)

    def __str__(self) -> str:
        if not self.whole:
            return "none"
        low, high = self.interval
        return f"{self.value:.1%} ({self.part} of {self.whole}; {low:.1%} to {high:.1%})"


def interval(
    part: int | NDArray[Any], whole: int | NDArray[Any], *, confidence: float = 0.95
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the limits of Wilson's score interval.

    Parameters
    ----------
    part, whole : int or int array
        Successes, and trials; of nothing the interval is 0 to 1.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    (float64 array, float64 array)
        The lower and the upper limits.

    Raises
    ------
    ValueError
        For a part that is negative or larger than the whole, or another confidence.

    Notes
    -----
    Wilson 1927, without a correction for continuity. Unlike the textbook interval it holds for few
    trials and for shares near 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: it must lie between 0 and 1.")
    successes, trials = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    if np.any((successes < 0) | (successes > trials)):
        raise ValueError("A part is negative, or larger than its whole.")
    z2 = ndtri(0.5 + confidence / 2) ** 2
    n = np.maximum(trials, 1)
    share = successes / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    nothing = trials == 0
    # At the ends the formula gives 0 and 1 up to rounding.
    low = np.where(nothing | (successes == 0), 0.0, middle - reach)
    high = np.where(nothing | (successes == trials), 1.0, middle + reach)
    return low, high
