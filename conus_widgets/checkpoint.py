"""Checkpoints in the published four-file format: read, verify, write.

A folder holds ``NAME.npz`` (arrays ``arr_0 ...`` in Lasagne's order), ``NAME.json`` (how it was
trained), ``synsets.txt`` (a class a line), ``info.txt`` (optional, a line of text a class, ``-``
for none). Ours may add ``regions.csv`` and, in the JSON, "architecture", "resample" and "notice".
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets import regions
from conus_widgets.architecture import Architecture
from conus_widgets.arrays import ArraysOnDisk, CheckpointError, check_arrays
from conus_widgets.equality import ByValue
from conus_widgets.photograph import RESAMPLE

#: Where the JSON has none: the mean that the authors' scripts fall back on, in RGB order.
MEAN_RGB = (107.59348955, 112.1047813, 80.9982362)


@dataclass(frozen=True, eq=False)
class Checkpoint(ByValue):
    """A trained network and what must be known to use it.

    Parameters
    ----------
    name : str
        Stem of its ``.npz``.
    architecture : Architecture
    arrays : sequence of float32 arrays
        In the order of `Architecture.parameters`; `read` leaves them on disk.
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
    arrays: Sequence[np.ndarray]
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
        arrays=ArraysOnDisk(weights, architecture),
        labels=labels,
        info=info,
        mean_rgb=_mean(weights.with_suffix(".json"), record),
        resample=_resample(weights.with_suffix(".json"), record),
        regions=_regions(folder / "regions.csv", labels),
        notice=str(record.get("notice") or ""),
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
    check_arrays(target, arrays, checkpoint.architecture)
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
    if checkpoint.regions:
        texts["regions.csv"] = regions.text(checkpoint.regions, checkpoint.labels)
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
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, 10,000 brackets
        raise CheckpointError(f"{file} is not a training's JSON ({error}).") from error
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
    except (TypeError, ValueError, OverflowError) as error:
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


def _resample(file: Path, record: dict[str, Any]) -> str:
    given = record.get("resample", "nearest")
    if not isinstance(given, str) or given not in RESAMPLE:
        raise CheckpointError(f"{file}: resample is {given!r}; known are {', '.join(RESAMPLE)}.")
    return given


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
