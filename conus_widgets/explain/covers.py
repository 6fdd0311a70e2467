"""Covers: what stands where a place is covered; the same names and default everywhere.

`evidence`, `occlusion`, `random_masks`, the curves of `evaluate` and the explorer cover with these,
and integrated gradients start from them.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from conus_widgets.arguments import shown
from conus_widgets.explain.subject import Subject

COVERS = {
    "mean": "the mean colour",
    "black": "black",
    "blur": "its own blur",
    "noise": "noise",
    "patch": "a patch from elsewhere",
}
"""Names of covers, and what they are called in a sentence."""

OLDER = {"blurred": "blur"}
"""Names that older versions used."""

DEFAULT = "mean"
BLUR = 1 / 16  # deviation of the blur's Gaussian, relative to the side of the input


@dataclass(frozen=True, eq=False)
class Cover:
    """What covered pixels show.

    Parameters
    ----------
    pixels : float64 array (3, size, size)
        An input of the network: B, G, R, each minus its mean.
    words : str
        What a sentence calls it.
    """

    pixels: NDArray[Any]
    words: str

    def over(self, inputs: NDArray[Any], part: NDArray[Any]) -> NDArray[Any]:
        """Return the input (1, 3, size, size), float32, with a part of it covered.

        Parameters
        ----------
        inputs : float32 array (3, size, size)
            The photograph.
        part : bool or float array (size, size)
            How much of each pixel is covered, 0 to 1. Where it is 0 the input stays what it was,
            to the bit.
        """
        if part.dtype == bool:
            return np.where(part, self.pixels, inputs)[None].astype(np.float32, copy=False)
        part = np.asarray(part, np.float32)
        mixed = (1 - part) * inputs + part * self.pixels.astype(np.float32)
        return np.where(part > 0, mixed, inputs)[None].astype(np.float32, copy=False)


def cover_of(
    subject: Subject, given: Any = DEFAULT, *, offset: tuple[int, int] = (0, 0), seed: int = 0
) -> Cover:
    """Return a cover for a photograph that is explained: see `cover`."""
    return cover(
        subject.inputs[0],
        subject.mean,
        given,
        read=lambda photograph: subject.predictor.inputs([photograph])[0],
        offset=offset,
        seed=seed,
    )


def cover(
    inputs: NDArray[Any],
    mean: NDArray[Any],
    given: Any = DEFAULT,
    *,
    read: Callable[[Any], NDArray[Any]],
    offset: tuple[int, int] = (0, 0),
    seed: int = 0,
) -> Cover:
    """Return what covered pixels of a photograph show.

    Parameters
    ----------
    inputs : float32 array (3, size, size)
        The photograph as the network's input: B, G, R, each minus its mean.
    mean : float32 array (3, 1, 1)
        That was subtracted, in the order B, G, R, units 0 to 255.
    given : str, (R, G, B), photograph, or float array (3, size, size)
        "mean": the mean colour of the training photographs, which is the network's zero. "black".
        "blur": the photograph, out of focus until no marking is left. "noise": noise with the
        photograph's mean and standard deviation in each channel. "patch": the photograph itself,
        copied from `offset` away. A colour of numbers from 0 to 255. Another photograph, of the
        same view, in any form that `read_photograph` takes. An input of the network.
    read : callable
        Turns a photograph into an input of the network (3, size, size).
    offset : (int, int)
        Of "patch": from a covered pixel to the one that it is copied from, columns and rows of the
        network's input. Beyond the border the nearest pixel is taken.
    seed : int
        Of "noise".

    Returns
    -------
    Cover

    Raises
    ------
    ValueError
        If it is none of these, or holds values that are not numbers; for an `offset` that is not
        two whole numbers.
    PhotographError
        If a photograph cannot be used.
    """
    steps = _steps(offset)
    if isinstance(given, str):
        given = OLDER.get(given, given)
    if isinstance(given, str) and given in COVERS:
        pixels = _named(inputs, mean, given, steps, seed)
        return Cover(np.broadcast_to(pixels, inputs.shape).astype(np.float64), COVERS[given])
    if is_colour(given):
        colour = np.asarray(given, np.float64)[::-1].reshape(3, 1, 1)
        if not ((colour >= 0) & (colour <= 255)).all():
            raise ValueError(f"The colour {tuple(given)} has values outside 0 to 255.")
        pixels = np.broadcast_to(colour - mean, inputs.shape).astype(np.float64)
        return Cover(pixels, f"the colour {tuple(given)}")
    if isinstance(given, np.ndarray) and given.dtype.kind == "f":
        return Cover(_validated(given, inputs.shape), "another input")
    if _is_no_photograph(given):
        raise ValueError(
            f"fill is {shown(given)}: use one of {', '.join(COVERS)}, a colour (R, G, B) of "
            "numbers from 0 to 255, or another photograph; no file has this name either."
        )
    return Cover(np.asarray(read(given), np.float64), "another photograph")


def blurred(inputs: NDArray[Any]) -> NDArray[Any]:
    """Return an input (3, size, size) out of focus, float64: no marking is left."""
    deviation = BLUR * inputs.shape[-1]
    found: NDArray[Any] = ndimage.gaussian_filter(
        inputs.astype(np.float64), (0, deviation, deviation), mode="nearest"
    )
    return found


def plain(given: Any) -> Any:
    """Return a cover as a file can keep it: its name, its colour, or "given"."""
    return given if isinstance(given, str) or is_colour(given) else "given"


def is_colour(given: Any) -> bool:
    """Return whether this is three numbers."""
    numbers = isinstance(given, (tuple, list)) and len(given) == 3
    return numbers and all(isinstance(value, (int, float, np.number)) for value in given)


def _named(
    inputs: NDArray[Any], mean: NDArray[Any], name: str, steps: tuple[int, int], seed: int
) -> NDArray[Any]:
    if name == "mean":
        return np.zeros((3, 1, 1))
    if name == "black":
        return -mean.astype(np.float64)
    if name == "blur":
        return blurred(inputs)
    if name == "noise":
        middle, deviation = (
            f(inputs, axis=(1, 2), keepdims=True, dtype=np.float64) for f in (np.mean, np.std)
        )
        drawn = np.random.default_rng(seed).standard_normal(inputs.shape)
        # A pixel of a photograph is 0 to 255, noise or not.
        return np.clip(middle + deviation * drawn, -mean, 255 - mean)
    size = inputs.shape[-1]
    columns, rows = (np.clip(np.arange(size) + step, 0, size - 1) for step in steps)
    return inputs[:, rows][:, :, columns]


def _steps(offset: Any) -> tuple[int, int]:
    try:
        columns, rows = map(operator.index, offset)
    except (TypeError, ValueError):
        raise ValueError(
            f"offset is {shown(offset)}: give two whole numbers, columns and rows."
        ) from None
    return columns, rows


def _validated(given: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if given.shape not in (shape, (1, *shape)):
        raise ValueError(
            f"The cover has shape {given.shape}, but an input of the network has {shape}."
        )
    wrong = given.size - int(np.isfinite(given).sum())
    if wrong:
        raise ValueError(f"The cover has {wrong} values that are not numbers (NaN or infinite).")
    return given.reshape(shape).astype(np.float64)


def _is_no_photograph(given: Any) -> bool:
    return isinstance(given, str) and not os.path.exists(given)
