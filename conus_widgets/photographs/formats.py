"""The formats that Pillow decodes, each as it stands in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from conus_widgets.photographs import composite, depth, mending, png, strips, tiff
from conus_widgets.photographs.names import AGAIN, PhotographError
from conus_widgets.photographs.picture import Decoded, Picture

# Each format by its plug-in, not through Image.open: that would also try rarer and riskier formats,
# and judges the size by a process-wide limit.
PLUGINS: dict[str, Any] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
# Bytes for each pixel while it is decoded: Pillow's 4, as many for a copy that is converted or
# turned, and what a codec keeps beside.
PIXEL_BYTES = {"WebP": 16.0, "AVIF": 20.0, "GIF": 12.0}
_WHOLE = 2**30  # bytes, more than any file that is decoded
_DARK = 64  # of 255: the highest bytes of numbers that leave two or more bits unused


def opened(kind: str, file: BinaryIO, name: str) -> Picture:
    """Read the header of a file.

    Parameters
    ----------
    kind : str
        A key of `PLUGINS`.
    file : binary file
        At its start.
    name : str
        The photograph's name for errors.

    Raises
    ------
    PhotographError
        It cannot be read, and it is known why.
    Exception
        Its header is damaged.
    """
    try:
        image = _header(kind, file, name)
    except (PhotographError, MemoryError, Image.DecompressionBombError):
        raise
    except Exception:
        data = _all_of(file)
        try:
            size = mending.size(kind, data, lambda other: _header(kind, other, name))
        except Exception:
            size = None
        if size is None:
            raise
        return Picture(size, lambda: _mended(kind, data, name), pixel_bytes=16)
    if kind == "TIFF" and (about := composite.described(image.tag_v2)) is not None:
        return Picture(image.size, lambda: _composed(image, about, file, name), pixel_bytes=24)
    is_deep = ";16" in str(image.tile)
    pages = tiff.other_pages(file) if kind == "TIFF" else ""
    return Picture(
        image.size,
        lambda: _whole(kind, image, file, name, is_deep, pages),
        pixel_bytes=PIXEL_BYTES.get(kind, 8) + _coefficients(image),
        strips=_strips_of(kind, image, file, name, is_deep, pages) if strips.can(image) else None,
        strip_bytes=_coefficients(image),
        coarse=_coarse_of(image, name) if kind == "JPEG" and strips.can(image) else None,
    )


def decoded(image: Image.Image, name: str, *remarks: str) -> Decoded:
    """Return a loaded image with 8 bits a channel, and what must be said of it.

    Raises
    ------
    PhotographError
        Its numbers have no known black.
    """
    said = list(filter(None, remarks))
    orientation = orientation_of(image)
    if depth.is_deep(image):
        image, remark = depth.shallow(image, name)
        said += [remark] if remark else []
    return Decoded(image, orientation, tuple(said))


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of a loaded image, 1 if there is none or it is damaged."""
    # Not getexif(): it also believes orientations in XMP, which viewers do not.
    # A TIFF has no "exif" here; Pillow turns it while loading.
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        return int(exif.get(0x0112, 1))
    except Exception:  # damaged EXIF does not make a photograph unusable
        return 1


def _header(kind: str, file: BinaryIO, name: str) -> Any:
    return tiff.opened(file, name) if kind == "TIFF" else PLUGINS[kind](file)


def _all_of(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _coefficients(image: Any) -> float:
    """Bytes for each pixel that a progressive JPEG keeps until its last scan."""
    if image.format != "JPEG" or not image.info.get("progressive"):
        return 0
    sizes: list[tuple[int, int]] = [(layer[1], layer[2]) for layer in image.layer]
    widest, highest = (max(size[axis] for size in sizes) for axis in (0, 1))
    return 2 * sum(wide * high for wide, high in sizes) / (widest * highest)


def _composed(image: Any, about: composite.Composite, file: BinaryIO, name: str) -> Decoded:
    try:
        found, remark = composite.compose(image, about, name)
    except EOFError:  # the pages are not there, or stored in another way
        image.seek(0)
        image.load()
        said = f"the first of {about.channels} channels that its file states"
        return decoded(image, name, said)
    return Decoded(found, 1, (remark,))


def _mended(kind: str, data: bytes, name: str, *remarks: str) -> Decoded:
    image, remark = mending.mended(kind, data, lambda file: _header(kind, file, name), name)
    return decoded(image, name, remark, *remarks)


def _whole(kind: str, image: Any, file: BinaryIO, name: str, is_deep: bool, pages: str) -> Decoded:
    turned = _stored_orientation(kind, image)
    try:
        # In one go: between two blocks Pillow waits for Python's lock, which the network may hold.
        image.decodermaxblock = _WHOLE
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        try:
            return _mended(kind, _all_of(file), name, pages)
        except PhotographError:
            raise
        except Exception:
            if kind == "TIFF":
                tiff.refuse_cut(image, file, name)
            raise error from None  # the first reason is the true one
    if is_deep and image.mode in ("LA", "RGB", "RGBA"):
        found = _all_bits(kind, image, turned, file, name)
        if found is not None:
            return replace(found, remarks=(*found.remarks, *filter(None, [pages])))
    return decoded(image, name, pages)


def _all_bits(kind: str, image: Any, turned: int, file: BinaryIO, name: str) -> Decoded | None:
    """Read 16 bits a channel again if Pillow, which keeps the upper 8, gives a dark picture.

    None if nothing is to change.
    """
    extrema = image.getextrema()[: 1 if image.mode == "LA" else 3]
    if max(high for _, high in extrema) >= _DARK:
        return None
    try:
        values = strips.whole(kind, file)
    except OSError:
        said = "dark, but of its 16 bits a channel only the upper 8 can be read"
        return Decoded(image, 1 if kind == "TIFF" else turned, (said,))
    least, largest = depth.range_of([values])
    scale = depth.scale(least, largest, name, getattr(image, "tag_v2", {}))
    if not scale.remark:
        return None
    result = strips.image(depth.eight_bits(values, scale), image.mode)
    result.info = image.info
    return Decoded(result, turned, (scale.remark,))


def _strips_of(
    kind: str, image: Any, file: BinaryIO, name: str, is_deep: bool, pages: str
) -> Callable[[int], Iterator[Decoded]]:
    """Yield the picture from the top, in strips: as it is decoded whole, and nothing kept."""

    def strips_of(multiple: int) -> Iterator[Decoded]:
        source = strips.whole_jpeg(file) if kind == "JPEG" else file
        if source is None:
            raise PhotographError(name, f"was not copied whole: its end is missing; {AGAIN}.")
        scale = depth.Scale()
        if is_deep:
            least, largest = depth.range_of(strips.numbers(kind, file))
            scale = depth.scale(least, largest, name, getattr(image, "tag_v2", {}))
        if kind == "PNG" and (late := png.late_exif(file)):
            image.info["exif"] = late
        turned = _stored_orientation(kind, image)
        remarks = tuple(filter(None, [scale.remark, pages]))
        for numbers in strips.numbers(kind, source, multiple):
            if numbers.itemsize == 2:
                numbers = depth.eight_bits(numbers, scale)
            strip = strips.image(numbers, image.mode)
            strip.info = {"icc_profile": image.info.get("icc_profile")}
            yield Decoded(strip, turned, remarks)

    return strips_of


def _coarse_of(image: Any, name: str) -> Callable[[int], Decoded | None]:
    """Decode a JPEG at a half, a fourth or an eighth of its size: its blocks can be read so."""

    def coarse(longer: int) -> Decoded | None:
        width, height = image.size
        parts = [part for part in (8, 4, 2) if max(width, height) // part >= longer]
        if not parts:
            return None
        image.draft(None, tuple(max(1, side // parts[0]) for side in (width, height)))
        image.decodermaxblock = _WHOLE
        image.load()
        return decoded(image, name)

    return coarse


def _stored_orientation(kind: str, image: Any) -> int:
    """Return the orientation of the rows in the file, by which Pillow turns a TIFF itself."""
    if kind != "TIFF":
        return orientation_of(image)
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:
        return 1
