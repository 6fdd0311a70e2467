"""Files of every format, turned, too large, damaged or not pictures at all."""

import io
import os
import pickle
import resource
import struct
import time
import warnings
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from conus_widgets.photographs.decoding import what_is
from conus_widgets.photographs.photograph import PhotographError, read_photograph

FORMATS = ("JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "HEIC", "AVIF")
# Largest error of a channel that the codec may make on the smooth picture below.
LOSS = {"JPEG": 12, "PNG": 0, "WebP": 0, "TIFF": 0, "GIF": 40, "BMP": 0, "HEIC": 12, "AVIF": 12}


def smooth(height=48, width=64):
    """An asymmetric picture, uint8 (height, width, 3): no turn or mirror maps it onto itself."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    picture = np.stack([40 + 200 * x, 30 + 200 * y, 200 - 150 * x * y], axis=-1)
    picture[: height // 4, : width // 3] = (250, 10, 30)
    return picture.round().astype(np.uint8)


def encode(image, kind, *, orientation=None, **options):
    file = io.BytesIO()
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif.tobytes()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(file, quality=95, chroma=444, **options)
    else:
        fine = {
            "JPEG": {"quality": 97, "subsampling": 0},
            "WebP": {"lossless": True},
            "AVIF": {"quality": 97, "subsampling": "4:4:4"},
        }
        image.save(file, kind, **fine.get(kind, {}), **options)
    return file.getvalue()


def difference(image, expected):
    array = np.asarray(image).astype(int)
    assert array.shape == expected.shape
    return int(np.abs(array - expected).max())


def stored_for(upright, orientation):
    """What a camera stores, from the table of tag 274 in TIFF 6.0, page 36.

    The table says at which visual side the stored row 0 and column 0 lie.
    """
    row, column = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    stored = upright if row in ("top", "bottom") else upright.transpose(1, 0, 2)
    stored = stored[::-1] if row in ("bottom", "right") else stored
    return stored[:, ::-1] if column in ("bottom", "right") else stored


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_from_path_bytes_file_and_image(kind, tmp_path):
    data = encode(Image.fromarray(smooth()), kind)
    path = tmp_path / "shell.anything"
    path.write_bytes(data)
    file = io.BytesIO(data)
    file.seek(5)
    sources = [path, str(path), data, bytearray(data), memoryview(data), file]
    pictures = [read_photograph(source) for source in sources]
    assert all(picture.mode == "RGB" and not picture.info for picture in pictures)
    assert all(picture.tobytes() == pictures[0].tobytes() for picture in pictures)
    assert difference(pictures[0], smooth()) <= LOSS[kind]
    assert read_photograph(pictures[0]).tobytes() == pictures[0].tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF", "AVIF"])
def test_orientation_is_applied_once(kind, orientation):
    upright = smooth()
    stored = Image.fromarray(np.ascontiguousarray(stored_for(upright, orientation)))
    data = encode(stored, kind, orientation=orientation)
    once = read_photograph(data)
    assert difference(once, upright) <= LOSS[kind]
    # An image opened by the caller, loaded or not, is turned too; a result is never turned again.
    opened = Image.open(io.BytesIO(data))
    assert read_photograph(opened).tobytes() == once.tobytes()
    assert read_photograph(opened).tobytes() == once.tobytes()
    assert read_photograph(once).tobytes() == once.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_by_its_own_properties_only(orientation):
    upright = smooth()
    stored = Image.fromarray(np.ascontiguousarray(stored_for(upright, orientation)))
    # This encoder turns EXIF's orientation into the format's own properties irot and imir.
    data = encode(stored, "HEIC", orientation=orientation)
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    assert difference(read_photograph(data), upright) <= LOSS["HEIC"]

    # EXIF that contradicts the properties changes nothing.
    plain = encode(Image.fromarray(upright), "HEIC", orientation=1)
    tag = struct.pack(">HHIH", 0x0112, 3, 1, 1)
    if tag not in plain:
        tag = struct.pack("<HHIH", 0x0112, 3, 1, 1)
    assert plain.count(tag) == 1
    order = ">" if tag[0] else "<"
    other = plain.replace(tag, struct.pack(f"{order}HHIH", 0x0112, 3, 1, orientation))
    assert difference(read_photograph(other), upright) <= LOSS["HEIC"]


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "WebP", "PNG", "AVIF"):
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
        red = np.array([[(255, 0, 0)]])
        assert difference(read_photograph(data).crop((3, 3, 4, 4)), red) <= 2, kind


def test_camera_jpeg_of_several_pictures():
    first, second = Image.fromarray(smooth()), Image.new("RGB", (9, 9))
    file = io.BytesIO()
    first.save(file, "MPO", save_all=True, append_images=[second], quality=97, subsampling=0)
    assert difference(read_photograph(file.getvalue()), smooth()) <= LOSS["JPEG"]


def png_header(width, height):
    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", body)
    return start + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def claiming(kind, side):
    """A small file of that format whose header claims side x side pixels."""
    data = bytearray(encode(Image.fromarray(smooth()), kind))
    if kind == "PNG":
        return png_header(side, side)
    if kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", side, side)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", side, side)
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", side, side)
    elif kind == "TIFF":
        for tag, old in ((256, 64), (257, 48)):
            at = next(
                data.index(entry)
                for form in ("<HHII", "<HHIHH")
                if (
                    entry := struct.pack(
                        form, tag, 3 + (form == "<HHII"), 1, old, *[0] * (form != "<HHII")
                    )
                )
                in data
            )
            data[at : at + 12] = struct.pack("<HHII", tag, 4, 1, side)
    elif kind == "WebP":
        canvas = struct.pack("<I", side - 1)[:3] * 2
        body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas + bytes(data[12:])
        data = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    elif kind in ("HEIC", "AVIF"):
        at = data.index(b"ispe") + 8
        while at > 8:
            data[at : at + 8] = struct.pack(">II", side, side)
            at = data.find(b"ispe", at) + 8
            if at == 7:
                break
    return bytes(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_header_claiming_too_much_is_refused_before_decoding(kind):
    data = claiming(kind, 30_000)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PhotographError, match="(30000 x 30000 = )?900,000,000 pixels"):
            read_photograph(data)
    assert time.perf_counter() - start < 1
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 100_000


def test_the_limit_is_exact_and_can_be_moved():
    data = encode(Image.new("RGB", (20, 10)), "PNG")
    assert read_photograph(data, max_pixels=200).size == (20, 10)
    with pytest.raises(PhotographError, match="20 x 10 = 200 pixels, more than the 199"):
        read_photograph(data, max_pixels=199)


def test_no_pixels():
    for size in ((0, 5), (5, 0)):
        with pytest.raises(PhotographError):
            read_photograph(png_header(*size))
        with pytest.raises(PhotographError, match=f"{size[0]} x {size[1]}"):
            read_photograph(Image.new("RGB", size))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"Dear colleague,\nthe shells are on their way.\n", "text"),
        ("Müller's notes".encode(), "text"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04\x14\0\0\0", "ZIP"),
        (b"\n<!DOCTYPE html><title>Log in</title>", "web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "SVG"),
        (b"\0\0\0\x10ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1j2ki", "JPEG 2000"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avci", "H.264"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0msf1iso8", "sequence"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "what macOS keeps beside"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "film"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw"),
        (bytes(range(256)), "unknown kind"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"BM", "BMP"),
    ],
)
def test_what_was_found_instead_is_said(content, found, tmp_path):
    path = tmp_path / "shell.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotographError, match=f"^shell.jpg .*{found}.*;.*\\.$") as caught:
        read_photograph(path)
    assert caught.value.name == "shell.jpg"
    assert len(str(caught.value)) < 200


def test_camera_raw_is_not_taken_for_its_preview():
    for tag, value in ((254, 1), (50706, b"\1\4\0\0")):
        with pytest.raises(PhotographError, match="raw file"):
            read_photograph(encode(Image.new("RGB", (16, 12)), "TIFF", tiffinfo={tag: value}))


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(PhotographError, match=r"^no\.jpg does not exist in the folder /"):
        read_photograph(tmp_path / "no.jpg")
    with pytest.raises(PhotographError, match="is a folder"):
        read_photograph(tmp_path)
    with pytest.raises(PhotographError, match="not a file"):
        read_photograph(os.devnull)
    with pytest.raises(PhotographError):
        read_photograph("a\0b.jpg")
    with pytest.raises(PhotographError):
        read_photograph("x" * 5000)
    closed = io.BytesIO()
    closed.close()
    for wrong in (closed, io.StringIO("text"), None, 7, ["a.jpg"]):
        with pytest.raises(PhotographError, match="^photograph 3 "):
            read_photograph(wrong, name="photograph 3")


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "private.jpg"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(PhotographError, match="may not be read"):
        read_photograph(path)


def test_names_are_one_line_of_plain_text(tmp_path):
    path = tmp_path / "a\n\x1b[31mb\u202egpj.exe.jpg"
    path.write_bytes(b"")
    with pytest.raises(PhotographError) as caught:
        read_photograph(path)
    assert str(caught.value).isprintable()
    assert caught.value.name == r"a\n\x1b[31mb\u202egpj.exe.jpg"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.name) == (str(caught.value), caught.value.name)
    with pytest.raises(PhotographError, match="^Müller ☃.jpg "):
        read_photograph(b"", name="Müller ☃.jpg")


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_give_a_picture_or_our_error(kind):
    rng = np.random.default_rng(FORMATS.index(kind))
    whole = encode(
        Image.fromarray(smooth(24, 32)),
        kind,
        **({} if kind in ("GIF", "BMP") else {"orientation": 6}),
    )
    # HEIC takes a process each.
    cuts, flips = (5, 10) if kind == "HEIC" else (40, 120)
    cut = [whole[:n] for n in rng.integers(len(whole), size=cuts)]
    flipped = []
    for _ in range(flips):
        data = bytearray(whole)
        # Mostly in the headers, where it hurts.
        for at in (len(data) * rng.random(rng.integers(1, 6)) ** 3).astype(int):
            data[at] = rng.integers(256)
        flipped.append(bytes(data))
    outcomes = set()
    for data in [*cut, *flipped]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                outcomes.add(read_photograph(data, max_pixels=1_000_000).mode)
        except PhotographError as error:
            outcomes.add("error")
            assert str(error).startswith("photograph ")
            assert str(error).isprintable()
    assert outcomes == {"RGB", "error"}


def test_odd_metadata_neither_warns_nor_spoils_a_photograph():
    description = struct.pack("<HHI", 270, 2, 40)
    data = encode(Image.fromarray(smooth()), "TIFF", tiffinfo={270: "x" * 39})
    assert data.count(description) == 1
    data = data.replace(description, struct.pack("<HHI", 270, 2, 4_000_000))
    with pytest.warns(UserWarning):
        Image.open(io.BytesIO(data)).load()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert difference(read_photograph(data), smooth()) == 0
        broken_exif = encode(
            Image.fromarray(smooth()), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"
        )
        assert difference(read_photograph(broken_exif), smooth()) == 0


def test_a_decoder_that_crashes_does_not_take_us_with_it():
    data = encode(Image.fromarray(smooth()), "HEIC", orientation=1)
    # In pi_heif 1.4.0 an item type that is not text ends the process by a segmentation fault.
    at = data.index(b"Exif")
    with pytest.raises(PhotographError, match="damaged"):
        read_photograph(data[:at] + b"Ex\xaff" + data[at + 4 :])


def test_cut_files_are_refused():
    for kind in FORMATS:
        whole = encode(Image.fromarray(smooth()), kind)
        with pytest.raises(PhotographError, match=r"whole|damaged"):
            read_photograph(whole[: len(whole) * 2 // 3])


def test_what_is_names_every_format():
    for kind in FORMATS:
        assert what_is(encode(Image.fromarray(smooth()), kind)) == kind


def test_a_brand_that_only_names_the_frame_leaves_it_to_the_other_brands():
    """ISO 23008-12: "mif1" says that there is a picture, not how it is coded."""
    for kind in ("AVIF", "HEIC"):
        data = encode(Image.fromarray(smooth()), kind)
        assert data.count(data[8:12], 16, 64) == 1, "it stands among the other brands as well"
        framed = data[:8] + b"mif1" + data[12:]
        assert what_is(framed) == kind
        assert read_photograph(framed).tobytes() == read_photograph(data).tobytes()


def closed_images(tmp_path):
    path = tmp_path / "shell.png"
    path.write_bytes(encode(Image.fromarray(smooth()), "PNG"))
    lazy = Image.open(path)
    lazy.close()
    loaded = Image.open(path)
    loaded.load()
    loaded.close()
    with Image.open(path) as left:
        pass
    with path.open("rb") as file:
        lost = Image.open(file)
    made = Image.new("RGB", (4, 3))
    made.close()
    return [lazy, loaded, left, lost, made]


def test_a_closed_image_is_called_closed(tmp_path):
    for image in closed_images(tmp_path):
        with pytest.raises(PhotographError, match="is a Pillow image that was closed; give its"):
            read_photograph(image)


def test_an_image_that_cannot_be_loaded_is_referred_to_its_file():
    data = encode(Image.fromarray(smooth()), "JPEG")
    with pytest.raises(PhotographError, match=r"cannot be loaded \(.*truncated.*give the file"):
        read_photograph(Image.open(io.BytesIO(data[:-2])))
    assert read_photograph(data[:-2]).size == (64, 48)


@pytest.mark.parametrize("kind", ["HEIC", "AVIF", "WebP"])
def test_a_cut_file_is_told_with_its_bytes(kind):
    whole = encode(Image.fromarray(smooth()), kind)
    with pytest.raises(PhotographError, match="not copied whole") as caught:
        read_photograph(whole[:-200])
    if kind != "WebP":  # of which the missing pixels are counted
        assert f"it has {len(whole) - 200:,} of {len(whole):,} bytes" in str(caught.value)


def test_what_is_damaged_inside_is_not_called_cut():
    data = bytearray(encode(Image.fromarray(smooth()), "AVIF"))
    at = data.index(b"mdat") + 4
    data[at : at + 40] = bytes(40)
    with pytest.raises(PhotographError, match="is damaged, or of a rare kind") as caught:
        read_photograph(bytes(data))
    assert "not copied whole" not in str(caught.value)
