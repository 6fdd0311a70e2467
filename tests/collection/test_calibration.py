"""Reliability beside scikit-learn; a temperature that is known is found."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from conus_widgets.collection.calibration import calibration, temperature


def drawn(temperature, seed=0, count=4000, classes=6):
    """Logits, and labels drawn from their softmax at a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (count, classes))
    shares = softmax(logits / temperature, axis=1).cumsum(axis=1)
    labels = (rng.random((count, 1)) > shares).sum(axis=1)
    return logits, np.minimum(labels, classes - 1)


def test_the_bins_are_those_of_scikit_learn():
    """sklearn.calibration.calibration_curve(..., strategy="uniform")"""
    logits, labels = drawn(1.5)
    rows = softmax(logits, axis=1)
    found = calibration(rows, labels, bins=10)
    right = rows.argmax(axis=1) == labels
    shares, confidences = calibration_curve(right, rows.max(axis=1), n_bins=10)
    assert [b.right.value for b in found.bins] == pytest.approx(shares.tolist())
    assert [b.confidence for b in found.bins] == pytest.approx(confidences.tolist())
    assert sum(b.right.whole for b in found.bins) == len(labels)


def test_the_error_is_zero_if_confidence_is_the_share():
    rows = np.tile([0.75, 0.25], (8, 1))
    labels = np.array([0, 0, 0, 1] * 2)
    assert calibration(rows, labels).error == pytest.approx(0)
    assert calibration(rows, np.zeros(8, int)).error == pytest.approx(0.25)
    assert calibration(np.tile([1.0, 0], (4, 1)), np.ones(4, int)).error == 1


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_of_the_draw_is_found(true):
    logits, labels = drawn(true)
    found = temperature(logits, labels)
    assert found.value == pytest.approx(true, rel=0.08)
    assert found.loss_after <= found.loss_before
    before = calibration(softmax(logits, axis=1), labels).error
    after = calibration(softmax(logits / found.value, axis=1), labels).error
    assert after < 0.03 and (true == 1 or after < before / 3)


def test_at_the_temperature_expected_logits_are_those_of_the_labels():
    """Guo et al. 2017, appendix: what sets the derivative of the loss to zero."""
    logits, labels = drawn(1.7, seed=1)
    value = temperature(logits, labels).value
    expected = (softmax(logits / value, axis=1) * logits).sum(axis=1).mean()
    assert expected == pytest.approx(logits[np.arange(len(labels)), labels].mean(), abs=1e-4)


def test_scaled_logits_scale_the_temperature():
    logits, labels = drawn(1.2, count=500)
    one, other = temperature(logits, labels).value, temperature(3 * logits, labels).value
    assert other == pytest.approx(3 * one, rel=1e-4)


def test_unlabelled_cases_are_left_out():
    logits, labels = drawn(1.0, count=50)
    some = np.where(np.arange(50) % 2, -1, labels)
    assert temperature(logits, some) == temperature(logits[::2], labels[::2])
    for function in (temperature, calibration):
        with pytest.raises(ValueError, match="None of the cases"):
            function(logits, np.full(50, -1))
    with pytest.raises(ValueError, match="bins is 0"):
        calibration(softmax(logits, axis=1), labels, bins=0)
