"""The folder of a new checkpoint: it replaces an earlier one of the same making, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conus_widgets.outputs import place_for


def validate(
    folder: Path, name: str, *, is_ours: Callable[[dict[str, Any]], bool], force: bool
) -> None:
    """Raise an error if a checkpoint would be written over something else.

    Parameters
    ----------
    folder : Path
    name : str
        Stem of the checkpoint's .npz.
    is_ours : callable
        Whether an earlier checkpoint of this name may be replaced, by what its JSON says.
    force : bool
        Replace other files, too.

    Raises
    ------
    ValueError
        If the folder holds another checkpoint, or other files under these names.
    OSError
        If the folder cannot be written.
    """
    others = [file.name for file in sorted(folder.glob("*.npz")) if file.stem != name]
    if others:
        raise ValueError(
            f"{folder} holds {others[0]}; a checkpoint needs its own folder: give another one."
        )
    try:
        record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        ours = isinstance(record, dict) and is_ours(record)
    except (OSError, ValueError):
        ours = False
    for file in (f"{name}.npz", f"{name}.json", "synsets.txt", "info.txt", "regions.csv"):
        place_for(
            folder / file,
            is_ours=lambda _: ours,
            force=force,
            way="give another folder, or --force to replace it",
        )
