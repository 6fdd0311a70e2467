"""Class activation maps: their sum is the logit, and other maps of the last layer are the same."""

import itertools

import numpy as np
import pytest
from engines import ENGINES, needs
from explain_cases import PAIR, picture, small
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.network.grids import finer


@pytest.fixture(params=["stand-in", *ENGINES])
def predictor(request):
    if request.param == "stand-in":
        return StandIn(bend=0.01)
    needs(request.param)
    return small(request.param)


def assert_shares(found, expected):
    tolerance = 1e-5 * np.abs(found.values).sum(dtype=float)
    assert abs(found.values.sum(dtype=float) - expected) <= tolerance


def test_the_shares_of_all_cells_and_the_bias_are_the_logit(predictor):
    """For each class and each pair."""
    classes = range(len(predictor.labels))
    bias = predictor.network.head[1].astype(float)
    for image in (picture(1), picture(2)):
        logits = predictor.forward(predictor.inputs([image])).logits[0].astype(float)
        for number in classes:
            found = explain.cam(predictor, image, number)
            assert_shares(found, logits[number] - bias[number])
            assert found.figures["bias"] == pytest.approx(bias[number], rel=1e-6)
            assert found.figures["logit"] == pytest.approx(logits[number], rel=1e-5)
        for a, b in itertools.permutations(classes, 2):
            found = explain.cam(predictor, image, {a: 1, b: -1})
            assert_shares(found, logits[a] - logits[b] - bias[a] + bias[b])


@pytest.mark.parametrize("kind", ["hires", "grad"])
def test_at_the_last_layer_two_maps_are_this_one_and_say_so(predictor, kind):
    plain = explain.cam(predictor, picture(), PAIR)
    last = predictor.network.layers[-1]
    found = explain.layer_cam(predictor, picture(), PAIR, layer=last, kind=kind)
    assert found.layer == plain.layer == predictor.network.layers[-1]
    np.testing.assert_allclose(
        found.values, plain.values, atol=1e-5 * np.abs(plain.values).sum(dtype=float)
    )
    assert any("equals cam" in remark for remark in found.remarks)
    early = explain.layer_cam(predictor, picture(), PAIR, layer="res4f", kind=kind)
    assert not any("equals cam" in remark for remark in early.remarks)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["layer", "grad++"])
def test_maps_that_clip_by_their_definition_are_never_negative_and_say_so(engine, kind):
    needs(engine)
    found = explain.layer_cam(small(engine), picture(), PAIR, layer="res3d", kind=kind)
    assert found.values.min() >= 0 < found.values.max()
    assert "negative gradients" in found.remarks[0]
    assert found.unit == ("logit" if kind == "layer" else "no unit")


def test_a_map_stands_on_the_grid_of_its_layer(predictor):
    for layer in predictor.network.layers:
        inside = predictor.network.activations(predictor.inputs([picture()]), layer)
        found = explain.hires_cam(predictor, picture(), layer=layer)
        assert found.values.shape == inside.activations.shape[2:]
        assert found.layer == layer


def test_hires_at_a_layer_is_the_first_order_share():
    """On the linear stand-in the logit is linear in each layer: its shares add up there as well."""
    linear = StandIn()
    logits = linear.forward(linear.inputs([picture()])).logits[0]
    bias = linear.network.head[1]
    found = explain.hires_cam(linear, picture(), 2, layer="res4f")
    assert_shares(found, float(logits[2]) - float(bias[2]))


def test_hires_cam_is_the_kind_hires_by_a_name_of_its_own(predictor):
    layer = predictor.network.layers[-2]
    found = explain.hires_cam(predictor, picture(), PAIR, layer=layer)
    kind = explain.layer_cam(predictor, picture(), PAIR, layer=layer, kind="hires")
    np.testing.assert_array_equal(found.values, kind.values)
    assert (found.method, found.options, found.remarks) == ("hires_cam", {}, kind.remarks)
    assert (kind.method, kind.options) == ("layer_cam", {"kind": "hires"})


@pytest.mark.parametrize("method", [explain.hires_cam, explain.layer_cam])
def test_without_a_layer_both_look_into_the_last_fine_one(predictor, method):
    """Twice as many cells as the last one, and none that the next stage does not read."""
    found = method(predictor, picture(), PAIR)
    assert found.layer == finer(predictor.network.grids) != predictor.network.layers[-1]
    assert found == method(predictor, picture(), PAIR, layer=found.layer)
    assert not any("every second cell" in remark for remark in found.remarks)


def test_unknown_layers_and_kinds_are_refused_with_what_there_is(predictor):
    with pytest.raises(ValueError, match="res5c"):
        explain.layer_cam(predictor, picture(), layer="res5")
    with pytest.raises(ValueError, match=r"hires, layer, grad, grad\+\+"):
        explain.layer_cam(predictor, picture(), kind="score")


def test_a_layer_that_the_next_stage_half_skips_says_so():
    """Stride 2 in the first 1x1: of a stage's last block three of four cells are never read."""
    predictor = small("theano")
    for layer, gaps in (("res2c", True), ("res3c", False), ("res3d", True), ("res4e", False)):
        found = explain.layer_cam(predictor, picture(), layer=layer)
        assert any("every second cell" in remark for remark in found.remarks) == gaps, layer
        assert (not found.values[1::2].any() and not found.values[:, 1::2].any()) == gaps
        assert found.values[::2, ::2].any()
