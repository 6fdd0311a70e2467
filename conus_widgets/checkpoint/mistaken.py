"""Files mistaken for others: a web page, a compressed file, nothing at all."""

from __future__ import annotations

import re
from pathlib import Path

_HEAD = 512  # bytes of a file that are enough to tell

_KINDS = (
    (rb"(?is)(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)?<(!doctype|html|head|body)\b", "a web page"),
    (rb"(?i)(\xef\xbb\xbf)?\s*<(\?xml|error)\b", "XML, as servers send it for an error"),
    (rb"version https://git-lfs", "a Git LFS pointer, which stands for the file"),
    (rb"\x1f\x8b", "a gzip file, to be unpacked first"),
    (rb"PK[\x03\x05]", "a zip file"),
    (rb"%PDF", "a PDF"),
    (rb"\x89HDF", "an HDF5 file, as Keras writes it"),
    (rb"\x93NUMPY", "a single array (.npy)"),
    (rb"\x00\x05\x16\x07", "a companion that macOS keeps beside a file"),
)


def what_it_is(head: bytes) -> str | None:
    """Return what a file is that begins with `head`, in words; None if that is not known."""
    if not head:
        return "empty"
    return next((words for start, words in _KINDS if re.match(start, head)), None)


def what_file_it_is(file: Path) -> str | None:
    """Return what a file is by its first bytes, in words; None if that is not known."""
    try:
        with open(file, "rb") as opened:
            return what_it_is(opened.read(_HEAD))
    except OSError:
        return None
