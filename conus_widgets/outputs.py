"""Places for results: never over what was read, over other files only if asked."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from conus_widgets.photographs.names import plain

#: Stands as "Software" in the text of every PNG that the kit writes: so it knows its own again.
MADE_BY = "conus_widgets"
_PNG, _MARK = b"\x89PNG\r\n\x1a\n", b"tEXtSoftware\0" + MADE_BY.encode()


def place_for(
    path: Any,
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
    is_ours: Callable[[Path], bool] = lambda path: False,
    force: bool = False,
    way: str = "give another name",
) -> Path:
    """Return where to write a result, or say why it may not be written there.

    Parameters
    ----------
    path : path
        As a caller gave it; "~" is the home folder. A link is followed and stays a link.
    inputs : paths
        What was read: never written over, under whatever name and through whatever link. Nor is
        anything written beside one under a name that differs in case only, or in how accents are
        stored: on many disks the two are one file.
    is_ours : callable
        Whether an existing file is an earlier result, which may be replaced.
    force : bool
        Replace any other existing file too, but no input.
    way : str
        What to do about a file that is there already; ends the sentence.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If a result may not be written there, or the path cannot be one.
    OSError
        For a folder, a name that is too long, or if the folder may not be looked into.
    """
    given = _path(path)
    shown = plain(str(given))
    place = Path(os.path.realpath(given))
    for source in inputs:
        if _meets(given, source) or _meets(place, source):
            raise ValueError(
                f"{shown} would be written over {plain(os.path.basename(os.fspath(source)))}, "
                "which is read, or differs from its name in case only: give another name."
            )
    try:
        mode = os.stat(place).st_mode
    except FileNotFoundError:
        return place
    except OSError as error:  # a name that is too long, a folder that is a file
        raise type(error)(f"{shown} cannot be written: {error.strerror or error}.") from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(
            f"{shown} cannot be written: Is a directory; give the name of a file in it."
        )
    if not stat.S_ISREG(mode):
        raise ValueError(f"{shown} is not a file but a device or a pipe: give a file.")
    if not force and not is_ours(place):
        raise ValueError(f"{shown} is there already and was not made by this kit: {way}.")
    return place


def is_our_png(path: Path) -> bool:
    """Return whether a file is a PNG that the kit wrote; one that cannot be read does not count."""
    try:
        with open(path, "rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    return head.startswith(_PNG) and _MARK in head


def _path(path: Any) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"The file to write is given by its path, not by a {type(path).__name__}.")
    text = os.fspath(path)
    if not isinstance(text, str) or "\0" in text or not text:
        raise ValueError(f"{path!r} cannot be the path of a file: give another one.")
    return Path(os.path.expanduser(text))


def _meets(path: Path, source: Any) -> bool:
    """Return whether two paths are one file, or might be one on another disk."""
    try:
        if os.path.samefile(path, source):  # also through links, and on disks that ignore case
            return True
    except (OSError, ValueError):  # one of them is not there
        pass
    text = os.fsdecode(source)
    return any(
        _folded(path.name) == _folded(other.name) and _same_folder(path.parent, other.parent)
        for other in (Path(os.path.abspath(text)), Path(os.path.realpath(text)))
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _same_folder(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return os.path.abspath(one) == os.path.abspath(other)
