"""Wilson's interval beside published numbers and SciPy."""

import numpy as np
import pytest
from scipy.stats import binomtest

from conus_widgets.collection.wilson import Share, interval


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_published_intervals(part, whole, low, high):
    """Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3 (score)."""
    assert Share(part, whole).interval == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_the_limits_are_those_of_scipy(confidence):
    """scipy.stats.binomtest(...).proportion_ci(method="wilson")"""
    for whole in (1, 2, 9, 100):
        parts = np.arange(whole + 1)
        low, high = interval(parts, np.full(whole + 1, whole), confidence=confidence)
        for part in parts:
            other = binomtest(int(part), whole).proportion_ci(confidence, method="wilson")
            assert (low[part], high[part]) == pytest.approx((other.low, other.high), abs=1e-12)


def test_of_nothing_nothing_is_known():
    assert Share(0, 0).interval == (0, 1)
    assert np.isnan(Share(0, 0).value)
    assert str(Share(0, 0)) == "none"


def test_an_interval_turns_with_its_share():
    for part in range(8):
        low, high = Share(part, 7).interval
        mirrored = Share(7 - part, 7).interval
        assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-12)
        assert low <= part / 7 <= high


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="larger than its whole"):
        interval(3, 2)
    with pytest.raises(ValueError, match="negative"):
        interval(-1, 2)
    with pytest.raises(ValueError, match="confidence is 1"):
        interval(1, 2, confidence=1)
