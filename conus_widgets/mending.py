"""A second try at a file that could not be read: harmless faults mended, what is missing measured.

Viewers show a JPEG without its last bytes and a PNG whose text is damaged; so does this. Where
pixels are missing, they are counted: nearly all must be there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from . import png
from .names import PhotographError

Open = Callable[[io.BytesIO], Any]
MISSING = 1 / 20
"""The largest share of a photograph's pixels that may be missing at the end of its file."""

_END = b"\xff\xd9"  # of a JPEG
_OTHERWISE = b"\x55" * 64  # pixels that no JPEG ends with: what they change was missing


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
    with _forgiving():
        found: tuple[int, int] = open_(io.BytesIO(_cleaned(kind, data)[0])).size
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
        What must be said of it; "" where no pixel is missing.

    Raises
    ------
    PhotographError
        Too many pixels are missing.
    Exception
        It cannot be read like this either.
    """
    data, profile = _cleaned(kind, data)
    with _forgiving():
        image, missing = (_jpeg if kind == "JPEG" else _filled)(data, open_)
    if missing > MISSING:
        raise PhotographError(
            name,
            f"was not copied whole: {_percent(missing)} of its pixels are missing, at most "
            f"{MISSING:.0%} may be; copy or download it again.",
        )
    if profile:
        image.info["icc_profile"] = profile
    return image, f"its file ends early: {_percent(missing)} of its pixels are missing" * (
        missing > 0
    )


def _cleaned(kind: str, data: bytes) -> tuple[bytes, bytes]:
    """The file without what is harmless and in the way, and its profile where that is apart."""
    if kind == "PNG":
        return png.essential(data)
    if kind == "WebP":
        return _webp(data), b""
    if kind not in ("JPEG", "BMP", "TIFF"):  # a GIF keeps what was there before; AVIF needs all
        raise OSError(f"{kind} is not mended")
    return data, b""


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"


@contextmanager
def _forgiving() -> Iterator[None]:
    """Have Pillow go on where a file ends. This is for the whole process: hold a lock."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _jpeg(data: bytes, open_: Open) -> tuple[Image.Image, float]:
    """The decoder makes up what is missing from what came before; other bytes, another make-up."""
    data = data.rstrip(b"\xff")  # half of a marker
    image, other = (
        _loaded(open_(io.BytesIO(data + filling + _END))) for filling in (b"", _OTHERWISE)
    )
    differs = np.asarray(image) != np.asarray(other)
    rows = differs.reshape(image.height, -1).any(axis=1)
    if not rows.any():
        return image, 0.0
    if image.info.get("progressive"):  # all of it is coarser than it was
        return image, 1.0
    return image, 1 - int(rows.argmax()) / image.height


def _filled(data: bytes, open_: Open) -> tuple[Image.Image, float]:
    """Decode into two canvases; where they still differ, there were no pixels."""
    images = []
    for filling in (0, 255):
        image = open_(io.BytesIO(data))
        bands = Image.getmodebands(image.mode)
        colour: Any = filling if bands == 1 else (filling,) * bands
        image.im = Image.core.fill(image.mode, _stored(image), colour)
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
    return image


def _webp(data: bytes) -> bytes:
    """A WebP up to its last whole chunk: what follows the pixels is about the photograph."""
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            break
        at += 8 + length + length % 2
    data = data[:at] + bytes(max(0, at - len(data)))
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]
