"""Copies of the notebooks that come with the package, in a learner's own folder."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from conus_widgets.machine.beside import written_whole

__all__ = ["Copied", "copy_notebooks"]

#: In the repository a link to its folder of notebooks; in the wheel the files themselves.
NOTEBOOKS = Path(__file__).with_name("notebooks")


@dataclass(frozen=True)
class Copied:
    """What became of each notebook, by its file's name.

    Attributes
    ----------
    new : tuple of str
        Were not there.
    same : tuple of str
        Were there, unchanged.
    kept : tuple of str
        Were there and had been changed, as any notebook that was run and saved. Nothing was done.
    aside : dict of str to str
        Were there and had been changed: fresh ones now, and the changed ones have another name.
    """

    new: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]
    aside: dict[str, str]

    def sentences(self, folder: Path) -> list[str]:
        """Return what happened, for a person."""
        said = [f"{len(self.new)} notebooks were copied to {folder}."] if self.new else []
        if self.same:
            said.append(f"{len(self.same)} were there already, unchanged.")
        if self.kept:
            said.append(
                f"{len(self.kept)} were there and were changed by somebody: they stay as they are "
                f"({', '.join(self.kept)}). For fresh ones add --reset; yours are then renamed."
            )
        said += [f"{old} is fresh; yours is called {new}." for old, new in self.aside.items()]
        return said


def copy_notebooks(folder: str | os.PathLike[str], *, reset: bool = False) -> Copied:
    """Copy the notebooks; a notebook that somebody changed is never lost.

    Parameters
    ----------
    folder : path
        Made if needed.
    reset : bool
        Put a fresh copy in the place of each changed one. The changed one stays beside it, as
        NAME-mine.ipynb (NAME-mine-2.ipynb, if there is one).

    Returns
    -------
    Copied

    Raises
    ------
    FileNotFoundError
        If this installation came without notebooks.
    OSError
        If the folder cannot be written.
    """
    sources = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not sources:
        raise FileNotFoundError(
            f"This installation has no notebooks in {NOTEBOOKS}: install the package again, or "
            "take them from the repository."
        )
    target = Path(folder).expanduser()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{target} cannot be made: {error.strerror}. Give another folder.") from error
    new, same, kept, aside = [], [], [], {}
    for source in sources:
        place, data = target / source.name, source.read_bytes()
        # A link that leads nowhere is somebody's, too.
        if not os.path.lexists(place):
            new.append(source.name)
        elif place.is_file() and place.read_bytes() == data:
            same.append(source.name)
            continue
        elif not reset:
            kept.append(source.name)
            continue
        else:
            aside[source.name] = _set_aside(place).name
        with written_whole(place) as file:
            file.write(data)
    return Copied(tuple(new), tuple(same), tuple(kept), aside)


def _set_aside(place: Path) -> Path:
    """Rename a file to a name that is free; return it."""
    number = 1
    while True:
        ending = "-mine" if number == 1 else f"-mine-{number}"
        free = place.with_name(f"{place.stem}{ending}{place.suffix}")
        if not os.path.lexists(free):
            shutil.move(place, free)
            return free
        number += 1
