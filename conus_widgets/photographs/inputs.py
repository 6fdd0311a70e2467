"""The network's input from RGB images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.photographs.views import require_rgb, resampling


def to_input(
    images: Iterable[Image.Image],
    *,
    mean_rgb: Sequence[float],
    size: int = 224,
    resample: str = "nearest",
) -> NDArray[Any]:
    """Turn RGB images into the network's input.

    Parameters
    ----------
    images : iterable of PIL.Image.Image
        N images of mode "RGB", of any sizes.
    mean_rgb : sequence of 3 floats
        Mean of the training photographs, in the order R, G, B, units 0...255.
    size : int
        Width and height of the input, in pixels.
    resample : str
        A key of `RESAMPLE`.

    Returns
    -------
    numpy.ndarray
        float32 (N, 3, size, size), channels in the order **B, G, R**, each minus its mean.

    Notes
    -----
    Images are resized straight to the square: their aspect is not kept. With "nearest" this is
    exactly ``image.resize((size, size), Image.Resampling.NEAREST)`` of the full picture (never of
    a JPEG decoded at a smaller scale, which would be faster and would pick other pixels).
    """
    method = resampling(resample)
    mean = np.asarray(mean_rgb, dtype=np.float64)
    if mean.shape != (3,) or not np.isfinite(mean).all():
        raise ValueError(f"mean_rgb must be three numbers (R, G, B), not {mean_rgb!r}")
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}")
    images = list(images)
    batch = np.empty((len(images), 3, size, size), dtype=np.float32)
    for row, image in zip(batch, images, strict=True):
        require_rgb(image)
        channels = image.resize((size, size), method).split()
        # Channel by channel: faster than a loop over three numbers for each pixel.
        for plane, channel, level in zip(row[::-1], channels, mean, strict=True):
            levels = np.asarray(channel)
            np.subtract(levels, level, out=plane, dtype=np.float64, casting="same_kind")
    return batch
