"""Sources of a checkpoint: what `load_predictor` takes, as text that another process can use."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.finding import path_of

EMBEDDED = Path(__file__).parent / "demonstration"


def source_of(given: str | bytes | os.PathLike[Any] | None) -> str | None:
    """Return what somebody gives for a checkpoint as text that means the same in every process.

    Parameters
    ----------
    given : path, str or None
        The folder of a checkpoint, its ``.npz``, or a known name. None: the embedded demonstration.

    Returns
    -------
    str or None
        An absolute path, a known name, or None.

    Raises
    ------
    CheckpointError
        If it is an empty path or an address, or resembles a known name and does not exist.
    TypeError
        If it is no path.
    """
    if given is None:
        return None
    path = path_of(given)
    if len(path.parts) == 1 and not os.path.exists(path):
        known = _known_names()
        if str(path) in known:
            return str(path)
        near = difflib.get_close_matches(str(path), known)
        if near:
            raise CheckpointError(
                f"{path} does not exist: give the folder of a checkpoint, its .npz, or the known "
                f"name {near[0]}."
            )
    return os.path.abspath(path)


def folder_of(source: str | None) -> Path:
    """Return where the files of a source are on this machine.

    Parameters
    ----------
    source : str or None
        As `source_of` returns it.

    Raises
    ------
    CheckpointError
        If it is a known name that was not fetched here.
    """
    if source is None:
        return EMBEDDED
    if os.path.isabs(source):
        return Path(source)
    # Imported here: what speaks HTTP takes a fifth of the start.
    from conus_widgets.checkpoint import download

    folder = download.folder_of(source)
    if not folder.is_dir():
        raise CheckpointError(
            f"{source} is not on this machine yet. "
            f"'python -m conus_widgets fetch {source}' fetches it."
        )
    return folder


def _known_names() -> list[str]:
    from conus_widgets.checkpoint import download  # see folder_of

    return list(download.KNOWN)
