"""Limits for visitors: settings that `python -m conus_widgets serve` gives to their kernels.

Each visitor has a process, so what is counted here is counted for one visit.
"""

from __future__ import annotations

import itertools
import os
import threading

from conus_widgets.machine.machine import SetupError

__all__ = ["hides_folders", "largest_file", "one_more_file"]

FILES, MEGABYTES = "CONUS_GUEST_FILES", "CONUS_GUEST_FILE_MB"

_lock = threading.Lock()
_files = itertools.count(1)


def _whole(name: str) -> int | None:
    text = os.environ.get(name, "")
    if not text:
        return None
    if not text.isdecimal():
        raise SetupError(f"{name} is {text!r}: give a whole number.")
    return int(text)


def hides_folders() -> bool:
    """Whether pages name files without their folders: a stranger need not know the server's."""
    return bool(os.environ.get(FILES, ""))


def largest_file(most: int) -> int:
    """Return how many bytes a file from the page may have: `most`, or less if it is set."""
    megabytes = _whole(MEGABYTES)
    return most if megabytes is None else min(most, megabytes * 2**20)


def one_more_file(name: str) -> None:
    """Count a file that the page begins to send.

    Raises
    ------
    ValueError
        If this visit has sent as many as a visit may.
    """
    most = _whole(FILES)
    if most is None:
        return
    with _lock:
        number = next(_files)
    if number > most:
        raise ValueError(
            f"{name} was not taken: a visit may send {most} files, and this is number {number}. "
            "Reload the page to begin anew."
        )
