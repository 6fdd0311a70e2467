"""The error rate among the surest cases."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score

from conus_widgets.collection.risk import risk_curve


def made_up(seed=0, count=400, classes=5):
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(classes, 0.3), count)
    labels = (rng.random((count, 1)) > rows.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return rows, labels


def test_each_point_is_the_error_rate_above_its_threshold():
    """sklearn.metrics.accuracy_score of the cases that are kept."""
    rows, labels = made_up()
    curve = risk_curve(rows, labels)
    sure = rows.max(axis=1)
    for place in range(0, len(curve.covered), 37):
        kept = sure >= curve.thresholds[place]
        assert curve.coverage[place] == pytest.approx(kept.mean())
        right = accuracy_score(labels[kept], rows[kept].argmax(axis=1))
        assert curve.risk[place] == pytest.approx(1 - right)
    assert curve.coverage[-1] == 1


def test_cases_of_equal_confidence_come_together():
    rows = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    curve = risk_curve(rows, np.array([0, 1, 0, 0]))
    assert curve.covered.tolist() == [2, 4] and curve.wrong.tolist() == [1, 1]
    backwards = risk_curve(rows[::-1], np.array([0, 0, 1, 0]))
    assert backwards.wrong.tolist() == [1, 1]


def test_the_area_of_a_perfect_order_is_the_least():
    """Geifman, Uziel and El-Yaniv 2018, arXiv:1805.08206: r + (1 - r) ln(1 - r) at best."""
    count, wrong = 4000, 1000
    sure = np.linspace(0.99, 0.51, count)
    rows = np.stack([sure, 1 - sure], axis=1)
    best = risk_curve(rows, (np.arange(count) >= count - wrong).astype(int)).area
    rate = wrong / count
    assert best == pytest.approx(rate + (1 - rate) * np.log(1 - rate), abs=1e-3)
    worst = risk_curve(rows, (np.arange(count) < wrong).astype(int)).area
    assert worst > rate > best


def test_what_may_be_skipped_is_below_the_limit_for_certain():
    """SciPy's Wilson limit of 90 %, two-sided, is the one-sided one of 95 %."""
    rows, labels = made_up(count=3000)
    curve = risk_curve(rows, labels)
    found = curve.skip(0.1)
    errors = binomtest(found.errors.part, found.errors.whole)
    assert errors.proportion_ci(0.9, method="wilson").high <= 0.1
    assert found.coverage == pytest.approx((rows.max(axis=1) >= found.threshold).mean())
    assert curve.skip(0.2).coverage > found.coverage > curve.skip(0.05).coverage


def test_a_few_cases_without_error_prove_nothing():
    rows = np.tile([0.9, 0.1], (5, 1))
    assert risk_curve(rows, np.zeros(5, int)).skip(0.05) is None
    many = np.tile([0.9, 0.1], (100, 1))
    assert risk_curve(many, np.zeros(100, int)).skip(0.05).coverage == 1


def test_impossible_questions_are_refused():
    rows, labels = made_up(count=10)
    with pytest.raises(ValueError, match="most is 1"):
        risk_curve(rows, labels).skip(1)
    with pytest.raises(ValueError, match="None of the cases"):
        risk_curve(rows, np.full(10, -1))
