"""An area of a photograph, and how much of each cell of a grid lies inside it."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 2048  # pixels of the side of a mask, as of a network's input


def coverage(area: Any, size: tuple[int, int], grid: tuple[int, int]) -> NDArray[Any]:
    """Return the part of each cell's area that lies inside an area, exactly.

    Parameters
    ----------
    area : rectangle, polygon or mask
        In the photograph's pixels, where the first pixel reaches from (0, 0) to (1, 1).

        - A rectangle is four numbers: left, top, right, bottom.
        - A polygon is a list of at least three points (x, y), not crossing itself.
        - A mask is a bool array (height, width) of the photograph, or (rows, columns) of `grid`.
    size : (width, height)
        Of the photograph.
    grid : (rows, columns)
        Cells, all of the same size, that cover the whole photograph.

    Returns
    -------
    float64 array (rows, columns)
        0 outside, 1 inside.

    Raises
    ------
    ValueError
        If the area is none of the three, of another size, or beside the photograph.
    """
    if isinstance(area, np.ndarray) and area.dtype == bool:
        rows, columns = area.shape if area.shape == grid else size[::-1]
        return _of_mask(area, (columns, rows), grid)
    points = _corners(area, size)
    width, height = size
    rows, columns = grid
    x = np.linspace(0, width, columns + 1)
    y = np.linspace(0, height, rows + 1)
    areas = np.diff(np.diff(_areas(points, x, y), axis=0), axis=1)
    found: NDArray[Any] = np.clip(np.abs(areas) * (rows * columns / (width * height)), 0, 1)
    return found


def mask(text: str) -> NDArray[Any]:
    """Return the mask (size, size) that `mask_text` wrote, to repeat what was covered by hand.

    Raises
    ------
    ValueError
        If the text was cut or has another form.
    """
    try:
        size, _, packed = text.partition(":")
        side = int(size)
        if not 1 <= side <= LARGEST:
            raise ValueError(f"the side is {side}")
        bits = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), side * side)
        if len(bits) != -(-side * side // 8):
            raise ValueError(f"{len(bits)} bytes came")
    except (ValueError, zlib.error) as error:
        raise ValueError(
            f"This is no text of a mask ({error}): copy the whole line of the explorer again."
        ) from error
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=side * side).reshape(side, side) > 0


def mask_text(given: NDArray[Any]) -> str:
    """Return a mask (size, size) as one short line of text; see `mask`."""
    packed = base64.b64encode(zlib.compress(np.packbits(given).tobytes(), 9)).decode()
    return f"{len(given)}:{packed}"


def _corners(area: Any, size: tuple[int, int]) -> NDArray[Any]:
    """Return the corners (N, 2) of a rectangle or polygon."""
    try:
        points = np.asarray(area, np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.shape == (4,):
        left, top, right, bottom = points
        if not (left < right and top < bottom):
            raise ValueError(
                f"The rectangle from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) is empty: give "
                "left, top, right, bottom, with left < right and top < bottom."
            )
        points = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        shape = f" of shape {points.shape}" if points.size else ""
        raise ValueError(
            f"{type(area).__name__}{shape} is no area: give a rectangle (left, top, right, "
            "bottom), a polygon of at least three points (x, y), or a mask, a bool array of the "
            "photograph's size."
        )
    if not np.isfinite(points).all():
        raise ValueError("The area has corners that are not numbers (NaN or infinite).")
    width, height = size
    low, high = points.min(axis=0), points.max(axis=0)
    if low[0] >= width or low[1] >= height or high[0] <= 0 or high[1] <= 0:
        raise ValueError(
            f"The area from ({low[0]:g}, {low[1]:g}) to ({high[0]:g}, {high[1]:g}) lies beside "
            f"the photograph, which has {width} x {height} pixels."
        )
    return points


def _areas(points: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return the area of a polygon left of each x and above each y, (len(y), len(x)).

    Notes
    -----
    By Green's theorem this area is the integral of ``min(x', x) dy'`` along the part of the outline
    that lies above y. Its sign is that of the polygon's sense of rotation.
    """
    total = np.zeros((len(y), len(x)))
    for (xa, ya), (xb, yb) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if ya == yb:
            continue
        high, low = np.minimum(ya, y), np.minimum(yb, y)  # the part of this edge above y
        start = xa + (high - ya) / (yb - ya) * (xb - xa)
        end = xa + (low - ya) / (yb - ya) * (xb - xa)
        total += (low - high)[:, None] * _mean_minimum(start[:, None], end[:, None], x[None])
    return total


def _mean_minimum(start: NDArray[Any], end: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of min(x', x) for x' that runs evenly from start to end."""
    left, right = np.minimum(start, end), np.maximum(start, end)
    over = np.clip(right - x, 0, None) ** 2 - np.clip(left - x, 0, None) ** 2
    length = right - left
    upright = length < 1e-9  # an edge without width
    cut = np.where(upright, np.clip(left - x, 0, None), over / (2 * np.where(upright, 1, length)))
    found: NDArray[Any] = (left + right) / 2 - cut
    return found


def _of_mask(mask: NDArray[Any], size: tuple[int, int], grid: tuple[int, int]) -> NDArray[Any]:
    width, height = size
    if mask.shape != (height, width):
        raise ValueError(
            f"The mask has shape {mask.shape}, but a photograph of {width} x {height} pixels "
            f"needs ({height}, {width})."
        )
    return averaged(mask, grid)


def averaged(part: NDArray[Any], grid: tuple[int, int]) -> NDArray[Any]:
    """Return the means (rows, columns) of values (height, width) over the cells of a grid, float64.

    A value that two cells share counts for each by its area.
    """
    height, width = part.shape
    down, right = _places(height, grid[0]), _places(width, grid[1])
    # Only at the ends of cells are sums needed: of all pixels they would take 8 bytes each, twice.
    rows, columns = (np.unique(np.stack([whole, whole + 1])) for whole, _ in (down, right))
    sums = np.zeros((len(rows), width + 1))
    for number in range(1, len(rows)):
        strip = part[rows[number - 1] : rows[number]].sum(axis=0, dtype=np.float64)
        sums[number, 1:] = sums[number - 1, 1:] + strip
    sums[:, 1:] += part[: rows[0]].sum(axis=0, dtype=np.float64)
    sums = sums.cumsum(axis=1)[:, columns]
    # Within a pixel a sum grows evenly: straight lines between whole pixels are exact.
    at = _between(_between(sums, rows, down).T, columns, right).T
    cells = np.diff(np.diff(at, axis=0), axis=1)
    found: NDArray[Any] = np.clip(cells * (grid[0] * grid[1] / (width * height)), 0, 1)
    return found


def _places(length: int, parts: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where so many equal parts end, in pixels: whole ones, and the rest, 0 to 1."""
    places = np.linspace(0, length, parts + 1)
    whole = np.minimum(places.astype(int), length - 1)
    return whole, places - whole


def _between(
    sums: NDArray[Any], known: NDArray[Any], places: tuple[NDArray[Any], NDArray[Any]]
) -> NDArray[Any]:
    """Return sums (len(known), M), which are those at some whole pixels, at any places between."""
    whole, rest = places
    before, after = np.searchsorted(known, whole), np.searchsorted(known, whole + 1)
    found: NDArray[Any] = sums[before] * (1 - rest[:, None]) + sums[after] * rest[:, None]
    return found
