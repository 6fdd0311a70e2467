"""What stands for "nothing there": black, the mean colour, a blur, a colour, another photograph."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from scipy import ndimage

from conus_widgets.explain.subject import Subject

BLUR = 1 / 16  # deviation of the blur's Gaussian, relative to the side of the picture
NAMES = {
    "black": "black",
    "mean": "the mean colour",
    "blurred": "its own blur",
    "blur": "its own blur",
}


def baseline_of(subject: Subject, given: Any) -> np.ndarray:
    """Return an input of the network.

    Parameters
    ----------
    subject : Subject
    given : str, (R, G, B), photograph, or float array (3, size, size)
        "black"; "mean", the training photographs' mean colour, which is the network's zero; "blur"
        or "blurred", the photograph itself out of focus; a colour of numbers from 0 to 255; another
        photograph, in any form that `read_photograph` takes; an input of the network.

    Returns
    -------
    float64 array (3, size, size)

    Raises
    ------
    ValueError
        Where it is none of these, or holds values that are not numbers.
    PhotographError
        Where a photograph cannot be used.
    """
    shape = subject.inputs[0].shape
    if isinstance(given, str) and given in NAMES:
        if given in ("blur", "blurred"):
            return blurred(subject.inputs[0])
        return np.broadcast_to(0.0 if given == "mean" else -subject.mean, shape).astype(np.float64)
    if is_colour(given):
        colour = np.asarray(given, np.float64)[::-1].reshape(3, 1, 1)
        if not ((colour >= 0) & (colour <= 255)).all():
            raise ValueError(f"The colour {tuple(given)} has values outside 0 to 255.")
        return np.broadcast_to(colour - subject.mean, shape).astype(np.float64)
    if isinstance(given, np.ndarray) and given.dtype.kind == "f":
        if given.shape not in (shape, (1, *shape)):
            raise ValueError(
                f"The baseline has shape {given.shape}, where an input of the network has {shape}."
            )
        if not np.isfinite(given).all():
            raise ValueError(
                f"The baseline has {np.sum(~np.isfinite(given))} values that are not numbers (NaN "
                "or infinite)."
            )
        return given.reshape(shape).astype(np.float64)
    if isinstance(given, str) and not os.path.exists(given):
        raise ValueError(
            f"{given!r} is none of {', '.join(NAMES)}, and no photograph is called so either."
        )
    photograph: np.ndarray = subject.predictor.inputs([given])[0].astype(np.float64)
    return photograph


def blurred(inputs: np.ndarray) -> np.ndarray:
    """Return an input of the network (3, size, size) out of focus, float64: no marking is left."""
    deviation = BLUR * inputs.shape[-1]
    found: np.ndarray = ndimage.gaussian_filter(
        inputs.astype(np.float64), (0, deviation, deviation), mode="nearest"
    )
    return found


def named(given: Any) -> str:
    """Return words for a baseline."""
    if isinstance(given, str) and given in NAMES:
        return NAMES[given]
    return f"the colour {tuple(given)}" if is_colour(given) else "another picture"


def is_colour(given: Any) -> bool:
    """Whether this is three numbers."""
    numbers = isinstance(given, (tuple, list)) and len(given) == 3
    return numbers and all(isinstance(value, (int, float, np.number)) for value in given)
