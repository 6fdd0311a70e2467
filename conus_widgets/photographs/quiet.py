"""Pillow, kept quiet about harmless oddities in the metadata of photographs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from conus_widgets.machine.forks import ForkLock

_lock = ForkLock()
_reading = 0  # photographs, in all threads


@contextmanager
def without_pillows_warnings() -> Iterator[None]:
    """Keep Pillow quiet about harmless oddities in metadata, in any number of threads at once.

    The filters belong to the whole process. One that speaks of Pillow alone is put in front while
    anybody reads, and taken out after the last; `warnings.catch_warnings` would put back, among
    threads, what another one has just changed.
    """
    global _reading
    with _lock:
        _reading += 1
        warnings.filterwarnings("ignore", module=r"PIL\.")
        ours = warnings.filters[0]
    try:
        yield
    finally:
        with _lock:
            _reading -= 1
            if not _reading:
                with suppress(ValueError):  # somebody has put other filters in place meanwhile
                    warnings.filters.remove(ours)  # type: ignore[attr-defined]
