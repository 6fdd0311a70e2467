"""Photographs that once went wrong, in ``../shared/cases``, and what its table calls right.

The same kinds are made anew in test_tiff, test_depth, test_composite, test_colours, test_mending,
test_decoding and browser/test_formats.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conus_widgets.photographs.photograph import open_photograph, read_photograph

# Beside the photographs, wherever those are.
PHOTOS = os.environ.get("CONUS_PHOTOS") or Path(__file__).parents[3] / "shared" / "photos"
CASES = Path(PHOTOS).parent / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases: {CASES} is not there")


def read(name):
    return np.asarray(read_photograph(CASES / name)).astype(int)


def remarks(name):
    return "; ".join(open_photograph(CASES / name).remarks)


@pytest.fixture(scope="module")
def drawing():
    return read("ref.png")


def test_planar_and_interleaved_are_alike(drawing):
    assert np.array_equal(read("rgb16_planar.tif"), read("rgb16.tif"))
    assert np.abs(read("rgb16_planar.tif") - drawing).max() <= 1


def test_a_grey_profile_counts_with_alpha_as_without():
    assert np.array_equal(read("greyprof_la.png"), read("greyprof_l.png"))


@pytest.mark.parametrize(("name", "near"), [("cut_tail.jpg", 6), ("mif1.avif", 6)])
def test_read_as_viewers_show_it(drawing, name, near):
    assert np.abs(read(name) - drawing).mean() < near and remarks(name) == ""


def test_a_profile_over_1_mb_is_read(drawing):
    assert read("icc_over_1MB.png").shape == drawing.shape and remarks("icc_over_1MB.png") == ""


def test_16_bits_that_are_not_full_are_brightened_and_that_is_said(drawing):
    grey = drawing @ (0.299, 0.587, 0.114)
    for name, words in (("grey12in16.tif", "12 bits"), ("greyint16.tif", "signed")):
        assert np.abs(read(name)[..., 0] - grey).max() < 3, name
        assert words in remarks(name)


def test_a_composite_is_composed_and_that_is_said():
    got = read("imagej_comp.tif")
    with Image.open(CASES / "imagej_comp.tif") as pages:
        for channel in range(2):
            pages.seek(channel)
            assert np.array_equal(got[..., channel], np.asarray(pages) >> 8)
    assert not got[..., 2].any() and "2 channels" in remarks("imagej_comp.tif")


def test_a_webp_is_upright(drawing):
    assert np.array_equal(read("exif6.webp"), drawing)


def test_every_case_is_looked_at_here():
    tested = Path(__file__).read_text(encoding="utf-8")
    names = [path.name for path in CASES.iterdir() if path.suffix != ".md"]
    assert len(names) >= 12 and [name for name in names if name not in tested] == []
