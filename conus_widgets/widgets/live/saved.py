"""The picture below a widget that stays in the saved notebook."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from html import escape
from typing import Any

__all__ = ["QUIET", "Picture", "SavedPicture", "show"]

_CELL = "this cell for the live tool."
QUIET = "opacity:.75;font-size:90%"  # the style of what is less important


class Picture(ABC):
    """HTML and text, fixed at the moment it was made.

    Notes
    -----
    How to extend it: a subclass gives `body` and ``__repr__``.
    """

    @abstractmethod
    def body(self) -> tuple[str, str]:
        """Return the HTML, every text of which is escaped, and a sentence that goes below it."""

    def html(self, mark: str = "") -> str:
        """Return all of it; a living widget hides what has its `mark`."""
        body, hint = self.body()
        said = escape(f"{hint} Run {_CELL}".strip())
        return (
            f'{_hiding(mark)}<div class="{escape(f"conus-saved {mark}".strip())}">{body}'
            f'<p style="{QUIET}">{said}</p></div>'
        )

    def _repr_html_(self) -> str:
        return self.html()


class SavedPicture:
    """Shows a picture as an output of its own, and renews it when the page has come to rest.

    Parameters
    ----------
    make : callable
        Returns the Picture of now, or None if there is none.
    mark : str
        Identifies the output.
    rest : float
        Seconds to wait before it is made again, so that one picture serves for many changes.

    Notes
    -----
    It is hidden by the widget's script while that lives (``saved.js``). JupyterLab shows nothing of
    a widget without a kernel, not even the other forms in the same output; hence a second one.
    """

    def __init__(self, make: Callable[[], Picture | None], mark: str, *, rest: float = 0.0) -> None:
        self._make, self._mark, self._rest = make, mark, rest
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._shown = False

    def show(self) -> None:
        """Show it, as one more output."""
        self._shown = True
        self._publish(update=False)

    def renew(self) -> None:
        """Make it again, soon."""
        if not self._rest:
            return self._late()
        with self._lock:
            if self._shown and self._timer is None:
                self._timer = threading.Timer(self._rest, self._late)
                self._timer.daemon = True
                self._timer.start()

    def _late(self) -> None:
        with self._lock:
            self._timer = None
        if self._shown:
            self._publish(update=True)

    def _publish(self, *, update: bool) -> None:
        from IPython.display import publish_display_data

        if (made := self._make()) is not None:
            data = {"text/plain": repr(made), "text/html": made.html(self._mark)}
            publish_display_data(data, transient={"display_id": self._mark}, update=update)


def show(widget: Any, saved: SavedPicture) -> None:
    """Display a widget, and below it the picture that is saved.

    A widget that was closed cannot live again: a sentence says so, beside its last picture.
    """
    from IPython.display import publish_display_data

    name = type(widget).__name__
    if widget.comm is None:
        said = f"This {name} was closed, so it has no page any more. Make a new one: {name}(...)."
        last = widget.picture()
        text, html = ("", "") if last is None else (repr(last), last.html())
        publish_display_data(
            {"text/plain": said + text, "text/html": f"<p>{escape(said)}</p>{html}"}
        )
        return
    data, metadata = widget._repr_mimebundle_() or ({}, {})
    publish_display_data({**data, "text/plain": f"{name}: run {_CELL}"}, metadata)
    saved.show()


def _hiding(mark: str) -> str:
    """Return the style that goes with a picture.

    Without a kernel JupyterLab writes "Error displaying widget: model not found" into the output
    before the picture. The answers are in the picture, so that line would only alarm. The rule
    names each step from that output to the picture: an output may hold further outputs, as
    ``ipywidgets.Output`` does, and what stands before those is none of ours.
    """
    if not mark:
        return ""
    output = ".jp-OutputArea-child"
    picture = f"{output} > .jp-OutputArea-output > .{mark}"
    return f"<style>{output}:has(+ {picture}):not(:has(.cw-root)) {{ display: none }}</style>"
