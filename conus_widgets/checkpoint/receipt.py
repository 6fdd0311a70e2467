"""The receipt in a folder of fetched files: where they came from, and what came."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from conus_widgets.machine.beside import written_whole

NAME = "fetched.json"
ASK_AGAIN = 24 * 3600  # seconds for which the answer that a file does not exist holds


@dataclass
class Receipt:
    """A note in the folder.

    Parameters
    ----------
    source : str
        The address of the folder that the files came from, without password and query; "" where
        none came.
    files : dict of str to (str or int)
        For each file that came, its SHA-256; in notes of an earlier version its size.
    missing : dict of str to float
        For each file that does not exist at the address, when that was the answer (Unix time).
    """

    source: str = ""
    files: dict[str, str | int] = field(default_factory=dict)
    missing: dict[str, float] = field(default_factory=dict)

    def came(self, name: str, digest: str, size: int) -> bool:
        """Whether a file is what came."""
        return self.files.get(name) in (digest, size)

    def is_missing(self, name: str) -> bool:
        """Whether a file did not exist when that was asked not long ago."""
        return abs(time.time() - self.missing.get(name, 0)) < ASK_AGAIN


def read(folder: Path) -> Receipt:
    """Return the note in a folder; an empty one if it is not there or damaged."""
    try:
        given = json.loads((folder / NAME).read_text("utf-8"))
        files, missing = given["files"], given["missing"]
        if not given["source"].startswith("http"):
            return Receipt()
        return Receipt(
            source=given["source"],
            files={name: what for name, what in files.items() if isinstance(what, (str, int))},
            # A list, in notes of an earlier version.
            missing={name: float(missing[name]) for name in missing if isinstance(missing, dict)},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Receipt()


def write(folder: Path, receipt: Receipt) -> None:
    """Write the note."""
    with written_whole(folder / NAME, text=True) as file:
        json.dump(asdict(receipt), file, indent=1)
