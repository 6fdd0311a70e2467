"""Random views of a photograph, and the ways to resize."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.photographs.reducing import picks

RESAMPLE = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Names of the ways to resize, as a checkpoint records them. All but "nearest" antialias."""

_QUARTERS = (
    None,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
)


def resampling(name: str) -> Image.Resampling:
    """Return Pillow's way to resize of that name.

    Raises
    ------
    ValueError
        If there is no such view; the message has all names.
    """
    if name not in RESAMPLE:
        raise ValueError(f"resample must be one of {', '.join(RESAMPLE)}, not {name!r}")
    return RESAMPLE[name]


@dataclass(frozen=True)
class View:
    """What is done to an image to see it in another way, in this order.

    Attributes
    ----------
    size : (int, int)
        Width and height to stretch to.
    left, top, side : int
        The square that is then cut out.
    mirrored, overturned : bool
        Whether left and right, and whether top and bottom, change places.
    quarters : int
        0 to 3 quarter turns, counterclockwise.
    """

    size: tuple[int, int]
    left: int
    top: int
    side: int
    mirrored: bool
    overturned: bool
    quarters: int

    def of(self, image: Image.Image, method: Image.Resampling) -> Image.Image:
        """Return the view of an RGB image."""
        view = image.resize(self.size, method)
        view = view.crop((self.left, self.top, self.left + self.side, self.top + self.side))
        if self.mirrored:
            view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self.overturned:
            view = view.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        quarter = _QUARTERS[self.quarters]
        return view if quarter is None else view.transpose(quarter)

    def nearest(self, size: tuple[int, int], side: int) -> tuple[NDArray[Any], NDArray[Any], bool]:
        """Return which pixels "nearest" picks for the view, resized to a square.

        Parameters
        ----------
        size : (int, int)
            Width and height of the image.
        side : int
            Of the square.

        Returns
        -------
        rows, columns : int arrays (side,)
            Of the image.
        swapped : bool
            Whether what they pick must be transposed to be the view.
        """
        columns = picks(size[0], self.size[0])[self.left : self.left + self.side]
        rows = picks(size[1], self.size[1])[self.top : self.top + self.side]
        columns = columns[::-1] if self.mirrored else columns
        rows = rows[::-1] if self.overturned else rows
        swapped = self.quarters in (1, 3)
        # After a quarter turn the view's rows are columns of before, and one of both runs back.
        columns = columns[::-1] if self.quarters in (1, 2) else columns
        rows = rows[::-1] if self.quarters in (2, 3) else rows
        taken = picks(self.side, side)
        return rows[taken], columns[taken], swapped


def draw_view(
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    stretch: float = 0.1,
    crop: float = 0.9,
    zoom: float = 0.1,
) -> View:
    """Draw the next view of an image of that width and height; see `random_views`."""
    factors = rng.uniform(1 - stretch / 2, 1 + stretch / 2, size=2)
    width, height = (max(1, int(length)) for length in size * factors)
    side = (crop - rng.random() * zoom) * min(width, height)
    top = int(rng.integers(int(height - side) + 1))
    left = int(rng.integers(int(width - side) + 1))
    mirrored = rng.random() > 0.5
    overturned = rng.random() > 0.5
    quarters = int(rng.integers(4))
    pixels = max(1, round(side))
    return View((width, height), left, top, pixels, mirrored, overturned, quarters)


def random_views(
    image: Image.Image,
    count: int,
    rng: np.random.Generator,
    *,
    stretch: float = 0.1,
    crop: float = 0.9,
    zoom: float = 0.1,
    resample: str = "nearest",
) -> list[Image.Image]:
    """See an image in random views, as the published model does.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode "RGB".
    count : int
        Number of views.
    rng : numpy.random.Generator
        The only source of chance: the same state gives the same views.
    stretch : float
        Width and height are each multiplied by uniform(1 - stretch/2, 1 + stretch/2).
    crop, zoom : float
        The side of the square crop, in units of the shorter side, is uniform(crop - zoom, crop).
    resample : str
        A key of `RESAMPLE`, for the stretching.

    Returns
    -------
    list of PIL.Image.Image
        `count` square RGB images of various sizes, for `to_input`.

    Notes
    -----
    The procedure and its order come from the authors' public code (plant and conus classification
    with Theano, ``data_augmentation(mode="test")``): stretch, crop, mirror (each axis with
    probability 1/2), turn by quarters. There width is called ``ly`` and height ``lx``, throughout,
    which cancels out. The crop is rounded to whole pixels as ``Image.crop`` rounds, is at least
    one pixel and never leaves the picture.
    """
    method = resampling(resample)
    require_rgb(image)
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    if not 0 <= stretch < 2:
        raise ValueError(f"stretch must lie in 0 <= stretch < 2, not {stretch}")
    if not 0 <= zoom < crop <= 1:
        raise ValueError(f"crop and zoom must obey 0 <= zoom < crop <= 1, not {crop} and {zoom}")
    return [
        draw_view(image.size, rng, stretch=stretch, crop=crop, zoom=zoom).of(image, method)
        for _ in range(count)
    ]


def require_rgb(image: Image.Image) -> None:
    """Raise ValueError unless an image is RGB."""
    if image.mode != "RGB":
        raise ValueError(f"the image must be RGB, not {image.mode}; use read_photograph first")
