"""A log that comes from elsewhere, merged: each of its lines counts once."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from conus_widgets.collection.verdict_log import ENDING, Damaged, LogError, parse_lines, read
from conus_widgets.collection.verdicts import Verdict, VerdictError
from conus_widgets.machine.beside import written_whole


@dataclass(frozen=True)
class Merged:
    """What a merge has changed.

    Attributes
    ----------
    added : tuple of Verdict
        Lines that were new.
    known : int
        Lines that were there already.
    strange : int
        New lines about specimens that this collection does not have. They are kept.
    damaged : tuple of Damaged
        Lines that cannot be read. They are left out.
    """

    added: tuple[Verdict, ...]
    known: int
    strange: int
    damaged: tuple[Damaged, ...]

    def __str__(self) -> str:
        said = [f"{len(self.added):,} new lines, {self.known:,} were there already"]
        if self.strange:
            said.append(f"{self.strange:,} are about specimens that this collection does not have")
        if self.damaged:
            said.append(f"{len(self.damaged):,} cannot be read ({self.damaged[0]})")
        return "; ".join(said) + "."


def merge_log(
    folder: str | os.PathLike[str], data: bytes, specimens: Container[str], *, name: str = "log"
) -> Merged:
    """Add the lines of a downloaded log to a folder of logs.

    Parameters
    ----------
    folder : path
    data : bytes
        What was downloaded: JSON lines.
    specimens : container of str
        Those of the collection.
    name : str
        What the file is called, for errors.

    Raises
    ------
    VerdictError
        If no line can be read, or none is about a specimen of this collection: it is another
        file, or the log of another collection. Nothing has changed then.
    LogError
        If the lines could not be saved. Nothing has changed then.

    Notes
    -----
    The lines keep their reviewers. They become a file of their own that appears when it is whole.
    """
    damaged: list[Damaged] = []
    lines = {verdict.id: verdict for verdict in parse_lines(data, name, damaged)}
    if not lines:
        reason = f" ({damaged[0]})" if damaged else ""
        raise VerdictError(f"{name} holds no verdict{reason}: choose a log that was downloaded.")
    about = [verdict.kind == "pair note" or verdict.case in specimens for verdict in lines.values()]
    if not any(about):
        raise VerdictError(
            f"None of the {len(lines):,} lines of {name} is about a specimen of this collection: "
            "it is the log of another one."
        )
    held = {verdict.id for verdict in read(folder).verdicts}
    new = [
        (verdict, fits)
        for verdict, fits in zip(lines.values(), about, strict=True)
        if verdict.id not in held
    ]
    if new:
        path = Path(folder) / f"merged-{uuid.uuid4()}{ENDING}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path, text=True) as file:
                for verdict, _ in new:
                    file.write(json.dumps(verdict.to_dict(), ensure_ascii=False) + "\n")
        except OSError as error:
            raise LogError(
                f"The lines of {name} were NOT saved in {path.parent} ({error.strerror}): make "
                "room on the disk and try again."
            ) from error
    return Merged(
        tuple(verdict for verdict, _ in new),
        len(lines) - len(new),
        sum(not fits for _, fits in new),
        tuple(damaged),
    )
