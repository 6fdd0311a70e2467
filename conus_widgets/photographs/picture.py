"""A picture whose header has been read, and the pixels that decoding it gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Decoded:
    """A decoded picture.

    Attributes
    ----------
    image : PIL.Image.Image
        Of any mode; nobody else's.
    orientation : int
        As in EXIF (1 to 8), still to apply.
    remarks : tuple of str
        What must be said of it.
    """

    image: Image.Image
    orientation: int = 1
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture whose header has been read, and nothing else.

    Attributes
    ----------
    size : (int, int)
        Width and height in pixels, as the header claims.
    decode : callable
        Returns the picture, `Decoded`.
    pixel_bytes : float
        What decoding it takes at most, for each pixel.
    strips : callable or None
        Yields the picture from the top in strips, each `Decoded` like the whole; all but the last
        have a multiple of so many rows. None if its format gives none.
    strip_bytes : float
        What decoding it in strips keeps of the whole, for each pixel.
    coarse : callable or None
        Returns the picture, `Decoded`, whose longer side has at least so many pixels, without
        decoding all of them; None from it if nothing is gained. None if its format cannot.
    """

    size: tuple[int, int]
    decode: Callable[[], Decoded]
    pixel_bytes: float = 8
    strips: Callable[[int], Iterator[Decoded]] | None = None
    strip_bytes: float = 0
    coarse: Callable[[int], Decoded | None] | None = None
