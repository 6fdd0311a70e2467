"""The picture below a widget that stays in the saved notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any, Protocol

__all__ = ["SavedPicture", "hiding", "show"]

_AGAIN = "run this cell for the live tool"


class Picture(Protocol):
    """HTML and text, fixed at the moment it was made."""

    def _repr_mimebundle_(self) -> dict[str, str]: ...


class SavedPicture:
    """Shows a picture as an output of its own, and renews it when the page has come to rest.

    Parameters
    ----------
    make : callable
        Returns the Picture of now.
    mark : str
        Identifies the output.
    rest : float
        Seconds to wait before it is made again, so that one picture serves for many changes.

    Notes
    -----
    It is hidden by the widget's script while that lives (``saved.js``). JupyterLab shows nothing of
    a widget without a kernel, not even the other forms in the same output; hence a second one.
    """

    def __init__(self, make: Callable[[], Picture], mark: str, *, rest: float = 0.0) -> None:
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

        data: dict[str, Any] = self._make()._repr_mimebundle_()
        publish_display_data(data, transient={"display_id": self._mark}, update=update)


def show(widget: Any, saved: SavedPicture | None = None) -> None:
    """Display a widget, and below it the picture that is saved.

    A widget that was closed cannot live again: a sentence says so, beside its last picture.
    """
    from IPython.display import publish_display_data

    name = type(widget).__name__
    if widget.comm is None:
        said = f"This {name} was closed, so it has no page any more. Make a new one: {name}(...)."
        last = widget.picture()._repr_mimebundle_() if saved is not None else {}
        data = {"text/plain": said, "text/html": f"<p>{escape(said)}</p>"}
        publish_display_data({kind: text + last.get(kind, "") for kind, text in data.items()})
        return
    data, metadata = widget._repr_mimebundle_() or ({}, {})
    publish_display_data({**data, "text/plain": f"{name}: {_AGAIN}."}, metadata)
    if saved is not None:
        saved.show()


def hiding(mark: str) -> str:
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
