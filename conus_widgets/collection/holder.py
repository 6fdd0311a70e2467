"""Who may write into a store: one process at a time, on any machine that sees its folder."""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import getpass
import json
import os
import platform
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAME = "holder.json"
SILENT = 120  # seconds without a sign of life, after which a holder elsewhere counts as gone
#: What a disk answers that knows no locks, as some network's disks do.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)
_SETTLE = 0.2  # seconds in which two that write their names at once see each other


class HeldError(RuntimeError):
    """Another process writes into this store; the message says which one."""


class Holder:
    """The right to write into a store, while the block lasts.

    The system's own lock decides: it ends with the process, however that ends. On a disk without
    locks it is the record in the file, with a sign of life every few seconds.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    HeldError
        If another process, or another call in this one, holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._since = datetime.datetime.now().isoformat(" ", "seconds")
        self._id = os.urandom(8).hex()

    def __enter__(self) -> Holder:
        # Never replaced: a lock belongs to the file, not to its name.
        self._file = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._take()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
        os.close(self._file)

    def sign(self) -> None:
        """Say that this process is alive."""
        record = {
            "id": self._id,
            "host": platform.node(),
            "process": os.getpid(),
            "user": _user(),
            "since": self._since,
            "seen": time.time(),
        }
        text = json.dumps(record).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text, 0)

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._held(self._read()) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            self._take_by_name()
        self.sign()

    def _take_by_name(self) -> None:
        record = self._read()
        if _alive(record):
            raise self._held(record)
        self.sign()
        time.sleep(_SETTLE)
        record = self._read()
        if record.get("id") != self._id:
            raise self._held(record)

    def _read(self) -> dict[str, Any]:
        try:
            record = json.loads(os.pread(self._file, 10_000, 0))
        except ValueError:  # empty, or just being written
            return {}
        return record if isinstance(record, dict) else {}

    def _held(self, record: dict[str, Any]) -> HeldError:
        who = "another process"
        if record:
            who = (
                f"process {record.get('process')} of {record.get('user')} on "
                f"{record.get('host')}, since {record.get('since')}"
            )
        return HeldError(
            f"{self._folder} is being filled by {who}. Wait until it ends or stop it; what it has "
            "saved can be opened meanwhile. Or give another folder."
        )


def _alive(record: dict[str, Any]) -> bool:
    try:
        process, host, seen = int(record["process"]), record["host"], float(record["seen"])
    except (KeyError, TypeError, ValueError):
        return False
    if host != platform.node():
        return time.time() - seen < SILENT
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())
