"""The search for a checkpoint's ``.npz`` in what somebody gives, or the reason for finding none."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Any

from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.machine.beside import reason

_FOREIGN = {
    ".h5": "Keras",
    ".hdf5": "Keras",
    ".keras": "Keras",
    ".ckpt": "TensorFlow or PyTorch",
    ".pb": "TensorFlow",
    ".tflite": "TensorFlow",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".bin": "PyTorch",
    ".onnx": "ONNX",
    ".pkl": "Python's pickle, which is never opened",
    ".pickle": "Python's pickle, which is never opened",
}
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def path_of(given: Any) -> Path:
    """Return the path that somebody means by text, bytes or a path.

    Raises
    ------
    TypeError
        For anything else: a number, a loaded network.
    CheckpointError
        For a path that is empty, an address, or the home of an unknown user.
    """
    if not isinstance(given, (str, bytes, os.PathLike)):
        raise TypeError(
            "A checkpoint is given by its folder, by its .npz or by a known name, not by "
            f"{given!r:.80} (a {type(given).__name__})."
        )
    text = os.fsdecode(given)
    if not text.strip():
        raise CheckpointError("The path is empty: give the folder of a checkpoint or its .npz.")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", text):  # one slash, as pathlib leaves it
        raise CheckpointError(_address(text))
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise CheckpointError(f"{text}: there is no such user; write the path out.") from error


def weights_file(path: Path) -> Path:
    """Return the ``.npz`` of a checkpoint.

    Parameters
    ----------
    path : Path
        The folder, or the ``.npz`` in it.

    Raises
    ------
    CheckpointError
        If it is something else, or the folder does not hold exactly one.
    """
    try:
        if path.is_dir():
            return _in_folder(path)
        if not path.exists():
            raise CheckpointError(_absent(path))
        _require_weights(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be looked into: {reason(error, path)}.") from error
    return path


def neighbour(folder: Path, name: str) -> Path:
    """Return the file of that name, or the only one whose name differs in capitals at most."""
    if (folder / name).exists():
        return folder / name
    try:
        alike = [file for file in folder.iterdir() if _plain(file.name) == _plain(name)]
    except OSError:  # a folder may be closed to looking around
        alike = []
    return alike[0] if len(alike) == 1 else folder / name


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _in_folder(folder: Path) -> Path:
    here = sorted(folder.iterdir())
    found = _weights_among(here)
    if len(found) == 1:
        return found[0]
    names = ", ".join(file.name for file in found) or "none"
    raise CheckpointError(
        f"{folder} must hold one .npz file, but holds {len(found)} ({names}"
        f"{'' if found else _instead(here)}): give the path of the .npz itself, or of another "
        "folder."
    )


def _weights_among(files: list[Path]) -> list[Path]:
    """Return the ``.npz`` files that are not hidden, as macOS hides what it keeps beside a file."""
    return [
        file
        for file in files
        if file.suffix.lower() == ".npz" and not file.name.startswith(".") and file.is_file()
    ]


def _instead(files: list[Path]) -> str:
    """Return what a folder without an ``.npz`` has instead."""
    if not files:
        return "; it is empty"
    parts = [file.name for file in files if ".npz." in file.name and file.suffix == ".part"]
    if parts:
        return f"; {parts[0]} did not come whole: fetch it again"
    for folder in files:
        if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
            inner = _weights_among(sorted(folder.iterdir()))
            if inner:
                return f"; its folder {folder.name} holds {inner[0].name}"
    other = [file for file in files if file.suffix.lower() in (*_FOREIGN, *_PACKED, ".safetensors")]
    return f"; {_other_kind(other[0])}" if other else ""


def _require_weights(path: Path) -> None:
    if path.name.startswith("._"):
        raise CheckpointError(
            f"{path} is what macOS keeps beside a file: give {path.with_name(path.name[2:])}."
        )
    if path.suffix.lower() == ".npz":
        return
    found = _weights_among(sorted(path.parent.iterdir()))
    there = f"; beside it lies {found[0].name}" if len(found) == 1 else ""
    kind = _other_kind(path)
    why = f": {kind}" if kind else ""
    raise CheckpointError(
        f"{path} is not a .npz file{why}{there}: give the checkpoint's .npz or folder."
    )


def _other_kind(file: Path) -> str:
    ending = file.suffix.lower()
    if ending in _PACKED:
        return f"{file.name} is packed, and must be unpacked first"
    if ending == ".safetensors":
        return f"{file.name} is of PyTorch, and can be loaded by its own path"
    if ending in _FOREIGN:
        return f"{file.name} is of {_FOREIGN[ending]}; only Lasagne's .npz can be used here"
    return ""


def _absent(path: Path) -> str:
    if path.is_symlink():
        return f"{path} is a link to {os.readlink(path)}, which does not exist."
    return f"{path} does not exist: give the folder of a checkpoint or its .npz."


def _address(text: str) -> str:
    if text.lower().startswith("file:"):
        return f"{text} is an address: give the path alone, without file://."
    # Without what may be a password or a key.
    plain = re.sub(r"(?<=:/)/?([^/@]*@)?", "/", text).partition("?")[0]
    return (
        f"{plain} is an address, and only folders can be loaded: fetch it first with 'python -m "
        f"conus_widgets fetch {plain}', then give the folder that it prints."
    )
