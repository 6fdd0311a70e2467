"""A walk through a folder: its photographs in a stable order, and what cannot be walked."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from conus_widgets.photographs.filekind import what_is

from .problems import Problem

#: Ends of the names of files that the kit reads, and of files that people take for such.
SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .tif .tiff .gif .bmp .heic .heif .avif".split()
)
_READABLE = {"JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "HEIC", "AVIF"}
_LITTER = {"thumbs.db", "desktop.ini"}


@dataclass
class Walk:
    """What a folder holds.

    Attributes
    ----------
    files : list of str
        Photographs, relative to the folder, with "/" between the parts. A file counts by the end
        of its name, or else by its first bytes. Names are sorted part by part.
    folders : list of str
        All folders below, likewise; empty ones are among them.
    problems : list of Problem
    """

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def walk(root: str) -> Walk:
    """Walk through a folder; links to folders are followed, but never round in a circle.

    Hidden files and folders (".name"), and files that file managers leave behind, are passed over
    without a word. So are files that are no photographs directly in `root`: tables lie there.
    """
    found = Walk()
    _enter(root, "", (), found)
    return found


def _enter(root: str, below: str, above: tuple[tuple[int, int], ...], found: Walk) -> None:
    folder = os.path.join(root, below) if below else root
    try:
        status = os.stat(folder)
        here = (status.st_dev, status.st_ino)
        if here in above:
            found.problems.append(
                Problem(
                    below,
                    "is a link to a folder that it lies in; it is not followed a second time.",
                )
            )
            return
        entries = sorted(_entries(folder), key=lambda entry: entry.name)
    except OSError as error:
        found.problems.append(Problem(below or root, why(error)))
        return
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        if not encodable(entry.name):
            found.problems.append(
                Problem(
                    name,
                    "has a name that is not UTF-8, which no table can hold; rename it.",
                )
            )
        elif _is_folder(entry):
            found.folders.append(name)
            _enter(root, name, (*above, here), found)
        elif os.path.splitext(entry.name)[1].lower() in SUFFIXES:
            found.files.append(name)
        else:
            _other(entry, name, below, found)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.name.lower() not in _LITTER:
                yield entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself: `screening` says so
        return False


def _other(entry: os.DirEntry[str], name: str, below: str, found: Walk) -> None:
    """Look at the first bytes of a file whose name does not say that it is a photograph."""
    try:
        if not entry.is_file():  # opening a pipe would wait for ever
            kind = "no ordinary file"
        else:
            with open(entry.path, "rb") as file:
                kind = what_is(file.read(64))
    except OSError as error:
        found.problems.append(Problem(name, why(error)))
        return
    if kind in _READABLE:
        found.files.append(name)
    elif below:
        reason = "is empty (0 bytes)" if kind == "nothing" else f"is {kind}, not a photograph"
        found.problems.append(Problem(name, f"{reason}; it is left out."))


def encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8; a file's name on disk may hold any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def why(error: OSError | ValueError) -> str:
    """Return why a file or folder cannot be used, as the rest of a sentence."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT or number == errno.ENOTDIR:
        return "is not there; correct its name, or copy it to this place."
    if number == errno.ELOOP:
        return "is a link that leads back to itself; put the file itself there."
    if number in (errno.EACCES, errno.EPERM):
        return "may not be read by this user; change its permissions."
    if number == errno.ENAMETOOLONG or isinstance(error, ValueError):
        return "has a name that no file can have; correct it."
    return f"cannot be read ({getattr(error, 'strerror', None) or error}); look at its drive."
