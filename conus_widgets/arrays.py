"""The arrays of a checkpoint: read from a ``.npz`` and held against the architecture."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from conus_widgets.architecture import Architecture


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file, the array and the numbers."""


def read_arrays(file: Path, architecture: Architecture) -> list[np.ndarray]:
    """Read all arrays as float32; nothing is ever unpickled.

    Parameters
    ----------
    file : Path
        A ``.npz`` with arrays ``arr_0 ...``.
    architecture : Architecture

    Returns
    -------
    list of float32 arrays
        In the order of `Architecture.parameters`.

    Raises
    ------
    CheckpointError
        Where the file is damaged or belongs to another network.
    """
    expected = architecture.parameters()
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.namelist()
            if len(members) != len(expected):
                raise CheckpointError(
                    f"{file} holds {len(members)} arrays, but this network has "
                    f"{len(expected)} (width {architecture.width:g}, {architecture.classes} "
                    "classes)."
                )
            arrays = [
                _read_array(file, archive, number, name, shape)
                for number, (name, shape) in enumerate(expected)
            ]
    except CheckpointError:
        raise
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise anything
        reason = (
            "holds pickled objects, which are never opened"
            if "ickle" in str(error)
            else "is damaged or was not copied whole"
        )
        raise CheckpointError(f"{file} {reason} ({error}): copy or download it again.") from error
    check_arrays(file, arrays, architecture)
    return [array.astype("float32", copy=False) for array in arrays]


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
        where = f"{file}: array arr_{number} ({name})"
        if array.shape != shape:
            hint = ""
            if name.startswith("logits"):
                hint = f" (output_dim is {architecture.classes})"
            raise CheckpointError(
                f"{where} has shape {_shape(array.shape)}, where {_shape(shape)} is needed{hint}."
            )
        if array.dtype.kind != "f":
            raise CheckpointError(f"{where} has dtype {array.dtype}, where floats are needed.")
        bad = array.size - int(np.isfinite(array).sum())
        if bad:
            raise CheckpointError(f"{where}: {bad} of {array.size} numbers are NaN or infinite.")


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "()"
