"""Composites of ImageJ: channels that are pages, shown together."""

import struct

import numpy as np
import pytest
from tiffs import LONG, UNDEFINED, tiff

from conus_widgets.photographs.photograph import PhotographError, open_photograph


def channel(seed, bits=16):
    values = np.random.default_rng(seed).integers(0, 2**bits, (6, 9))
    values[0, 0], values[0, 1] = 0, 2**bits - 1
    return values.astype(np.uint16 if bits > 8 else np.uint8)


def described(channels, mode="composite", **more):
    lines = {"ImageJ": "1.53t", "images": channels, "channels": channels, "mode": mode, **more}
    return "\n".join(f"{key}={value}" for key, value in lines.items()) + "\n"


def composed(pages, **options):
    options.setdefault("description", described(len(pages)))
    opened = open_photograph(tiff(pages, **options))
    return np.asarray(opened.whole()), "; ".join(opened.remarks)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_red_green_and_blue_taken_apart_come_back(bits, order):
    pages = [channel(seed, bits) for seed in range(3)]
    got, said = composed(pages, order=order)
    assert np.array_equal(got, np.dstack(pages) >> (bits - 8))
    assert "its 3 channels are shown together, as red, green, blue" in said
    assert ("12 bits" in said) == (bits == 12)


def test_two_channels_and_five():
    pages = [channel(seed, 8) // 4 for seed in range(5)]
    got, said = composed(pages[:2])
    assert np.array_equal(got, np.dstack([*pages[:2], np.zeros((6, 9), np.uint8)]))
    assert "as red, green" in said
    # ImageJ's fourth channel is grey, its fifth cyan: 0, 1, 1.
    got, _ = composed(pages)
    red, green, blue, grey, cyan = (page.astype(int) for page in pages)
    want = np.dstack([red + grey, green + grey + cyan, blue + grey + cyan])
    assert np.array_equal(got, np.minimum(want, 255))


def metadata(order, ranges, tables):
    """ImageJ's private tags 50838 and 50839."""
    code = (lambda text: text) if order == ">" else (lambda text: text[::-1])
    head = code(b"IJIJ") + code(b"rang") + struct.pack(f"{order}I", 1)
    head += code(b"luts") + struct.pack(f"{order}I", len(tables))
    numbers = struct.pack(f"{order}{len(ranges)}d", *ranges)
    counts = [len(head), len(numbers), *(len(table) for table in tables)]
    return [
        (50838, LONG, counts),
        (50839, UNDEFINED, head + numbers + b"".join(tables)),
    ]


@pytest.mark.parametrize("order", ["<", ">"])
def test_ranges_and_colours_of_the_file(order):
    pages = [channel(0), channel(1)]
    rising, none = bytes(range(256)), bytes(256)
    blue, yellow = none + none + rising, rising + rising + none
    tags = metadata(order, [0, 4095, 100, 355], [blue, yellow])
    got, said = composed(pages, order=order, tags=tags)
    first = np.minimum(pages[0], 4095) >> 4
    second = np.clip(pages[1].astype(int) - 100, 0, 255)
    assert np.array_equal(got, np.dstack([second, second, first]))
    assert "in the colours that its file states" in said


def test_damaged_metadata_is_as_none():
    pages = [channel(0), channel(1)]
    tags = metadata("<", [5, 4], [])
    tags[1] = (50839, UNDEFINED, tags[1][2][:-9])
    plain, _ = composed(pages)
    assert np.array_equal(composed(pages, tags=tags)[0], plain)


@pytest.mark.parametrize("mode", ["grayscale", "color"])
def test_channels_shown_one_by_one_are_told(mode):
    pages = [channel(0), channel(1)]
    got, said = composed(pages, description=described(2, mode))
    assert np.array_equal(got[..., 0], pages[0] >> 8) and said == "the first of 2 pages"


def test_channels_that_are_not_there_are_told():
    got, said = composed([channel(0), channel(1)], description=described(3))
    assert np.array_equal(got[..., 0], channel(0) >> 8)
    assert said == "the first of 3 channels that its file states"


def test_channels_of_several_sizes_are_refused():
    with pytest.raises(PhotographError, match="channels of several sizes; save it as RGB"):
        composed([channel(0), channel(1)[:3]])
