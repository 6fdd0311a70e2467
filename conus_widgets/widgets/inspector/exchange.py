"""Files between the kernel and the page, in parts that the server lets through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conus_widgets.widgets.live.guests import largest_file, one_more_file

__all__ = ["PART", "Exchange"]

PART = 4 * 1024 * 1024
"""Bytes of a file in one message: the server drops 10 MB without a word."""

_MOST = 64 * 1024 * 1024  # bytes of a file from the page


class Exchange:
    """Sends files to the page, which has the browser save them, and puts together what it sends.

    Parameters
    ----------
    tell : callable
        ``tell(kind, buffers, **content)`` sends a message.
    """

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._name, self._parts = "", list[bytes]()

    def send(self, name: str, data: bytes) -> None:
        """Send a file."""
        count = max(1, -(-len(data) // PART))
        for index in range(count):
            part = data[index * PART : (index + 1) * PART]
            self._tell("file", [part], name=name, index=index, count=count)

    def take(self, content: Mapping[str, Any], buffers: Sequence[Any]) -> tuple[str, bytes] | None:
        """Take a part; return the file's name and bytes once it is whole.

        Raises
        ------
        ValueError
            If a part is missing, or the file is too large.
        """
        name, index = str(content["name"])[:200], int(content["index"])
        if index == 0:
            one_more_file(name)
            self._name, self._parts = name, []
        if name != self._name or index != len(self._parts) or not buffers:
            raise ValueError(f"{name} did not arrive whole: upload it again.")
        self._parts.append(bytes(buffers[0]))
        most = largest_file(_MOST)
        if sum(map(len, self._parts)) > most:
            self._parts = []
            raise ValueError(f"{name} has more than {most // 2**20} MB: it is no log.")
        if len(self._parts) < int(content["count"]):
            return None
        data, self._name, self._parts = b"".join(self._parts), "", []
        return name, data
