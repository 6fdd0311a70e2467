"""The text files of a checkpoint, each read and validated on its own: to load it, or to fetch it.

Every error is a CheckpointError that begins with the file's path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint import ranges, texts
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.mistaken import what_it_is
from conus_widgets.machine.beside import reason
from conus_widgets.photographs.photograph import RESAMPLE

#: If the JSON has none: the mean that the authors' scripts fall back on, in RGB order.
MEAN_RGB = (107.59348955, 112.1047813, 80.9982362)


@dataclass(frozen=True)
class Header:
    """What the JSON of a checkpoint says, and the whole of it: `record`."""

    architecture: Architecture
    mean_rgb: tuple[float, float, float]
    resample: str
    notice: str
    record: dict[str, Any]


def header(file: Path) -> Header:
    """Read the JSON."""
    text = _text(file)
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{file} is not JSON: {error.msg} in line {error.lineno}.") from error
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, 10,000 brackets
        raise CheckpointError(f"{file} is not a training's JSON ({error}).") from error
    if not isinstance(record, dict):
        raise CheckpointError(f"{file} holds a {type(record).__name__}, not an object.")
    return Header(
        architecture=_architecture(file, record),
        mean_rgb=_mean(file, record),
        resample=_resample(file, record),
        notice=texts.printable(str(record.get("notice") or "")),
        record=record,
    )


def labels(file: Path, classes: int) -> list[str]:
    """Read ``synsets.txt``: a name a class. Empty lines name nothing, wherever they stand."""
    return _as_many(file, [line for line in _lines(file) if line], classes)


def info(file: Path, classes: int) -> list[str]:
    """Read ``info.txt``: a line a class. An empty one says nothing of its class, as "-" does."""
    lines = _lines(file)
    if not any(lines):
        return ["-"] * classes
    while len(lines) > classes and not lines[-1]:
        lines.pop()
    return [line or "-" for line in _as_many(file, lines, classes)]


def region_weights(file: Path, labels: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read ``regions.csv``: for each region, the weight of each class (classes,)."""
    try:
        return ranges.parse(_text(file), labels)
    except ranges.RegionsError as error:
        raise CheckpointError(f"{file}, {error}") from error


def require_names(where: object, labels: Sequence[str]) -> None:
    """Raise CheckpointError if two classes have the same name: nobody could ask for one."""
    first: dict[str, int] = {}
    for number, label in enumerate(labels):
        before = first.setdefault(texts.as_seen(label), number)
        if before != number:
            raise CheckpointError(
                f"{where}: class {before} and class {number} (counted from 0) are both called "
                f"{label!r}: give each class a name of its own, as {label + ' (2)'!r}."
            )


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"{file} is missing: it belongs to the checkpoint.") from error
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read ({reason(error, file)}).") from error
    kind = what_it_is(content) if content else None
    if kind:
        raise CheckpointError(f"{file} is no text but {kind}: copy or download it again.")
    try:
        return texts.decode(content)
    except ValueError as error:
        raise CheckpointError(
            f"{file} is not UTF-8 text, nor in any other encoding that is known ({error}): save it "
            "as UTF-8."
        ) from error


def _lines(file: Path) -> list[str]:
    text = _text(file)
    if text.lstrip().startswith("{") and _is_json(text):
        raise CheckpointError(f"{file} is JSON, but one line for each class is needed.")
    return [line.strip() for line in text.split("\n")]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _as_many(file: Path, lines: list[str], classes: int) -> list[str]:
    if len(lines) != classes:
        raise CheckpointError(
            f"{file} has {len(lines)} lines, but the network has {classes} classes (output_dim): "
            "one line for each class is needed."
        )
    return lines


def _section(record: dict[str, Any], name: str) -> dict[str, Any]:
    section = record.get(name)
    return section if isinstance(section, dict) else {}


def _architecture(file: Path, record: dict[str, Any]) -> Architecture:
    classes = _section(record, "training_params").get("output_dim")
    if not isinstance(classes, int) or isinstance(classes, bool):
        raise CheckpointError(
            f"{file}: training_params.output_dim is {classes!r}, but the number of classes "
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
    except (TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(
            f"{file}: augmentation_params.mean_RGB is {given!r}, but three numbers are needed."
        ) from error
    if not np.isfinite([red, green, blue]).all():
        raise CheckpointError(f"{file}: augmentation_params.mean_RGB {given!r} is not finite.")
    return red, green, blue


def _resample(file: Path, record: dict[str, Any]) -> str:
    given = record.get("resample", "nearest")
    if not isinstance(given, str) or given not in RESAMPLE:
        raise CheckpointError(f"{file}: resample is {given!r}; known are {', '.join(RESAMPLE)}.")
    return given
