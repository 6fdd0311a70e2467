"""A second try at a file that could not be read: harmless faults mended, what is missing measured.

Viewers show a JPEG without its last bytes and a PNG whose text is damaged; so does this. Where
pixels are missing, they are counted: nearly all must be there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageFile

from conus_widgets.photographs import filekind, jpeg, png, tiff
from conus_widgets.photographs.names import PhotographError

Open: TypeAlias = Callable[[io.BytesIO], Any]

MISSING = 1 / 20
"""The largest share of a photograph's pixels that may be missing at the end of its file."""

_BLOCK = 16  # pixels: the height of a block, mostly
_WEBP_PIXELS = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF")


def size(kind: str, data: bytes, open_: Open) -> tuple[int, int]:
    """Return width and height of a picture whose header Pillow refuses for a harmless fault.

    Parameters
    ----------
    kind : str
        Its format.
    data : bytes
    open_ : callable
        Returns Pillow's image of an open file of that format.

    Raises
    ------
    Exception
        The fault is not harmless.
    """
    data, _ = _cleaned(kind, data)
    if kind == "WebP":
        data = _filled_up(data, b"\0")
    with _forgiving():
        found: tuple[int, int] = open_(io.BytesIO(data)).size
    return found


def mended(kind: str, data: bytes, open_: Open, name: str) -> tuple[Image.Image, str]:
    """Decode a file in spite of its faults.

    Parameters
    ----------
    kind, data, open_ : as in `size`
    name : str
        The photograph's name for errors.

    Returns
    -------
    PIL.Image.Image
        Loaded.
    str
        What must be said of it; "" if no pixel is missing.

    Raises
    ------
    PhotographError
        Too many pixels are missing.
    Exception
        It cannot be read like this either.
    """
    data, profile = _cleaned(kind, data)
    with _forgiving():
        image, missing = _MEASURES[kind](data, open_)
    if missing > MISSING:
        raise PhotographError(
            name,
            f"was not copied whole: {_percent(missing)} of its pixels are missing, at most "
            f"{MISSING:.0%} may be; copy or download it again.",
        )
    if profile:
        image.info["icc_profile"] = profile
    if not missing:
        return image, ""
    return image, f"its file ends early: {_percent(missing)} of its pixels are missing"


def _cleaned(kind: str, data: bytes) -> tuple[bytes, bytes]:
    """Return the file without what is harmless and in the way, and a profile that is apart."""
    if kind not in _MEASURES:  # a GIF keeps what was there before; AVIF needs all of it
        raise OSError(f"{kind} is not mended")
    if kind == "PNG":
        return png.essential(data)
    if kind == "TIFF":
        return tiff.with_end(data), b""
    return (_webp(data) if kind == "WebP" else data), b""


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"


@contextmanager
def _forgiving() -> Iterator[None]:
    """Have Pillow go on after a file ends too early. This is for the whole process: hold a lock."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _of_jpeg(data: bytes, open_: Open) -> tuple[Image.Image, float]:
    """Decode twice: what is missing is made up, from other bytes differently."""
    data = data.rstrip(b"\xff")  # half of a marker
    image = _loaded(open_(io.BytesIO(data + jpeg.END)))
    if not jpeg.has_all_scans(data):
        return image, 1.0  # all of it is coarser than it was
    return image, _missing(image, _loaded(open_(io.BytesIO(data + jpeg.OTHERWISE))))


def _of_webp(data: bytes, open_: Open) -> tuple[Image.Image, float]:
    """As of a JPEG, but the file says how many bytes there were."""
    image = _loaded(open_(io.BytesIO(_filled_up(data, b"\0"))))
    return image, _missing(image, _loaded(open_(io.BytesIO(_filled_up(data, b"\x55")))))


def _filled_up(data: bytes, filling: bytes) -> bytes:
    """Return a WebP as long as it says."""
    absent = filekind.announced_bytes(data) - len(data)
    if absent > len(data):
        raise OSError(f"{absent} of its bytes are missing")
    return data + filling * absent


def _missing(image: Image.Image, other: Image.Image) -> float:
    """Return the share of an image after the first pixel that depends on what was made up.

    Pixels come in rows of blocks; of the first row that is concerned, it is the right part.
    """
    differs = np.asarray(image) != np.asarray(other)
    differs = differs.reshape(image.height, image.width, -1).any(axis=2)
    rows = differs.any(axis=1)
    if not rows.any():
        return 0.0
    first = int(rows.argmax())
    band = differs[first : first + _BLOCK]
    begun = len(band) * (image.width - int(band.any(axis=0).argmax()))
    rest = (image.height - first - len(band)) * image.width
    return (begun + rest) / (image.width * image.height)


def _filled(data: bytes, open_: Open) -> tuple[Image.Image, float]:
    """Decode into two canvases; if they still differ at a place, there were no pixels."""
    images = []
    for filling in (0, 255):
        image = open_(io.BytesIO(data))
        bands = Image.getmodebands(image.mode)
        colour: Any = filling if bands == 1 else (filling,) * bands
        image.im = Image.new(image.mode, _stored(image), colour).im
        images.append(_loaded(image))
    first, second = (np.asarray(image) for image in images)
    differs = first != second
    if differs.ndim == 3:
        differs = differs.any(axis=2)
    return images[0], float(differs.mean())


def _stored(image: Any) -> tuple[int, int]:
    """Width and height before a TIFF is turned."""
    size: tuple[int, int] = getattr(image, "_tile_size", image.size)
    return size


def _loaded(image: Any) -> Image.Image:
    image.load()
    loaded: Image.Image = image
    return loaded


def _webp(data: bytes) -> bytes:
    """Return a WebP up to its pixels, as far as they go: the rest is about the photograph."""
    at = 12
    while at + 8 <= len(data):
        kind = data[at : at + 4]
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if kind not in _WEBP_PIXELS and end > len(data):
            break
        at = end
    return data[:4] + (at - 8).to_bytes(4, "little") + data[8:at]


_MEASURES: dict[str, Callable[[bytes, Open], tuple[Image.Image, float]]] = {
    "JPEG": _of_jpeg,
    "WebP": _of_webp,
    "PNG": _filled,
    "BMP": _filled,
    "TIFF": _filled,
}
