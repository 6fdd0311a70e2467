"""TIFF files of every arrangement, written here by hand after TIFF 6.0: no library in between."""

import struct

import numpy as np

SHORT, LONG, ASCII, UNDEFINED = 3, 4, 2, 7
_FORM = {SHORT: "H", LONG: "I"}


def tiff(pages, *, order="<", planar=False, tags=(), description="", photometric=None):
    """Write a TIFF.

    Parameters
    ----------
    pages : array (H, W) or (H, W, C), or list of arrays
        Unsigned or signed whole numbers of 8 or 16 bits.
    order : {"<", ">"}
        Of bytes.
    planar : bool
        Each channel apart.
    tags : sequence of (tag, type, values)
        More of them, for every page.
    description : str
    photometric : int, optional
        1 for grey and 2 for RGB.
    """
    pages = pages if isinstance(pages, list) else [pages]
    file = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4
    for page in pages:
        channels = 1 if page.ndim == 2 else page.shape[2]
        planes = np.moveaxis(page.reshape(*page.shape[:2], channels), 2, 0)
        if not planar:
            planes = np.moveaxis(planes, 0, 2)[None]
        offsets, counts = [], []
        for plane in planes:
            data = np.ascontiguousarray(plane).astype(page.dtype.newbyteorder(order)).tobytes()
            offsets.append(len(file))
            counts.append(len(data))
            file += data + bytes(len(data) % 2)
        bits = 8 * page.dtype.itemsize
        entries = [
            (256, LONG, [page.shape[1]]),
            (257, LONG, [page.shape[0]]),
            (258, SHORT, [bits] * channels),
            (259, SHORT, [1]),
            (262, SHORT, [photometric or (1 if channels < 3 else 2)]),
            (273, LONG, offsets),
            (277, SHORT, [channels]),
            (278, LONG, [page.shape[0]]),
            (279, LONG, counts),
            (284, SHORT, [2 if planar else 1]),
            (339, SHORT, [2 if page.dtype.kind == "i" else 1] * channels),
            *tags,
        ]
        if description:
            entries.append((270, ASCII, description.encode() + b"\0"))
        body, extra = b"", b""
        at = len(file) + 2 + 12 * len(entries) + 4
        for tag, form, values in sorted(entries):
            packed = (
                bytes(values)
                if form in (ASCII, UNDEFINED)
                else struct.pack(f"{order}{len(values)}{_FORM[form]}", *values)
            )
            body += struct.pack(f"{order}HHI", tag, form, len(values))
            if len(packed) <= 4:
                body += packed + bytes(4 - len(packed))
            else:
                body += struct.pack(f"{order}I", at + len(extra))
                extra += packed + bytes(len(packed) % 2)
        file[link : link + 4] = struct.pack(f"{order}I", len(file))
        file += struct.pack(f"{order}H", len(entries)) + body
        link = len(file)
        file += bytes(4) + extra
    return bytes(file)
