"""Composites of ImageJ: a TIFF whose channels are pages, each shown in a colour of its own."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.photographs.depth import Scale, scale
from conus_widgets.photographs.names import PhotographError

_BITS_PER_SAMPLE, _DESCRIPTION, _METADATA_COUNTS, _METADATA = 258, 270, 50838, 50839
_RANGES, _TABLES = (int.from_bytes(code, "big") for code in (b"rang", b"luts"))
# ImageJ's own, where a file brings no table of colours: red, green, blue, grey, cyan ...
_COLOURS = (
    ("red", (1, 0, 0)),
    ("green", (0, 1, 0)),
    ("blue", (0, 0, 1)),
    ("grey", (1, 1, 1)),
    ("cyan", (0, 1, 1)),
    ("magenta", (1, 0, 1)),
    ("yellow", (1, 1, 0)),
)


@dataclass(frozen=True, eq=False)
class Composite:
    """What a file says of its composite.

    Attributes
    ----------
    channels : int
        2 to 7; the first so many pages.
    ranges : list of (int, int)
        Black and white of each channel; empty if the file does not say.
    tables : list of uint8 arrays (256, 3)
        Colours of each channel from black to white; empty if the file does not say.
    """

    channels: int
    ranges: list[tuple[int, int]]
    tables: list[NDArray[Any]]


def described(tags: Any) -> Composite | None:
    """Return the composite that a TIFF's tags describe, or None."""
    text = str(tags.get(_DESCRIPTION, ""))
    if not text.startswith("ImageJ="):
        return None
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    channels = said.get("channels", "1").strip()
    if said.get("mode", "").strip() != "composite" or channels not in list("234567"):
        return None
    count = int(channels)
    ranges, tables = _metadata(tags, count)
    return Composite(count, ranges, tables)


def compose(image: Any, about: Composite, name: str) -> tuple[Image.Image, str]:
    """Add the channels up as ImageJ shows them.

    If the file has no ranges, one depth serves all channels: red, green and blue taken apart
    come back as the colours they were.

    Returns
    -------
    PIL.Image.Image
        Mode "RGB".
    str
        What must be said of it.

    Raises
    ------
    PhotographError
        A channel has another size than the first, or numbers without a known white.
    """
    pages = [_page(image, number, name) for number in range(about.channels)]
    image.seek(0)
    if len({page.shape for page in pages}) > 1:
        raise PhotographError(name, "is a composite of channels of several sizes; save it as RGB.")
    scales = [Scale(black, white) for black, white in about.ranges]
    remark = ""
    if not scales:
        least = min(int(page.min()) for page in pages)
        largest = max(int(page.max()) for page in pages)
        deep = pages[0].dtype != np.uint8
        common = scale(least, largest, name, image.tag_v2) if deep else Scale(0, 255)
        scales, remark = [common] * len(pages), common.remark
    total = np.zeros((*pages[0].shape, 3), np.uint16)
    for number, (page, one) in enumerate(zip(pages, scales, strict=True)):
        table = about.tables[number] if about.tables else _plain_table(number)
        total += table[one.apply(page.astype(np.uint16))]
    result = Image.fromarray(np.minimum(total, 255).astype(np.uint8))
    if about.tables:
        how = "in the colours that its file states"
    else:
        how = "as " + ", ".join(colour for colour, _ in _COLOURS[: about.channels])
    said = f"a composite: its {about.channels} channels are shown together, {how}"
    return result, f"{said}; {remark}" if remark else said


def _page(image: Any, number: int, name: str) -> NDArray[Any]:
    image.seek(number)
    image.load()
    page = np.array(image)
    bits = image.tag_v2.get(_BITS_PER_SAMPLE, (32,))[0]
    if page.ndim != 2 or page.dtype.kind not in "iu" or bits not in (8, 16):
        raise PhotographError(
            name,
            f"is a composite whose channels are pictures of mode {image.mode}; save it as one RGB "
            "picture.",
        )
    return page


def _plain_table(number: int) -> NDArray[Any]:
    return np.outer(np.arange(256), _COLOURS[number][1]).astype(np.uint8)


def _metadata(tags: Any, channels: int) -> tuple[list[tuple[int, int]], list[NDArray[Any]]]:
    """Ranges and tables of colours from ImageJ's private tags; empty lists if there are none."""
    data, counts = tags.get(_METADATA, b""), tags.get(_METADATA_COUNTS, ())
    ranges: list[tuple[int, int]] = []
    tables: list[NDArray[Any]] = []
    if not isinstance(data, bytes) or not isinstance(counts, tuple) or len(counts) < 2:
        return ranges, tables
    order = {b"IJIJ": ">", b"JIJI": "<"}.get(data[:4])
    if order is None:
        return ranges, tables
    try:
        at, part = counts[0], 1
        for start in range(4, counts[0] - 7, 8):
            code, many = struct.unpack_from(f"{order}II", data, start)
            for _ in range(many):
                piece = data[at : at + counts[part]]
                at, part = at + counts[part], part + 1
                if code == _RANGES:
                    numbers = struct.unpack_from(f"{order}{2 * channels}d", piece)
                    pairs = zip(numbers[::2], numbers[1::2], strict=True)
                    ranges = [(round(black), round(white)) for black, white in pairs]
                elif code == _TABLES and len(piece) == 768:
                    tables.append(np.frombuffer(piece, np.uint8).reshape(3, 256).T)
    except (struct.error, IndexError, ValueError, OverflowError):  # damaged: as if it said nothing
        return [], []
    sound = len(ranges) == channels and all(0 <= a < b <= 65535 for a, b in ranges)
    return ranges if sound else [], tables if len(tables) == channels else []
