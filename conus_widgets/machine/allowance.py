"""The memory that this process may take, and the memory that it takes."""

from __future__ import annotations

import os
from pathlib import Path

from conus_widgets.machine.machine import SetupError


def limit() -> float:
    """Return how many bytes this process may take; infinite if nobody set a limit.

    ``CONUS_MEMORY_MB``, else the limit of the container (control groups, version 2 and 1).

    Raises
    ------
    SetupError
        If ``CONUS_MEMORY_MB`` is not a number of megabytes.
    """
    asked = os.environ.get("CONUS_MEMORY_MB", "")
    if asked:
        if not asked.isdecimal() or int(asked) < 1:
            raise SetupError(f"CONUS_MEMORY_MB is {asked!r}: give a whole number of megabytes.")
        return int(asked) * 1e6
    return cgroup_bytes(Path("/sys/fs/cgroup"))


def cgroup_bytes(root: Path) -> float:
    """Return the memory limit of this container in bytes, infinite if there is none."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (root / name).read_text().strip()
        except OSError:
            continue
        # Version 1 says "no limit" with the largest number of pages.
        return float(text) if text.isdecimal() and int(text) < 2**60 else float("inf")
    return float("inf")


def resident() -> float:
    """Return how many bytes of this process are in memory now; 0 if the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
