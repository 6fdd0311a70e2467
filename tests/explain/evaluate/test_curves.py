"""Deletion, insertion, completeness and stability, on a linear stand-in whose answer is known."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from explain_cases import PAIR, picture, small
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain import evaluate
from conus_widgets.network.interface import Cancelled


@pytest.fixture
def predictor():
    return StandIn(size=42)


@pytest.fixture
def shares(predictor):
    """What each pixel adds to the logit of a linear network, beside the mean colour."""
    return explain.gradient_times_input(predictor, picture(), "banded")


def test_a_curve_starts_and_ends_with_nothing_and_all_changed(predictor, shares):
    gone = evaluate.deletion(predictor, shares, steps=7)
    come = evaluate.insertion(predictor, shares, steps=7, fill="mean")
    assert gone.shares[0] == 0 and gone.shares[-1] == 1 and len(gone.logits) == 8
    assert gone.logits[0] == pytest.approx(shares.target.of(shares.logits), rel=1e-6)
    # The mean colour is the network's zero, so only the bias is left.
    bias = predictor.network.forward(np.zeros((1, 3, 42, 42), "float32")).logits[0]
    assert gone.logits[-1] == pytest.approx(shares.target.of(bias), rel=1e-5)
    np.testing.assert_allclose(come.logits[[0, -1]], gone.logits[[-1, 0]], rtol=1e-6)


def test_exact_shares_give_curves_that_bend_one_way(predictor, shares):
    """Each portion of pixels adds no more than the one before."""
    falls = -np.diff(evaluate.deletion(predictor, shares, steps=14).logits)
    rises = np.diff(evaluate.insertion(predictor, shares, steps=14, fill="mean").logits)
    for portions in (falls, rises):
        assert (np.diff(portions) < 1e-4).all()


def test_no_order_is_better_than_the_exact_one(predictor, shares):
    rng = np.random.default_rng(0)
    best = evaluate.deletion(predictor, shares).logit_area
    for _ in range(5):
        other = dataclasses.replace(
            shares, values=rng.permutation(shares.values.ravel()).reshape(42, 42)
        )
        assert evaluate.deletion(predictor, other).logit_area > best
    worst = dataclasses.replace(shares, values=-shares.values)
    assert evaluate.deletion(predictor, worst).logit_area > best


def test_areas_of_curves_made_by_hand():
    steps = np.linspace(0, 1, 5)
    curve = evaluate.Curve("deletion", steps, 2 * steps, np.ones(5), "cam", "A")
    assert curve.area == pytest.approx(1) and curve.logit_area == pytest.approx(1)
    uneven = evaluate.Curve(
        "deletion", np.array([0, 0.9, 1]), steps[:3], np.array([1, 1, 0]), "", ""
    )
    assert uneven.area == pytest.approx(0.95)


def test_costs_are_steps_and_one(predictor, shares):
    before = predictor.network.counted_forward
    told = []
    evaluate.deletion(predictor, shares, steps=9, progress=lambda *counts: told.append(counts))
    assert predictor.network.counted_forward - before == 10
    assert told[-1] == (10, 10)


def test_curves_stop_when_asked(predictor, shares):
    with pytest.raises(Cancelled):
        evaluate.deletion(predictor, shares, cancelled=lambda: True)


def test_a_curve_says_that_it_is_a_demonstration(predictor, shares):
    assert "stand-in" in repr(evaluate.deletion(predictor, shares))


def test_less_than_one_step_is_refused(predictor, shares):
    with pytest.raises(ValueError, match="steps is 0"):
        evaluate.deletion(predictor, shares, steps=0)


@pytest.mark.parametrize("target", ["plain", PAIR])
def test_what_is_shared_out_adds_up(predictor, target):
    for method in (explain.cam, explain.integrated_gradients):
        found = evaluate.completeness(predictor, method(predictor, picture(), target))
        assert found.residual < 1e-5, method


def test_a_changed_map_does_not_add_up(predictor):
    found = explain.cam(predictor, picture())
    wrong = dataclasses.replace(found, values=found.values + 1)
    residual = evaluate.completeness(predictor, wrong).residual
    assert residual == pytest.approx(49 / np.ptp(found.logits), rel=1e-4)


def test_methods_that_claim_nothing_are_refused(predictor, shares):
    with pytest.raises(ValueError, match="gradient_times_input does not claim"):
        evaluate.completeness(predictor, shares)


def test_without_noise_a_map_stays(predictor):
    found = evaluate.stability(predictor, explain.cam, picture(), noise=0, copies=2)
    assert found.correlation == pytest.approx(1) and found.change == 0


def test_more_noise_changes_more(predictor):
    changes = [
        evaluate.stability(predictor, explain.cam, picture(), noise=noise).change
        for noise in (1, 10, 60)
    ]
    assert 0 < changes[0] < changes[1] < changes[2]


def test_a_gradient_of_a_linear_network_is_perfectly_stable(predictor):
    found = evaluate.stability(predictor, explain.gradient, picture(), noise=20)
    assert found.correlation == pytest.approx(1) and found.change < 1e-6


def test_noise_that_comes_in_strips_is_the_noise_of_the_whole(predictor):
    image = picture().resize((70, 150))
    seen = []

    def method(_, given, target):
        seen.append(np.asarray(given))
        return explain.cam(predictor, given, target)

    evaluate.stability(predictor, method, image, noise=9, copies=2, seed=4)
    rng, pixels = np.random.default_rng(4), np.asarray(image, float)
    for found in seen[1:]:
        expected = np.clip(np.round(pixels + rng.normal(0, 9, pixels.shape)), 0, 255)
        np.testing.assert_array_equal(found, expected.astype(np.uint8))


def test_the_noise_of_a_large_photograph_takes_no_floats_of_all_pixels(predictor):
    """6 megapixels: as floats, four times over, they took 580 MB."""
    image = Image.new("RGB", (3000, 2000), "brown")
    predictor.inputs(image)
    tracemalloc.start()
    evaluate.stability(predictor, explain.cam, image, noise=9, copies=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6


def test_a_baseline_that_a_map_keeps_is_used_and_another_is_said_to_be_none(tmp_path):
    picture(5).save(tmp_path / "other.png")
    for baseline in ("blur", (9, 20, 255), [9, 20, 255], tmp_path / "other.png"):
        found = explain.integrated_gradients(StandIn(), picture(), 1, baseline=baseline)
        assert evaluate.completeness(StandIn(), found).residual < 1e-5
        found.save(tmp_path / "map.npz")
        again = explain.load(tmp_path / "map.npz")
        assert evaluate.completeness(StandIn(), again).residual < 1e-5
    found = explain.integrated_gradients(StandIn(), picture(), 1, baseline=picture(5))
    with pytest.raises(ValueError, match="was an array or a picture, which a map does not keep"):
        evaluate.completeness(StandIn(), found)


@pytest.mark.parametrize("options", [{"noise": -1}, {"copies": 0}])
def test_stability_refuses_numbers_outside_their_bounds(predictor, options):
    with pytest.raises(ValueError, match="(noise is -1|copies is 0): it must be"):
        evaluate.stability(predictor, explain.cam, picture(), **options)


@pytest.mark.parametrize("engine", ["theano"])
def test_cam_is_complete_on_the_real_network(engine):
    predictor = small(engine)
    for target in (0, {2: 1, 4: -1}):
        assert (
            evaluate.completeness(predictor, explain.cam(predictor, picture(), target)).residual
            < 1e-5
        )


def test_a_drawn_curve_shows_its_numbers_its_areas_and_the_notice(predictor, shares):
    curve = evaluate.deletion(predictor, shares, steps=5)
    picture = curve.plot()
    for axes, values, area in zip(
        picture.axes,
        (curve.logits, curve.probabilities),
        (curve.logit_area, curve.area),
        strict=True,
    ):
        x, y = axes.lines[0].get_data()
        np.testing.assert_allclose(x, 100 * curve.shares)
        np.testing.assert_array_equal(y, values)
        assert f"area {area:.3f}" in axes.get_title()
    assert "stand-in" in picture.get_supxlabel() and "banded" in picture.get_supxlabel()
