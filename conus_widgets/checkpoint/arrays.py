"""The arrays of a checkpoint: read from a ``.npz`` and held against the architecture."""

from __future__ import annotations

import contextlib
import errno
import io
import math
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.members import Buffers, Members
from conus_widgets.checkpoint.mistaken import what_file_it_is
from conus_widgets.checkpoint.texts import printable
from conus_widgets.machine.beside import reason
from conus_widgets.machine.forks import ForkLock
from conus_widgets.machine.machine import threads


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file, the array and the numbers."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))  # a path may be no UTF-8, and a page needs UTF-8


class ArraysOnDisk(Sequence[NDArray[Any]]):
    """The arrays of a ``.npz``, in order, as float32. Each is handed out once and then forgotten.

    A network of full width has 94 MB of them, and needs them once: to fold them. Who asks again has
    them read again; the file stays open, so that they are there even if it was replaced.

    Parameters
    ----------
    file : Path
        A ``.npz`` with arrays ``arr_0 ...``.
    architecture : Architecture

    Raises
    ------
    CheckpointError
        If the file is damaged or belongs to another network: every array is read once.
    """

    def __init__(self, file: Path, architecture: Architecture) -> None:
        self._lock = ForkLock()
        self._archive = _Archive(file, architecture)
        with ThreadPoolExecutor(threads()) as pool:
            buffers = Buffers(_SHARED)
            read = pool.map(lambda number: self._archive.checked(number, buffers), range(len(self)))
            self._waiting = dict(enumerate(read))

    def __len__(self) -> int:
        return len(self._archive.expected)

    @overload
    def __getitem__(self, index: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[NDArray[Any]]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        array = self._waiting.pop(number, None)
        return (self._read(number) if array is None else array).astype("float32", copy=False)

    def _read(self, number: int) -> NDArray[Any]:
        with self._lock:
            return self._archive.read(number)


def validate_file(file: Path, architecture: Architecture) -> None:
    """Raise CheckpointError unless the ``.npz`` is whole and fits; it is read array by array."""
    archive = _Archive(file, architecture)
    with contextlib.closing(archive.members):
        for _ in archive:
            pass


_SHARED = 32 * 2**20  # bytes of memory that arrays which are read together share
_MAGIC = b"\x93NUMPY\x01\x00"
#: A header as NumPy writes it. NumPy itself takes 0.1 ms to read one, and there are 268.
_USUAL = re.compile(
    rb"\{'descr': '(<f[248])', 'fortran_order': False, 'shape': \(((?:\d+(?:, \d+)*,?)?)\), \} *\n"
)


class _Archive:
    """An open ``.npz``, held against an architecture."""

    def __init__(self, file: Path, architecture: Architecture) -> None:
        self.file = file
        self.expected = architecture.parameters()
        with _explained(file):
            self.members = Members(file)
        # Not what macOS adds when it packs a folder again.
        places = [(info.filename.rpartition("/")[2], info) for info in self.members.infos()]
        self._infos = {name: info for name, info in places if name and name[0] != "."}
        if len(self._infos) != len(self.expected):
            self.members.close()
            raise CheckpointError(
                f"{file} holds {len(self._infos)} arrays, but this network has "
                f"{len(self.expected)} (width {architecture.width:g}, {architecture.classes} "
                "classes)."
            )

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return map(self.checked, range(len(self.expected)))

    def checked(self, number: int, buffers: Buffers | None = None) -> NDArray[Any]:
        """Read one array and hold it against the architecture."""
        array = self.read(number, buffers)
        _check_array(self.file, number, array, *self.expected[number])
        return array

    def read(self, number: int, buffers: Buffers | None = None) -> NDArray[Any]:
        """Read one array; not through `np.load`, which hands over as bytes what is no array.

        Without buffers to share it lies in memory of its own.
        """
        name, shape = self.expected[number]
        try:
            member = self._infos[f"arr_{number}.npy"]
        except KeyError as error:
            raise CheckpointError(f"{self.file} has no array arr_{number} ({name}).") from error
        most = 8 * int(np.prod(shape)) + 4096
        if member.file_size > most:  # refused before it is unpacked
            raise CheckpointError(
                f"{self.file}: array arr_{number} ({name}) takes {member.file_size} bytes, but one "
                f"of shape {_shape(shape)} at most {most}."
            )
        with _explained(self.file):
            return _array(self.members.read(member, buffers or Buffers()))


def _array(content: memoryview) -> NDArray[Any]:
    """Return what a ``.npy`` holds: not a copy, if its numbers lie as NumPy itself writes them."""
    start = len(_MAGIC) + 2 + int.from_bytes(content[len(_MAGIC) : len(_MAGIC) + 2], "little")
    usual = _USUAL.fullmatch(content, len(_MAGIC) + 2, start)
    if content[: len(_MAGIC)] == _MAGIC and usual:
        dtype, sides = usual[1].decode(), [int(side) for side in usual[2].split(b",") if side]
        count = math.prod(sides)
        if count and start + count * np.dtype(dtype).itemsize <= len(content):
            array = np.frombuffer(content, dtype, count, start).reshape(sides)
            array.flags.writeable = False
            return array
    return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))


@contextlib.contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (CheckpointError, MemoryError):
        raise
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise anything
        # If the list of members cannot be read, zipfile only says that this is no zip file.
        disk = error if isinstance(error, OSError) else error.__context__
        if isinstance(disk, OSError) and disk.errno not in (None, errno.EINVAL):
            # EINVAL: a damaged file leads to a place before its beginning.
            raise CheckpointError(f"{file} cannot be read ({reason(disk, file)}).") from error
        kind = what_file_it_is(file)
        kind = None if kind == "a zip file" else kind
        raise CheckpointError(
            f"{file} holds pickled objects, which are never opened ({error})."
            if "ickle" in str(error)
            else f"{file} is damaged or was not copied whole "
            f"({f'it is {kind}, not an .npz file' if kind else error}): copy or download it again."
        ) from error


def check_arrays(file: Path, arrays: Sequence[NDArray[Any]], architecture: Architecture) -> None:
    """Raise CheckpointError unless number, shapes and dtypes fit and all numbers are finite."""
    expected = architecture.parameters()
    if len(arrays) != len(expected):
        raise CheckpointError(f"{file}: {len(arrays)} arrays, but {len(expected)} are needed.")
    for number, (array, (name, shape)) in enumerate(zip(arrays, expected, strict=True)):
        _check_array(file, number, array, name, shape)


def _check_array(
    file: Path, number: int, array: NDArray[Any], name: str, shape: tuple[int, ...]
) -> None:
    where = f"{file}: array arr_{number} ({name})"
    if array.shape != shape:
        hint = ""
        if name.startswith("logits"):
            hint = f" (output_dim is {shape[-1]})"
        raise CheckpointError(
            f"{where} has shape {_shape(array.shape)}, but {_shape(shape)} is needed{hint}."
        )
    if array.dtype.kind != "f":
        raise CheckpointError(f"{where} has dtype {array.dtype}, but floats are needed.")
    # A sum is NaN or infinite if any number is, and needs no array of its own. A sum of
    # large finite numbers may overflow, too: then they are counted one by one.
    with np.errstate(over="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise CheckpointError(f"{where}: {bad} of {array.size} numbers are NaN or infinite.")


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "()"
