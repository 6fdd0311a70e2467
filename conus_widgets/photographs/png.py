"""PNG files without what no picture needs: text, damaged extras, a missing end."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PROFILE_BYTES = 32_000_000
# All else is text, or about screens and printers. An animation's first picture is in IDAT.
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf")


def essential(data: bytes) -> tuple[bytes, bytes]:
    """Return a PNG that has only what its pixels need, and its colour profile apart.

    Parameters
    ----------
    data : bytes
        Of a PNG, also of one that ends early.

    Returns
    -------
    bytes
        The PNG: extras with a wrong checksum left out, the end added if it is missing.
    bytes
        The profile, which may be larger than Pillow takes; empty if there is none.
    """
    parts, profile = [_SIGNATURE], b""
    for kind, body, sound in _chunks(data):
        if kind == b"iCCP" and sound:
            profile = _profile(body)
        elif kind in _NEEDED and (sound or not _is_extra(kind)):
            parts.append(_chunk(kind, body, sound))
    return b"".join([*parts, _chunk(b"IEND", b"", True)]), profile


def late_exif(file: BinaryIO) -> bytes:
    """Return the EXIF data that follows the pixels; nothing else is read."""
    at, pixels = len(_SIGNATURE), False
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return b""
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf" and pixels:
            return file.read(length)
        pixels = pixels or kind == b"IDAT"
        at += 12 + length


def _is_extra(kind: bytes) -> bool:
    return bool(kind[0] & 0x20)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind and body of each chunk, and whether its checksum holds; the last one may be cut."""
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        stated = data[at + 8 + length : at + 12 + length]
        cut = len(stated) < 4
        # What there is of the pixels is used, the rest is then missing.
        yield kind, body, (cut and kind == b"IDAT") or stated == _checksum(kind, body)
        at += 12 + length
        if kind == b"IEND":
            return


def _chunk(kind: bytes, body: bytes, sound: bool) -> bytes:
    checksum = _checksum(kind, body)
    if not sound:  # stays wrong: of pixels, a wrong one means damage
        checksum = bytes(byte ^ 0xFF for byte in checksum)
    return struct.pack(">I", len(body)) + kind + body + checksum


def _checksum(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _profile(body: bytes) -> bytes:
    """Return the profile in a chunk: a name, a zero, the method 0, then compressed."""
    _, _, packed = body.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], _PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if unpacking.eof else b""
