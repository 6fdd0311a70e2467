"""Photographs for the page: small JPEGs, made in a thread as they are seen, in bounded memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conus_widgets.photographs.photograph import PhotographError, open_photograph

__all__ = ["LARGE", "SMALL", "Thumbnail", "Thumbnails"]

SMALL, LARGE = 224, 1024  # pixels of the longer side: in the gallery, and of the open case
_HELD = 64 * 1024 * 1024  # bytes
_QUALITY = {SMALL: 80, LARGE: 88}
_WAITING = 400  # photographs: those that were asked for earlier have been scrolled away

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Thumbnail:
    """A photograph as it is shown.

    Parameters
    ----------
    jpeg : bytes
        b"" if it cannot be shown.
    width, height : int
        Of the photograph itself.
    problem : str
        Why it cannot be shown, or what must be said of it.
    """

    jpeg: bytes
    width: int = 0
    height: int = 0
    problem: str = ""


class Thumbnails:
    """Makes thumbnails in one thread, the newest request first.

    Parameters
    ----------
    paths : sequence of str
        Of N photographs.
    digests : sequence of str
        SHA-256 of their files when the network was asked: a file that is another one by now is
        told apart, since a verdict on it would be one on the wrong photograph.
    ready : callable
        ``ready(number, side, thumbnail)`` is called in the thread.
    """

    def __init__(
        self,
        paths: Sequence[str],
        digests: Sequence[str],
        ready: Callable[[int, int, Thumbnail], None],
    ) -> None:
        self._paths, self._digests, self._ready = paths, digests, ready
        self._held: OrderedDict[tuple[int, int], Thumbnail] = OrderedDict()
        self._bytes = 0
        self._waiting: deque[tuple[int, int]] = deque()
        self._later: deque[tuple[int, int]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, numbers: Iterable[int], side: int, *, ahead: bool = False) -> None:
        """Have photographs made ready, and return at once.

        Parameters
        ----------
        numbers : iterable of int
        side : int
            `SMALL` or `LARGE`.
        ahead : bool
            Whether nobody waits for them yet: they come after all others.
        """
        with self._changed:
            wanted = dict.fromkeys((number, side) for number in numbers)
            if ahead:
                rest = [one for one in self._later if one not in wanted]
                # The next case is wanted before what stands below it.
                first, last = (wanted, rest) if side == LARGE else (rest, wanted)
                self._later = deque([*first, *last][:_WAITING])
            else:
                kept = [one for one in self._waiting if one not in wanted]
                self._waiting = deque([*wanted, *kept][:_WAITING])
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="conus-thumbnails", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._later or self._closed)
                if self._closed:
                    return
                number, side = (self._waiting or self._later).popleft()
            try:
                self._ready(number, side, self.made(number, side))
            except Exception:  # the thread must live on
                _log.exception("A thumbnail failed.")

    def made(self, number: int, side: int) -> Thumbnail:
        """Return a thumbnail, made now if it is not held."""
        key = (number, side)
        with self._changed:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
                return found
        found = self._make(number, side)
        with self._changed:
            if key not in self._held:
                self._held[key] = found
                self._bytes += len(found.jpeg)
            while self._bytes > _HELD and len(self._held) > 1:
                _, old = self._held.popitem(last=False)
                self._bytes -= len(old.jpeg)
        return found

    def _make(self, number: int, side: int) -> Thumbnail:
        path = Path(self._paths[number])
        problem = ""
        try:
            if side == LARGE and (digest := self._digests[number]):
                problem = _changed(path, digest)
            photograph = open_photograph(path)
            width, height = photograph.size
            image = photograph.seen(side, "bilinear")
            image.thumbnail((side, side))
            held = io.BytesIO()
            image.save(held, "JPEG", quality=_QUALITY[side])
        except PhotographError as error:
            return Thumbnail(b"", problem=str(error))
        except OSError as error:
            return Thumbnail(b"", problem=f"{path.name} cannot be read ({error.strerror}).")
        return Thumbnail(held.getvalue(), width, height, problem)


def _changed(path: Path, digest: str) -> str:
    """Return a sentence if a file is not the one that the network was asked about."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest:
            return (
                f"{path.name} has changed since the network was asked about it: evaluate the "
                "collection again before you judge it."
            )
    return ""
