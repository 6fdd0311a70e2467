"""HEIC pictures, decoded in a process of their own.

A damaged file can crash the decoder's C code (a non-ASCII item type does, in pi_heif 1.4.0), and
with it the whole kernel; so it runs apart, which costs about 0.2 s. Run as a script, this file
decodes standard input: it then imports nothing of the package.
"""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator

from PIL import Image

_SECONDS = 120


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture in a HEIC or AVIF file, as its header claims.

    The decoder's own figure is of no use for a limit: it is what remains after cropping.
    """
    return max(_extents(data), key=lambda wh: wh[0] * wh[1])


def decode(data: bytes) -> Image.Image:
    """Decode the primary picture; it comes turned by the file's own properties.

    Raises
    ------
    OSError
        The file is damaged (or its decoder crashed or hung on it).
    """
    try:
        # -P: the folder of this script must not shadow other packages' modules.
        child = subprocess.run(
            [sys.executable, "-P", __file__], input=data, capture_output=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"the HEIC decoder did not end within {_SECONDS} s") from error
    if child.returncode:
        reason = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise OSError(f"the HEIC decoder ended with {child.returncode}: {reason}")
    head, _, rest = child.stdout.partition(b"\n")
    about = json.loads(head)
    profile, pixels = rest[: about["profile"]], rest[about["profile"] :]
    image = Image.frombytes(about["mode"], tuple(about["size"]), pixels)
    if profile:
        image.info["icc_profile"] = profile
    return image


def _extents(data: bytes) -> Iterator[tuple[int, int]]:
    """Width and height of every "ispe" (image spatial extents) in the file's header."""
    start = 0
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        if kind == b"meta":
            header = data[start : start + length]
            for found in re.finditer(rb"ispe....(....)(....)", header, re.DOTALL):
                width, height = (int.from_bytes(side, "big") for side in found.groups())
                yield width, height
        if length < 8:  # 0: to the end of the file; 1: 64 bits long, never before the header
            return
        start += length


def _main() -> None:
    import pi_heif

    image = pi_heif.open_heif(sys.stdin.buffer.read()).to_pillow()
    profile = image.info.get("icc_profile") or b""
    about = {"mode": image.mode, "size": image.size, "profile": len(profile)}
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + profile + image.tobytes())


if __name__ == "__main__":
    _main()
