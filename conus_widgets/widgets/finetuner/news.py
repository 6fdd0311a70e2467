"""What the page has not been told yet, so that it is told no more than that."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["News"]


class News:
    """Boxes that changed, and the photographs in them that did.

    Notes
    -----
    A page that is told all of a large box after each photograph would be told a million rows for
    1,400 photographs. It holds names only: what is true of them is asked when it is told.
    """

    def __init__(self) -> None:
        self._changed: dict[int, dict[str, None]] = {}  # in the order in which it happened

    def note(self, box: int, keys: Iterable[str] = ()) -> None:
        """Note that a box changed, and which photographs in it."""
        self._changed.setdefault(box, {}).update(dict.fromkeys(keys))

    def take(self) -> list[tuple[int, list[str]]]:
        """Return what was noted, and forget it."""
        taken = [(box, list(keys)) for box, keys in self._changed.items()]
        self._changed.clear()
        return taken
