"""The arrays of a checkpoint: read from a ``.npz`` and held against the architecture."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
        with np.load(file, allow_pickle=False) as archive:
            if len(archive.files) != len(expected):
                raise CheckpointError(
                    f"{file} holds {len(archive.files)} arrays, but this network has "
                    f"{len(expected)} (width {architecture.width:g}, {architecture.classes} "
                    "classes)."
                )
            arrays = []
            for number, (name, shape) in enumerate(expected):
                _check_length(file, archive, number, name, shape)
                arrays.append(archive[f"arr_{number}"])
    except CheckpointError:
        raise
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, KeyError, AttributeError) as error:
        reason = (
            "holds pickled objects, which are never opened"
            if "ickle" in str(error)
            else ("is damaged or was not copied whole")
        )
        raise CheckpointError(f"{file} {reason} ({error}): copy or download it again.") from error
    check_arrays(file, arrays, architecture)
    return [array.astype("float32", copy=False) for array in arrays]


def _check_length(file: Path, archive: Any, number: int, name: str, shape: tuple[int, ...]) -> None:
    """Refuse an array that is far too large before it is unpacked."""
    if f"arr_{number}" not in archive.files:
        raise CheckpointError(f"{file} has no array arr_{number} ({name}).")
    bytes_in_file = archive.zip.getinfo(f"arr_{number}.npy").file_size
    most = 8 * int(np.prod(shape)) + 4096
    if bytes_in_file > most:
        raise CheckpointError(
            f"{file}: array arr_{number} ({name}) takes {bytes_in_file} bytes, but one of shape "
            f"{_shape(shape)} at most {most}."
        )


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
