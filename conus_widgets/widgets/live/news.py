"""News of a widget's answers, for its observers."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

import traitlets
from traitlets.utils.bunch import Bunch

__all__ = ["Answer", "News"]


class Answer(traitlets.TraitType[Any, Any]):
    """A trait that is read from where the answers are kept; the decorator of a method.

    It can be observed and linked, and cannot be set. It is no part of the state that the page and
    the saved notebook have.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__(read_only=True, allow_none=True, help=read.__doc__ or "")
        self._read = read
        self.__doc__ = read.__doc__

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Return the answer as it is now."""
        return self._read(obj)


class News:
    """Calls a widget's observers when an answer has come.

    Parameters
    ----------
    widget : traitlets.HasTraits

    Notes
    -----
    Answers come in the worker's thread, while the widget is locked. A function of the user that
    ran there could wait for the network for ever, and what it prints would go nowhere. So it runs
    where the widget was made: in the kernel's event loop, between two cells, with the output of
    that cell; in a program without a loop, in a thread of its own. Whoever waits for an answer
    calls `deliver` before returning: by then all have heard of it.
    """

    def __init__(self, widget: traitlets.HasTraits) -> None:
        self._widget = widget
        self._context = contextvars.copy_context()
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._waiting: deque[tuple[str, Any]] = deque()
        self._last: dict[str, Any] = {}
        self._one_at_a_time = threading.RLock()

    def tell(self, name: str, value: Any) -> None:
        """Have observers of a name called with a new value, soon. Returns at once."""
        self._waiting.append((name, value))
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self.deliver, context=self._context.copy())
        else:
            threading.Thread(target=self.deliver, name="conus-news", daemon=True).start()

    def deliver(self) -> None:
        """Call the observers, in the order of what happened, and return when they have run."""
        with self._one_at_a_time:
            while self._waiting:
                name, value = self._waiting.popleft()
                old, self._last[name] = self._last.get(name), value
                if _same(value, old):
                    continue
                change = Bunch(name=name, old=old, new=value, owner=self._widget, type="change")
                try:
                    self._widget.notify_change(change)
                except Exception:  # an observer's mistake: its author sees it
                    traceback.print_exc()


def _same(one: Any, other: Any) -> bool:
    """Whether it is the same answer, or a list of the same ones; answers hold arrays."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other
