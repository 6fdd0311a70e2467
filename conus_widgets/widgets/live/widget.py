"""The base of every widget: messages from its page and to it, and the picture that is saved."""

from __future__ import annotations

import contextvars
import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from conus_widgets.widgets.live.arguments import known
from conus_widgets.widgets.live.news import News
from conus_widgets.widgets.live.saved import Picture, SavedPicture, show
from conus_widgets.widgets.live.words import sentence

__all__ = ["Handler", "LiveWidget"]

_log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], list[Any]], Any]
"""The function for messages of one kind: called with content and buffers."""


class LiveWidget(anywidget.AnyWidget):
    """A widget whose page talks with it, and whose last picture stays in the saved notebook.

    Parameters
    ----------
    **options
        Traits of the widget.

    Attributes
    ----------
    mark : str
        The class of the saved picture on the page; the living widget hides the picture by it.

    Raises
    ------
    TypeError
        For an argument that the widget does not have, with the nearest name.
    ValueError
        For a value that a trait refuses.

    Notes
    -----
    How to extend it; ``docs/write-a-widget.md`` has a whole example. A subclass gives

    - ``_esm = bundle(...)`` and ``_css = styles(...)``: its page. The JavaScript's ``render`` calls
      ``startPage`` (``live/page/start.js``).
    - ``__init__``: validates all its arguments first, since a widget that is half made would stay
      on the page; then calls ``super().__init__(...)``; then begins its work.
    - ``_kinds()``: what is done with each kind of message. A page that has just come says "hello",
      and is told all that it needs.
    - ``picture()``, and calls ``self._saved.renew()`` when the picture would be another one.
      ``_rest`` is how many seconds to wait before that, so that one serves for many changes.
    - ``_from_page``: the traits that the page may set. Whatever else it says of the widget's state
      is ignored: a forged message raises no limit, and puts nothing into the saved notebook.
    - Answers that can be observed: properties under ``@Answer``; ``self._news.tell(name, value)``
      calls their observers, in a thread where they can work.

    It speaks to the page by ``self._tell(kind, buffers, **content)``, from any thread. Photographs
    and answers travel so, and never in synchronised traits: those are saved into the notebook.
    A network belongs to its worker's thread: see `NetworkWidget`. An error in a message is told to
    the page and costs nothing else; one that is no ValueError is a mistake of ours, and logged.
    """

    mark = traitlets.Unicode(read_only=True).tag(sync=True)

    _rest: ClassVar[float] = 0.0
    _from_page: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **options: Any) -> None:
        settable = [name for name, trait in self.traits().items() if not trait.read_only]
        traits = [name for name in settable if not name.startswith("_")]
        arguments = list(inspect.signature(type(self).__init__).parameters)[1:-1]
        known(type(self).__name__, options, arguments, traits)
        try:
            super().__init__(**options)
        except traitlets.TraitError as error:  # of no use to whoever knows no traits
            raise ValueError(str(error)) from None
        self._context = contextvars.copy_context()
        self.set_trait("mark", f"conus-saved-{self.model_id}")
        self._saved = SavedPicture(self.picture, self.mark, rest=self._rest)
        self._news = News(self)
        self.on_msg(self._message)

    @property
    def model_id(self) -> str:
        """By which the page knows the widget.

        Raises
        ------
        RuntimeError
            If the widget was closed.
        """
        if self.comm is None:
            name = type(self).__name__
            raise RuntimeError(
                f"This {name} was closed and cannot be shown again: make a new one, {name}(...)."
            )
        found: str = self.comm.comm_id
        return found

    def set_state(self, sync_data: Any) -> None:
        """Take what the page sets, of that which it may set."""
        if isinstance(sync_data, dict):
            super().set_state({k: v for k, v in sync_data.items() if k in self._from_page})

    def picture(self) -> Picture | None:
        """Return the page as a picture (HTML, text) that needs no kernel; None if there is none."""
        return None

    def _kinds(self) -> Mapping[str, Handler]:
        """Return what is done with each kind of message of the page."""
        return {}

    def _tell(self, kind: str, buffers: list[bytes] | None = None, **content: Any) -> None:
        """Send the page a message, from any thread."""
        self._in_context(self.send, {"kind": kind, **content}, buffers)

    def _in_context(self, call: Callable[..., Any], *arguments: Any) -> Any:
        # ipykernel sends what the page says next to the (sub)shell that wrote to it last, which it
        # knows by a context variable. Unset in the worker's thread, that is the main shell, and
        # the page would wait for whatever cell is running there.
        return self._context.copy().run(call, *arguments)

    # A numbered message is answered at once, so that the page can tell a busy kernel from none.
    def _message(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        self._context = contextvars.copy_context()
        problem = ""
        try:
            self._handle(content, buffers)
        except Exception as error:
            if not isinstance(error, ValueError):
                _log.exception("A message of the page failed.")
            problem = sentence(error)
        if "id" in content:
            self.send({"kind": "heard", "id": content["id"], "error": problem})
        elif problem:
            self.send({"kind": "problem", "text": problem})

    def _handle(self, content: dict[str, Any], buffers: list[Any]) -> None:
        kind = content.get("kind")
        handler = self._kinds().get(kind) if isinstance(kind, str) else None
        if handler is not None:
            handler(content, buffers)
        elif kind not in ("hello", "open"):  # the receipt is answer enough
            _log.warning("%s knows no message of the kind %r.", type(self).__name__, kind)

    def _ipython_display_(self, **_: Any) -> None:
        show(self, self._saved)

    def __repr__(self) -> str:
        picture = self.picture()
        return super().__repr__() if picture is None else f"{type(self).__name__}: {picture!r}"
