"""Rows of a picture file from the top, a strip at a time: for what is too large to be held whole.

libvips decodes here with the same libraries as Pillow: the numbers are the same, bit for bit.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.photographs import jpeg

_STRIP = 1 << 20  # pixels in a strip, about

# TIFF tags, and what of them libvips reads as Pillow does: uncompressed, LZW, deflate, PackBits.
_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _TILES = 258, 259, 262, 277, 284, 322
_FORMAT = 339
_COMPRESSIONS = (1, 5, 8, 32946, 32773)


def can(image: Any) -> bool:
    """Whether a picture, of which Pillow has read the header, can be read in strips."""
    profile = image.info.get("icc_profile") or b""
    if profile[16:20] == b"GRAY" and image.mode in ("RGB", "RGBA"):
        return False  # whether it applies depends on all of the pixels
    if image.format in ("JPEG", "MPO"):
        return image.mode in ("L", "RGB", "CMYK")
    if image.format == "PNG":
        plain = not image.info.get("interlace") and "transparency" not in image.info
        return plain and image.mode in ("L", "LA", "RGB", "RGBA", "I;16")
    if image.format == "TIFF":
        tags = image.tag_v2
        return (
            image.mode in ("L", "RGB", "I;16", "I;16B")
            and set(tags.get(_BITS, (1,))) in ({8}, {16})
            and tags.get(_COMPRESSION, 1) in _COMPRESSIONS
            and tags.get(_PHOTOMETRIC) == (2 if image.mode == "RGB" else 1)
            and tags.get(_SAMPLES, 1) == (3 if image.mode == "RGB" else 1)
            and set(tags.get(_FORMAT, (1,))) == {1}
            and not (tags.get(_PLANAR) == 2 and _TILES in tags)
        )
    return False


def numbers(kind: str, file: BinaryIO, multiple: int = 1) -> Iterator[NDArray[Any]]:
    """Yield the rows of a file from the top, in strips.

    Parameters
    ----------
    kind : {"JPEG", "PNG", "TIFF"}
    file : binary file
        Opened from a path, or an `io.BytesIO`; where it is read meanwhile does not matter.
    multiple : int
        All strips but the last have a multiple of so many rows.

    Yields
    ------
    numpy.ndarray
        uint8 or uint16 (rows, width, channels).

    Raises
    ------
    OSError
        The file is damaged or ends early.
    """
    import pyvips  # only if it is needed: it takes a tenth of a second

    loaders = {
        "JPEG": pyvips.Image.jpegload_source,
        "PNG": pyvips.Image.pngload_source,
        "TIFF": pyvips.Image.tiffload_source,
    }
    try:
        # A path's own position must not move: Pillow reads through the same descriptor.
        if isinstance(getattr(file, "name", None), str | bytes):
            descriptor = os.open(file.name, os.O_RDONLY)
            try:
                source = pyvips.Source.new_from_descriptor(descriptor)
            finally:
                os.close(descriptor)
        else:
            source = pyvips.Source.new_from_memory(file.getvalue())  # type: ignore[attr-defined]
        kept = pyvips.cache_get_max()
        pyvips.cache_set_max(0)  # or libvips holds on to what was opened
        try:
            # A damaged JPEG is shown as far as it goes, by Pillow as well; not one that ends early.
            picture = loaders[kind](
                source, access="sequential", fail_on="truncated" if kind == "JPEG" else "error"
            )
        finally:
            pyvips.cache_set_max(kept)
        dtype = {"uchar": np.uint8, "ushort": np.uint16}[picture.format]
        rows = max(1, _STRIP // picture.width // multiple) * multiple
        region = pyvips.Region.new(picture)
        for top in range(0, picture.height, rows):
            count = min(rows, picture.height - top)
            data = region.fetch(0, top, picture.width, count)
            yield np.frombuffer(data, dtype).reshape(count, picture.width, picture.bands)
    except pyvips.Error as error:
        raise OSError(str(error)) from error


def whole_jpeg(file: BinaryIO) -> BinaryIO | None:
    """Return a JPEG that has its end: itself, or all of it and the end; None if more is missing.

    If the end is missing, it is decoded twice, with other bytes put after it, and compared.
    """
    file.seek(-2, io.SEEK_END)
    if file.read(2) == jpeg.END:
        return file
    file.seek(0)
    data = file.read()
    if jpeg.has_end(data):
        return file
    data = data.rstrip(b"\xff")  # half of a marker
    ended, other = (io.BytesIO(data + ending) for ending in (jpeg.END, jpeg.OTHERWISE))
    pairs = zip(numbers("JPEG", ended), numbers("JPEG", other), strict=True)
    if jpeg.has_all_scans(data) and all(np.array_equal(one, two) for one, two in pairs):
        return ended
    return None


def whole(kind: str, file: BinaryIO) -> NDArray[Any]:
    """Return all rows, as `numbers` yields them."""
    return np.concatenate(list(numbers(kind, file)))


def image(strip: NDArray[Any], mode: str) -> Image.Image:
    """Return a strip of 8-bit numbers as a Pillow image.

    Parameters
    ----------
    strip : uint8 array (rows, width, channels)
    mode : str
        Of Pillow's image of the whole. Four channels are inks if that is CMYK; grey with alpha
        stays that, also if Pillow makes colours of it.
    """
    found = {1: "L", 2: "LA", 3: "RGB"}.get(strip.shape[2], mode)
    return Image.frombytes(found, (strip.shape[1], strip.shape[0]), np.ascontiguousarray(strip))
