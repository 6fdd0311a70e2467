"""From a photograph, in whatever form it comes, to upright RGB and to the network's input."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from PIL import Image

from .colours import to_rgb
from .decoding import PhotographError, label, opened
from .forks import ForkLock

__all__ = [
    "MAX_PIXELS",
    "RESAMPLE",
    "PhotographError",
    "claimed_pixels",
    "random_views",
    "read_photograph",
    "to_input",
]

MAX_PIXELS = 100_000_000
"""Largest picture that is decoded. Pillow keeps 4 bytes a pixel, so this is 400 MB."""

RESAMPLE = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Names of the ways to resize, as a checkpoint records them. All but "nearest" antialias."""

_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTERS = (
    None,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
)
_lock = ForkLock()
_reading = 0  # photographs, in all threads


def read_photograph(
    source: Any, *, name: str | None = None, max_pixels: int | None = MAX_PIXELS
) -> Image.Image:
    """Read a photograph as upright RGB.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like, binary file, PIL.Image.Image or numpy.ndarray
        A JPEG, PNG, WebP, TIFF, GIF (its first frame), BMP or HEIC file, recognised by its content,
        not by its name. A file object is read from its start where it can seek. An array is uint8
        of shape (H, W), (H, W, 3) or (H, W, 4), in the order RGB or RGBA.
    name : str, optional
        What to call the photograph in errors; by default the name of the file.
    max_pixels : int or None
        Larger pictures are refused before anything is decoded. None: no limit.

    Returns
    -------
    PIL.Image.Image
        Mode "RGB", turned upright, without metadata; reading it again changes nothing.

    Raises
    ------
    PhotographError
        Whatever is wrong with the photograph: missing, empty, damaged, too large, of another kind.

    Notes
    -----
    The result is what a viewer shows. EXIF orientation is applied once; HEIC has turnings of its
    own, which its decoder applies, and there EXIF is ignored, as the format demands.
    An embedded colour profile is applied, unless it says sRGB: those pixels stay bit-exact.
    16-bit channels keep their high byte. Transparency is laid over black.
    """
    name = label(source, name)
    with _without_pillows_warnings(), opened(source, name) as picture:
        _check_size(picture.size, name, max_pixels)
        try:
            image, orientation = picture.decode()
            _check_size(image.size, name, max_pixels)
            rgb = to_rgb(image, name)
        except PhotographError:
            raise
        except MemoryError as error:
            width, height = picture.size
            raise PhotographError(
                name,
                f"has {width} x {height} pixels, for which the memory does not suffice; "
                "scale it down.",
            ) from error
        except Exception as error:  # damaged bytes make a decoder raise anything
            raise PhotographError(
                name, "is damaged or was not copied whole; copy or download it again."
            ) from error
    if orientation in _TURN:
        rgb = rgb.transpose(_TURN[orientation])
    rgb.info = {}
    return rgb


def claimed_pixels(source: Any, *, name: str | None = None) -> int:
    """Return how many pixels a photograph has, as its header claims; nothing is decoded.

    Raises
    ------
    PhotographError
        If it cannot be opened.
    """
    with _without_pillows_warnings(), opened(source, label(source, name)) as picture:
        return picture.size[0] * picture.size[1]


def to_input(
    images: Iterable[Image.Image],
    *,
    mean_rgb: Sequence[float],
    size: int = 224,
    resample: str = "nearest",
) -> np.ndarray:
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
    method = _resampling(resample)
    mean = np.asarray(mean_rgb, dtype=np.float64)
    if mean.shape != (3,) or not np.isfinite(mean).all():
        raise ValueError(f"mean_rgb must be three numbers (R, G, B), not {mean_rgb!r}")
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}")
    images = list(images)
    batch = np.empty((len(images), 3, size, size), dtype=np.float32)
    for row, image in zip(batch, images, strict=True):
        _require_rgb(image)
        rgb = np.asarray(image.resize((size, size), method))
        row[...] = (rgb - mean).transpose(2, 0, 1)[::-1]
    return batch


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
    method = _resampling(resample)
    _require_rgb(image)
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    if not 0 <= stretch < 2:
        raise ValueError(f"stretch must lie in 0 <= stretch < 2, not {stretch}")
    if not 0 <= zoom < crop <= 1:
        raise ValueError(f"crop and zoom must obey 0 <= zoom < crop <= 1, not {crop} and {zoom}")

    views = []
    for _ in range(count):
        factors = rng.uniform(1 - stretch / 2, 1 + stretch / 2, size=2)
        width, height = (max(1, int(length)) for length in image.size * factors)
        view = image.resize((width, height), method)

        side = (crop - rng.random() * zoom) * min(width, height)
        top = int(rng.integers(int(height - side) + 1))
        left = int(rng.integers(int(width - side) + 1))
        pixels = max(1, round(side))
        view = view.crop((left, top, left + pixels, top + pixels))

        if rng.random() > 0.5:
            view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if rng.random() > 0.5:
            view = view.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        quarter = _QUARTERS[rng.integers(4)]
        views.append(view if quarter is None else view.transpose(quarter))
    return views


@contextmanager
def _without_pillows_warnings() -> Iterator[None]:
    """Keep Pillow quiet about harmless oddities in metadata, in any number of threads at once.

    The filters belong to the whole process. One that speaks of Pillow alone is put in front while
    anybody reads, and taken out after the last; `warnings.catch_warnings` would put back, among
    threads, what another one has just changed.
    """
    global _reading
    with _lock:
        _reading += 1
        warnings.filterwarnings("ignore", module=r"PIL\.")
        ours = warnings.filters[0]
    try:
        yield
    finally:
        with _lock:
            _reading -= 1
            if not _reading:
                with suppress(ValueError):  # somebody has put other filters in place meanwhile
                    warnings.filters.remove(ours)  # type: ignore[attr-defined]


def _resampling(name: str) -> Image.Resampling:
    if name not in RESAMPLE:
        raise ValueError(f"resample must be one of {', '.join(RESAMPLE)}, not {name!r}")
    return RESAMPLE[name]


def _require_rgb(image: Image.Image) -> None:
    if image.mode != "RGB":
        raise ValueError(f"the image must be RGB, not {image.mode}; use read_photograph first")


def _check_size(size: tuple[int, int], name: str, max_pixels: int | None) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PhotographError(name, f"has no pixels ({width} x {height}); save or scan it again.")
    if max_pixels is not None and width * height > max_pixels:
        raise PhotographError(
            name,
            f"has {width} x {height} = {width * height:,} pixels, more than the {max_pixels:,} "
            "allowed; scale it down.",
        )
