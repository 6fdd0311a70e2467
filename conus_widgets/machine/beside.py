"""Files that appear under their names only when they are whole: written beside, then moved."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

NAME_BYTES = 255  # of a file's name, if the disk does not say how many it takes

_numbers = itertools.count()


def beside(path: Path, ending: str) -> Path:
    """Return the place beside `path` whose name is that of `path` and `ending`.

    A name that would be longer than the disk takes is cut and gets a digest of the whole one, so
    that two long names do not meet.
    """
    name, most = path.name + ending, longest_name(path.parent)
    if len(os.fsencode(name)) > most:
        ending = f"-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}{ending}"
        kept = os.fsencode(path.name)[: most - len(os.fsencode(ending))]
        name = kept.decode("utf-8", "ignore") + ending  # no half letter at the cut
    return path.with_name(name)


def longest_name(folder: Path) -> int:
    """Return how many bytes a file's name may have there."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):
        return NAME_BYTES


@contextlib.contextmanager
def written_whole(path: Path, *, text: bool = False) -> Iterator[IO[Any]]:
    """Open a file that is moved to `path` when the block has ended well.

    Parameters
    ----------
    path : Path
        Its folder must be there. What lies at `path` stays as it is until the new file is whole.
    text : bool
        Open for text (UTF-8, lines end in a line feed) rather than for bytes.

    Raises
    ------
    OSError
        If it cannot be written; the message speaks of `path`, not of the file beside it.
    """
    other = beside(path, f".{os.getpid()}-{next(_numbers)}.part")
    try:
        with (
            open(other, "w", encoding="utf-8", newline="\n") if text else open(other, "wb") as file
        ):
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(other, path)
    except OSError as error:
        told = type(error)(f"{path} cannot be written: {reason(error, path)}.")
        told.errno = error.errno  # a full disk is told apart by it
        raise told from error
    finally:
        with contextlib.suppress(OSError):
            other.unlink(missing_ok=True)


def reason(error: OSError, path: Path) -> str:
    """Return why a file could not be written or read, in words."""
    if error.errno == errno.ENAMETOOLONG:
        long = [part for part in path.parts if len(os.fsencode(part)) > longest_name(path.parent)]
        if long:
            return (
                f"{long[-1][:20]}... has {len(os.fsencode(long[-1]))} bytes, and a name may have "
                f"at most {longest_name(path.parent)} here; give a shorter one"
            )
        return "the path is longer than this system takes; give a shorter one"
    return error.strerror or str(error)
