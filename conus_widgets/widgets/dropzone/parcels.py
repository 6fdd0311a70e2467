"""Files that arrive in several messages."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from conus_widgets.photographs.names import name_of

__all__ = ["LIMIT", "DroppedFile", "Parcels", "TooLargeError"]

LIMIT = 64 * 1024 * 1024
"""Largest file that is taken, in bytes."""

_OPEN_AT_ONCE = 4


class TooLargeError(ValueError):
    """A file, or what was announced of it, is larger than the limit."""


@dataclass(frozen=True)
class DroppedFile:
    """A file that came from the browser.

    Attributes
    ----------
    name : str
        Its name there, without a folder: one line of text, never a path to write to.
    data : bytes
    note : str
        What the browser did with it, e.g. ``"scaled from 4000 x 3000 to 896 x 672"``.
    upload : str
        The number the page gave it.
    """

    name: str
    data: bytes = field(repr=False)
    note: str = ""
    upload: str = ""


@dataclass
class _Open:
    count: int
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0


class Parcels:
    """Put the chunks of files together, in order.

    Parameters
    ----------
    limit : int
        Largest file, in bytes.

    Notes
    -----
    The server drops a message of more than 10 MB without a word, hence the chunks. A file whose
    chunks stop coming is forgotten once four newer ones have begun.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._open: dict[str, _Open] = {}

    def add(self, content: dict[str, Any], buffers: Sequence[Any]) -> DroppedFile | None:
        """Take one message; return the file once it is whole, until then None.

        Raises
        ------
        TooLargeError
            If the file is larger than the limit.
        ValueError
            If a chunk is missing or comes out of turn.
        """
        upload, name = str(content["upload"]), _short(str(content["name"]))
        index, count = int(content["index"]), int(content["count"])
        if index == 0:
            self._open.pop(upload, None)
            while len(self._open) >= _OPEN_AT_ONCE:
                self._open.pop(next(iter(self._open)))
            self._open[upload] = _Open(count)
        parcel = self._open.get(upload)
        fits = parcel is not None and index == len(parcel.chunks) < count == parcel.count
        if parcel is None or not fits or not buffers:
            self._open.pop(upload, None)
            raise ValueError(
                f"{name} did not arrive whole (part {index + 1} of {count}): try again."
            )
        chunk = bytes(buffers[0])
        parcel.size += len(chunk)
        if max(parcel.size, int(content.get("size", 0))) > self.limit:
            self._open.pop(upload, None)
            size = max(parcel.size, int(content.get("size", 0)))
            raise TooLargeError(
                f"{name} has {_amount(size, math.ceil)}; at most {_amount(self.limit, math.floor)}"
                " are taken: save it smaller."
            )
        parcel.chunks.append(chunk)
        if len(parcel.chunks) < count:
            return None
        del self._open[upload]
        return DroppedFile(
            name=name,
            data=b"".join(parcel.chunks),
            note=str(content.get("note", ""))[:200],
            upload=upload,
        )


def _amount(count: int, rounded: Callable[[float], int]) -> str:
    """Bytes, or megabytes with one decimal; rounded so that a size over its limit looks so."""
    return f"{count} bytes" if count < 2**20 else f"{rounded(10 * count / 2**20) / 10:g} MB"


def _short(name: str) -> str:
    """Return the last part of a path, in whichever system; some browsers send one."""
    return name_of(None, name=name.replace("\\", "/").rsplit("/", 1)[-1])[:255]
