"""Photographs for small pictures: a JPEG is decoded at a part of its size, and looks the same."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from conus_widgets.photographs import photograph
from conus_widgets.photographs.photograph import (
    PhotographError,
    coarse_photograph,
    open_photograph,
)

SIZE = (1203, 805)  # no multiple of a block


def scene(mode="RGB"):
    """A smooth picture without any symmetry: a turned one is another one."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    waves = [128 + 100 * np.sin(x / (90 + 40 * band)) * np.cos(y / 130 + band) for band in range(3)]
    waves[0][:200, :300] = 250
    return Image.fromarray(np.stack(waves, -1).astype(np.uint8)).convert(mode)


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.fixture
def never_whole(monkeypatch):
    """Fail if a photograph is decoded whole."""

    def refuse(*given, **options):
        raise AssertionError("it was decoded whole")

    monkeypatch.setattr(photograph, "open_photograph", refuse)


def small(image, side=128):
    image = image.copy()
    image.thumbnail((side, side))
    return np.asarray(image, np.int16)


def is_alike(data, side=128):
    """The small picture is that of the whole photograph, up to what no eye sees."""
    image, size = coarse_photograph(data, side)
    whole = open_photograph(data)
    assert size == whole.size
    assert max(image.size) < max(size) and max(image.size) >= 1.5 * side
    differs = np.abs(small(image, side) - small(whole.whole(), side))
    assert differs.mean() < 1.5 and np.quantile(differs, 0.99) < 12
    return image


@pytest.mark.parametrize("orientation", range(9))
def test_a_small_picture_is_upright(orientation):
    image = is_alike(jpeg(scene(), exif=turned(orientation)))
    assert (image.height > image.width) == (orientation >= 5)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_colours_are_those_of_the_whole(mode, progressive):
    assert is_alike(jpeg(scene(mode), progressive=progressive)).mode == "RGB"


def test_a_colour_profile_is_applied():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    odd = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    for one in (profile, odd):
        is_alike(jpeg(scene(), icc_profile=one.tobytes()))


@pytest.mark.parametrize("side", [128, 224, 500])
def test_there_are_more_pixels_than_are_shown(side):
    is_alike(jpeg(scene().resize((1604, 1203))), side)


def test_a_jpeg_is_not_decoded_whole(never_whole, tmp_path):
    path = tmp_path / "shell.jpg"
    path.write_bytes(jpeg(scene()))
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        image, size = coarse_photograph(source, 128)
        assert (image.size, size) == ((301, 202), SIZE)


def test_a_large_one_is_neither_decoded_whole_nor_in_strips(never_whole, monkeypatch):
    monkeypatch.setattr(photograph, "WHOLE_PIXELS", 0)
    assert coarse_photograph(jpeg(scene()), 128)[0].size == (301, 202)


@pytest.mark.parametrize("side", [1024, 3000])
def test_of_a_small_one_nothing_is_lost(side):
    image, size = coarse_photograph(jpeg(scene()), side)
    assert image.size == size == SIZE


def test_other_kinds_are_decoded_whole():
    file = io.BytesIO()
    scene().save(file, "PNG")
    for source in (file.getvalue(), scene(), np.asarray(scene())):
        image, size = coarse_photograph(source, 128)
        assert image.size == size == SIZE


def test_a_cut_one_is_mended_or_refused_as_ever():
    data = jpeg(scene())
    image, size = coarse_photograph(data[:-40], 128)
    assert image.size == size == SIZE
    with pytest.raises(PhotographError, match=r"shell\.jpg was not copied whole"):
        coarse_photograph(data[: len(data) // 2], 128, name="shell.jpg")


def test_more_pixels_than_allowed_are_refused_before_anything_is_decoded():
    with pytest.raises(PhotographError, match="more than the 100 allowed"):
        coarse_photograph(jpeg(scene()), 128, max_pixels=100)
