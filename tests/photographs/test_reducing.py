"""Photographs read in strips: the same pixels as of the whole, bit for bit, within the memory."""

import io
import itertools
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from test_colours import ADOBE_RGB, grey_profile, matrix_profile
from tiffs import SHORT, tiff

from conus_widgets.photographs import photograph, reducing, room, strips
from conus_widgets.photographs.photograph import (
    RESAMPLE,
    PhotographError,
    open_photograph,
    random_views,
    read_photograph,
)
from conus_widgets.photographs.reducing import picks, vertical_first


def picture(height=101, width=79):
    y, x = np.mgrid[:height, :width]
    waves = [128 + 100 * np.sin(x / 7.0) + 0 * y, 128 + 100 * np.cos(y / 5.0 + x / 9), x * y % 256]
    noise = np.random.default_rng(0).normal(0, 25, (height, width, 3))
    return Image.fromarray((np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8))


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(kind, orientation, size=(101, 79)):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture(*size), kind, exif=exif)


def deep(bits):
    return (np.asarray(picture()).astype(np.uint16) * 257) >> (16 - bits)


def with_alpha():
    image = picture()
    image.putalpha(picture().convert("L").transpose(Image.Transpose.ROTATE_180))
    return image


FILES = {
    "JPEG": lambda: encode(picture(), "JPEG", quality=85),
    "4:4:4": lambda: encode(picture(), "JPEG", quality=95, subsampling=0),
    "progressive": lambda: encode(picture(), "JPEG", progressive=True),
    "grey JPEG": lambda: encode(picture().convert("L"), "JPEG"),
    "inks": lambda: encode(picture().convert("CMYK"), "JPEG"),
    "without its end": lambda: encode(picture(), "JPEG")[:-2],
    "before a film": lambda: encode(picture(), "JPEG") + b"film" * 500,
    "PNG": lambda: encode(picture(), "PNG"),
    "grey PNG": lambda: encode(picture().convert("L"), "PNG"),
    "alpha": lambda: encode(with_alpha(), "PNG"),
    "grey alpha": lambda: encode(with_alpha().convert("LA"), "PNG"),
    "profile": lambda: encode(picture(), "PNG", icc_profile=matrix_profile(ADOBE_RGB, 2.2, "wide")),
    "grey profile": lambda: encode(picture().convert("L"), "PNG", icc_profile=grey_profile(1.4)),
    "16 bits": lambda: encode(Image.fromarray(deep(16)[..., 0]), "PNG"),
    "12 bits in 16": lambda: encode(Image.fromarray(deep(12)[..., 0]), "PNG"),
    "TIFF": lambda: encode(picture(), "TIFF"),
    "LZW": lambda: encode(picture(), "TIFF", compression="tiff_lzw"),
    "deflate": lambda: encode(picture(), "TIFF", compression="tiff_adobe_deflate"),
    "TIFF of 16 bits": lambda: tiff(deep(16)),
    "TIFF of 12 bits": lambda: tiff(deep(12), order=">"),
    "planar": lambda: tiff(deep(16), planar=True),
    "planar, turned": lambda: tiff(deep(16), planar=True, tags=[(274, SHORT, [8])]),
    **{
        f"{kind} {orientation}": lambda kind=kind, orientation=orientation: turned(
            kind, orientation
        )
        for kind in ("JPEG", "PNG", "TIFF")
        for orientation in range(2, 9)
    },
    "tall": lambda: encode(picture(300, 60), "JPEG"),
    "tall, turned": lambda: turned("JPEG", 6, (60, 300)),
    "wide, turned": lambda: turned("JPEG", 8, (300, 60)),
}


@pytest.fixture
def in_strips(monkeypatch):
    """Whatever can be is read in strips, of few rows each."""
    monkeypatch.setattr(photograph, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(strips, "_STRIP", 1500)
    monkeypatch.setattr(room, "ALWAYS", 1)
    monkeypatch.setattr(room, "limit", lambda: 1e9)
    monkeypatch.setattr(room, "resident", lambda: 0.0)


@pytest.mark.parametrize("name", FILES)
def test_resized_in_strips_is_the_whole_resized(name, in_strips, tmp_path):
    data = FILES[name]()
    whole = read_photograph(data)
    path = tmp_path / "shell.file"
    path.write_bytes(data)
    for source in (data, path):
        opened = open_photograph(source)
        assert opened.in_strips and opened.size == whole.size
        for (way, method), size in itertools.product(RESAMPLE.items(), ((28, 28), (90, 20))):
            expected = whole.resize(size, method)
            assert opened.resized(size, way).tobytes() == expected.tobytes(), (way, size)
    assert opened.whole().tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", ["JPEG", "JPEG 3", "JPEG 5", "PNG 6", "TIFF 8", "tall", "planar"])
def test_few_columns_at_a_time_give_the_same(name, in_strips, monkeypatch):
    data = FILES[name]()
    whole = read_photograph(data)
    opened = open_photograph(data)
    monkeypatch.setattr(room, "limit", lambda: 1.0)  # so that a block has 16 columns
    for way in ("bilinear", "lanczos"):
        expected = whole.resize((56, 56), RESAMPLE[way])
        assert opened.resized((56, 56), way).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ["JPEG", "JPEG 2", "PNG 5", "TIFF 6", "JPEG 7", "tall"])
def test_views_picked_are_those_of_the_whole(name, in_strips, monkeypatch):
    monkeypatch.setattr(photograph, "_TOGETHER", 7)
    monkeypatch.setattr(reducing, "_BAND", 1500)
    data = FILES[name]()
    whole = read_photograph(data)
    views = random_views(whole, 40, np.random.default_rng(5))
    expected = [view.resize((56, 56), RESAMPLE["nearest"]).tobytes() for view in views]
    for source in (data, whole):
        opened = open_photograph(source)
        assert opened.in_strips == (source is data)
        got = opened.views(40, np.random.default_rng(5), side=56, resample="nearest")
        assert [view.tobytes() for view in got] == expected


def test_what_must_be_said_is_the_same_in_strips(monkeypatch, in_strips):
    in_parts = open_photograph(FILES["12 bits in 16"]())
    assert in_parts.in_strips and "12 bits" in in_parts.remarks[0]
    monkeypatch.setattr(photograph, "WHOLE_PIXELS", 10**9)
    monkeypatch.setattr(room, "ALWAYS", 1e9)
    held = open_photograph(FILES["12 bits in 16"]())
    assert not held.in_strips and held.remarks == in_parts.remarks


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_what_is_seen_of_a_large_photograph(orientation, in_strips, monkeypatch):
    monkeypatch.setattr(photograph, "_EYES", 60)
    data = turned("JPEG", orientation, (150, 120))
    whole = read_photograph(data)
    opened = open_photograph(data)
    seen = opened.seen(28, "bilinear")
    assert max(seen.size) == 50 and seen.tobytes() == whole.reduce(3).tobytes()
    # By "nearest" the network gets the very same pixels from what is seen.
    seen = opened.seen(28, "nearest")
    nearest = RESAMPLE["nearest"]
    assert seen.resize((28, 28), nearest).tobytes() == whole.resize((28, 28), nearest).tobytes()


def test_pillow_resizes_along_columns_first_where_this_says_so():
    """Between the two passes 8 bits are kept, so that their order shows."""
    rng = np.random.default_rng(1)
    found = {True: 0, False: 0}
    for _ in range(400):
        width, height, new_width, new_height = (int(n) for n in rng.integers(3, 120, 4))
        if rng.random() < 0.6:  # at the border between the two
            new_height = height - 2 * (width - new_width) + int(rng.integers(-2, 3))
        if new_width == width or new_height == height or not 0 < new_height < 400:
            continue
        image = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        method = RESAMPLE[rng.choice(["bilinear", "bicubic", "lanczos"])]
        after = (new_width, new_height)
        whole = image.resize(after, method).tobytes()
        rows = image.resize((new_width, height), method).resize(after, method).tobytes()
        columns = image.resize((width, new_height), method).resize(after, method).tobytes()
        if rows == columns:
            continue
        vertical = vertical_first(image.size, after)
        assert whole == (columns if vertical else rows), (image.size, after)
        found[vertical] += 1
    assert min(found.values()) > 50


def test_nearest_picks():
    for length, count in ((9, 4), (4, 9), (1000, 224), (7, 7)):
        want = ((np.arange(count) + 0.5) * length / count).astype(int)
        assert np.array_equal(picks(length, count), want)


# Memory ----------------------------------------------------------------------------------------


def test_too_little_memory_is_told_with_numbers_and_the_way_out(monkeypatch):
    data = encode(picture(), "WebP")  # which cannot be read in strips
    monkeypatch.setattr(room, "ALWAYS", 1)
    monkeypatch.setattr(room, "limit", lambda: 500e6)
    monkeypatch.setattr(room, "resident", lambda: 499.9e6)
    with pytest.raises(PhotographError) as caught:
        open_photograph(data)
    said = str(caught.value)
    assert "79 x 101 = 7,979 pixels" in said and "of the 500 MB allowed" in said
    assert said.endswith("scale it down, or allow more (CONUS_MEMORY_MB).")


def test_views_that_need_the_whole_are_refused_where_it_does_not_fit(in_strips, monkeypatch):
    opened = open_photograph(FILES["JPEG"]())
    monkeypatch.setattr(room, "limit", lambda: 5e4)
    with pytest.raises(PhotographError, match="7,979 pixels and needs about .* MB allowed"):
        next(opened.views(2, np.random.default_rng(0), side=56, resample="bilinear"))
    with pytest.raises(PhotographError, match="scale it down, or allow more"):
        opened.whole()


def test_a_small_photograph_is_read_whatever_is_allowed(monkeypatch):
    monkeypatch.setenv("CONUS_MEMORY_MB", "1")
    assert open_photograph(encode(picture(), "WebP")).size == (79, 101)


def test_half_of_a_large_photograph_is_refused(in_strips):
    for name in ("JPEG", "progressive", "PNG", "TIFF"):
        data = FILES[name]()
        with pytest.raises(PhotographError, match="not copied whole"):
            open_photograph(data[: len(data) // 2]).resized((20, 20), "bilinear")


MEASURED = """
import re, sys
import numpy as np
from conus_widgets.photographs.photograph import open_photograph
opened = open_photograph(sys.argv[1])
assert opened.in_strips
for way in ("nearest", "bilinear"):
    opened.resized((224, 224), way)
list(opened.views(3, np.random.default_rng(0), side=224, resample="nearest"))
opened.seen(224, "bilinear")
(peak,) = re.findall(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(int(peak) / 1e3)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the system by /proc")
def test_the_memory_that_is_allowed_holds(tmp_path, monkeypatch):
    """48 megapixels are 384 MB whole. On its side, a photograph takes the most."""
    path = tmp_path / "large.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(600, 800).resize((8000, 6000)).save(path, quality=80, exif=exif)
    monkeypatch.setenv("CONUS_MEMORY_MB", "380")
    found = subprocess.run(
        [sys.executable, "-c", MEASURED, path], capture_output=True, text=True, timeout=240
    )
    assert found.returncode == 0, found.stderr
    assert float(found.stdout) < 380
