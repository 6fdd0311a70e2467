"""The network's input."""

import numpy as np
import pytest
from PIL import Image

from conus_widgets.photographs.inputs import to_input
from conus_widgets.photographs.views import RESAMPLE, random_views

MEAN_RGB = (107.59348955, 112.1047813, 80.9982362)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)


def test_input_is_bgr_minus_mean():
    pictures = [noise(8, 8, seed) for seed in range(3)]
    got = to_input(map(Image.fromarray, pictures), mean_rgb=MEAN_RGB, size=8)
    assert got.dtype == np.float32 and got.shape == (3, 3, 8, 8)
    for picture, row in zip(pictures, got, strict=True):
        for position, channel in enumerate("BGR"):
            rgb = "RGB".index(channel)
            expected = (picture[..., rgb] - MEAN_RGB[rgb]).astype(np.float32)
            assert np.array_equal(row[position], expected)
    assert to_input([], mean_rgb=MEAN_RGB).shape == (0, 3, 224, 224)


@pytest.mark.parametrize(("height", "width"), [(224, 224), (448, 672), (37, 411), (600, 5), (1, 1)])
def test_nearest_takes_the_pixel_under_the_centre(height, width):
    """Pillow's rule: pixel i of n is taken from floor((i + 1/2) * length / n)."""
    picture = noise(height, width)
    rows = ((np.arange(224) + 0.5) * height / 224).astype(int)
    columns = ((np.arange(224) + 0.5) * width / 224).astype(int)
    expected = picture[rows][:, columns].transpose(2, 0, 1)[::-1]
    got = to_input([Image.fromarray(picture)], mean_rgb=(0, 0, 0))
    assert np.array_equal(got[0], expected)


def test_the_other_ways_of_resizing_average():
    picture = np.indices((448, 448)).sum(0) % 2 * np.uint8(255)
    image = Image.fromarray(picture.astype(np.uint8)).convert("RGB")
    for name in RESAMPLE:
        got = to_input([image], mean_rgb=(0, 0, 0), resample=name)[0, :, 8:-8, 8:-8]
        if name == "nearest":
            assert set(np.unique(got)) <= {0, 255}
        else:
            assert np.abs(got - 127.5).max() < 2, name


def test_a_constant_picture_stays_constant_in_every_way():
    image = Image.new("RGB", (31, 57), (10, 20, 30))
    for name in RESAMPLE:
        got = to_input([image], mean_rgb=(1, 2, 3), resample=name, size=50)
        assert np.array_equal(got, np.broadcast_to([[[[27]], [[18]], [[9]]]], got.shape)), name
        for view in random_views(image, 3, np.random.default_rng(0), resample=name):
            assert view.getextrema() == ((10, 10), (20, 20), (30, 30)), name


def test_wrong_arguments_are_named():
    image = Image.new("RGB", (4, 4))
    for wrong, words in (
        ({"mean_rgb": (1, 2)}, "three numbers"),
        ({"mean_rgb": (1, 2, float("nan"))}, "three numbers"),
        ({"mean_rgb": (1, 2, 3), "size": 0}, "at least 1"),
        ({"mean_rgb": (1, 2, 3), "resample": "best"}, "'best'"),
    ):
        with pytest.raises(ValueError, match=words):
            to_input([image], **wrong)
    with pytest.raises(ValueError, match="RGB, not L"):
        to_input([image.convert("L")], mean_rgb=MEAN_RGB)
