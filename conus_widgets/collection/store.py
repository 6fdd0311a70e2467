"""A store: the answers for a collection in a folder, kept part by part.

    fingerprint.json   the model and the settings, of which all answers are
    table.parquet      the collection: a record for each photograph, and its problems
    answers/           a Parquet data set: a row for each photograph that was asked
    features/          ``.npy`` files of the same names
    unfinished/        what is being written
    damaged/           answers that could not be read, and were asked again
    holder.json        who writes just now

A photograph may have several rows, as one that was changed and asked again: the newest counts.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conus_widgets.collection import holder, parts, stored_table
from conus_widgets.collection.fingerprint import Fingerprint
from conus_widgets.collection.holder import HeldError, Holder
from conus_widgets.collection.parts import BATCH, DamagedPart, Part, Rows
from conus_widgets.collection.table import Table

__all__ = ["HeldError", "Live", "Store", "StoreError", "explained", "open_store", "writing"]

FINGERPRINT, DAMAGED = "fingerprint.json", "damaged"
PART_ROWS = 2048  # at most in a large part
PART_BYTES = 16_000_000  # of a large part in memory, at most about so much
OLD = 3600  # seconds after which an unfinished file belongs to nobody any more
_TRIES = 5  # of listing the parts, while another process merges some of them


class StoreError(ValueError):
    """A store that cannot be used, or not for this; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Live:
    """The rows that count: the newest one of each photograph.

    Attributes
    ----------
    parts : list of Part
    where : dict of bytes to (int, int)
        For each path the part's place in `parts`, and the row in it.
    damaged : dict of str to str
        The names of parts that cannot be read, and why.
    """

    parts: list[Part]
    where: dict[bytes, tuple[int, int]]
    damaged: dict[str, str]

    def rows(self, paths: Sequence[bytes]) -> Rows:
        """Return the rows of photographs, whole."""
        wanted: dict[int, list[int]] = {}
        for path in paths:
            part, row = self.where[path]
            wanted.setdefault(part, []).append(row)
        found = Rows.joined([self.parts[part].rows(rows) for part, rows in wanted.items()])
        place = {path: n for n, path in enumerate(found.path)}
        return found.take([place[path] for path in paths])


class Store:
    """The answers in a folder. `open_store` and `writing` return it.

    Parameters
    ----------
    folder : Path
    fingerprint : Fingerprint
    """

    def __init__(self, folder: Path, fingerprint: Fingerprint) -> None:
        self.folder = folder
        self.fingerprint = fingerprint
        self._classes = len(fingerprint.labels)
        self._row_bytes = 8 * self._classes + 2 * fingerprint.features + 300

    @property
    def part_rows(self) -> int:
        """How many rows a large part has."""
        return int(max(64, min(PART_ROWS, PART_BYTES // self._row_bytes)))

    def part(self, name: str) -> Part:
        """Return a part, as `Part` does."""
        return Part(self.folder, name, self._classes, self.fingerprint.features)

    def live(self) -> Live:
        """Read which photographs were asked, and where their rows stand."""
        for _ in range(_TRIES):
            try:
                return self._live()
            except FileNotFoundError as error:  # merged into another one since it was listed
                missing = error
        raise StoreError(
            f"{self.folder} changes faster than it can be read ({missing.filename}): try again."
        ) from missing

    def _live(self) -> Live:
        found: list[Part] = []
        damaged: dict[str, str] = {}
        for name in parts.names(self.folder):
            try:
                part = self.part(name)
            except DamagedPart as error:
                damaged[name] = str(error)
                continue
            found.append(part)
        where: dict[bytes, tuple[int, int]] = {}
        for number, part in enumerate(found):
            where.update((path, (number, row)) for row, path in enumerate(part.path))
        if len(where) == sum(map(len, found)):  # each photograph has one row, as it mostly is
            return Live(found, where, damaged)
        where.clear()
        newest: dict[bytes, int] = {}
        for number, part in enumerate(found):
            for row, (path, asked) in enumerate(zip(part.path, part.asked.tolist(), strict=True)):
                # Of two copies of a row, that in the large part: parts are sorted so.
                if newest.get(path, -1) <= asked:
                    newest[path] = asked
                    where[path] = (number, row)
        return Live(found, where, damaged)

    def append(self, rows: Rows, ident: str | None = None) -> str:
        """Save rows as one batch; return its name.

        Parameters
        ----------
        rows : Rows
        ident : str, optional
            Of the batch: who saves it again under the same one replaces it.

        Raises
        ------
        StoreError
            If the disk is full, say; what was saved before stays.
        """
        with explained(self.folder):
            return parts.write(self.folder, rows, BATCH, ident)

    def set_aside(self, name: str) -> None:
        """Move the answers of a damaged part out of the way: its photographs are asked again."""
        with explained(self.folder):
            (self.folder / DAMAGED).mkdir(exist_ok=True)
            file = self.folder / parts.ANSWERS / f"{name}.parquet"
            os.replace(file, self.folder / DAMAGED / file.name)

    def clean(self) -> None:
        """Remove what ended processes left unfinished."""
        begun = time.time() - OLD
        answers = set(parts.names(self.folder))
        left = [*(self.folder / parts.UNFINISHED).iterdir()]
        left += [f for f in (self.folder / parts.FEATURES).iterdir() if f.stem not in answers]
        for file in left:
            with contextlib.suppress(OSError):
                if file.stat().st_mtime < begun:
                    file.unlink()

    def write_table(self, table: Table) -> None:
        """Save the collection itself, so that the store can be opened without its source."""
        with explained(self.folder):
            stored_table.write(self.folder, table)

    def read_table(self) -> stored_table.StoredTable:
        """Return the collection that was saved last.

        Raises
        ------
        StoreError
            If there is none.
        """
        try:
            return stored_table.StoredTable(self.folder)
        except FileNotFoundError:
            raise StoreError(
                f"{self.folder} has no table.parquet: evaluate the collection into it again; what "
                "was answered stays."
            ) from None
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(
                f"{self.folder / stored_table.NAME} cannot be read ({error}): evaluate the "
                "collection into this folder again; what was answered stays."
            ) from error


def open_store(folder: str | os.PathLike[str]) -> Store:
    """Open a store.

    Raises
    ------
    StoreError
        If there is none, or its fingerprint cannot be read.
    """
    place = Path(folder).expanduser()
    file = place / FINGERPRINT
    try:
        return Store(place, Fingerprint.from_json(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise StoreError(
            f"{place} holds no answers of a collection ({FINGERPRINT} is missing): give the folder "
            "that a collection was evaluated into."
        ) from None
    except (OSError, ValueError) as error:  # also text that is no UTF-8, and damaged JSON
        raise StoreError(f"{file} cannot be read ({error}).") from error


@contextlib.contextmanager
def writing(
    folder: str | os.PathLike[str], fingerprint: Fingerprint
) -> Iterator[tuple[Store, Holder]]:
    """Open a store to write answers of this fingerprint, or make it; nobody else writes meanwhile.

    Raises
    ------
    StoreError
        If the folder holds answers of another model or other settings, or other files, or cannot
        be written.
    HeldError
        If another process writes into it.
    """
    place = Path(folder).expanduser()
    with contextlib.ExitStack() as stack:
        with explained(place):  # what fails in the caller's block is not about this folder
            place.mkdir(parents=True, exist_ok=True)
            if (place / FINGERPRINT).exists():
                _require_same(place, fingerprint)
            else:
                _refuse_others(place)
            held = stack.enter_context(Holder(place))
            for name in (parts.ANSWERS, parts.FEATURES, parts.UNFINISHED):
                (place / name).mkdir(exist_ok=True)
            if not (place / FINGERPRINT).exists():
                text = fingerprint.to_json().encode()
                parts.write_whole(place, place / FINGERPRINT, lambda file: file.write(text))
            store = _require_same(place, fingerprint)
        yield store, held


def _require_same(place: Path, fingerprint: Fingerprint) -> Store:
    store = open_store(place)
    differences = fingerprint.differences(store.fingerprint)
    if differences:
        raise StoreError(
            f"{place} holds answers of another kind: {'; '.join(differences)}. Give another "
            "folder; or remove this one, if its answers are not needed any more."
        )
    return store


def _refuse_others(place: Path) -> None:
    ours = {parts.ANSWERS, parts.FEATURES, parts.UNFINISHED, holder.NAME}
    others = [f.name for f in place.iterdir() if f.name not in ours and f.name[0] != "."]
    if others:
        raise StoreError(
            f"{place} holds other files ({', '.join(sorted(others)[:3])}): give an empty or a new "
            "folder."
        )


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the system says of a folder that cannot be written into a `StoreError`."""
    try:
        yield
    except OSError as error:
        raise _cannot_be_written(folder, error) from error


def _cannot_be_written(folder: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"The disk of {folder} is full. What was saved there stays: free some space and do the "
            "same again, which goes on from there."
        )
    why = error.strerror or str(error)
    return StoreError(f"{folder} cannot be written ({why}): give a folder of your own.")
