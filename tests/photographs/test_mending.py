"""Files with harmless faults are read, those with missing pixels told or refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter
from test_colours import ADOBE_RGB, matrix_profile

from conus_widgets.photographs.mending import MISSING
from conus_widgets.photographs.photograph import PhotographError, open_photograph, read_photograph


def picture(height=320, width=240):
    """Noisy, so that every part of a file counts."""
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(40, 216, (height, width, 3), dtype=np.uint8))


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def same(data, whole):
    opened = open_photograph(data)
    return opened.remarks == () and opened.whole().tobytes() == read_photograph(whole).tobytes()


# What is harmless ------------------------------------------------------------------------------


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end(progressive, missing):
    whole = encode(picture(), "JPEG", progressive=progressive)
    assert whole.endswith(b"\xff\xd9")
    assert same(whole[:-missing], whole)


def test_a_jpeg_with_odd_segments():
    whole = encode(picture(), "JPEG")

    def after_the_start(segment, body):
        head = b"\xff" + segment + struct.pack(">H", len(body) + 2)
        return whole[:2] + head + body + whole[2:]

    for segment, body in (
        (b"\xe1", b"Exif\0\0II*\0\xff\xff\xff\xff"),
        (b"\xe1", b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\2\0\0\0\xff\0\0\0\0"),
        (b"\xe2", b"ICC_PROFILE\0\1\5" + b"q" * 16),
        (b"\xe2", b"MPF\0II*\0\xff\xff\xff\xff"),
        (b"\xed", b"Photoshop 3.0\x008BIM\4\4\xff\xff\xff\xff"),
        (b"\xfe", b"c" * 60_000),
    ):
        assert same(after_the_start(segment, body), whole), body[:12]
    assert same(whole + b"a film, say" * 1000, whole)
    assert same((whole + b"a film, say" * 1000)[:-3], whole)


def chunk(name, body, *, sound=True):
    crc = zlib.crc32(name + body) ^ (not sound)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


PNG = encode(picture(64, 48), "PNG")
BEFORE, AFTER = 33, len(PNG) - 12  # after the header; before the end


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"tEXt", b"a\0b", sound=False),
        chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 3_000_000)),
        chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000)),
        chunk(b"tEXt", b"a\0" + b"x" * 900_000) * 80,
        chunk(b"iCCP", b"a\0\0" + zlib.compress(b"x" * 3_000_000), sound=False),
        chunk(b"iCCP", b"a\0\0no deflate"),
        chunk(b"iCCP", b"a\0\7another method"),
        chunk(b"gAMA", b"\0"),
        chunk(b"cHRM", b"\0\0"),
        chunk(b"pHYs", b"\0"),
        chunk(b"sRGB", b""),
        chunk(b"acTL", b"\0\0"),
        chunk(b"eXIf", b"zz"),
        chunk(b"eXIf", b"zz", sound=False),
        chunk(b"abCd", b"unknown"),
    ],
    ids=lambda extra: f"{extra[4:8].decode()} {len(extra)}",
)
@pytest.mark.parametrize("place", [BEFORE, AFTER], ids=["before the pixels", "after them"])
def test_a_png_with_odd_extras(extra, place):
    assert same(PNG[:place] + extra + PNG[place:], PNG)


def test_a_png_without_its_end():
    for end in (PNG[:-12], PNG[:-4] + bytes(4), PNG[:-12] + b"\xff\xff\xff\xfftEXt"):
        assert same(end, PNG)


def test_a_profile_over_1_mb_is_applied():
    profile = matrix_profile(ADOBE_RGB, 2.2, "wide")
    large = profile + bytes(2_000_000)
    large = struct.pack(">I", len(large)) + large[4:]
    options = [chunk(b"iCCP", b"a\0\0" + zlib.compress(p)) for p in (profile, large)]
    small, big = (read_photograph(PNG[:33] + extra + PNG[33:]) for extra in options)
    assert small.tobytes() == big.tobytes() != read_photograph(PNG).tobytes()


def test_a_png_without_its_end_is_still_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encode(picture(64, 48), "PNG", exif=exif)
    assert read_photograph(turned[:-12]).size == read_photograph(turned).size == (64, 48)


def test_pixels_with_a_wrong_checksum_of_their_header_are_not_believed():
    with pytest.raises(PhotographError):
        read_photograph(PNG[:29] + bytes(4) + PNG[33:])


def test_the_other_formats_with_an_odd_end():
    gif, webp = encode(picture(64, 48), "GIF"), encode(picture(64, 48), "WebP", lossless=True)
    assert same(gif[:-1], gif) and same(gif[:-1] + b"!\xfe\x20a comment", gif)
    assert same(webp[:4] + struct.pack("<I", len(webp)) + webp[8:], webp)  # 8 too many
    assert same(webp[:4] + struct.pack("<I", 20) + webp[8:], webp)
    noted = encode(picture(64, 48), "WebP", lossless=True, exif=b"Exif\0\0MM\0*\0\0\0\x08" * 9)
    assert same(noted[:-40], webp)
    for kind in ("JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "AVIF"):
        whole = encode(picture(64, 48), kind)
        assert same(whole + b"\0" * 50 + b"hello", whole), kind


# What is missing -------------------------------------------------------------------------------

CUT = {
    "baseline": ("JPEG", {}),
    "fine": ("JPEG", {"subsampling": 0, "quality": 95}),
    "grey": ("JPEG", {}),
    "progressive": ("JPEG", {"progressive": True}),
    "PNG": ("PNG", {}),
    "BMP": ("BMP", {}),
    "TIFF": ("TIFF", {}),
}


@pytest.mark.parametrize("name", CUT)
def test_a_small_part_that_is_missing_is_told_and_a_large_one_refused(name):
    kind, options = CUT[name]
    image = picture().convert("L") if name == "grey" else picture()
    whole = encode(image, kind, **options)
    pixels = np.asarray(read_photograph(whole))

    opened = open_photograph(whole[: len(whole) * 99 // 100])
    (remark,) = opened.remarks
    assert "ends early" in remark and "% of its pixels are missing" in remark
    wrong = (np.asarray(opened.whole()) != pixels).any(axis=2).mean()
    assert 0 < wrong < MISSING + 0.03

    for share in (0.9, 0.5, 0.1):
        with pytest.raises(PhotographError, match="not copied whole|cannot be read|damaged"):
            read_photograph(whole[: int(len(whole) * share)])
    with pytest.raises(PhotographError, match=r"not copied whole: \d+% of .* at most 5% may be"):
        read_photograph(whole[: len(whole) // 2])


def test_a_webp_without_its_last_bytes():
    whole = encode(picture().filter(ImageFilter.GaussianBlur(3)), "WebP", lossless=True)
    assert same(whole[:-1], whole)  # which only fills up
    opened = open_photograph(whole[:-8])
    assert "under 1% of its pixels are missing" in opened.remarks[0]
    with pytest.raises(PhotographError, match="not copied whole: "):
        read_photograph(whole[: len(whole) // 2])


def test_a_progressive_jpeg_that_ends_between_two_scans_is_refused():
    """All of its pixels are there, and all are coarse."""
    whole = encode(picture(), "JPEG", progressive=True)
    scans = [at for at in range(len(whole)) if whole[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 3
    for start in scans[1:]:
        tables = whole.rindex(b"\xff\xc4", 0, start) if b"\xff\xc4" in whole[:start] else start
        for end in {start, min(start, max(tables, scans[0]))}:
            with pytest.raises(PhotographError, match="not copied whole"):
                read_photograph(whole[:end])


def test_pillow_is_as_strict_afterwards_as_before():
    whole = encode(picture(), "JPEG")
    for data in (whole[:-2], whole[: len(whole) // 2]):
        try:
            read_photograph(data)
        except PhotographError:
            pass
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(whole[:-2])).load()
