"""Layers as the explorer offers them: against the network itself, and centres of explain."""

from types import SimpleNamespace

import numpy as np
import pytest
from networks import SMALL, photographs, random_checkpoint
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.explain.catalogue import METHODS
from conus_widgets.network.grids import finer, grids
from conus_widgets.predictor import Predictor
from conus_widgets.widgets.explorer import methods
from conus_widgets.widgets.explorer.layers import message, shift_of


def of(architecture):
    """What is asked of a predictor about its layers."""
    network = SimpleNamespace(grids=grids(architecture))
    return SimpleNamespace(network=network, size=architecture.size)


@pytest.fixture(scope="module")
def predictor():
    return Predictor(random_checkpoint(SMALL))


def test_sizes_and_gaps_are_those_of_the_network(predictor):
    """A layer has gaps where the network's answer does not hang on every second cell of it."""
    [image] = photographs(1)
    network = predictor.network
    inputs = predictor.inputs([image])
    weighting = np.eye(len(predictor.labels), dtype=np.float32)[:1]
    assert [layer["name"] for layer in message(network)] == list(network.layers)
    for layer in message(network):
        found = network.gradients(inputs, weighting, layer=layer["name"]).values[0]
        assert found.shape[1:] == (layer["cells"], layer["cells"]), layer
        unread = not found[:, 1::2].any() and not found[:, :, 1::2].any()
        assert unread == layer["gaps"], layer


def test_the_finer_layer_of_the_published_network_is_res4e():
    published, torchvision = Architecture(68), Architecture(68, stride_on="3x3", pool="pad1")
    assert finer(grids(published)) == "res4e"
    # Where the 3x3 convolution has the stride, every cell is read.
    assert finer(grids(torchvision)) == "res4f"
    assert [one["name"] for one in message(of(published).network) if one["gaps"]] == [
        *("res2c", "res3d", "res4f")
    ]
    assert not any(one["gaps"] for one in message(of(torchvision).network))


def test_without_a_finer_layer_the_last_one_is_looked_into():
    last = grids(Architecture(68))["res5c"]
    assert finer({"res5c": last}) == "res5c"


def test_the_layers_of_another_network_are_those_of_its_table():
    stand_in = StandIn()
    assert message(stand_in.network) == [
        {"name": "res4f", "cells": 14, "gaps": False},
        {"name": "res5c", "cells": 7, "gaps": False},
    ]
    assert finer(stand_in.network.grids) == "res4f" and shift_of(stand_in, "res5c") == 0


def test_a_cell_s_square_and_its_shift_lead_to_where_it_looks():
    predictor = of(Architecture(68))
    for name in ("conv1", "res3a", "res4e", "res5c"):
        grid = predictor.network.grids[name]
        for cell in (0, grid.cells // 2, grid.cells - 1):
            place = ((cell + 0.5) / grid.cells + shift_of(predictor, name)) * 224 - 0.5
            assert place == pytest.approx(grid.centre + grid.step * cell)
    assert shift_of(predictor, None) == 0


def test_a_verdict_names_the_layer_that_was_tested_if_the_map_has_another(predictor):
    for name in ("hires_cam", "layer_cam"):
        row = METHODS[name]
        assert "layer" not in row.compared  # so that the default is tested
        assert methods.verdict(row, "res4e", predictor).startswith("Not yet tested")
        assert methods.verdict(row, "res3a", predictor).startswith("Of res4e: Not yet tested")


@pytest.mark.parametrize("name", ["hires_cam", "layer_cam"])
def test_without_a_layer_the_finer_one_is_looked_into(predictor, name):
    [image] = photographs(1)
    method = METHODS[name]
    found = methods.explain(method, predictor, image, 0, None)
    assert found.layer == "res4e"
    expected = getattr(explain, name)(predictor, image, 0, layer="res4e")
    np.testing.assert_array_equal(found.values, expected.values)
    assert methods.explain(method, predictor, image, 0, "res3a").layer == "res3a"
