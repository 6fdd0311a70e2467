"""Layers as the explorer offers them: against the network itself, and centres of explain."""

from types import SimpleNamespace

import numpy as np
import pytest
from networks import SMALL, photographs, random_checkpoint
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.architecture import Architecture
from conus_widgets.explain.centres import centres
from conus_widgets.predictor import Predictor
from conus_widgets.widgets.explorer import methods
from conus_widgets.widgets.explorer.layers import finer, layers_of, shift_of


def of(architecture):
    return SimpleNamespace(architecture=architecture, layers=tuple(architecture.layers()))


@pytest.fixture(scope="module")
def predictor():
    return Predictor(random_checkpoint(SMALL))


def test_sizes_and_gaps_are_those_of_the_network(predictor):
    """A layer has gaps where the network's answer does not hang on every second cell of it."""
    [image] = photographs(1)
    network = predictor.network
    inputs = predictor.inputs([image])
    weighting = np.eye(len(predictor.labels), dtype=np.float32)[:1]
    for layer in layers_of(network):
        found = network.gradients(inputs, weighting, layer=layer.name).values[0]
        assert found.shape[1:] == (layer.cells, layer.cells), layer.name
        unread = not found[:, 1::2].any() and not found[:, :, 1::2].any()
        assert unread == layer.gaps, layer.name


def test_the_finer_layer_of_the_published_network_is_res4e():
    assert finer(of(Architecture(68))) == "res4e"
    # Where the 3x3 convolution has the stride, every cell is read.
    assert finer(of(Architecture(68, stride_on="3x3", pool="pad1"))) == "res4f"
    assert [one.name for one in layers_of(of(Architecture(68))) if one.gaps] == [
        *("res2c", "res3d", "res4f")
    ]
    assert not any(one.gaps for one in layers_of(of(Architecture(68, stride_on="3x3"))))


def test_a_network_that_does_not_tell_its_table_has_layers_all_the_same():
    network = StandIn().network
    assert [one.message() for one in layers_of(network)] == [
        {"name": "res4f", "cells": 0, "gaps": False},
        {"name": "res5c", "cells": 0, "gaps": False},
    ]
    assert finer(network) == "res5c" and shift_of(network, "res5c") == 0


def test_a_cell_s_square_and_its_shift_lead_to_where_it_looks():
    network = of(Architecture(68))
    for name in ("conv1", "res3a", "res4e", "res5c"):
        first, step = centres(network.architecture, name)
        cells = next(one.cells for one in layers_of(network) if one.name == name)
        for cell in (0, cells // 2, cells - 1):
            place = ((cell + 0.5) / cells + shift_of(network, name)) * 224 - 0.5
            assert place == pytest.approx(first + step * cell)
    assert shift_of(network, None) == 0


def test_the_check_that_is_quoted_is_of_the_layer_that_is_named():
    from conus_widgets.explain.evaluate.methods import METHODS

    assert METHODS["layer_cam"].keywords["layer"] == methods.CHECKED


@pytest.mark.parametrize("name", ["hires_cam", "layer_cam"])
def test_without_a_layer_the_finer_one_is_looked_into(predictor, name):
    [image] = photographs(1)
    method = methods.METHODS[name]
    found = methods.run(method, predictor, image, 0, None)
    assert found.layer == "res4e"
    expected = explain.layer_cam(predictor, image, 0, layer="res4e", **method.options)
    np.testing.assert_array_equal(found.values, expected.values)
    assert methods.run(method, predictor, image, 0, "res3a").layer == "res3a"
