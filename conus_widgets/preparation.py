"""From photographs to network inputs, as a checkpoint wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from conus_widgets.checkpoint import Checkpoint
from conus_widgets.decoding import NAMELESS, label
from conus_widgets.photograph import random_views, read_photograph, to_input


class Preparation:
    """Reads, views and resizes photographs for one checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint
        Gives the mean, the size and the way to resize.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.mean_rgb = checkpoint.mean_rgb
        self.size = checkpoint.architecture.size
        self.resample = checkpoint.resample

    def batch(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Return N RGB images as inputs (N, 3, size, size), float32."""
        return to_input(images, mean_rgb=self.mean_rgb, size=self.size, resample=self.resample)

    def views(self, photograph: Any, name: str, views: int, rng: np.random.Generator) -> np.ndarray:
        """Return the views of one photograph as inputs (views, 3, size, size).

        One view is the plain photograph; `rng` is then not used.

        Raises
        ------
        PhotographError
            Where the photograph cannot be used; it starts with `name`.
        """
        image = read_photograph(photograph, name=name)
        if views == 1:
            return self.batch([image])
        return self.batch(random_views(image, views, rng, resample=self.resample))


def generators(seed: int | None, count: int) -> list[np.random.Generator]:
    """Return a source of chance for each photograph: its views do not depend on its neighbours."""
    if seed is not None and seed < 0:
        raise ValueError(f"seed is {seed}: it must be 0 or more.")
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(count)]


def name_of(photograph: Any, number: int) -> str:
    """Return what to call a photograph: its file's name, or its number."""
    name = label(photograph, None)
    return f"photograph {number + 1}" if name == NAMELESS else name
