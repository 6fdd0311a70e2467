"""16 bits a channel as 8: from black to the white that a file states, or its numbers show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.photographs.names import PhotographError

_FULL = 65535
_DEPTHS = (8, 10, 12, 14)  # what cameras and microscopes deliver inside 16 bits
_ROWS = 256  # at a time: looking numbers up takes 8 bytes for each

# Numbers of TIFF tags.
_BITS_PER_SAMPLE, _PHOTOMETRIC, _DESCRIPTION = 258, 262, 270
_MAX_SAMPLE_VALUE, _SAMPLE_FORMAT = 281, 339
_SIGNED = 2


@dataclass(frozen=True)
class Scale:
    """What is black and what is white among the numbers of a picture.

    Attributes
    ----------
    black, white : int
    remark : str
        What must be said of it; "" if nothing must.
    """

    black: int = 0
    white: int = _FULL
    remark: str = ""

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return numbers (rows, ...) from 0 to 65535 as uint8 of the same shape.

        With ``white = 2**n - 1`` this keeps the upper 8 of n bits, as viewers do.
        """
        steps = np.clip(np.arange(_FULL + 1) - self.black, 0, self.white - self.black)
        table = (steps * 256 // (self.white - self.black + 1)).astype(np.uint8)
        result = np.empty(values.shape, np.uint8)
        for start in range(0, len(values), _ROWS):
            result[start : start + _ROWS] = table[values[start : start + _ROWS]]
        return result


def scale(least: int, largest: int, name: str, tags: Any = None) -> Scale:
    """Find black and white of a picture whose numbers have up to 16 bits.

    Parameters
    ----------
    least, largest : int
        Among its numbers, of all channels.
    name : str
        The photograph's name for errors.
    tags : mapping, optional
        Of a TIFF.

    Raises
    ------
    PhotographError
        Some numbers are below zero.

    Notes
    -----
    A picture of 16 bits should use all of them. Microscopes and raw converters write what a sensor
    gives, 10, 12 or 14 bits, and that would be nearly black. What the file states counts; if it
    states nothing, the fewest usual bits that hold the largest number. 8 bits in 16 are meant, too.
    """
    tags = tags or {}
    signed = _first(tags, _SAMPLE_FORMAT, 1) == _SIGNED
    bits = _first(tags, _BITS_PER_SAMPLE, 16) - signed
    if least < 0:
        raise PhotographError(
            name,
            f"stores signed {bits + signed}-bit numbers, down to {least:,}: which of them is black "
            "is not known; save it as unsigned, with 8 or 16 bits.",
        )
    stated = _stated(tags, largest)
    if stated is not None:
        black, white = stated
        usual = (0, 2**bits - 1) == stated
        shown = f"shown from {black:,} (black) to {white:,} (white), as the file says"
        return Scale(black, white, "" if usual else shown)
    deep = next((deep for deep in _DEPTHS if largest < 2**deep), 16)
    if 0 < largest and deep < bits:
        return Scale(
            0,
            2**deep - 1,
            f"none of its {bits + signed}-bit numbers is above {largest:,}: taken for {deep} bits, "
            f"shown {2 ** (bits - deep)} times brighter",
        )
    white = 2**bits - 1
    return Scale(0, white, f"signed numbers: 0 is black, {white:,} white" if signed else "")


def _first(tags: Any, tag: int, default: int) -> int:
    value = tags.get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _stated(tags: Any, largest: int) -> tuple[int, int] | None:
    """Black and white that a TIFF states, or None."""
    description = str(tags.get(_DESCRIPTION, ""))
    if description.startswith("ImageJ="):  # as its author saw it last
        found = dict(re.findall(r"^(min|max)=(-?[0-9.]+)\s*$", description, re.MULTILINE))
        if len(found) == 2:
            black, white = (round(float(found[key])) for key in ("min", "max"))
            if 0 <= black < white <= _FULL:
                return black, white
    if bits := re.search(r'<Pixels\b[^>]*\bSignificantBits="(\d{1,2})"', description):  # OME
        white = 2 ** int(bits[1]) - 1
    else:
        white = _first(tags, _MAX_SAMPLE_VALUE, 0)
    # Some programs write the picture's own largest number there: only a depth counts.
    is_depth = (white + 1).bit_count() == 1 and 255 <= white <= _FULL
    return (0, white) if is_depth and largest <= white else None


def eight_bits(values: NDArray[Any], found: Scale) -> NDArray[Any]:
    """Return uint16 (rows, columns, channels) as uint8; the last of 2 or 4 channels is alpha."""
    if values.shape[2] in (1, 3):
        return found.apply(values)
    colours, alpha = np.split(values, [-1], axis=2)
    return np.concatenate([found.apply(colours), Scale().apply(alpha)], axis=2)


def range_of(strips: Iterable[NDArray[Any]]) -> tuple[int, int]:
    """Return the least and the largest number in strips (rows, columns, channels) but alpha."""
    colours = (part if part.shape[2] in (1, 3) else part[..., :-1] for part in strips)
    ends = [(int(part.min()), int(part.max())) for part in colours]
    return min(least for least, _ in ends), max(largest for _, largest in ends)


def is_deep(image: Image.Image) -> bool:
    """Whether a decoded picture is grey whose numbers are not 0 to 255, but have a white."""
    tags = getattr(image, "tag_v2", {})  # only TIFF has them
    bits, form = _first(tags, _BITS_PER_SAMPLE, 32), _first(tags, _SAMPLE_FORMAT, 1)
    signed = (image.mode, bits) in (("I", 16), ("L", 8)) and form == _SIGNED
    return image.mode.startswith("I;16") or signed


def shallow(image: Image.Image, name: str) -> tuple[Image.Image, str]:
    """Bring grey of up to 16 bits, or with a sign, to 8.

    Pillow's own conversion would clip everything above 255 to white. The one transparent number of
    a PNG becomes an alpha channel.

    Returns
    -------
    PIL.Image.Image
        Mode "L" or "LA".
    str
        What must be said of it, or "".

    Raises
    ------
    PhotographError
        As `scale`.
    """
    tags = getattr(image, "tag_v2", {})
    values = np.asarray(image)
    if image.mode == "L":
        values = values.view(np.int8)
    found = scale(int(values.min()), int(values.max()), name, tags)
    values = values.astype(np.uint16)
    grey = found.apply(values)
    result = Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        opaque = np.where(values == transparent, 0, 255).astype(np.uint8)
        result.putalpha(Image.fromarray(opaque))
    result.info = {"icc_profile": image.info.get("icc_profile")}
    return result, found.remark
