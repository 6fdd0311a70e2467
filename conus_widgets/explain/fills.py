"""What a place is covered with."""

from __future__ import annotations

from typing import Any

import numpy as np

from conus_widgets.arguments import shown
from conus_widgets.explain.baseline import baseline_of, is_colour
from conus_widgets.explain.subject import Subject

FILLS = ("mean", "black", "blur", "noise")


def fill_of(subject: Subject, fill: Any, seed: int = 0) -> np.ndarray:
    """Return an input of the network to cover places of the photograph with.

    Parameters
    ----------
    subject : Subject
    fill : {"mean", "black", "blur", "noise"} or (R, G, B)
        The training photographs' mean colour, which is the network's zero; black; the photograph
        itself, strongly blurred; noise with the photograph's own mean and standard deviation in
        each channel; a colour of numbers from 0 to 255.
    seed : int
        Of the noise.

    Returns
    -------
    float32 array (3, size, size)

    Raises
    ------
    ValueError
        Where it is none of these.
    """
    if isinstance(fill, str) and fill in FILLS:
        if fill == "noise":
            pixels = subject.inputs[0]
            mean, deviation = (
                f(pixels, axis=(1, 2), keepdims=True, dtype=np.float64) for f in (np.mean, np.std)
            )
            noise = np.random.default_rng(seed).standard_normal(pixels.shape)
            # A pixel of a photograph is 0 to 255, noise or not.
            return np.clip(mean + deviation * noise, -subject.mean, 255 - subject.mean).astype(
                np.float32
            )
        fill = "blurred" if fill == "blur" else fill
    elif not is_colour(fill):
        raise ValueError(
            f"fill is {shown(fill)}: use one of {', '.join(FILLS)}, or a colour (R, G, B) of "
            "numbers from 0 to 255."
        )
    return baseline_of(subject, fill).astype(np.float32)
