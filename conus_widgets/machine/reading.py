"""A file that several processes read at once."""

from __future__ import annotations

import io
import os
from pathlib import Path


def shared_file(path: Path) -> io.BufferedReader:
    """Open a file for reading, so that a forked process may read it as well.

    An ordinary file's place is common to a process and what is forked from it: each would go on
    reading from where the other one stopped.
    """
    return io.BufferedReader(_Shared(path))


class _Shared(io.RawIOBase):
    """A file that keeps its own place, and tells the system at each reading where to read."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "rb", buffering=0)
        self._place = 0

    def fileno(self) -> int:
        return self._file.fileno()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = os.preadv(self._file.fileno(), [buffer], self._place)
        self._place += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._file.fileno()).st_size
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: size}[whence]
        if start + offset < 0:
            raise OSError(22, "A file has no place before its start")
        self._place = start + offset
        return self._place

    def close(self) -> None:
        self._file.close()
        super().close()
