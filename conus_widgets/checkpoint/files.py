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
from numpy.typing import NDArray

from conus_widgets.checkpoint import contents, ranges
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.arrays import ArraysOnDisk, CheckpointError, check_arrays
from conus_widgets.checkpoint.contents import MEAN_RGB
from conus_widgets.checkpoint.finding import neighbour, path_of, weights_file
from conus_widgets.checkpoint.texts import printable
from conus_widgets.equality import ByValue
from conus_widgets.machine.beside import longest_name, written_whole


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
        Stands wherever an answer stands; "" if nothing has to be said.
    record : dict
        The whole JSON.
    """

    name: str
    architecture: Architecture
    arrays: Sequence[NDArray[Any]]
    labels: list[str]
    info: list[str]
    mean_rgb: tuple[float, float, float] = MEAN_RGB
    resample: str = "nearest"
    regions: dict[str, NDArray[Any]] = field(default_factory=dict)
    notice: str = ""
    record: dict[str, Any] = field(default_factory=dict)


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """Read and verify a checkpoint.

    Parameters
    ----------
    path : path
        The folder, or the ``.npz`` in it. Hidden files do not count. Its text files may have any
        line ends and, where they are no UTF-8, the encodings that `texts.decode` reads.

    Returns
    -------
    Checkpoint
        float16 arrays are widened to float32.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or does not fit the others, or if two classes have the same
        name. Nothing is ever unpickled.
    TypeError
        If `path` is no path.
    """
    weights = weights_file(path_of(path))
    folder = weights.parent
    header = contents.header(_json_of(weights))
    classes = header.architecture.classes
    labels_file = neighbour(folder, "synsets.txt")
    labels = contents.labels(labels_file, classes)
    contents.require_names(labels_file, labels)
    info, places = neighbour(folder, "info.txt"), neighbour(folder, "regions.csv")
    return Checkpoint(
        name=printable(weights.stem),
        architecture=header.architecture,
        arrays=ArraysOnDisk(weights, header.architecture),
        labels=labels,
        info=contents.info(info, classes) if info.exists() else ["-"] * classes,
        mean_rgb=header.mean_rgb,
        resample=header.resample,
        regions=contents.region_weights(places, labels) if places.exists() else {},
        notice=header.notice,
        record=header.record,
    )


def _json_of(weights: Path) -> Path:
    file = neighbour(weights.parent, f"{weights.stem}.json")
    if file.exists():
        return file
    others = [other.name for other in sorted(weights.parent.glob("[!.]*.json"))]
    hint = (
        f" The folder holds {others[0]}: if it is the right one, rename it."
        if len(others) == 1
        else ""
    )
    raise CheckpointError(
        f"{file} is missing: it says how {weights.name} was trained. Put it beside "
        f"{weights.name}, under this name.{hint}"
    )


def write(
    folder: str | os.PathLike[str], checkpoint: Checkpoint, *, dtype: str = "float32"
) -> Path:
    """Write a checkpoint in the format that `read` reads.

    Parameters
    ----------
    folder : path
        Made if needed. Each file is written beside and moved into place, the ``.npz`` last.
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
        If a number is too large for float16, the arrays do not fit the architecture, or the
        files would not be read again as they are: two classes of one name, a name of two lines.
    OSError
        If a file cannot be written; the message names it.
    """
    folder = Path(folder)
    _require_readable(folder, checkpoint)
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
    files = {
        "synsets.txt": "\n".join(checkpoint.labels) + "\n",
        "info.txt": "\n".join(checkpoint.info) + "\n",
        f"{checkpoint.name}.json": json.dumps(record, indent=2) + "\n",
    }
    if checkpoint.regions:
        files["regions.csv"] = ranges.text(checkpoint.regions, checkpoint.labels)
    for name, text in files.items():
        with written_whole(folder / name, text=True) as file:
            file.write(text)
    with written_whole(target) as file:
        np.savez(file, *arrays)
    return target


def _require_readable(folder: Path, checkpoint: Checkpoint) -> None:
    """Raise CheckpointError if the files would be read as something else, or not at all."""
    name, most = checkpoint.name, longest_name(folder) - len(".json")
    if not name or name.startswith(".") or "/" in name or len(os.fsencode(name)) > most:
        raise CheckpointError(
            f"{name!r} cannot be the name of a checkpoint's files: use one of at most {most} "
            f"bytes (this has {len(os.fsencode(name))}), without '/', that does not begin with '.'."
        )
    contents.require_names("synsets.txt", checkpoint.labels)
    for what, lines in (("name", checkpoint.labels), ("text", checkpoint.info)):
        if len(lines) != checkpoint.architecture.classes:
            raise CheckpointError(
                f"There are {len(lines)} {what}s, but {checkpoint.architecture.classes} classes: "
                "one for each class is needed."
            )
        for number, line in enumerate(lines):
            if line != line.strip() or not line or "\n" in line or "\r" in line:
                raise CheckpointError(
                    f"The {what} of class {number} is {line!r}: it must be one line, without "
                    "spaces at its ends."
                )
