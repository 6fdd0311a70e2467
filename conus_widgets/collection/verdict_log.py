"""The log of verdicts: append-only files of JSON lines, one for each reviewer and session.

A line counts as saved only after the disk has it. Whatever happens to a file, its other lines are
still read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conus_widgets.collection.verdicts import Verdict, VerdictError

ENDING = ".jsonl"


class LogError(OSError):
    """A verdict could not be saved; the message says why and what to do."""


@dataclass(frozen=True)
class Damaged:
    """A line that cannot be read: its file, its number from 1, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True)
class Log:
    """All verdicts of a folder, in the order in which they were given, each once.

    Attributes
    ----------
    verdicts : tuple of Verdict
        Also those that were taken back, and the lines that take them back.
    damaged : tuple of Damaged
    """

    verdicts: tuple[Verdict, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    _undone: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def standing(self) -> tuple[Verdict, ...]:
        """The verdicts and notes that nobody took back, without the undo lines."""
        return tuple(v for v in self.verdicts if v.kind != "undo" and v.id not in self._undone)

    def seen_by(self, reviewer: str) -> Log:
        """Return the log without what a reviewer must not see yet.

        That is what others say of a case, until the reviewer's own judgement of it is saved.

        Notes
        -----
        A judgement of the whole specimen opens all that was said of it; one of a photograph only
        what was said of that. One before the model's answer was shown opens nothing: the reviewer
        is still to decide again. Notes on pairs are about classes, and are always seen.
        """
        judged = {
            (verdict.case, verdict.photograph)
            for verdict in self.standing
            if verdict.by == reviewer and verdict.judges and verdict.phase != "before"
        }

        def seen(verdict: Verdict) -> bool:
            if verdict.by == reviewer or verdict.kind == "pair note":
                return True
            return bool({(verdict.case, ""), (verdict.case, verdict.photograph)} & judged)

        return replace(self, verdicts=tuple(filter(seen, self.verdicts)))


def read(folder: str | os.PathLike[str]) -> Log:
    """Read all logs of a folder and merge them.

    Parameters
    ----------
    folder : path
        A folder that does not exist holds no verdicts.

    Notes
    -----
    Sorted by time, then by id: two reviewers' files give the same order everywhere. An undo takes
    back a line of the same reviewer only, so nobody can remove another person's determination. An
    undo can itself be taken back.
    """
    return LogReader(folder).read()


class LogReader:
    """Reads the logs of a folder many times: only files that have changed are read again.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self._files: dict[str, tuple[tuple[int, int], list[Verdict], list[Damaged]]] = {}
        self._log: Log | None = None

    def read(self) -> Log:
        """Return the log as it stands on the disk; the same object if nothing has changed."""
        files = sorted(self._folder.glob(f"*{ENDING}"))
        before, self._files = self._files, {}
        for file in files:
            stamp = _stamp(file)
            held = before.get(file.name)
            if held is None or held[0] != stamp:
                damaged: list[Damaged] = []
                held = (stamp, _read_file(file, damaged), damaged)
            self._files[file.name] = held
        same = len(before) == len(files) and all(
            before.get(name) is held for name, held in self._files.items()
        )
        if self._log is None or not same:
            self._log = _merged(self._files.values())
        return self._log


def _stamp(file: Path) -> tuple[int, int]:
    try:
        about = file.stat()
    except OSError:
        return (-1, -1)
    return (about.st_size, about.st_mtime_ns)


def _merged(files: Iterable[tuple[Any, list[Verdict], list[Damaged]]]) -> Log:
    found: dict[str, Verdict] = {}
    damaged: list[Damaged] = []
    for _, verdicts, wrong in files:
        damaged += wrong
        for verdict in verdicts:
            found.setdefault(verdict.id, verdict)
    ordered = sorted(found.values(), key=lambda verdict: (verdict.moment, verdict.id))
    return Log(tuple(ordered), tuple(damaged), _undone(ordered))


def _undone(ordered: list[Verdict]) -> frozenset[str]:
    by_id = {verdict.id: verdict for verdict in ordered}
    undone: set[str] = set()
    for verdict in reversed(ordered):  # the newest first: an undo may have been undone later
        if verdict.kind != "undo" or verdict.id in undone:
            continue
        aim = by_id.get(verdict.undoes)
        if aim is not None and aim.by == verdict.by:
            undone.add(aim.id)
    return frozenset(undone)


def _read_file(file: Path, damaged: list[Damaged]) -> list[Verdict]:
    try:
        data = file.read_bytes()
    except OSError as error:
        damaged.append(Damaged(file.name, 0, f"cannot be read ({error.strerror})"))
        return []
    return parse_lines(data, file.name, damaged)


def parse_lines(data: bytes, name: str, damaged: list[Damaged]) -> list[Verdict]:
    """Return the verdicts of a log's bytes; what cannot be read is added to `damaged`.

    Parameters
    ----------
    data : bytes
    name : str
        What the file is called.
    damaged : list of Damaged
    """
    found = []
    # A crash of the system can leave a block of NULs, an editor a BOM or CRLF.
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        text = line.strip(b"\r\0 \t")
        if not text:
            if line.strip(b"\r \t"):
                damaged.append(Damaged(name, number, "holds only NUL bytes"))
            continue
        try:
            given = json.loads(text)
            if not isinstance(given, dict):
                raise VerdictError(f"a {type(given).__name__}, not an object")
            found.append(Verdict.from_dict(given))
        except (ValueError, RecursionError) as error:
            damaged.append(Damaged(name, number, f"no verdict ({error})"))
    return found


class LogWriter:
    """The one writer of one file: a reviewer's session.

    Parameters
    ----------
    folder : path
        Made if need be.
    by : str
        The reviewer; a part of the file's name, and of each line.
    orcid : str
        See `Verdict`.

    Attributes
    ----------
    file : Path
        Its name ends in a UUID, so that no two sessions ever write into the same file.

    Raises
    ------
    LogError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: str | os.PathLike[str], by: str, *, orcid: str = "") -> None:
        self.by, self.orcid = by, orcid
        readable = re.sub(r"[^\w.-]+", "-", by).strip(".-")[:60] or "reviewer"
        self.file = Path(folder) / f"{readable}-{uuid.uuid4()}{ENDING}"
        self._lock = threading.Lock()
        self._saved: set[str] = set()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            _flush_folder(self.file.parent)
        except OSError as error:
            raise LogError(
                f"Verdicts cannot be kept in {self.file.parent} ({error.strerror}): choose a "
                "folder of your own that can be written."
            ) from error
        self._length = 0

    def add(self, verdict: Verdict) -> None:
        """Write one line; when this returns, the disk has it. A line that is there counts once.

        Raises
        ------
        VerdictError
            If it is signed by somebody else than the writer.
        LogError
            If it could not be saved. The file is as it was before.
        """
        if verdict.by != self.by:
            raise VerdictError(f"This log is that of {self.by!r}, the verdict of {verdict.by!r}.")
        line = json.dumps(verdict.to_dict(), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._lock:
            if verdict.id in self._saved:
                return
            try:
                self._write(line)
            except OSError as error:
                with contextlib.suppress(OSError):  # half a line must not spoil the next one
                    os.ftruncate(self._descriptor, self._length)
                raise LogError(
                    f"The verdict was NOT saved in {self.file} ({error.strerror}): make room on "
                    "the disk and try again."
                ) from error
            self._length += len(line)
            self._saved.add(verdict.id)

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; one without a line is removed."""
        with self._lock:
            if self._descriptor < 0:
                return
            os.close(self._descriptor)
            self._descriptor = -1
            if self._length == 0:
                with contextlib.suppress(OSError):
                    self.file.unlink()


def _flush_folder(folder: Path) -> None:
    """Have the disk know the new file's name as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network disks cannot do it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
