"""A photograph with a region covered, in the network's own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from conus_widgets.explain.covers import blurred

FILLS = ("black", "mean", "blur", "patch")


def backdrop(
    inputs: np.ndarray, mean: np.ndarray, fill: str, offset: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Return what a covered pixel shows.

    Parameters
    ----------
    inputs : float32 array (3, size, size)
        The photograph: B, G, R, each minus its mean.
    mean : float32 array (3, 1, 1)
        That was subtracted.
    fill : {"black", "mean", "blur", "patch"}
        "mean": the mean colour of the training photographs. "blur": the photograph, blurred until
        no marking is left. "patch": the photograph itself, copied from `offset` away.
    offset : (int, int)
        From a covered pixel to the one that it is copied from: columns, rows. Beyond the border the
        nearest pixel is taken.

    Returns
    -------
    float32 array (3, size, size)

    Raises
    ------
    ValueError
        For another fill.
    """
    if fill == "black":
        return np.broadcast_to(-mean, inputs.shape).astype(np.float32)
    if fill == "mean":
        return np.zeros_like(inputs)
    if fill == "blur":
        return blurred(inputs).astype(np.float32)
    if fill == "patch":
        size = inputs.shape[-1]
        columns, rows = (np.clip(np.arange(size) + step, 0, size - 1) for step in offset)
        return inputs[:, rows][:, :, columns]
    raise ValueError(f"fill is {fill!r}: use one of {', '.join(FILLS)}, or a photograph.")


def compose(inputs: np.ndarray, mask: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return the input (1, 3, size, size) that shows `behind` where the mask is true."""
    return np.where(mask, behind, inputs)[None].astype(np.float32, copy=False)


def unpack(bits: Any, size: int) -> np.ndarray:
    """Return the mask (size, size) that the page sent as one bit a pixel, row by row.

    Raises
    ------
    ValueError
        Where the number of bytes is another one.
    """
    packed = np.frombuffer(bits, np.uint8)
    if len(packed) != -(-size * size // 8):
        raise ValueError(
            f"The region came as {len(packed)} bytes, where {size} x {size} pixels need "
            f"{-(-size * size // 8)}."
        )
    return np.unpackbits(packed, count=size * size).reshape(size, size).astype(bool)


def pack(mask: np.ndarray) -> bytes:
    """Return a mask as the page wants it: see `unpack`."""
    return np.packbits(mask).tobytes()
