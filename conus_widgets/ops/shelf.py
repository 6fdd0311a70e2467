"""Weights that wait in a file until they are packed.

A convolution packs its weights once; afterwards it looks at their address only. In ordinary memory
the plain numbers would lie idle beside the packed ones: 94 MB at full width.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

SMALL = 65536  # bytes; what is smaller stays in memory


class Shelved(mmap.mmap):
    """A piece of a file, mapped for reading only. It owns the memory of an array on a `Shelf`."""

    def put_aside(self) -> None:
        """Give the memory back until the array is read again; the C++ code of the Ops calls it.

        The numbers stay in the file, from where the system fetches them when they are touched.
        """
        self.madvise(mmap.MADV_DONTNEED)


class Shelf:
    """A file without a name that holds arrays, and goes when the last of them does.

    Several threads may put arrays there at once.

    Parameters
    ----------
    folder : path
        A folder with room for them, on a disk rather than in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)
        self._turn = threading.Lock()
        weakref.finalize(self, self._file.close)  # the arrays have it open for themselves
        self._end = 0

    def put(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a read-only array with the same numbers, on the shelf unless it is small.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if array.nbytes < SMALL:
            kept = np.array(array, order="C")
            kept.flags.writeable = False
            return kept
        data = np.ascontiguousarray(array)
        step = mmap.ALLOCATIONGRANULARITY
        with self._turn:
            start = self._end
            self._end += -(-data.nbytes // step) * step
        written, rest = 0, data.data.cast("B")
        while written < data.nbytes:
            written += os.pwrite(self._file.fileno(), rest[written:], start + written)
        mapped = Shelved(self._file.fileno(), data.nbytes, access=mmap.ACCESS_READ, offset=start)
        return NDArray[Any](data.shape, data.dtype, buffer=mapped)
