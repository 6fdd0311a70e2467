"""A picture that comes in strips, resized: the pixels are those of the whole picture, resized."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NEAREST = Image.Resampling.NEAREST
_BAND = 1 << 20  # pixels, about

#: What turns stored pixels upright, for each EXIF orientation but 1.
TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Strips = Callable[[int], Iterator[Image.Image]]
"""Yields a picture from its top in RGB strips; all but the last have a multiple of so many rows."""


def in_bands(image: Image.Image) -> Strips:
    """Return an RGB image that is held as if it came in strips; to be picked from only."""

    def bands(multiple: int) -> Iterator[Image.Image]:
        rows = max(1, _BAND // image.width)
        for top in range(0, image.height, rows):
            yield image.crop((0, top, image.width, min(top + rows, image.height)))

    return bands


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image turned upright; the image itself if nothing is to do."""
    return image.transpose(TURN[orientation]) if orientation in TURN else image


def upright_size(stored: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return width and height of a picture once it is turned upright."""
    width, height = stored
    return (height, width) if orientation in (5, 6, 7, 8) else (width, height)


def picks(length: int, count: int) -> NDArray[Any]:
    """Return which of `length` pixels "nearest" picks for `count`, int64 (count,)."""
    line = Image.fromarray(np.arange(length, dtype=np.int32)[None])
    return np.asarray(np.asarray(line.resize((count, 1), NEAREST))[0], np.int64)


def gathered(
    strips: Strips,
    stored: tuple[int, int],
    orientation: int,
    wanted: Sequence[tuple[NDArray[Any], NDArray[Any]]],
) -> list[Image.Image]:
    """Pick pixels, in one pass.

    Parameters
    ----------
    strips : Strips
    stored : (int, int)
        Width and height of what the strips make up.
    orientation : int
        As in EXIF.
    wanted : sequence of (int array (h,), int array (w,))
        Rows and columns of the upright picture, for each image to return.

    Returns
    -------
    list of PIL.Image.Image
        RGB, h x w.
    """
    width, height = stored
    swapped = orientation in (5, 6, 7, 8)
    places = []
    for rows, columns in wanted:
        down, across = (columns, rows) if swapped else (rows, columns)
        down = height - 1 - down if orientation in (3, 4, 6, 7) else down
        across = width - 1 - across if orientation in (2, 3, 7, 8) else across
        places.append((down, across, np.empty((len(down), len(across), 3), np.uint8)))
    top = 0
    for strip in strips(1):
        pixels = np.asarray(strip)
        for down, across, found in places:
            here = (down >= top) & (down < top + strip.height)
            found[here] = pixels[down[here] - top][:, across]
        top += strip.height
    return [
        Image.fromarray(np.ascontiguousarray(found.swapaxes(0, 1) if swapped else found))
        for *_, found in places
    ]


def resized(
    strips: Strips,
    stored: tuple[int, int],
    orientation: int,
    size: tuple[int, int],
    method: Image.Resampling,
    room: float,
) -> Image.Image:
    """Return the upright picture resized, bit for bit as Pillow resizes the whole of it.

    Parameters
    ----------
    strips, stored, orientation : as in `gathered`
    size : (int, int)
        Width and height to resize to.
    method : PIL.Image.Resampling
    room : float
        Bytes that may be taken; more of them save passes if rows of the file are columns.

    Notes
    -----
    Pillow resizes along one axis, keeps 8 bits, then along the other. So the pieces of a picture
    can be resized one by one along the first axis, and what comes of them together along the other.
    If that axis runs through all strips, whole columns are put together first, in as many
    passes over the file as the room asks for.
    """
    upright = upright_size(stored, orientation)
    if method == NEAREST:
        wanted = (picks(upright[1], size[1]), picks(upright[0], size[0]))
        return gathered(strips, stored, orientation, [wanted])[0]
    vertical = vertical_first(upright, size)
    if vertical == (orientation in (5, 6, 7, 8)):
        pieces = _rows(strips, stored, orientation)
    else:
        pieces = _columns(strips, stored, orientation, room)
    short = Image.new("RGB", (upright[0], size[1]) if vertical else (size[0], upright[1]))
    for piece, start in pieces:
        if vertical:
            short.paste(piece.resize((piece.width, size[1]), method), (start, 0))
        else:
            short.paste(piece.resize((size[0], piece.height), method), (0, start))
    return short.resize(size, method)


def vertical_first(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether Pillow 13 resizes along columns first: a test holds this against Pillow itself."""
    (width, height), (new_width, new_height) = before, after
    return new_height < height and height - new_height > 2 * (width - new_width)


def small(strips: Strips, stored: tuple[int, int], orientation: int, factor: int) -> Image.Image:
    """Return the upright picture at one `factor`-th of its size, averaged, for eyes."""
    width, height = (-(-side // factor) for side in stored)
    result = Image.new("RGB", (width, height))
    top = 0
    for strip in strips(factor):
        part = strip.reduce(factor)
        result.paste(part, (0, top))
        top += part.height
    return turned(result, orientation)


def _rows(
    strips: Strips, stored: tuple[int, int], orientation: int
) -> Iterator[tuple[Image.Image, int]]:
    """Each strip, turned upright, and where it starts."""
    top = 0
    for strip in strips(1):
        start = stored[1] - top - strip.height if orientation in (3, 4, 6, 7) else top
        yield turned(strip, orientation), start
        top += strip.height


def _columns(
    strips: Strips, stored: tuple[int, int], orientation: int, room: float
) -> Iterator[tuple[Image.Image, int]]:
    """Blocks of whole columns, turned upright, and where each starts."""
    width, height = stored
    # 4 bytes a pixel, once more for turning, and a third of it for what comes of the block.
    at_once = max(16, min(width, int(room / (12 * height))))
    for left in range(0, width, at_once):
        right = min(left + at_once, width)
        block = Image.new("RGB", (right - left, height))
        top = 0
        for strip in strips(1):
            block.paste(strip.crop((left, 0, right, strip.height)), (0, top))
            top += strip.height
        yield turned(block, orientation), width - right if orientation in (2, 3, 7, 8) else left
