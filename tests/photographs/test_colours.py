"""Every mode of colour comes out as the RGB a viewer shows."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from conus_widgets.photographs.photograph import PhotographError, read_photograph


def through(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return np.asarray(read_photograph(file.getvalue()))


def rgb(grey):
    return np.repeat(np.asarray(grey, dtype=np.uint8)[..., None], 3, axis=-1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_high_byte(kind):
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(through(Image.fromarray(ramp), kind), rgb(ramp >> 8))


def test_16_bit_grey_tiff_of_either_byte_order_and_polarity():
    ramp = np.arange(0, 65536, 256, dtype=np.uint16)[None]
    big = Image.frombytes("I;16B", (256, 1), ramp.astype(">u2").tobytes())
    assert np.array_equal(through(big, "TIFF"), rgb(ramp >> 8))
    white_is_zero, photometric = 0, 262
    inverted = through(Image.fromarray(ramp), "TIFF", tiffinfo={photometric: white_is_zero})
    assert np.array_equal(inverted, rgb(255 - (ramp >> 8)))


def test_12_bit_grey_tiff():
    levels = np.array([0, 0x123, 0x800, 0xFFF])
    packed = bytes.fromhex("000123800fff")
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(packed)}
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()
    )
    data = struct.pack("<2sHI", b"II", 42, 8 + len(packed)) + packed + directory + bytes(4)
    assert np.array_equal(np.asarray(read_photograph(data)), rgb(levels >> 4)[None])


def test_16_bit_rgb_png():
    samples = np.arange(0, 65536, 97, dtype=np.uint16)[: 3 * 200].reshape(1, 200, 3)
    file = io.BytesIO()
    Image.new("RGB", (200, 1)).save(file, "PNG")
    data = file.getvalue()

    def chunk(name, body):
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    header = struct.pack(">IIBBBBB", 200, 1, 16, 2, 0, 0, 0)
    transparent = samples[0, 5]
    body = zlib.compress(b"\0" + samples.astype(">u2").tobytes())
    for extra in (b"", chunk(b"tRNS", transparent.astype(">u2").tobytes())):
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
        data += chunk(b"IDAT", body) + chunk(b"IEND", b"")
        expected = (samples >> 8).astype(np.uint8)
        if extra:
            expected[0, 5] = 0
        assert np.array_equal(np.asarray(read_photograph(data)), expected)


def test_transparency_over_black_is_exact_for_every_colour_and_alpha():
    colour, alpha = np.mgrid[:256, :256].astype(np.uint8)
    pixels = np.stack([colour, 255 - colour, colour // 2, alpha], axis=-1)
    expected = np.rint(pixels[..., :3].astype(float) * alpha[..., None] / 255)
    assert np.array_equal(through(Image.fromarray(pixels), "PNG"), expected)
    assert np.array_equal(np.asarray(read_photograph(pixels)), expected)
    grey = Image.merge("LA", [Image.fromarray(colour), Image.fromarray(alpha)])
    assert np.array_equal(through(grey, "PNG"), rgb(expected[..., 0]))
    lossless = through(Image.fromarray(pixels), "WebP", lossless=True, exact=True)
    assert np.array_equal(lossless, expected)


def test_palette_with_and_without_transparency():
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 10, 20, 30])
    image.putdata([0, 1, 2])
    colours = np.array([[(255, 0, 0), (0, 255, 0), (10, 20, 30)]])
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert np.array_equal(through(image, kind), colours), kind
    half = through(image, "PNG", transparency=bytes([255, 0, 128]))
    assert np.array_equal(half, [[(255, 0, 0), (0, 0, 0), (5, 10, 15)]])
    assert np.array_equal(through(image, "GIF", transparency=0)[0, 0], (0, 0, 0))


def test_one_transparent_colour():
    grey = Image.fromarray(np.array([[7, 8, 9]], dtype=np.uint8))
    assert np.array_equal(through(grey, "PNG", transparency=8), rgb([[7, 0, 9]]))
    deep = Image.fromarray(np.array([[0x700, 0x801, 0x802, 0xFFFF]], dtype=np.uint16))
    assert np.array_equal(through(deep, "PNG", transparency=0x801), rgb([[7, 0, 8, 255]]))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_one_bit_and_grey(kind):
    checks = np.indices((5, 7)).sum(0) % 2 == 0
    assert np.array_equal(through(Image.fromarray(checks), kind), rgb(checks * 255))
    ramp = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(through(Image.fromarray(ramp), kind), rgb(ramp))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_close_to_what_it_was_made_from(kind):
    y, x = np.mgrid[:32, :48]
    picture = np.stack([5 * x, 7 * y, 255 - 4 * x], axis=-1).astype(np.uint8)
    cmyk = Image.fromarray(picture).convert("CMYK")
    options = {"quality": 97, "subsampling": 0} if kind == "JPEG" else {}
    # An Adobe JPEG stores its inks inverted; read the wrong way round, it would be a negative.
    assert np.abs(through(cmyk, kind, **options).astype(int) - picture).max() <= 8


def matrix_profile(colorants, gamma, description):
    """A small ICC v2 display profile: columns of XYZ (D50) for R, G, B, and one power curve."""

    def s15f16(values):
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    def xyz(values):
        return b"XYZ \0\0\0\0" + s15f16(values)

    name = description.encode() + b"\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    parts = {b"desc": desc + bytes(-len(desc) % 4), b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    for channel, column in zip("rgb", np.transpose(colorants), strict=True):
        parts[channel.encode() + b"XYZ"] = xyz(column)
        parts[channel.encode() + b"TRC"] = curve
    offset, table, body = 128 + 4 + 12 * len(parts), b"", b""
    for tag, part in parts.items():
        table += tag + struct.pack(">II", offset + len(body), len(part))
        body += part
    header = struct.pack(
        ">I4sI4s4s4s", offset + len(body), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    header += bytes(12) + b"acsp" + bytes(28) + s15f16((0.9642, 1.0, 0.8249)) + bytes(48)
    return header + struct.pack(">I", len(parts)) + table + body


def grey_profile(gamma):
    """A small ICC v2 profile for grey: white under D50, and one power curve."""
    name = b"grey\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    white = b"XYZ \0\0\0\0" + b"".join(
        struct.pack(">i", round(value * 65536)) for value in (0.9642, 1.0, 0.8249)
    )
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    parts = {b"desc": desc + bytes(-len(desc) % 4), b"wtpt": white, b"kTRC": curve}
    offset, table, body = 128 + 4 + 12 * len(parts), b"", b""
    for tag, part in parts.items():
        table += tag + struct.pack(">II", offset + len(body), len(part))
        body += part
    header = struct.pack(
        ">I4sI4s4s4s", offset + len(body), bytes(4), 0x02100000, b"mntr", b"GRAY", b"XYZ "
    )
    header += bytes(12) + b"acsp" + bytes(28) + white[8:] + bytes(48)
    return header + struct.pack(">I", len(parts)) + table + body


# XYZ under D50 (Bradford) of R, G, B; from B. Lindbloom's tables.
ADOBE_RGB = np.array(
    [
        [0.6097559, 0.2052401, 0.1492240],
        [0.3111242, 0.6256560, 0.0632197],
        [0.0194811, 0.0608902, 0.7448387],
    ]
)
SRGB = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)


def test_a_colour_profile_is_applied():
    levels = np.linspace(60, 200, 6).astype(np.uint8)
    picture = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(12, 18, 3)
    linear = (picture / 255) ** 2.2
    seen = np.clip(linear @ (np.linalg.inv(SRGB) @ ADOBE_RGB).T, 0, 1)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055) * 255
    profile = matrix_profile(ADOBE_RGB, 2.2, "wide")
    for kind in ("PNG", "TIFF"):
        got = through(Image.fromarray(picture), kind, icc_profile=profile).astype(float)
        assert np.abs(got - encoded).max() <= 2
        assert np.abs(got - picture).max() > 20
    # Transparency is laid over black after the colours are right.
    half = np.dstack([picture, np.full(picture.shape[:2], 128, np.uint8)])
    got = through(Image.fromarray(half), "PNG", icc_profile=profile)
    assert np.abs(got - encoded * 128 / 255).max() <= 2


def test_srgb_and_broken_profiles_leave_pixels_bit_exact():
    picture = np.random.default_rng(0).integers(256, size=(9, 11, 3), dtype=np.uint8)
    for profile in (
        matrix_profile(SRGB, 2.2, "sRGB IEC61966-2.1"),
        b"no profile",
        matrix_profile(ADOBE_RGB, 2.2, "wide")[:200],
    ):
        assert np.array_equal(
            through(Image.fromarray(picture), "PNG", icc_profile=profile), picture
        )
    for_grey = grey_profile(1.4)  # for other channels
    assert np.array_equal(through(Image.fromarray(picture), "PNG", icc_profile=for_grey), picture)


GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def as_16_bits(grey):
    return Image.fromarray(grey.astype(np.uint16) * 257)


def with_alpha(grey):
    return Image.merge("LA", [Image.fromarray(grey), Image.new("L", grey.shape[::-1], 255)])


def in_colours(grey):
    return Image.fromarray(rgb(grey))


def of_palette(grey):
    image = Image.fromarray(grey, "L").convert("P")
    image.putpalette([level for level in range(256) for _ in "rgb"])
    return image


@pytest.mark.parametrize("profile", ["grey", "rgb"])
@pytest.mark.parametrize(
    ("make", "kind", "options"),
    [
        (with_alpha, "PNG", {}),
        (with_alpha, "TIFF", {}),
        (with_alpha, "WebP", {"lossless": True}),
        (Image.fromarray, "PNG", {"transparency": 0}),
        (Image.fromarray, "TIFF", {}),
        (Image.fromarray, "TIFF", {"compression": "tiff_lzw"}),
        (Image.fromarray, "WebP", {"lossless": True}),
        (as_16_bits, "PNG", {}),
        (as_16_bits, "PNG", {"transparency": 0}),
        (as_16_bits, "TIFF", {}),
        (in_colours, "PNG", {}),
        (of_palette, "PNG", {}),
    ],
)
def test_one_grey_picture_with_one_profile_is_one_answer_in_every_encoding(
    make, kind, options, profile
):
    data = {"grey": grey_profile(1.4), "rgb": matrix_profile(SRGB, 1.4, "linear-ish")}[profile]
    plain = through(Image.fromarray(GREY), "PNG", icc_profile=data)
    assert np.abs(plain.astype(int) - rgb(GREY)).max() > 40, "the profile must matter here"
    assert np.array_equal(through(make(GREY), kind, icc_profile=data, **options), plain)


def test_one_bit_with_a_grey_profile():
    checks = np.indices((5, 7)).sum(0) % 2 == 0
    options = {"icc_profile": grey_profile(1.4)}
    assert np.array_equal(through(Image.fromarray(checks), "PNG", **options), rgb(checks * 255))


def test_alpha_that_was_multiplied_in():
    """TIFF 6.0, tag 338 with 1: the colours are those over black already."""
    halves = Image.merge("LA", [Image.new("L", (3, 2), 100), Image.new("L", (3, 2), 128)])
    straight = through(halves, "TIFF")
    assert np.array_equal(np.asarray(read_photograph(halves.convert("La"))), straight)


def test_numbers_without_a_known_white_are_refused():
    for array in (np.linspace(0, 1, 6, dtype=np.float32)[None], np.arange(6, dtype=np.int32)[None]):
        file = io.BytesIO()
        Image.fromarray(array).save(file, "TIFF")
        with pytest.raises(PhotographError, match="8 or 16 bits"):
            read_photograph(file.getvalue())
    with pytest.raises(PhotographError, match="LAB"):
        read_photograph(Image.new("LAB", (2, 2)))


def test_the_callers_image_is_left_as_it_is():
    image = Image.new("RGB", (4, 3), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.info["exif"] = exif.tobytes()
    before = dict(image.info)
    result = read_photograph(image)
    assert result.size == (3, 4)
    result.putpixel((0, 0), (1, 2, 3))
    assert image.size == (4, 3) and image.info == before and image.getpixel((0, 0)) == (255, 0, 0)
    plain = Image.new("RGB", (4, 3), "red")
    read_photograph(plain).putpixel((0, 0), (1, 2, 3))
    assert plain.getpixel((0, 0)) == (255, 0, 0)
