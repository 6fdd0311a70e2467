"""Photographs for a page: small JPEGs, made in a thread as they are seen, in bounded memory."""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from conus_widgets.photographs.names import name_of
from conus_widgets.photographs.photograph import PhotographError, coarse_photograph

__all__ = ["LARGE", "SMALL", "TINY", "Thumbnail", "Thumbnails", "make_thumbnail"]

TINY, SMALL, LARGE = 128, 224, 1024  # pixels of the longer side: in a line, in a gallery, alone
_HELD = 64 * 1024 * 1024  # bytes
_QUALITY = {TINY: 80, SMALL: 80, LARGE: 88}
_WAITING = 400  # photographs: those that were asked for earlier have been scrolled away

_log = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)


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


def make_thumbnail(source: Any, side: int, *, name: str | None = None) -> Thumbnail:
    """Return a photograph as it is shown; one that cannot be read has a problem, and no picture.

    Parameters
    ----------
    source : object
        Anything that `open_photograph` takes.
    side : int
        `TINY`, `SMALL` or `LARGE`.
    name : str, optional
        What it is called in a problem; by default the name of its file.
    """
    try:
        image, (width, height) = coarse_photograph(source, side, name=name)
    except PhotographError as error:
        return Thumbnail(b"", problem=str(error))
    except OSError as error:
        said = f"{name_of(source, name=name)} cannot be read ({error.strerror})."
        return Thumbnail(b"", problem=said)
    image.thumbnail((side, side))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=_QUALITY[side])
    return Thumbnail(held.getvalue(), width, height)


class Thumbnails(Generic[Key]):
    """Makes thumbnails in one thread, the newest request first.

    Parameters
    ----------
    make : callable
        ``make(key, side)`` returns a `Thumbnail`; it is called in the thread.
    ready : callable
        ``ready(key, side, thumbnail)`` is called in the thread.
    """

    def __init__(
        self,
        make: Callable[[Key, int], Thumbnail],
        ready: Callable[[Key, int, Thumbnail], None],
    ) -> None:
        self._make, self._ready = make, ready
        self._held: OrderedDict[tuple[Key, int], Thumbnail] = OrderedDict()
        self._bytes = 0
        self._waiting: deque[tuple[Key, int]] = deque()
        self._later: deque[tuple[Key, int]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, keys: Iterable[Key], side: int, *, ahead: bool = False) -> None:
        """Have photographs made ready, and return at once.

        Parameters
        ----------
        keys : iterable
        side : int
            `TINY`, `SMALL` or `LARGE`.
        ahead : bool
            Whether nobody waits for them yet: they come after all others.
        """
        with self._changed:
            wanted = dict.fromkeys((key, side) for key in keys)
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
                key, side = (self._waiting or self._later).popleft()
            try:
                self._ready(key, side, self.made(key, side))
            except Exception:  # the thread must live on
                _log.exception("A thumbnail failed.")

    def made(self, key: Key, side: int) -> Thumbnail:
        """Return a thumbnail, made now if it is not held."""
        place = (key, side)
        with self._changed:
            found = self._held.get(place)
            if found is not None:
                self._held.move_to_end(place)
                return found
        found = self._make(key, side)
        if not found.jpeg:
            return found  # its file may be there again when it is asked for once more
        with self._changed:
            if place not in self._held:
                self._held[place] = found
                self._bytes += len(found.jpeg)
            while self._bytes > _HELD and len(self._held) > 1:
                _, old = self._held.popitem(last=False)
                self._bytes -= len(old.jpeg)
        return found
