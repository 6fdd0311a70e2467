"""A collection's photographs as they are shown; one that has changed since it was asked says so."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.live.thumbnails import LARGE, Thumbnail, Thumbnails, make_thumbnail

__all__ = ["thumbnails_of"]


def thumbnails_of(facts: Facts, ready: Callable[[int, int, Thumbnail], None]) -> Thumbnails[int]:
    """Return the thumbnails of a collection's photographs, by their numbers."""

    def make(number: int, side: int) -> Thumbnail:
        path, digest = Path(facts.paths[number]), facts.digests[number]
        made = make_thumbnail(path, side)
        if side == LARGE and digest and made.jpeg:
            return dataclasses.replace(made, problem=_changed(path, digest))
        return made

    return Thumbnails(make, ready)


def _changed(path: Path, digest: str) -> str:
    """Return a sentence if a file is not the one that the network was asked about.

    A verdict on it would be one on the wrong photograph.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})."
    if found == digest:
        return ""
    return (
        f"{path.name} has changed since the network was asked about it: evaluate the "
        "collection again before you judge it."
    )
