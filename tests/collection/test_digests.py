"""Digests and measures of photographs."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from conus_widgets.collection.digests import MEASURES, digest, measured
from conus_widgets.collection.duplicates import near_pairs
from conus_widgets.photographs.photograph import read_photograph


def measures(image):
    return dict(zip(MEASURES, measured(image)[0].tolist(), strict=True))


def bits_apart(one, other):
    return int(np.unpackbits(measured(one)[1] ^ measured(other)[1]).sum())


@pytest.fixture(scope="module")
def textured():
    return texture(0)


def texture(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.NEAREST)


def test_a_digest_is_that_of_any_other_program():
    assert digest(b"shell") == hashlib.sha256(b"shell").hexdigest()


def test_measures_are_in_grey_levels_and_pixels():
    image = Image.new("RGB", (300, 200), (100, 100, 100))
    found = measures(image)
    assert (found["width"], found["height"]) == (300, 200)
    assert found["brightness"] == pytest.approx(100, abs=0.5)
    assert found["background"] == pytest.approx(100, abs=0.5)
    assert found["sharpness"] == found["background_texture"] == 0


def test_the_background_is_the_border_and_not_the_shell():
    image = Image.new("RGB", (300, 200), "black")
    image.paste((250, 250, 250), (100, 60, 200, 140))
    found = measures(image)
    assert found["background"] < 1 and found["brightness"] > 20
    rng = np.random.default_rng(1)
    sand = Image.fromarray(rng.integers(120, 200, (200, 300, 3), dtype=np.uint8))
    assert measures(sand)["background_texture"] > 5 and measures(sand)["background"] > 100


def test_blur_lowers_sharpness_and_size_hardly_changes_it(textured):
    sharp = measures(textured)["sharpness"]
    assert measures(textured.filter(ImageFilter.GaussianBlur(12)))["sharpness"] < 0.3 * sharp
    for size in ((800, 600), (3200, 2400)):
        other = textured.resize(size, Image.Resampling.BOX)
        assert measures(other)["sharpness"] == pytest.approx(sharp, rel=0.2)


def test_the_same_picture_saved_anew_looks_the_same_and_others_do_not(textured, tmp_path):
    for number, image in enumerate(
        [textured, texture(1).resize((400, 300)), texture(2).resize((3000, 2300))]
    ):
        image.save(tmp_path / f"{number}.jpg", quality=75)
        anew = read_photograph(tmp_path / f"{number}.jpg")
        assert bits_apart(image, anew) <= 20
        smaller = image.resize((image.width * 2 // 3, image.height * 2 // 3))
        assert bits_apart(image, smaller) <= 20
    assert bits_apart(texture(1), texture(2)) > 60


def test_a_photograph_of_any_form_can_be_measured():
    for size in ((1, 1), (1, 900), (5000, 3), (255, 256), (2049, 1025)):
        found, bits = measured(Image.new("RGB", size, (9, 9, 9)))
        assert found[:2].tolist() == list(size) and np.isfinite(found).all()
        assert bits.shape == (32,) and bits.dtype == np.uint8


def test_no_two_specimens_of_the_shared_shells_are_near_duplicates():
    """With 64 bits and a distance of 8 there are 279 such pairs."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "photos"
    folder = Path(os.environ.get("CONUS_PHOTOS") or beside) / "shells"
    files = sorted(folder.glob("*/*.jpg"))
    if not files:
        pytest.skip(f"no photographs in {folder}: set CONUS_PHOTOS to the folder photos")
    hashes = np.stack([measured(read_photograph(file))[1] for file in files])
    pairs, apart = near_pairs(hashes, 20)
    specimens = [file.name.rpartition("_")[0] for file in files]
    across = [(a, b) for a, b in pairs if specimens[a] != specimens[b]]
    assert across == []
