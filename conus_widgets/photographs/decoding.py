"""Photographs in whatever form they come: recognised by their content, measured, then decoded."""

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.photographs import formats, heic, tiff
from conus_widgets.photographs.filekind import announced_bytes, what_is
from conus_widgets.photographs.names import AGAIN, SAVE_AS, PhotographError, plain
from conus_widgets.photographs.picture import Decoded, Picture

__all__ = ["content", "opened"]

_OTHER = "choose the photograph itself, or save it as JPEG or PNG first"

_READABLE = "JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF or HEIC"


@contextmanager
def opened(source: Any, name: str) -> Iterator[Picture]:
    """Open a photograph and read its header.

    Parameters
    ----------
    source : as in `photograph.read_photograph`
    name : str
        Its name for errors.

    Raises
    ------
    PhotographError
    """
    if isinstance(source, Image.Image):
        yield Picture(source.size, lambda: _given(source, name))
    elif isinstance(source, np.ndarray):
        image = _from_array(source, name)
        yield Picture(image.size, lambda: Decoded(image))
    elif isinstance(source, str | os.PathLike):
        with _file(source, name) as file:
            yield _from_file(file, name)
    else:
        yield _from_file(io.BytesIO(content(source, name)), name)


def _given(image: Image.Image, name: str) -> Decoded:
    """Return what a caller's image holds; it stays as it is."""
    if image.format == "TIFF":
        tiff.refuse_scrambled(image, name)
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        # A closed image has lost its file, and sometimes only that.
        if "closed" in str(error) or isinstance(error, AssertionError):
            raise PhotographError(
                name,
                "is a Pillow image that was closed; give its file, or open it again and leave it "
                "open.",
            ) from error
        raise PhotographError(
            name,
            f"is a Pillow image that cannot be loaded ({plain(str(error))}); give the file itself.",
        ) from error
    return formats.decoded(image, name)


def _from_array(array: NDArray[Any], name: str) -> Image.Image:
    shape = " x ".join(map(str, array.shape)) or "no axes"
    if array.dtype != np.uint8:
        raise PhotographError(
            name, f"is an array of {array.dtype}; give uint8 with values from 0 to 255."
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise PhotographError(
            name, f"is an array of shape {shape}; give (H, W), (H, W, 3) or (H, W, 4)."
        )
    if array.size == 0:
        raise PhotographError(name, f"is an array without pixels, of shape {shape}; give others.")
    return Image.fromarray(np.ascontiguousarray(array))


def _file(path: str | os.PathLike[Any], name: str) -> BinaryIO:
    where = os.path.abspath(os.fsdecode(os.fspath(path)).replace("\0", "\ufffd"))
    folder = plain(os.path.dirname(where))
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise PhotographError(name, "is a folder; name the photographs inside it.")
        if not stat.S_ISREG(mode):
            raise PhotographError(name, "is not a file but a device or a pipe; give a file.")
        return open(path, "rb")
    except PhotographError:  # a ValueError as well, but it says all
        raise
    except FileNotFoundError as error:
        raise PhotographError(
            name, f"does not exist in the folder {folder}; check the name and the folder."
        ) from error
    except PermissionError as error:
        raise PhotographError(
            name, f"in the folder {folder} may not be read; ask its owner for the right to read it."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise PhotographError(
            name, f"cannot be opened ({plain(str(error))}); check the name and the disk."
        ) from error


def content(source: Any, name: str) -> bytes:
    """Return the bytes of a file that a caller gave as bytes or open.

    Raises
    ------
    PhotographError
    """
    try:
        if isinstance(source, bytes | bytearray | memoryview):
            return bytes(source)
        if not hasattr(source, "read"):
            raise PhotographError(
                name,
                f"is a {type(source).__name__}; give a path, the bytes of a file, an open file, "
                "a Pillow image or a NumPy array.",
            )
        if hasattr(source, "seekable") and source.seekable():
            source.seek(0)
        data = source.read()
    except (OSError, ValueError) as error:
        if isinstance(error, PhotographError):
            raise
        raise PhotographError(
            name, f"cannot be read ({plain(str(error))}); open it again."
        ) from error
    if not isinstance(data, bytes | bytearray | memoryview):
        raise PhotographError(name, 'is open as text; open it as bytes, with open(path, "rb").')
    return bytes(data)


def _from_file(file: BinaryIO, name: str) -> Picture:
    try:
        head = file.read(4096)
        kind = what_is(head)
        file.seek(0)
        if kind == "HEIC":
            data = file.read()
            # Its decoder applies the file's own turnings; the format says to ignore EXIF's.
            picture = Picture(heic.size(data), lambda: Decoded(heic.decode(data)), pixel_bytes=16)
            return replace(picture, decode=lambda: _whole(picture, file, name))
        if kind == "AVIF":
            # In this process: unlike HEIC's decoders, dav1d and libavif survive damaged files, as
            # browsers need them to. The size comes from the header: they refuse more than 268
            # million pixels in words of their own.
            size = heic.size(file.read())
            file.seek(0)
            avif = Picture(
                size, lambda: formats.opened(kind, file, name).decode(), formats.PIXEL_BYTES[kind]
            )
            return replace(avif, decode=lambda: _whole(avif, file, name))
        if kind in formats.PLUGINS:
            picture = formats.opened(kind, file, name)
            return replace(picture, decode=lambda: _whole(picture, file, name))
    except PhotographError:
        raise
    except Image.DecompressionBombError as error:
        claimed = int(re.findall(r"\d+", str(error))[0])
        raise PhotographError(
            name, f"claims {claimed:,} pixels, more than can be decoded; scale it down."
        ) from error
    except MemoryError as error:
        raise PhotographError(name, "does not fit into the free memory; scale it down.") from error
    except Exception as error:  # a header of damaged bytes makes a reader raise anything
        _refuse_cut(file, name)
        raise PhotographError(
            name,
            f"starts like {kind} but cannot be read: it is damaged or of a rare kind; "
            f"{SAVE_AS}, or {AGAIN}.",
        ) from error
    if kind == "nothing":
        raise PhotographError(name, f"is empty (0 bytes); {AGAIN}.")
    raise PhotographError(name, f"is {kind}, not a {_READABLE} picture; {_OTHER}.")


def _whole(picture: Picture, file: BinaryIO, name: str) -> Decoded:
    """Decode; if that fails because bytes are missing at the end, say so."""
    try:
        return picture.decode()
    except (PhotographError, MemoryError):
        raise
    except Exception:
        _refuse_cut(file, name)
        raise


def _refuse_cut(file: BinaryIO, name: str) -> None:
    file.seek(0)
    data = file.read()
    announced = announced_bytes(data)
    if announced > len(data):
        raise PhotographError(
            name, f"was not copied whole: it has {len(data):,} of {announced:,} bytes; {AGAIN}."
        )
