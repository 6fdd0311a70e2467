"""Digests of photographs, and what can be measured without a network while they are decoded."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256  # pixels: the photograph as a square on which everything is measured
BORDER = 8  # pixels of that square
HASH_SIDE = 16  # bits; with 8 x 8 of them many different shells look the same
HASH_BYTES = HASH_SIDE**2 // 8

#: Which way of measuring this is. From 1,024 pixels of the shorter side, 1 took the mean over more
#: pixels (see `_smaller`). On drawn noise up to 6 of 256 bits of the hash and 0.65 grey levels were
#: different, and the sharpness of grainy photographs, which 2 finds larger, up to 4.6.
MEASURING = 2

MEASURES = (
    "width",
    "height",
    "brightness",
    "sharpness",
    "background",
    "background_texture",
)
"""The values of `measured`: pixels, pixels, and four numbers in grey levels (0 to 255)."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def measured(image: Image.Image) -> tuple[NDArray[Any], NDArray[Any]]:
    """Measure a photograph.

    Parameters
    ----------
    image : PIL.Image.Image
        Upright, mode "RGB".

    Returns
    -------
    measures : float32 array (6,)
        See `MEASURES`. Brightness is the mean grey level; sharpness the standard deviation of the
        Laplacian, so that blur makes it smaller; the background is the mean grey level along the
        photograph's border, and its texture the standard deviation there: near 0 on black cloth,
        large on sand.
    bits : uint8 array (32,)
        The perceptual hash (`imagehash.phash`) of 256 bits: photographs that look the same differ
        in few of them.

    Notes
    -----
    The grey levels are those of the photograph resized to a square, as the network sees it, so that
    large and small photographs can be compared.
    """
    small = _smaller(image).convert("L")
    square = small.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    levels = np.asarray(square, np.float32)
    inner = levels[1:-1, 1:-1]
    laplacian = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
    laplacian -= 4 * inner
    border = np.concatenate(
        [
            levels[:BORDER].ravel(),
            levels[-BORDER:].ravel(),
            levels[BORDER:-BORDER, :BORDER].ravel(),
            levels[BORDER:-BORDER, -BORDER:].ravel(),
        ]
    )
    measures = [*image.size, levels.mean(), laplacian.std(), border.mean(), border.std()]
    return np.array(measures, np.float32), _hash(small)


def _smaller(image: Image.Image) -> Image.Image:
    """Return a large photograph made smaller, at least `SIDE` high and wide.

    First by leaving out pixels, as long as each of the result is the mean over four or more: the
    mean over all of 12 megapixels would take longer than everything else here.
    """
    step = min(image.size) // SIDE // 2
    if step > 1:
        size = (image.width // step, image.height // step)
        image = image.resize(size, Image.Resampling.NEAREST)
    factor = min(image.size) // SIDE
    return image.reduce(factor) if factor > 1 else image


def _hash(grey: Image.Image) -> NDArray[Any]:
    imagehash = _imagehash()
    return np.packbits(imagehash.phash(grey, hash_size=HASH_SIDE).hash)


def _imagehash() -> Any:
    # Imported when it is used: it brings SciPy's transforms with it.
    import imagehash

    return imagehash
