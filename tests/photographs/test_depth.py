"""Numbers of 16 bits that do not use them all: shown as they are meant, and that is said."""

import io

import numpy as np
import pytest
from PIL import Image
from tiffs import SHORT, tiff

from conus_widgets.photographs.depth import Scale, scale
from conus_widgets.photographs.photograph import PhotographError, open_photograph, read_photograph


def ramp(bits):
    """uint16 (64, 64) over all numbers of so many bits."""
    return np.linspace(0, 2**bits - 1, 64 * 64).round().astype(np.uint16).reshape(64, 64)


def png(values):
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def rgb_png(values):
    """16 bits a channel, which Pillow cannot write."""
    import struct
    import zlib

    def chunk(name, body):
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    height, width, channels = values.shape
    colour = {2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def grey(picture):
    return np.asarray(picture)[..., 0]


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("write", [tiff, png], ids=["TIFF", "PNG"])
def test_fewer_bits_in_16_are_brightened_and_that_is_said(bits, write):
    opened = open_photograph(write(ramp(bits)))
    assert np.array_equal(grey(opened.whole()), ramp(bits) >> (bits - 8))
    (remark,) = opened.remarks
    assert f"{bits} bits" in remark and f"{2 ** (16 - bits)} times" in remark
    assert f"above {2**bits - 1:,}" in remark


@pytest.mark.parametrize("write", [tiff, png], ids=["TIFF", "PNG"])
def test_all_16_bits_stay_as_they_were_and_nothing_is_said(write):
    opened = open_photograph(write(ramp(16)))
    assert np.array_equal(grey(opened.whole()), ramp(16) >> 8) and opened.remarks == ()
    black = open_photograph(write(np.zeros((4, 5), np.uint16)))
    assert not np.asarray(black.whole()).any() and black.remarks == ()


def colours(bits):
    return np.dstack([ramp(bits), ramp(bits)[::-1], ramp(bits).T])


@pytest.mark.parametrize("bits", [8, 12, 14, 16])
@pytest.mark.parametrize(
    "write",
    [tiff, rgb_png, lambda a: tiff(a, planar=True), lambda a: tiff(a, order=">")],
    ids=["TIFF", "PNG", "planar", "big endian"],
)
def test_colours_are_scaled_together(bits, write):
    values = colours(bits)
    values[..., 1] //= 2  # one channel's largest number is not the picture's
    opened = open_photograph(write(values))
    assert np.array_equal(opened.whole(), values >> (bits - 8))
    assert len(opened.remarks) == (bits < 16)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_has_its_own_scale(channels):
    values = np.dstack([ramp(12)] * (channels - 1) + [np.full((64, 64), 65535, np.uint16)])
    opened = open_photograph(rgb_png(values))
    assert np.array_equal(grey(opened.whole()), ramp(12) >> 4) and len(opened.remarks) == 1


def test_turned_colours():
    stored = np.ascontiguousarray(np.rot90(colours(12)))
    data = tiff(stored, tags=[(274, SHORT, [6])])
    assert np.array_equal(read_photograph(data), colours(12) >> 4)


def test_what_a_file_states_counts_before_its_numbers():
    dim = (ramp(12) // 3).astype(np.uint16)  # by its numbers, 11 bits would do

    def shown(**options):
        opened = open_photograph(tiff(dim, **options))
        return grey(opened.whole()), "; ".join(opened.remarks)

    stated, remark = shown(tags=[(281, SHORT, [4095])])
    assert np.array_equal(stated, dim >> 4) and "to 4,095 (white), as the file says" in remark
    full, remark = shown(tags=[(281, SHORT, [65535])])
    assert np.array_equal(full, dim >> 8) and remark == ""
    ome = '<OME><Pixels ID="1" Type="uint16" SignificantBits="12"/></OME>'
    assert np.array_equal(shown(description=ome)[0], dim >> 4)
    imagej = "ImageJ=1.53t\nmin=100.0\nmax=1123.0\n"
    window, remark = shown(description=imagej)
    assert np.array_equal(window, np.clip(dim.astype(int) - 100, 0, 1023) >> 2)
    assert "from 100 (black) to 1,123 (white)" in remark
    # Not a depth, but the largest number there is: that says nothing.
    assert np.array_equal(shown(tags=[(281, SHORT, [int(dim.max())])])[0], dim >> 4)


def test_numbers_with_a_sign():
    positive = (ramp(16) >> 1).astype(np.int16)
    opened = open_photograph(tiff(positive))
    assert np.array_equal(grey(opened.whole()), positive >> 7)
    assert "signed" in opened.remarks[0] and "32,767" in opened.remarks[0]
    bytes_ = (ramp(16) >> 9).astype(np.int8)
    assert np.array_equal(grey(open_photograph(tiff(bytes_)).whole()), bytes_.astype(int) * 2)
    with pytest.raises(PhotographError, match="signed 16-bit numbers, down to -5: .*; save it as"):
        read_photograph(tiff(positive - 5))
    with pytest.raises(PhotographError, match="signed 8-bit numbers, down to -1"):
        read_photograph(tiff(bytes_ - 1))


def test_white_is_zero():
    opened = open_photograph(tiff(ramp(16), tags=[], photometric=None))
    assert opened.remarks == ()
    inverted = tiff(ramp(12))
    at = inverted.index(b"\x06\1\3\0\1\0\0\0\1") + 8
    inverted = inverted[:at] + b"\0" + inverted[at + 1 :]
    assert np.array_equal(grey(read_photograph(inverted)), 255 - (ramp(12) >> 4))


def test_a_scale_keeps_the_upper_8_bits():
    values = np.arange(65536).astype(np.uint16).reshape(256, 256)
    assert np.array_equal(Scale().apply(values), values >> 8)
    assert np.array_equal(Scale(0, 4095).apply(values), np.minimum(values, 4095) >> 4)
    assert scale(0, 300, "x").white == 1023
