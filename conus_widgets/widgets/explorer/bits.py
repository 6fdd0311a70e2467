"""Masks as bits: how an area travels between the page and Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(mask: NDArray[Any]) -> bytes:
    """Return a mask as the page wants it: see `unpack`."""
    return np.packbits(mask).tobytes()


def unpack(bits: Any, size: int) -> NDArray[Any]:
    """Return the mask (size, size) that the page sent as one bit a pixel, row by row.

    Raises
    ------
    ValueError
        If the number of bytes is another one.
    """
    packed = np.frombuffer(bits, np.uint8)
    if len(packed) != -(-size * size // 8):
        raise ValueError(
            f"The area came as {len(packed)} bytes, and {size} x {size} pixels need "
            f"{-(-size * size // 8)}."
        )
    return np.unpackbits(packed, count=size * size).reshape(size, size).astype(bool)
