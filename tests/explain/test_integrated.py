"""Integrated gradients add up to the difference of two answers."""

import numpy as np
import pytest
from engines import ENGINES, needs
from explain_cases import PAIR, picture, small
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain.covers import cover_of
from conus_widgets.explain.subject import Subject

BASELINES = [
    "black",
    "mean",
    "blur",
    "blurred",
    (200, 10, 60),
    pytest.param(picture(9), id="photograph"),
]


@pytest.mark.parametrize("baseline", BASELINES, ids=str)
@pytest.mark.parametrize("target", [0, PAIR], ids=str)
def test_they_are_complete_on_a_linear_network(baseline, target):
    linear, image = StandIn(), picture()
    found = explain.integrated_gradients(linear, image, target, baseline=baseline, steps=1)
    start = cover_of(Subject(linear, image), baseline).pixels[None]
    ends = linear.forward(np.concatenate([start, linear.inputs([image])])).logits
    difference = found.target.of(ends[1]) - found.target.of(ends[0])
    assert found.values.sum(dtype=float) == pytest.approx(difference, abs=1e-5 * np.ptp(ends))
    assert found.figures["difference"] == pytest.approx(difference, abs=1e-5)
    assert found.figures["steps"] == 1 and not found.remarks


def test_from_the_mean_on_a_linear_network_they_are_gradient_times_input():
    linear = StandIn()
    one = explain.integrated_gradients(linear, picture(), PAIR, baseline="mean", steps=3).values
    other = explain.gradient_times_input(linear, picture(), PAIR).values
    np.testing.assert_allclose(one, other, atol=1e-5 * np.abs(other).max())


def test_doubled_steps_are_the_same_as_so_many_at_once():
    """Kept gradients count once: the nested rule is the rule."""
    bent = StandIn(bend=0.05)
    doubled = explain.integrated_gradients(bent, picture(), 1, steps=2, tolerance=0, most=16)
    counted = bent.network.counted_backward
    at_once = explain.integrated_gradients(bent, picture(), 1, steps=16, most=16)
    scale = np.abs(at_once.values).max()
    np.testing.assert_allclose(doubled.values, at_once.values, atol=1e-5 * scale)
    assert doubled.figures["steps"] == 16 and counted == 17 == doubled.cost.backward


def test_doubling_ends_with_the_residual_or_the_limit_and_says_which():
    bent = StandIn(bend=0.05)
    loose = explain.integrated_gradients(bent, picture(), 1, steps=1, tolerance=0.5, most=512)
    assert loose.figures["relative_residual"] <= 0.5 and not loose.remarks
    # A bend is a square, and its slope a straight line: the trapezium rule is exact on it.
    tight = explain.integrated_gradients(bent, picture(), 1, steps=1, tolerance=1e-12, most=4)
    assert tight.figures["steps"] == 4
    assert tight.figures["relative_residual"] < 1e-5
    assert "4 steps" in tight.remarks[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_residual_on_a_network_with_kinks_is_reported_and_small(engine):
    needs(engine)
    predictor = small(engine)
    found = explain.integrated_gradients(predictor, picture(), PAIR)
    figures = found.figures
    assert figures["relative_residual"] <= 0.01
    inputs = np.concatenate([predictor.inputs([picture()]), predictor.inputs([picture()]) * 0])
    inputs[1] -= Subject(predictor, picture()).mean
    logits = predictor.forward(inputs).logits
    difference = found.target.of(logits[0]) - found.target.of(logits[1])
    assert figures["difference"] == pytest.approx(difference, abs=1e-4 * np.ptp(logits))
    missing = abs(found.values.sum(dtype=float) - difference)
    assert missing == pytest.approx(figures["residual"], abs=1e-4 * np.ptp(logits))
    assert figures["relative_residual"] == pytest.approx(missing / np.ptp(logits), abs=1e-4)


def test_a_baseline_that_is_the_photograph_leaves_nothing():
    linear = StandIn()
    found = explain.integrated_gradients(linear, picture(), baseline=picture())
    assert not found.values.any()
    assert found.figures["residual"] == 0


@pytest.mark.parametrize(
    "baseline, words",
    [
        (np.zeros((3, 56, 55)), r"\(3, 56, 55\).*\(3, 56, 56\)"),
        (np.full((3, 56, 56), np.nan), "9408 values that are not numbers"),
        ((0, 300, 0), "outside 0 to 255"),
        ("white", "mean, black, blur, noise"),
    ],
    ids=str,
)
def test_baselines_that_cannot_be_are_refused(baseline, words):
    with pytest.raises(ValueError, match=words):
        explain.integrated_gradients(StandIn(), picture(), baseline=baseline)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"steps": 0}, "steps is 0: it must be a whole number from 1 to 512"),
        ({"steps": 9, "most": 8}, "steps is 9: it must be a whole number from 1 to 8"),
        ({"tolerance": -1}, "tolerance is -1: it must be a number of at least 0"),
    ],
)
def test_numbers_outside_their_bounds_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        explain.integrated_gradients(StandIn(), picture(), **options)
