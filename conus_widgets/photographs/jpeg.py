"""The parts of a JPEG file, scan by scan, without decoding it."""

from __future__ import annotations

import re

_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker, not one inside a scan
_FRAMES = [code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC)]
_SCAN, _END = 0xDA, 0xD9
_COEFFICIENTS = 64

END = b"\xff\xd9"
OTHERWISE = b"\x55" * 64 + END  # what it changes where it follows what is there was missing


def has_end(data: bytes) -> bool:
    """Whether the marker that ends the picture is there; other data may follow it."""
    at = 2
    while found := _NEXT.search(data, at):
        code, at = data[found.start() + 1], found.end()
        if code == _END:
            return True
        at += int.from_bytes(data[at : at + 2], "big")
    return False


def has_all_scans(data: bytes) -> bool:
    """Whether every scan has begun that the picture needs to be as fine as it was.

    Parameters
    ----------
    data : bytes
        Of a JPEG, also of one that ends early.
    """
    components: set[int] = set()
    done: dict[int, set[int]] = {}
    at = 2
    while found := _NEXT.search(data, at):
        code, at = data[found.start() + 1], found.end()
        if code == _END:
            break
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if len(body) < length - 2:
            break
        if code in _FRAMES:
            components = set(body[6 : 6 + 3 * body[5] : 3])
            done = {component: set() for component in components}
        elif code == _SCAN:
            count = body[0]
            first, last, precision = body[1 + 2 * count : 4 + 2 * count]
            if precision & 15 == 0:  # all bits of these coefficients
                for component in body[1 : 1 + 2 * count : 2]:
                    done.get(component, set()).update(range(first, last + 1))
        at += length
    return bool(components) and all(len(part) == _COEFFICIENTS for part in done.values())
