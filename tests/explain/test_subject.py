"""Photographs of any form land upright, in place, or are refused in words."""

import numpy as np
import pytest
from explain_cases import METHODS
from PIL import Image
from stand_in import StandIn

from conus_widgets import PhotographError, explain
from conus_widgets.explain.subject import Subject

SIZE = 56


def looking_at(rows, columns):
    """A linear network that sees these pixels of its input only, all with the same weight."""
    kernels = np.zeros((1, 3, SIZE, SIZE))
    kernels[:, :, rows, columns] = 0.01
    return StandIn(kernels=kernels)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 300), (300, 1), (31, 90), (700, 200), (5000, 3000)], ids=str
)
def test_every_map_lands_in_place_on_photographs_of_any_size(size):
    """A network that looks at 2 x 3 of the 7 x 7 cells only: so do its maps."""
    stand_in = looking_at(slice(0, SIZE * 2 // 7), slice(0, SIZE * 3 // 7))
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    width, height = size
    for name, method in METHODS.items():
        found = method(stand_in, noise, 0)
        assert found.image.size == size
        shown = np.abs(found.on_photograph(smooth=False))
        assert shown.shape == (height, width), name
        corner = shown[: -(-height * 2 // 7), : -(-width * 3 // 7)]
        assert corner.sum(dtype=float) > 0.97 * shown.sum(dtype=float) > 0, name


def test_a_turned_photograph_is_explained_upright(tmp_path):
    """A camera held upright stores the picture lying, and a tag."""
    upright = np.zeros((90, 40, 3), np.uint8)
    upright[:45] = 200
    lying = Image.fromarray(upright).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "turned.png", exif=exif)
    found = explain.gradient(StandIn(), tmp_path / "turned.png")
    plain = explain.gradient(StandIn(), upright)
    np.testing.assert_array_equal(np.asarray(found.image), upright)
    np.testing.assert_array_equal(found.values, plain.values)
    assert found.on_photograph().shape == (90, 40)


def test_drawing_a_map_larger_adds_no_value_and_keeps_its_places():
    image = Image.new("RGB", (210, 140))
    found = explain.cam(StandIn(), image)
    blocks = found.on_photograph(smooth=False)
    np.testing.assert_array_equal(blocks, found.values.repeat(20, 0).repeat(30, 1))
    smooth = found.on_photograph()
    assert smooth.min() >= found.values.min() and smooth.max() <= found.values.max()
    np.testing.assert_allclose(smooth[10::20, 15::30], found.values, atol=0.06 * np.ptp(smooth))


@pytest.mark.parametrize("name", METHODS)
def test_pixels_that_are_not_numbers_are_refused(name):
    bad = np.full((20, 30, 3), 0.5)
    bad[3, 4, 1], bad[7, 7, 0] = np.nan, np.inf
    with pytest.raises(PhotographError, match="2 of 1800 values that are not numbers"):
        METHODS[name](StandIn(), bad)
    with pytest.raises(PhotographError, match="uint8"):
        METHODS[name](StandIn(), np.full((20, 30, 3), 0.5))


def test_a_photograph_that_is_not_there_is_named():
    with pytest.raises(PhotographError, match="no such shell.jpg"):
        explain.cam(StandIn(), "no such shell.jpg")


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (30, 160, 90)])
def test_a_picture_of_one_colour_gets_no_noise_and_no_evidence_over_itself(colour):
    """Noise is relative to the range of the pixels, which is 0; and so is every difference."""
    flat, bent = Image.new("RGB", (80, 50), colour), StandIn(bend=0.05)
    plain = explain.gradient(bent, flat).values
    smooth = explain.smoothgrad(bent, flat, samples=4).values
    np.testing.assert_allclose(smooth, plain, rtol=1e-6, atol=1e-12)
    for baseline in (colour, "blurred", flat):
        found = explain.integrated_gradients(bent, flat, baseline=baseline)
        assert np.abs(found.values).max() < 1e-6 * np.abs(found.logits).max()


def test_the_meter_offers_what_the_network_does():
    stand_in = StandIn()
    subject = Subject(stand_in, Image.new("RGB", (9, 9)))
    assert subject.network.layers == stand_in.network.layers
    assert subject.network.layer("res4f") == "res4f"
    with pytest.raises(ValueError, match="res5c"):
        subject.network.layer("res9")
    subject.network.activations(subject.inputs, "res4f")
    assert subject.logits is subject.logits
    assert (subject.network.cost.forward, subject.network.cost.backward) == (2, 0)
