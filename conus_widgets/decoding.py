"""Picture files: recognised by their content, measured by their header, then decoded."""

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from . import heic
from .filekind import what_is

NAMELESS = "photograph"  # what has no file name is called
_SAVE_AS = "open it in a picture program and save it as JPEG or PNG"
_AGAIN = "copy or download it again"
_OTHER = "choose the photograph itself, or save it as JPEG or PNG first"

# Each format by its plug-in, not through Image.open: that would also try rarer and riskier formats,
# and judges the size by a process-wide limit.
_PLUGINS: dict[str, Any] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_WHOLE = 2**30  # bytes, more than any file that is decoded
_READABLE = "JPEG, PNG, WebP, TIFF, GIF, BMP or HEIC"


class PhotographError(ValueError):
    """A photograph cannot be used.

    The message is one sentence that starts with the photograph's name and says what to do.

    Attributes
    ----------
    name : str
        The file's name, or the name given by the caller; control characters are shown escaped.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem

    def __reduce__(self) -> tuple[type["PhotographError"], tuple[str, str]]:
        return PhotographError, (self.name, self.problem)


@dataclass(frozen=True)
class Picture:
    """A picture whose header has been read, and nothing else.

    Attributes
    ----------
    size : (int, int)
        Width and height in pixels, as the header claims.
    decode : callable
        Returns the decoded image, in any mode, and the EXIF orientation (1...8) still to apply.
    """

    size: tuple[int, int]
    decode: Callable[[], tuple[Image.Image, int]]


def label(source: Any, name: str | None) -> str:
    """What to call a photograph: one line of plain text, whatever its file is called."""
    if name is None:
        if isinstance(source, str | os.PathLike):
            path = os.fspath(source)
            name = os.path.basename(os.fsdecode(path)) or os.fsdecode(path)
        else:
            given = getattr(source, "name", None) or getattr(source, "filename", None)
            name = os.path.basename(given) if isinstance(given, str) else ""
    return plain(name) or NAMELESS


def plain(text: str) -> str:
    """Text with everything that does not print (line ends, turned writing) shown escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


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
        yield Picture(source.size, lambda: (_loaded(source), _orientation(source)))
    elif isinstance(source, np.ndarray):
        image = _from_array(source, name)
        yield Picture(image.size, lambda: (image, 1))
    elif isinstance(source, str | os.PathLike):
        with _file(source, name) as file:
            yield _from_file(file, name)
    else:
        yield _from_file(io.BytesIO(_content(source, name)), name)


def _loaded(image: Image.Image) -> Image.Image:
    if isinstance(image, ImageFile.ImageFile):
        # In one go: between two blocks Pillow waits for Python's lock, which the network may hold.
        image.decodermaxblock = _WHOLE
    image.load()
    return image


def _from_array(array: np.ndarray, name: str) -> Image.Image:
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


def _file(path: str | os.PathLike, name: str) -> BinaryIO:
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


def _content(source: Any, name: str) -> bytes:
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
            name, f"cannot be read ({plain(str(error))}); open it anew."
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
            return Picture(heic.size(data), lambda: (heic.decode(data), 1))
        if kind in _PLUGINS:
            image = _PLUGINS[kind](file)
            if kind == "TIFF":
                _refuse_raw(image, name)
            return Picture(image.size, lambda: (_loaded(image), _orientation(image)))
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
        raise PhotographError(
            name,
            f"starts like {kind} but cannot be read: it is damaged or of a rare kind; "
            f"{_SAVE_AS}, or {_AGAIN}.",
        ) from error
    if kind == "nothing":
        raise PhotographError(name, f"is empty (0 bytes); {_AGAIN}.")
    raise PhotographError(name, f"is {kind}, not a {_READABLE} picture; {_OTHER}.")


def _refuse_raw(image: Image.Image, name: str) -> None:
    """Many raw formats are TIFF files whose first picture is a thumbnail or unfinished."""
    tags = getattr(image, "tag_v2", {})
    dng_version, subfile_type = 50706, 254
    if dng_version in tags or int(tags.get(subfile_type, 0)) & 1:
        raise PhotographError(
            name, "is a camera's raw file or starts with a preview; develop it and save it as JPEG."
        )


def _orientation(image: Image.Image) -> int:
    # Not getexif(): it also believes orientations in XMP, which viewers do not.
    # A TIFF has no "exif" here; Pillow turns it while loading.
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        return int(exif.get(0x0112, 1))
    except Exception:  # damaged EXIF does not make a photograph unusable
        return 1
