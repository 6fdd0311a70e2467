"""Locks that are whole after a fork.

A fork copies a process, but of its threads only the one that asked for it. In the copy, a lock
that another thread held is never released. So a fork waits until these locks are free. They are
held longest by a batch of photographs, or by a compiler, for which no fork waits to the end.
"""

from __future__ import annotations

# These hold locks of their own during a fork. What was registered last is called first: imported
# here, they take theirs after ours, and nobody who has one of ours waits for one of theirs.
import concurrent.futures.thread  # noqa: F401
import logging  # noqa: F401
import os
import threading
import time
import weakref
from typing import Any

PATIENCE = 10.0  # seconds that a fork waits; then the locks are made free in the child all the same


class ForkLock:
    """A lock, to be used in a ``with`` statement; a thread that holds it may take it again.

    Notes
    -----
    A fork by the thread that holds it does not wait, and leaves it held in both processes.
    """

    def __init__(self) -> None:
        self._lock: Any = threading.RLock()
        _locks.add(self)

    def __enter__(self) -> None:
        # A fork that waits goes first: Python's locks are not fair, and a thread that computes
        # batch after batch would take this one again and again. Who holds one must not wait.
        if not getattr(_here, "held", 0):
            with _door:
                pass
        self._lock.acquire()
        _here.held = getattr(_here, "held", 0) + 1

    def __exit__(self, *_: object) -> None:
        _here.held -= 1
        self._lock.release()


_locks: weakref.WeakSet[ForkLock] = weakref.WeakSet()
_here = threading.local()  # how many of the locks this thread holds
_door: Any = threading.RLock()  # held by the thread that forks
_taken: set[ForkLock] = set()


def _before() -> None:
    _door.acquire()
    end = time.monotonic() + PATIENCE
    for lock in list(_locks):
        if lock._lock.acquire(timeout=max(0.0, end - time.monotonic())):
            _taken.add(lock)


def _in_parent() -> None:
    while _taken:
        _taken.pop()._lock.release()
    _door.release()


def _in_child() -> None:
    for lock in list(_locks):
        if lock not in _taken:
            lock._lock._at_fork_reinit()
    _in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
