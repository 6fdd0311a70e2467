"""Checkpoints in the published four-file format: read, verify, write.

A folder holds ``NAME.npz`` (arrays ``arr_0 ...`` in Lasagne's order), ``NAME.json`` (how it was
trained), ``synsets.txt`` (a class a line), ``info.txt`` (optional, a line of text a class, ``-``
for none). Ours may add ``regions.csv`` and, in the JSON, "architecture", "resample" and "notice".
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets import regions
from conus_widgets.architecture import Architecture

#: Where the JSON has none: the mean that the authors' scripts fall back on, in RGB order.
MEAN_RGB = (107.59348955, 112.1047813, 80.9982362)


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file, the array and the numbers."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and what must be known to use it.

    Parameters
    ----------
    name : str
        Stem of its ``.npz``.
    architecture : Architecture
    arrays : list of float32 arrays
        In the order of `Architecture.parameters`.
    labels : list of str
        Class names.
    info : list of str
        A line of text a class, "-" for none.
    mean_rgb : tuple of float
        Subtracted from the photographs.
    resample : str
        How photographs are resized; the published network saw nearest neighbours.
    regions : dict of str to array (classes,)
        For each region, the weight of each class in it.
    notice : str
        Stands wherever an answer stands; "" where nothing has to be said.
    record : dict
        The whole JSON.
    """

    name: str
    architecture: Architecture
    arrays: list[np.ndarray]
    labels: list[str]
    info: list[str]
    mean_rgb: tuple[float, float, float] = MEAN_RGB
    resample: str = "nearest"
    regions: dict[str, np.ndarray] = field(default_factory=dict)
    notice: str = ""
    record: dict[str, Any] = field(default_factory=dict)


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """Read and verify a checkpoint.

    Parameters
    ----------
    path : path
        The folder, or the ``.npz`` in it.

    Returns
    -------
    Checkpoint
        float16 arrays are widened to float32.

    Raises
    ------
    CheckpointError
        Where a file is missing, damaged or does not fit the others. Nothing is ever unpickled.
    """
    weights = _weights_file(Path(path).expanduser())
    folder = weights.parent
    record = _record(weights.with_suffix(".json"))
    architecture = _architecture(weights.with_suffix(".json"), record)
    classes = architecture.classes
    labels = _lines(folder / "synsets.txt", classes)
    info_file = folder / "info.txt"
    info = _lines(info_file, classes) if info_file.exists() else ["-"] * classes
    return Checkpoint(
        name=weights.stem,
        architecture=architecture,
        arrays=_arrays(weights, architecture),
        labels=labels,
        info=info,
        mean_rgb=_mean(weights.with_suffix(".json"), record),
        resample=str(record.get("resample", "nearest")),
        regions=_regions(folder / "regions.csv", labels),
        notice=str(record.get("notice", "")),
        record=record,
    )


def write(
    folder: str | os.PathLike[str], checkpoint: Checkpoint, *, dtype: str = "float32"
) -> Path:
    """Write a checkpoint in the format that `read` reads.

    Parameters
    ----------
    folder : path
        Made where needed. Each file is written beside and moved into place, the ``.npz`` last.
    checkpoint : Checkpoint
    dtype : {"float32", "float16"}
        Of the arrays in the file.

    Returns
    -------
    Path
        Of the ``.npz``.

    Raises
    ------
    CheckpointError
        Where a number is too large for float16, or the arrays do not fit the architecture.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{checkpoint.name}.npz"
    arrays = [array.astype(dtype) for array in checkpoint.arrays]
    _check_arrays(target, arrays, checkpoint.architecture)
    architecture = checkpoint.architecture
    record = dict(checkpoint.record)
    record["training_params"] = {
        **record.get("training_params", {}),
        "output_dim": architecture.classes,
    }
    record["augmentation_params"] = {
        **record.get("augmentation_params", {}),
        "mean_RGB": list(checkpoint.mean_rgb),
    }
    record["architecture"] = {
        name: getattr(architecture, name) for name in ("width", "stem", "stride_on", "pool", "size")
    }
    record["resample"] = checkpoint.resample
    record["notice"] = checkpoint.notice
    texts = {
        "synsets.txt": "\n".join(checkpoint.labels) + "\n",
        "info.txt": "\n".join(checkpoint.info) + "\n",
        f"{checkpoint.name}.json": json.dumps(record, indent=2) + "\n",
    }
    for name, text in texts.items():
        beside = folder / f"{name}.part"
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, folder / name)
    beside = folder / f"{target.name}.part"
    with open(beside, "wb") as file:
        np.savez(file, *arrays)
    os.replace(beside, target)
    return target


def _weights_file(path: Path) -> Path:
    if path.is_dir():
        found = sorted(path.glob("*.npz"))
        if len(found) != 1:
            names = ", ".join(file.name for file in found) or "none"
            raise CheckpointError(
                f"{path} must hold one .npz file, but holds {len(found)} ({names}): give the path "
                "of the .npz itself, or of another folder."
            )
        return found[0]
    if not path.exists():
        raise CheckpointError(
            f"{path} does not exist: give the folder of a checkpoint or its .npz."
        )
    if path.suffix != ".npz":
        raise CheckpointError(f"{path} is not a .npz file: give the checkpoint's .npz or folder.")
    return path


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CheckpointError(f"{file} is missing: it belongs to the checkpoint.") from error
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{file} is not UTF-8 text (byte {error.start}): save it as UTF-8."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read ({error.strerror}).") from error


def _record(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(_text(file))
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{file} is not JSON: {error.msg} in line {error.lineno}.") from error
    if not isinstance(record, dict):
        raise CheckpointError(f"{file} holds a {type(record).__name__}, not an object.")
    return record


def _section(record: dict[str, Any], name: str) -> dict[str, Any]:
    section = record.get(name)
    return section if isinstance(section, dict) else {}


def _architecture(file: Path, record: dict[str, Any]) -> Architecture:
    classes = _section(record, "training_params").get("output_dim")
    if not isinstance(classes, int) or isinstance(classes, bool):
        raise CheckpointError(
            f"{file}: training_params.output_dim is {classes!r}, where the number of classes "
            "is needed."
        )
    known = {"width": float, "stem": int, "stride_on": str, "pool": str, "size": int}
    given = _section(record, "architecture")
    try:
        return Architecture(
            classes=classes, **{name: known[name](value) for name, value in given.items()}
        )
    except KeyError as error:
        raise CheckpointError(
            f"{file}: architecture.{error.args[0]} is not known; known are {', '.join(known)}."
        ) from error
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{file}: {error}") from error


def _mean(file: Path, record: dict[str, Any]) -> tuple[float, float, float]:
    given = _section(record, "augmentation_params").get("mean_RGB")
    if given is None:
        return MEAN_RGB
    try:
        red, green, blue = (float(value) for value in given)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"{file}: augmentation_params.mean_RGB is {given!r}, where three numbers are needed."
        ) from error
    if not np.isfinite([red, green, blue]).all():
        raise CheckpointError(f"{file}: augmentation_params.mean_RGB {given!r} is not finite.")
    return red, green, blue


def _lines(file: Path, classes: int) -> list[str]:
    lines = [line.strip() for line in _text(file).rstrip().split("\n")]
    if len(lines) != classes:
        raise CheckpointError(
            f"{file} has {len(lines)} lines, but the network has {classes} classes (output_dim): "
            "one line a class is needed."
        )
    return lines


def _regions(file: Path, labels: Sequence[str]) -> dict[str, np.ndarray]:
    if not file.exists():
        return {}
    try:
        return regions.parse(_text(file), labels)
    except regions.RegionsError as error:
        raise CheckpointError(f"{file}, {error}") from error


def _arrays(file: Path, architecture: Architecture) -> list[np.ndarray]:
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
    _check_arrays(file, arrays, architecture)
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


def _check_arrays(file: Path, arrays: Sequence[np.ndarray], architecture: Architecture) -> None:
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
