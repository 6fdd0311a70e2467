"""A photograph, in whatever form it comes, as upright RGB: held, or read in strips."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image

from conus_widgets.photographs import room
from conus_widgets.photographs.colours import to_rgb
from conus_widgets.photographs.decoding import content, opened
from conus_widgets.photographs.names import AGAIN, SAVE_AS, PhotographError, name_of, plain
from conus_widgets.photographs.picture import Decoded, Picture
from conus_widgets.photographs.quiet import without_pillows_warnings
from conus_widgets.photographs.reducing import (
    Strips,
    gathered,
    in_bands,
    resized,
    small,
    turned,
    upright_size,
)
from conus_widgets.photographs.views import (
    RESAMPLE,
    draw_view,
    random_views,
    resampling,
)

__all__ = [
    "MAX_PIXELS",
    "RESAMPLE",
    "WHOLE_PIXELS",
    "Photograph",
    "PhotographError",
    "claimed_pixels",
    "coarse_photograph",
    "open_photograph",
    "random_views",
    "read_photograph",
]

MAX_PIXELS = 250_000_000
"""Largest photograph that is read, unless the caller allows more: telephones have 200 million."""

WHOLE_PIXELS = 100_000_000
"""Above this a photograph is read in strips if its format allows it; whole it takes 400 MB."""

_EYES = 2048  # pixels of the longer side of what is shown of a photograph read in strips
_WORKING = 200e6  # bytes that reading in strips takes, for any photograph
_TOGETHER = 64  # views picked in one pass over a file
# What decoders say if a file ends too early.
_CUT = ("truncated", "end of file", "premature end", "read error")


class Photograph:
    """A photograph, validated: its pixels, or, where it is too large to be held, a way to them.

    `open_photograph` makes it. Whatever takes a photograph takes this as well.

    Attributes
    ----------
    name : str
        What it is called in errors.
    size : (int, int)
        Width and height, upright.
    remarks : tuple of str
        What whoever reads an answer must know of how the photograph was read: pixels that are
        missing, a white that had to be guessed, pages that were left out. Mostly empty.
    in_strips : bool
        Whether it is read in strips each time it is asked for something.
    """

    def __init__(
        self,
        name: str,
        size: tuple[int, int],
        remarks: tuple[str, ...],
        *,
        whole: Callable[[float], Image.Image],
        stored: tuple[int, int] = (0, 0),
        orientation: int = 1,
        strips: Strips | None = None,
    ) -> None:
        self.name, self.size, self.remarks = name, size, remarks
        self.in_strips = strips is not None
        self._whole, self._stored, self._orientation = whole, stored, orientation
        self._strips = strips

    def whole(self) -> Image.Image:
        """Return all pixels, upright RGB.

        Raises
        ------
        PhotographError
            The memory that is allowed does not suffice for them.
        """
        return self._whole(0)

    def resized(self, size: tuple[int, int], resample: str) -> Image.Image:
        """Return ``whole().resize(size, ...)``, bit for bit, without holding the whole.

        Parameters
        ----------
        size : (int, int)
            Width and height.
        resample : str
            A key of `RESAMPLE`.
        """
        method = resampling(resample)
        if self._strips is None:
            return self.whole().resize(size, method)
        most = min(1e9, max(room.ALWAYS, room.free() - _WORKING))
        return resized(self._strips, self._stored, self._orientation, size, method, most)

    def seen(self, side: int, resample: str) -> Image.Image:
        """Return the photograph for eyes: whole, or one read in strips at some 2,000 pixels a side.

        Parameters
        ----------
        side : int
            Of the network's input. With "nearest", what is picked from the result for it is what
            is picked from the whole photograph; otherwise it is the same up to rounding.
        resample : str
            A key of `RESAMPLE`.
        """
        if self._strips is None:
            return self.whole()
        factor = -(-max(self.size) // _EYES)
        if resample != "nearest":
            return small(self._strips, self._stored, self._orientation, factor)
        # An odd number of pixels for each of the input's: the middle one is the input's.
        odd = (max(1, length // factor // side - 1) | 1 for length in self.size)
        return self.resized((next(odd) * side, next(odd) * side), resample)

    def views(
        self, count: int, rng: np.random.Generator, *, side: int, resample: str
    ) -> Iterator[Image.Image]:
        """Yield random views, as `random_views`, one after the other.

        By "nearest" they are resized to `side` already, with the same pixels as if that were done
        by `to_input`: only those pixels are picked, whatever the photograph's size.

        Raises
        ------
        PhotographError
            They need the whole photograph, for which the memory that is allowed does not suffice.
        """
        if resample != "nearest":
            image = self._whole(8)  # bytes: a view and what is cut out of it, beside the photograph
            for _ in range(count):
                yield from random_views(image, 1, rng, resample=resample)
            return
        strips, stored = self._strips, self._stored
        if strips is None:
            strips, stored = in_bands(self.whole()), self.size
        for start in range(0, count, _TOGETHER):
            drawn = [draw_view(self.size, rng) for _ in range(min(_TOGETHER, count - start))]
            taken = [view.nearest(self.size, side) for view in drawn]
            places = [(rows, columns) for rows, columns, _ in taken]
            found = gathered(strips, stored, self._orientation, places)
            for image, (*_, swapped) in zip(found, taken, strict=True):
                yield image.transpose(Image.Transpose.TRANSPOSE) if swapped else image


def open_photograph(
    source: Any, *, name: str | None = None, max_pixels: int | None = MAX_PIXELS
) -> Photograph:
    """Read a photograph, or its header if it is too large to be held whole.

    Parameters and errors are those of `read_photograph`.
    """
    if isinstance(source, Photograph):
        return source
    name = name_of(source, name=name)
    is_file = not isinstance(source, Image.Image | np.ndarray)
    if is_file and not isinstance(source, str | os.PathLike):
        source = content(source, name)  # so that it can be read again
    with _opened(source, name, max_pixels) as picture:
        if _is_to_be_held(picture, is_file):
            with _explained(picture.size, name):
                found, image = _upright(picture.decode(), name, ours=is_file)
            _validate_size(image.size, name, max_pixels)
            held = room.Held(name, image)
            return Photograph(name, image.size, found.remarks, whole=held)
        strips = picture.strips
        needed = picture.strip_bytes * room.area(picture.size) + _WORKING
        if strips is None or not room.fits(needed):
            room.refuse(name, picture.size, needed if strips else _bytes(picture))
        with _explained(picture.size, name):
            first = next(strips(1))
    stored = first.image.width, room.area(picture.size) // first.image.width
    return Photograph(
        name,
        upright_size(stored, first.orientation),
        first.remarks,
        whole=lambda extra: _read_whole(source, name, max_pixels, extra),
        stored=stored,
        orientation=first.orientation,
        strips=lambda multiple: _read_strips(source, name, max_pixels, multiple),
    )


def read_photograph(
    source: Any, *, name: str | None = None, max_pixels: int | None = MAX_PIXELS
) -> Image.Image:
    """Read a photograph as upright RGB.

    Parameters
    ----------
    source : str, os.PathLike, bytes-like, binary file, Image.Image, numpy.ndarray or Photograph
        A JPEG, PNG, WebP, TIFF, GIF (its first frame), BMP, AVIF or HEIC file, recognised by its
        content, not by its name. A file object is read from its start if it can seek. An array
        is uint8 of shape (H, W), (H, W, 3) or (H, W, 4), in the order RGB or RGBA.
    name : str, optional
        What to call the photograph in errors; by default the name of the file.
    max_pixels : int or None
        Larger photographs are refused before anything is decoded. None: no limit.

    Returns
    -------
    PIL.Image.Image
        Mode "RGB", turned upright, without metadata; reading it again changes nothing.

    Raises
    ------
    PhotographError
        Whatever is wrong with the photograph: missing, empty, damaged, of another kind, too large
        or larger than the memory that is allowed (`allowance.limit`).

    Notes
    -----
    The result is what a viewer shows. EXIF orientation is applied once; HEIC has turnings of its
    own, which its decoder applies, and there EXIF is ignored, as the format demands.
    An embedded colour profile is applied, unless it says sRGB: those pixels stay bit-exact.
    Of 16-bit channels the upper 8 of the bits in use are kept. Transparency is laid over black.
    `open_photograph` also tells what must be said of it, and reads larger ones.
    """
    return open_photograph(source, name=name, max_pixels=max_pixels).whole()


def coarse_photograph(
    source: Any, side: int, *, name: str | None = None, max_pixels: int | None = MAX_PIXELS
) -> tuple[Image.Image, tuple[int, int]]:
    """Read a photograph for a small picture of it, for eyes alone: a JPEG is not decoded whole.

    Parameters and errors are those of `read_photograph`, and `side`: pixels of the longer side of
    the small picture.

    Returns
    -------
    PIL.Image.Image
        Upright RGB, larger than `side` by a half at least, if the photograph is.
    (int, int)
        Width and height of the photograph itself, upright.
    """
    if not isinstance(source, Photograph | Image.Image | np.ndarray):
        name = name_of(source, name=name)
        if not isinstance(source, str | os.PathLike):
            source = content(source, name)
        found = _coarse(source, side + side // 2, name, max_pixels)
        if found is not None:
            return found
    photograph = open_photograph(source, name=name, max_pixels=max_pixels)
    return photograph.seen(side, "bilinear"), photograph.size


def claimed_pixels(source: Any, *, name: str | None = None) -> int:
    """Return how many pixels a photograph has, as its header claims; nothing is decoded.

    Raises
    ------
    PhotographError
        If it cannot be opened.
    """
    if isinstance(source, Photograph):
        return room.area(source.size)
    with _opened(source, name_of(source, name=name), None) as picture:
        return room.area(picture.size)


def _coarse(
    source: Any, longer: int, name: str, max_pixels: int | None
) -> tuple[Image.Image, tuple[int, int]] | None:
    """Return a picture and the photograph's size; None if it has to be decoded whole."""
    with _opened(source, name, max_pixels) as picture:
        # Coefficients of all pixels, and of half as many rows and columns the colours.
        needed = (picture.strip_bytes + 8 / 4) * room.area(picture.size)
        if picture.coarse is None or not room.fits(needed):
            return None
        try:
            decoded = picture.coarse(longer)
        except Exception:  # cut or damaged: whole, it is mended, or the reason is found
            return None
        if decoded is None:
            return None
        with _explained(picture.size, name):
            image = _upright(decoded, name, ours=True)[1]
        return image, upright_size(picture.size, decoded.orientation)


def _bytes(picture: Picture) -> float:
    return picture.pixel_bytes * room.area(picture.size)


def _is_to_be_held(picture: Picture, is_file: bool) -> bool:
    if not is_file:  # it is in memory already
        return True
    small = picture.strips is None or room.area(picture.size) <= WHOLE_PIXELS
    return small and room.fits(_bytes(picture))


@contextmanager
def _opened(source: Any, name: str, max_pixels: int | None) -> Iterator[Picture]:
    """Read a photograph's header, and see that it is small enough; Pillow is quiet meanwhile."""
    with without_pillows_warnings(), opened(source, name) as picture:
        _validate_size(picture.size, name, max_pixels)
        yield picture


@contextmanager
def _explained(size: tuple[int, int], name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a sentence."""
    try:
        yield
    except PhotographError:
        raise
    except MemoryError as error:
        raise PhotographError(
            name,
            f"has {size[0]} x {size[1]} pixels, for which the memory does not suffice; "
            "scale it down.",
        ) from error
    except Exception as error:  # damaged bytes make a decoder raise anything
        if any(words in str(error).lower() for words in _CUT):
            raise PhotographError(name, f"was not copied whole; {AGAIN}.") from error
        reason = plain(str(error).strip().partition("\n")[0][:80]) or type(error).__name__
        raise PhotographError(
            name, f"is damaged, or of a rare kind ({reason}); {SAVE_AS}, or {AGAIN}."
        ) from error


def _upright(decoded: Decoded, name: str, *, ours: bool) -> tuple[Decoded, Image.Image]:
    rgb = turned(to_rgb(decoded.image, name), decoded.orientation)
    if rgb is decoded.image and not ours:
        rgb = rgb.copy()
    rgb.info = {}
    return decoded, rgb


def _read_whole(source: Any, name: str, max_pixels: int | None, extra: float) -> Image.Image:
    with _opened(source, name, max_pixels) as picture:
        needed = _bytes(picture) + extra * room.area(picture.size)
        if not room.fits(needed):
            room.refuse(name, picture.size, needed)
        with _explained(picture.size, name):
            return _upright(picture.decode(), name, ours=True)[1]


def _read_strips(
    source: Any, name: str, max_pixels: int | None, multiple: int
) -> Iterator[Image.Image]:
    with _opened(source, name, max_pixels) as picture, _explained(picture.size, name):
        if picture.strips is None:  # another file than before
            raise OSError("the file changed while it was read")
        for part in picture.strips(multiple):
            yield to_rgb(part.image, name)


def _validate_size(size: tuple[int, int], name: str, max_pixels: int | None) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PhotographError(name, f"has no pixels ({width} x {height}); save or scan it again.")
    if max_pixels is not None and width * height > max_pixels:
        raise PhotographError(
            name,
            f"has {width} x {height} = {width * height:,} pixels, more than the {max_pixels:,} "
            "allowed; scale it down, or allow more (max_megapixels).",
        )
