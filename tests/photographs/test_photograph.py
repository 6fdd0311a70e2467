"""Arrays and random views. (Files: test_decoding, test_colours.)"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conus_widgets.photographs.inputs import to_input
from conus_widgets.photographs.photograph import (
    PhotographError,
    random_views,
    read_photograph,
)

MEAN_RGB = (107.59348955, 112.1047813, 80.9982362)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)


def photographs():
    folder = os.environ.get("CONUS_PHOTOS") or Path(__file__).parents[3] / "shared" / "photos"
    return sorted(path for path in Path(folder).rglob("*") if path.suffix in (".jpg", ".png"))


def test_arrays():
    picture = noise(5, 7)
    assert np.array_equal(read_photograph(picture), picture)
    assert np.array_equal(read_photograph(picture[::-1, ::2]), picture[::-1, ::2])
    grey = np.repeat(picture[..., :1], 3, axis=-1)
    assert np.array_equal(read_photograph(picture[..., 0]), grey)
    result = read_photograph(picture)
    result.putpixel((0, 0), (1, 2, 3))
    assert np.array_equal(picture, noise(5, 7))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 3)), "float64; give uint8"),
        (np.zeros((4, 4, 3), bool), "bool; give uint8"),
        (np.zeros((4, 5, 2), np.uint8), "shape 4 x 5 x 2; give"),
        (np.zeros((2, 4, 5, 3), np.uint8), "shape 2 x 4 x 5 x 3; give"),
        (np.zeros(7, np.uint8), "shape 7; give"),
        (np.uint8(3) + np.zeros((), np.uint8), "no axes|uint8"),
        (np.zeros((0, 5, 3), np.uint8), "0 x 5 x 3"),
    ],
)
def test_wrong_arrays_are_named_with_their_numbers(array, words):
    with pytest.raises(PhotographError, match=words) as caught:
        read_photograph(array, name="photograph 2")
    assert caught.value.name == "photograph 2"


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (2, 2), (80, 60), (61, 97)])
def test_views_are_squares_of_the_right_size_inside_the_picture(size):
    width, height = size
    # No pixel is black: a crop that left the picture would bring black in.
    image = Image.fromarray(noise(height, width) | 1)
    views = random_views(image, 200, np.random.default_rng(1))
    assert len(views) == 200
    for view in views:
        assert view.mode == "RGB" and view.width == view.height >= 1
        assert np.asarray(view).min() >= 1
        assert view.width <= round(0.9 * 1.05 * min(size)) or view.width == 1
        assert view.width >= int(0.8 * int(0.95 * min(size)))
    assert to_input(views, mean_rgb=MEAN_RGB, size=4).shape == (200, 3, 4, 4)


def test_views_reach_every_border_turn_and_mirror():
    # Without stretching, a view is one of the 8 turns of a window of the picture: find it.
    height, width = 9, 14
    picture = noise(height, width)
    views = random_views(Image.fromarray(picture), 600, np.random.default_rng(2), stretch=0)
    windows = {}
    for side in (7, 8):
        for top in range(height - side + 1):
            for left in range(width - side + 1):
                window = picture[top : top + side, left : left + side]
                for turn in range(4):
                    turned = np.rot90(window, turn)
                    windows[turned.tobytes()] = (side, top, left, turn, False)
                    windows[turned[:, ::-1].tobytes()] = (side, top, left, turn, True)
    found = [windows[np.ascontiguousarray(view).tobytes()] for view in views]
    # 0.8 * 9 = 7.2 to 0.9 * 9 = 8.1 pixels, rounded to 7 or 8, wherever that fits unrounded.
    assert {(side, top) for side, top, *_ in found} == {(7, 0), (7, 1), (8, 0), (8, 1)}
    assert {left for side, _, left, *_ in found if side == 7} == set(range(7))
    assert {left for side, _, left, *_ in found if side == 8} <= set(range(7))
    kinds = [kind[3:] for kind in found]
    assert {kinds.count(kind) > 30 for kind in set(kinds)} == {True} and len(set(kinds)) == 8


class Scripted:
    """Stands in for a Generator: gives the numbers of a script and notes what was asked for."""

    def __init__(self, *numbers):
        self.numbers, self.asked = list(numbers), []

    def _next(self, *asked):
        self.asked.append(asked)
        return self.numbers.pop(0)

    def uniform(self, low, high, size):
        return np.array(self._next("uniform", round(low, 9), round(high, 9), size))

    def random(self):
        return self._next("random")

    def integers(self, high):
        return self._next("integers", high)


def test_the_order_of_a_view_is_the_published_one():
    picture = noise(23, 41)  # odd, so that no pixel's centre falls between two pixels
    # Stretched to 42 x 21, zoomed to 0.85 * 21 = 17.85, cut out at row 3 and column 24, mirrored
    # left to right, not upside down, turned by 90 degrees counterclockwise.
    rng = Scripted((1.03, 0.95), 0.5, 3, 24, 0.51, 0.5, 1)
    (view,) = random_views(Image.fromarray(picture), 1, rng)
    assert rng.asked == [
        ("uniform", 0.95, 1.05, 2),
        ("random",),
        ("integers", 4),  # rows 0 ... 3: int(21 - 17.85) + 1
        ("integers", 25),  # columns 0 ... 24
        ("random",),
        ("random",),
        ("integers", 4),
    ]
    rows = ((np.arange(21) + 0.5) * 23 / 21).astype(int)
    columns = ((np.arange(42) + 0.5) * 41 / 42).astype(int)
    window = picture[rows][:, columns][3:21, 24:42]
    assert np.array_equal(view, np.rot90(window[:, ::-1]))

    rng = Scripted((1, 1), 0, 0, 0, 0.5, 0.51, 3)
    (view,) = random_views(Image.fromarray(picture), 1, rng)
    assert np.array_equal(view, np.rot90(picture[:21, :21][::-1], 3))


def test_the_same_state_gives_the_same_views():
    image = Image.fromarray(noise(50, 70))
    first = random_views(image, 5, np.random.default_rng(3))
    again = random_views(image, 5, np.random.default_rng(3))
    other = random_views(image, 5, np.random.default_rng(4))
    assert [v.tobytes() for v in first] == [v.tobytes() for v in again]
    assert [v.tobytes() for v in first] != [v.tobytes() for v in other]
    # One stream: views drawn in two calls are the views drawn in one.
    rng = np.random.default_rng(3)
    parts = random_views(image, 2, rng) + random_views(image, 3, rng)
    assert [v.tobytes() for v in parts] == [v.tobytes() for v in first]


def test_without_chance_a_view_is_the_whole_square():
    picture = noise(20, 20)
    views = random_views(
        Image.fromarray(picture), 50, np.random.default_rng(0), stretch=0, crop=1, zoom=0
    )
    turns = {np.rot90(p, k).tobytes() for p in (picture, picture[:, ::-1]) for k in range(4)}
    assert {view.tobytes() for view in views} == turns


def test_wrong_arguments_are_named():
    image, rng = Image.new("RGB", (4, 4)), np.random.default_rng(0)
    for wrong, words in (
        ({"crop": 1.2}, "1.2"),
        ({"zoom": 0.95}, "0.95"),
        ({"stretch": 2}, "not 2"),
        ({"resample": "best"}, "nearest, box"),
    ):
        with pytest.raises(ValueError, match=words):
            random_views(image, 1, rng, **wrong)
    with pytest.raises(ValueError, match="-1"):
        random_views(image, -1, rng)


@pytest.mark.skipif(not photographs(), reason="no real photographs: set CONUS_PHOTOS to a folder")
def test_real_photographs_are_read_as_pillow_reads_them():
    for path in photographs():
        image = read_photograph(path)
        assert image.mode == "RGB"
        reference = Image.open(path)
        if reference.mode == "RGB" and not reference.info.get("icc_profile"):
            assert reference.getexif().get(0x0112, 1) == 1
            assert image.tobytes() == reference.tobytes()
