"""Compiled functions, restored from disk: Theano's optimiser need not work at each start."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from conus_widgets.machine.imports import no_garbage
from conus_widgets.machine.machine import cache_folder, is_private
from conus_widgets.machine.runtime import theano

__all__ = ["compiled"]

#: The files whose code decides what is compiled.
SOURCES = (
    "checkpoint/architecture.py",
    "machine/imports.py",
    "machine/module_cache.py",
    "machine/runtime.py",
    "network/compiled.py",
    "network/grids.py",
    "network/inference.py",
    "network/slopes.py",
    "ops/*.[ph]*",
)
DEEP_STACK = 256 * 2**20  # bytes that a thread may take; only what it uses becomes real

_log = logging.getLogger(__name__)


def compiled(name: str, key: Any, build: Callable[[], Any]) -> Any:
    """Return a compiled function: the one kept on disk, or what `build` makes.

    Parameters
    ----------
    name : str
        What it is called on disk.
    key : object
        Whatever decides what `build` makes; its `repr` is used.
    build : callable
        Makes the function. Its shared variables should hold little, for they are kept with it.

    Returns
    -------
    theano function
        One of the caller's own.

    Notes
    -----
    A pickle can run any code, so only a file is read that nobody but this user or root can have
    written, in a folder of which the same is true; otherwise, and if anything fails, `build` is
    called. The name holds a digest of this package's code and of the versions that it stands on.
    Of several processes that want one function at once one builds it, and the others wait for it.
    """
    file = cache_folder() / "functions" / f"{name}-{_digest(key)}-{_digest(_ground())}.pickle"
    turns = file.with_name(f"lock-{_digest(file.name)[0]}")  # 16, for any number of functions
    with _turn(turns, fcntl.LOCK_SH):
        found = _restored(file)
    if found is None:
        with _turn(turns, fcntl.LOCK_EX):
            found = _restored(file)
            if found is None:
                found = build()
                _keep(found, file)
    return found


@contextlib.contextmanager
def _turn(lock: Path, kind: int) -> Iterator[None]:
    """Wait for one's turn among processes; shared ones go together.

    If the file system knows no locks, they go ahead without one.
    """
    with contextlib.ExitStack() as stack:
        try:
            lock.parent.mkdir(mode=0o755, exist_ok=True)
            file = stack.enter_context(open(lock, "ab"))
            fcntl.flock(file, kind)
            # Closing would not do where a process was forked meanwhile: it has the file open, too.
            stack.callback(fcntl.flock, file, fcntl.LOCK_UN)
        except OSError as error:
            _log.info("%s is used without a lock (%s).", lock.parent, error)
        yield


def _restored(file: Path) -> Any:
    if not (is_private(file.parent) and file.is_file() and is_private(file)):
        return None
    # The graph was optimised before it was kept: that is the time to be saved.
    try:
        with (
            theano.config.change_flags(reoptimize_unpickled_function=False),
            no_garbage(),
            open(file, "rb") as opened,
        ):
            return pickle.load(opened)
    except Exception as error:  # damaged files raise anything; the function is then built again
        _log.info("%s could not be restored (%s).", file, error)
        return None


def _keep(function: Any, file: Path) -> None:
    beside = file.with_suffix(f".{os.getpid()}.part")
    try:
        beside.write_bytes(_pickled(function))
        os.replace(beside, file)
        for other in file.parent.glob(f"{file.stem.rpartition('-')[0]}-*.pickle"):
            if other != file:  # of an older version of this package
                other.unlink(missing_ok=True)
    except Exception as error:  # a full disk, or an Op that cannot be pickled, costs time only
        _log.info("%s could not be kept (%s).", file, error)
        beside.unlink(missing_ok=True)


def _pickled(function: Any) -> bytes:
    """Pickle a graph, whose depth is more than Python lets one call into another by default."""
    limit = sys.getrecursionlimit()
    size = threading.stack_size(DEEP_STACK)
    try:
        with ThreadPoolExecutor(1) as pool:
            sys.setrecursionlimit(max(limit, 50_000))
            return pool.submit(pickle.dumps, function, pickle.HIGHEST_PROTOCOL).result()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)


def _digest(key: Any) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]


@cache
def _ground() -> str:
    """Return what a compiled function stands on: the code that makes it, and the versions."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(file for pattern in SOURCES for file in package.glob(pattern)):
        digest.update(file.read_bytes())
    versions = [version(package) for package in ("theano-pymc", "numpy")]
    return f"{digest.hexdigest()} {versions} {theano.config.optimizer} {theano.config.linker}"
