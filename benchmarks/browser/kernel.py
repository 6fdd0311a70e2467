"""The benchmark's notebook: an explorer, and notes of when its network computes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conus_widgets import Explorer, load_predictor, shells

#: What a network does for the explorer.
KINDS = ("forward", "follow", "variants", "activations", "gradients")


def explorer(checkpoint: str | None, kind: str, notes: str) -> Explorer:
    """Return an explorer on a drawn shell.

    Parameters
    ----------
    checkpoint : str or None
        The folder of a checkpoint; None is the demonstration.
    kind : str
        Of the shell that is drawn.
    notes : str
        File to which each computation adds a line: what, and when it began and ended, in seconds
        since 1970.
    """
    predictor = load_predictor(checkpoint)
    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for name in KINDS:
        setattr(predictor.network, name, noted(getattr(predictor.network, name), name, file))
    return Explorer(predictor, shells.draw(kind, seed=3, size=448).image)


def noted(call: Callable[..., Any], name: str, file: int) -> Callable[..., Any]:
    """Return a function that does the same, and adds a line to an open file: see `explorer`."""

    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.time()
        try:
            return call(*arguments, **options)
        finally:
            os.write(file, json.dumps([name, began, time.time()]).encode() + b"\n")

    return timed


def computations(notes: Path) -> list[tuple[str, float, float]]:
    """Return what was noted: (what, begin, end), in order of their ends."""
    return [tuple(json.loads(line)) for line in notes.read_text().splitlines()]
