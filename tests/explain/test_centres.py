"""The centres of a layer's cells, from the table, and by small changes in a real network."""

import numpy as np
import pytest
from explain_cases import picture, small

from conus_widgets import explain
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.explain.centres import centred, centres, placed
from conus_widgets.network.grids import grids

PUBLISHED = Architecture(68)
TORCHVISION = Architecture(1000, stride_on="3x3", pool="pad1")


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("conv1", (0, 2)),
        ("pool1", (2, 4)),
        ("res2c", (2, 4)),
        ("res3d", (2, 8)),
        ("res5c", (2, 32)),
    ],
)
def test_the_published_network_looks_two_pixels_behind_the_corner_of_its_cells(layer, expected):
    grid = grids(PUBLISHED)[layer]
    assert (grid.centre, grid.step) == expected


@pytest.mark.parametrize("layer", ["conv1", "pool1", "res4f", "res5c"])
def test_padding_the_pool_puts_the_first_centre_on_the_first_pixel(layer):
    assert grids(TORCHVISION)[layer].centre == 0


def test_a_layer_that_does_not_exist():
    with pytest.raises(ValueError, match="res6a.*res5a"):
        centres(small("theano"), "res6a")


@pytest.mark.parametrize("layer", ["pool1", "res2c"])
def test_a_cell_of_a_real_network_looks_around_its_centre(layer):
    """Its gradient by the input reaches as far to the left of the centre as to the right."""
    predictor = small("theano")
    size, network = predictor.size, predictor.network
    first, step = centres(predictor, layer)
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 50, (1, 3, size, size)).astype("float32")
    plain = network.activations(inputs, layer).activations[0]
    cell = plain.shape[1] // 2
    seen = []
    for pixel in range(size):
        changed = inputs.copy()
        changed[..., pixel] += 40  # a column of pixels
        after = network.activations(changed, layer).activations[0]
        if np.abs(after - plain)[:, :, cell].max() > 0:
            seen.append(pixel)
    assert 0 < seen[0] and seen[-1] < size - 1  # not cut off by the picture's edge
    assert abs((seen[0] + seen[-1]) / 2 - (first + step * cell)) <= 1


def test_a_value_stands_at_its_centre_and_straight_lines_between():
    values = np.arange(49.0).reshape(7, 7) ** 2
    drawn = placed(values, 2, 32, 224)
    assert drawn.shape == (224, 224)
    np.testing.assert_allclose(drawn[2::32, 2::32], values)
    np.testing.assert_allclose(drawn[2, 18], (values[0, 0] + values[0, 1]) / 2)
    np.testing.assert_allclose(drawn[0, 0], values[0, 0])  # beyond the first centre
    np.testing.assert_allclose(drawn[223, 223], values[6, 6])


def test_a_constant_map_stays_constant_and_a_grid_of_pixels_is_itself():
    np.testing.assert_allclose(placed(np.full((7, 7), 3.0), 2, 32, 224), 3)
    values = np.random.default_rng(0).normal(size=(8, 8))
    np.testing.assert_allclose(placed(values, 0, 1, 8), values)


def test_a_centred_map_keeps_its_values_and_its_target():
    predictor = small("theano")
    found = explain.cam(predictor, picture(), {0: 1, 1: -1})
    drawn = centred(found, predictor)
    first, step = centres(predictor, found.layer)
    assert drawn.values.shape == (predictor.size, predictor.size)
    np.testing.assert_array_equal(
        drawn.values[int(first) :: step, int(first) :: step], found.values
    )
    assert drawn.target is found.target and len(drawn.remarks) == len(found.remarks) + 1
    with pytest.raises(ValueError, match="gradient has no layer"):
        centred(explain.gradient(predictor, picture()), predictor)
