"""A checkpoint of either kind: the published four files, or a ResNet50 of PyTorch."""

from __future__ import annotations

import os
from pathlib import Path

from conus_widgets.checkpoint import files, pytorch
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.checkpoint.finding import path_of

ENDING = ".safetensors"


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """Read and verify a checkpoint.

    Parameters
    ----------
    path : path
        The folder of the published four files or the ``.npz`` in it (see `files.read`); or a
        ``.safetensors`` file, or a folder with one and no ``.npz`` (see `pytorch.read`).

    Raises
    ------
    CheckpointError
        If it cannot be used.
    TypeError
        If `path` is no path.
    """
    found = _safetensors(path_of(path))
    return files.read(path) if found is None else pytorch.read(found)


def _safetensors(path: Path) -> Path | None:
    try:
        if path.suffix.lower() == ENDING and path.is_file():
            return path
        if not path.is_dir():
            return None
        names = [file for file in sorted(path.iterdir()) if not file.name.startswith(".")]
    except OSError:
        return None  # the other kind's errors are in words
    endings = [file.suffix.lower() for file in names]
    if ".npz" in endings or endings.count(ENDING) != 1:
        return None
    return names[endings.index(ENDING)]
