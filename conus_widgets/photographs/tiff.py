"""TIFF files: what Pillow reads otherwise than it stands there, and why one cannot be read."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from PIL import TiffImagePlugin

from conus_widgets.photographs.names import AGAIN, SAVE_AS, PhotographError

# Numbers of tags.
_SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_STRIPS, _TILES = (273, 279), (324, 325)  # where they are, how long they are
_SAMPLES, _PLANAR, _FORMAT, _DNG_VERSION = 277, 284, 339, 50706

_THUMBNAIL, _MASK = 1, 4  # bits of the subfile's kind
_PAGES = 1000  # looked at, at most

# Ways to compress that Pillow's TIFF library lacks.
_COMPRESSIONS = {
    34661: "JBIG",
    34712: "JPEG 2000",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG of a DNG",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_FORMATS = {1: "whole", 2: "signed whole", 3: "fractional", 5: "complex", 6: "complex"}


def opened(file: BinaryIO, name: str) -> TiffImagePlugin.TiffImageFile:
    """Read the header of a TIFF.

    Raises
    ------
    PhotographError
        It is a camera's raw file, or compressed or arranged as Pillow cannot read it.
    Exception
        Its header is damaged.
    """
    try:
        image = TiffImagePlugin.TiffImageFile(file)
    except Exception:
        tags: Any = next(_directories(file), {})
        _refuse_cut(tags, file, name)
        _refuse_raw(tags, name)
        _refuse_compression(tags, name)
        _refuse_arrangement(tags, name)
        raise
    _refuse_raw(image.tag_v2, name)
    _refuse_compression(image.tag_v2, name)
    mend_planes(image)
    return image


def refuse_cut(image: Any, file: BinaryIO, name: str) -> None:
    """Refuse a TIFF some of whose pixels lie beyond the end of its file.

    Raises
    ------
    PhotographError
    """
    _refuse_cut(image.tag_v2, file, name)


def with_end(data: bytes) -> bytes:
    """Return a TIFF with the end of its directory, should that be all that is missing.

    The last four bytes say where the next page is: zeros mean that there is none.
    """
    absent = _directory_end(io.BytesIO(data)) - len(data)
    return data + bytes(absent) if 0 < absent <= 4 else data


def mend_planes(image: Any) -> None:
    """Have 16 bits a channel read as such if each channel is stored apart and uncompressed.

    Pillow 13 takes such rows for 8 bits.
    """
    if _is_scrambled(image):
        order = "B" if image.tag_v2.prefix == b"MM" else "L"
        image.tile = [
            tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))
            if len(tile.args[0]) == 1
            else tile
            for tile in image.tile
        ]


def _is_scrambled(image: Any) -> bool:
    tags = image.tag_v2
    bits = tags.get(_BITS, (1,))
    return tags.get(_PLANAR) == 2 and tags.get(_COMPRESSION, 1) == 1 and set(bits) == {16}


def refuse_scrambled(image: Any, name: str) -> None:
    """Refuse a Pillow image whose channels Pillow has mixed up already.

    Raises
    ------
    PhotographError
    """
    if _is_scrambled(image) and len(image.tag_v2.get(_BITS, (1,))) > 1:
        raise PhotographError(
            name,
            "has 16 bits a channel, each channel stored apart, which Pillow mixes up; give the "
            "file itself.",
        )


def other_pages(file: BinaryIO) -> str:
    """Return what must be said if a TIFF has more pages than the first, or ""."""
    # Not by the image's own seek(): what it learns of a later page stays with the first.
    kinds = [int(tags.get(_SUBFILE, 0)) for tags in _directories(file)]
    count = sum(not kind & (_THUMBNAIL | _MASK) for kind in kinds)
    if count < 2:
        return ""
    return f"the first of {count if len(kinds) < _PAGES else f'at least {count}'} pages"


def _directories(file: BinaryIO) -> Iterator[Any]:
    """Yield the tags of each page; end early if they cannot be read."""
    try:
        file.seek(0)
        head = file.read(8)
        if head[2:4] in (b"\x2b\0", b"\0\x2b"):  # BigTIFF
            head += file.read(8)
        before: set[int] = set()
        following = TiffImagePlugin.ImageFileDirectory_v2(head).next
        while following and following not in before and len(before) < _PAGES:
            before.add(following)
            tags = TiffImagePlugin.ImageFileDirectory_v2(head)
            file.seek(following)
            tags.load(file)
            yield tags
            following = tags.next
    except Exception:  # a damaged page
        return


def _refuse_cut(tags: Any, file: BinaryIO, name: str) -> None:
    size = file.seek(0, io.SEEK_END)
    ends = [_directory_end(file)]
    for offsets, counts in (_STRIPS, _TILES):
        try:
            pairs = zip(tags.get(offsets, ()), tags.get(counts, ()), strict=True)
            ends += [offset + count for offset, count in pairs]
        except (TypeError, ValueError):  # damaged in another way
            continue
    if max(ends) > size:
        raise PhotographError(
            name, f"was not copied whole: it has {size:,} of {max(ends):,} bytes; {AGAIN}."
        )


def _directory_end(file: BinaryIO) -> int:
    """Where the first directory ends, with all that it refers to; 0 for a BigTIFF."""
    file.seek(0)
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None or len(head) < 8:
        return 0
    start: int = struct.unpack(f"{order}I", head[4:])[0]
    file.seek(start)
    counted = file.read(2)
    if len(counted) < 2:
        return start + 2
    (count,) = struct.unpack(f"{order}H", counted)
    entries = file.read(12 * count)
    ends: list[int] = [start + 2 + 12 * count + 4]
    for at in range(0, len(entries) - 11, 12):
        _, form, many, place = struct.unpack_from(f"{order}HHII", entries, at)
        length = many * _TYPE_BYTES.get(form, 0)
        if length > 4:
            ends.append(place + length)
    return max(ends)


def _refuse_raw(tags: Any, name: str) -> None:
    """Many raw formats are TIFF files whose first picture is a thumbnail or unfinished."""
    if _DNG_VERSION in tags or int(tags.get(_SUBFILE, 0)) & _THUMBNAIL:
        raise PhotographError(
            name, "is a camera's raw file or starts with a preview; develop it and save it as JPEG."
        )


def _refuse_compression(tags: Any, name: str) -> None:
    compression = tags.get(_COMPRESSION, 1)
    known = compression in TiffImagePlugin.COMPRESSION_INFO
    if compression in _COMPRESSIONS or (tags and not known):
        what = _COMPRESSIONS.get(compression, f"method {compression}")
        raise PhotographError(
            name, f"is a TIFF compressed as {what}, which cannot be read here; {SAVE_AS}."
        )


def _refuse_arrangement(tags: Any, name: str) -> None:
    if not {_WIDTH, _LENGTH, _BITS, _PHOTOMETRIC} <= set(tags):  # not the whole directory
        return
    bits = tags.get(_BITS, (1,))
    samples = int(tags.get(_SAMPLES, len(bits)))
    form = tags.get(_FORMAT, (1,))
    kinds = " and ".join(sorted({_FORMATS.get(int(one), "unknown") for one in form}))
    depth = "/".join(map(str, sorted(set(map(int, bits)))[:4]))
    raise PhotographError(
        name,
        f"is a TIFF that stores {samples} {kinds} number{'s' * (samples != 1)} of {depth} bits "
        f"for each pixel (colour scheme {tags.get(_PHOTOMETRIC, 'not stated')}), which cannot be "
        f"read here; {SAVE_AS}.",
    )
