"""A folder that somebody chose on the page: what of it was taken, and what was left out."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from conus_widgets.photographs.names import plain

__all__ = ["Chosen"]

_MOST = 8  # sentences of each kind
_LONGEST = 1000  # letters of one


class Chosen:
    """What came of a folder. All methods may be called from any thread.

    Parameters
    ----------
    key : str
        By which the page knows this choice: the same folder may be chosen twice.
    name : str
        Of the folder.
    photographs : int
        Which are to come.
    left_out : iterable of str
        Sentences of the page, on files that do not come.
    """

    def __init__(self, key: str, name: str, photographs: int, left_out: Iterable[Any]) -> None:
        self.key = key
        self._name = plain(name)[:_LONGEST]
        self._photographs = photographs
        self._left_out = [_line(one) for one in list(left_out)[:_MOST]]
        self._uploads: set[str] = set()
        self._taken = 0
        self._refused: dict[str, int] = {}  # a reason, and how many photographs have it
        self._lock = threading.Lock()

    def announce(self, upload: str) -> None:
        """Note that a photograph of this folder is on its way."""
        with self._lock:
            self._uploads.add(upload)

    def take(self, upload: str) -> None:
        """Note that a photograph is there; nothing happens if it is not of this folder."""
        with self._lock:
            if upload in self._uploads:
                self._uploads.remove(upload)
                self._taken += 1

    def refuse(self, upload: str, reason: str) -> None:
        """Note that a photograph does not come, and why."""
        with self._lock:
            self._uploads.discard(upload)
            reason = _line(reason)
            self._refused[reason] = self._refused.get(reason, 0) + 1

    def taken(self) -> str:
        """Return how many photographs were taken."""
        with self._lock:
            count, taken = self._photographs, self._taken
            if not count:
                return ""
            of = f"\u2018{self._name}\u2019"
            said = f"{taken:,} of {count:,} photograph{'s' * (count > 1)} of {of} "
            said += "was taken" if taken == 1 else "were taken"
            waiting = count - taken - sum(self._refused.values())
            if waiting <= 0:
                return f"{said}."
            are = "is on its way" if waiting == 1 else "are on their way"
            return f"{said}; {waiting:,} {are}, as long as the page that sends them stays open."

    def left_out(self) -> list[str]:
        """Return what does not come, and why, as sentences."""
        with self._lock:
            said = [
                reason if count == 1 else f"{reason} So {count:,} photographs were not taken."
                for reason, count in self._refused.items()
            ]
            lines = [*self._left_out, *said[:_MOST]]
            more = sum(list(self._refused.values())[_MOST:])
        if more:
            lines.append(f"And {more:,} more were not taken, for other reasons.")
        return lines


def _line(text: Any) -> str:
    return plain(str(text))[:_LONGEST]
