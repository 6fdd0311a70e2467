"""Network inputs from photographs, as a checkpoint wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.arguments import shown, whole
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.photographs.inputs import to_input
from conus_widgets.photographs.names import PhotographError
from conus_widgets.photographs.photograph import MAX_PIXELS, Photograph, open_photograph


class Preparation:
    """Reads, views and resizes photographs for one checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint
        Gives the mean, the size and the way to resize.
    max_pixels : int
        Larger photographs are refused.
    """

    def __init__(self, checkpoint: Checkpoint, *, max_pixels: int = MAX_PIXELS) -> None:
        self.max_pixels = max_pixels
        self.mean_rgb = checkpoint.mean_rgb
        self.size = checkpoint.architecture.size
        self.resample = checkpoint.resample

    def batch(self, images: Sequence[Image.Image]) -> NDArray[Any]:
        """Return N RGB images as inputs (N, 3, size, size), float32."""
        return to_input(images, mean_rgb=self.mean_rgb, size=self.size, resample=self.resample)

    def open(self, photograph: Any, name: str | None = None) -> Photograph:
        """Return a photograph, validated; see `open_photograph`."""
        return open_photograph(photograph, name=name, max_pixels=self.max_pixels)

    def held(self, photograph: Photograph) -> tuple[Image.Image, tuple[str, ...]]:
        """Return a photograph as it can be looked at and explained, and what must be said of it.

        That is all of its pixels; of one that is read in strips, some 2,000 a side.
        """
        image = photograph.seen(self.size, self.resample)
        if not photograph.in_strips:
            return image, photograph.remarks
        remark = (
            f"too large to be held, {photograph.size[0]:,} x {photograph.size[1]:,} pixels: "
            f"looked at as {image.width:,} x {image.height:,}"
        )
        return image, (*photograph.remarks, remark)

    def views(
        self, photograph: Any, name: str, views: int, chance: Callable[[], np.random.Generator]
    ) -> Iterator[NDArray[Any]]:
        """Yield the views of one photograph, one after the other, as inputs (3, size, size).

        One view is the plain photograph; `chance`, which gives the source of it, is then not
        asked. Of many, only one at a time exists in the photograph's own size.

        Raises
        ------
        PhotographError
            If the photograph cannot be used; it starts with `name`.
        """
        opened = self.open(photograph, name)
        try:
            if views == 1:
                yield self.batch([opened.resized((self.size, self.size), self.resample)])[0]
                return
            for view in opened.views(views, chance(), side=self.size, resample=self.resample):
                yield self.batch([view])[0]
        except MemoryError as error:
            width, height = opened.size
            raise PhotographError(
                name,
                f"has {width} x {height} pixels, for whose views the memory does not suffice; "
                "scale it down.",
            ) from error


def generators(seed: int | None, count: int) -> list[np.random.Generator]:
    """Return a source of chance for each photograph: its views do not depend on its neighbours."""
    seed = whole("seed", seed, or_none=True)
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(count)]


def is_alone(given: Any) -> bool:
    """Whether this is one photograph, or at least no collection of them.

    A path, bytes, a Pillow image, an open file, an array of up to three axes. One axis of texts or
    objects is a list, four axes are a stack of photographs.
    """
    if isinstance(given, np.ndarray):
        return given.ndim != 4 and not (given.ndim == 1 and given.dtype.kind in "OUS")
    lone = isinstance(given, (str, bytes, bytearray, memoryview, Image.Image))
    return lone or hasattr(given, "read") or not isinstance(given, Iterable)


def several(given: Any) -> list[Any]:
    """Return photographs as a list; a photograph alone is a list of one.

    Parameters
    ----------
    given : photograph, or list, tuple, generator or other iterable of photographs
        Also an array (N, height, width, channels).

    Raises
    ------
    ValueError
        For None; for a dict or a set, whose order means nothing, while answers come in an order.
    """
    if given is None:
        raise ValueError("No photograph was given (None): give one, or a list of them.")
    if isinstance(given, (Mapping, Set)):
        kind = type(given).__name__
        way = "list(photographs.values())" if isinstance(given, Mapping) else "sorted(photographs)"
        raise ValueError(
            f"The photographs are in a {kind}, which is no list of them: give {way}, say."
        )
    return [given] if is_alone(given) else list(given)


def most_pixels(max_megapixels: float | None) -> int:
    """Return how many pixels a photograph may have; None stands for the usual limit.

    Raises
    ------
    ValueError
        If it is not a number above 0.
    """
    if max_megapixels is None:
        return MAX_PIXELS
    if isinstance(max_megapixels, bool) or not isinstance(max_megapixels, (int, float)):
        raise ValueError(f"max_megapixels is {shown(max_megapixels)}: give a number, as 300.")
    if not 0 < max_megapixels < 1e6:
        raise ValueError(f"max_megapixels is {max_megapixels}: give one above 0, as 300.")
    return int(max_megapixels * 1e6)
