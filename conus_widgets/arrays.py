"""The arrays of a checkpoint: read from a ``.npz`` and held against the architecture."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from conus_widgets.architecture import Architecture
from conus_widgets.forks import ForkLock
from conus_widgets.reading import shared_file


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file, the array and the numbers."""


class ArraysOnDisk(Sequence[np.ndarray]):
    """The arrays of a ``.npz``, in order, as float32. Each is handed out once and then forgotten.

    A network of full width has 94 MB of them, and needs them once: to fold them. Who asks again has
    them read again; the file stays open, so that they are there even where it was replaced.

    Parameters
    ----------
    file : Path
        A ``.npz`` with arrays ``arr_0 ...``.
    architecture : Architecture

    Raises
    ------
    CheckpointError
        Where the file is damaged or belongs to another network: every array is read once.
    """

    def __init__(self, file: Path, architecture: Architecture) -> None:
        self._file = file
        self._expected = architecture.parameters()
        self._lock = ForkLock()
        with self._explained():
            self._archive = zipfile.ZipFile(shared_file(file))
            count = len(self._archive.namelist())
            if count != len(self._expected):
                raise CheckpointError(
                    f"{file} holds {count} arrays, but this network has {len(self._expected)} "
                    f"(width {architecture.width:g}, {architecture.classes} classes)."
                )
        self._waiting: dict[int, np.ndarray] = {}
        for number in range(count):
            self._waiting[number] = array = self._read(number)
            _check_array(file, number, array, *self._expected[number])

    def __len__(self) -> int:
        return len(self._expected)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, index: slice) -> list[np.ndarray]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        array = self._waiting.pop(number, None)
        return (self._read(number) if array is None else array).astype("float32", copy=False)

    def _read(self, number: int) -> np.ndarray:
        with self._lock, self._explained():
            return _read_array(self._file, self._archive, number, *self._expected[number])

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except CheckpointError:
            raise
        except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise anything
            reason = (
                "holds pickled objects, which are never opened"
                if "ickle" in str(error)
                else "is damaged or was not copied whole"
            )
            raise CheckpointError(
                f"{self._file} {reason} ({error}): copy or download it again."
            ) from error


def _read_array(
    file: Path, archive: zipfile.ZipFile, number: int, name: str, shape: tuple[int, ...]
) -> np.ndarray:
    """Read one array; not through `np.load`, which hands over as bytes what is no array."""
    member = f"arr_{number}.npy"
    try:
        bytes_in_file = archive.getinfo(member).file_size
    except KeyError as error:
        raise CheckpointError(f"{file} has no array arr_{number} ({name}).") from error
    most = 8 * int(np.prod(shape)) + 4096
    if bytes_in_file > most:  # refused before it is unpacked
        raise CheckpointError(
            f"{file}: array arr_{number} ({name}) takes {bytes_in_file} bytes, but one of shape "
            f"{_shape(shape)} at most {most}."
        )
    with archive.open(member) as opened:
        return np.asarray(np.lib.format.read_array(opened, allow_pickle=False))


def check_arrays(file: Path, arrays: Sequence[np.ndarray], architecture: Architecture) -> None:
    """Raise CheckpointError unless number, shapes and dtypes fit and all numbers are finite."""
    expected = architecture.parameters()
    if len(arrays) != len(expected):
        raise CheckpointError(f"{file}: {len(arrays)} arrays, where {len(expected)} are needed.")
    for number, (array, (name, shape)) in enumerate(zip(arrays, expected, strict=True)):
        _check_array(file, number, array, name, shape)


def _check_array(
    file: Path, number: int, array: np.ndarray, name: str, shape: tuple[int, ...]
) -> None:
    where = f"{file}: array arr_{number} ({name})"
    if array.shape != shape:
        hint = ""
        if name.startswith("logits"):
            hint = f" (output_dim is {shape[-1]})"
        raise CheckpointError(
            f"{where} has shape {_shape(array.shape)}, where {_shape(shape)} is needed{hint}."
        )
    if array.dtype.kind != "f":
        raise CheckpointError(f"{where} has dtype {array.dtype}, where floats are needed.")
    # A sum is NaN or infinite where any number is, and needs no array of its own; it may also
    # overflow where none is.
    with np.errstate(over="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise CheckpointError(f"{where}: {bad} of {array.size} numbers are NaN or infinite.")


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "()"
