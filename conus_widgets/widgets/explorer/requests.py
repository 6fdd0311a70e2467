"""Requests of the page: what is done with each kind of its messages (`kinds.FROM_PAGE`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conus_widgets.widgets.explorer import areas, saving
from conus_widgets.widgets.explorer.choices import CHOICES
from conus_widgets.widgets.explorer.covering import Covering
from conus_widgets.widgets.explorer.kinds import missing
from conus_widgets.widgets.explorer.messages import Messages
from conus_widgets.widgets.explorer.state import State
from conus_widgets.widgets.explorer.testing import Testing
from conus_widgets.widgets.explorer.work import Work
from conus_widgets.widgets.live.widget import Handler


class Requests:
    """Hands what the page asks for to whoever answers it.

    Parameters
    ----------
    state : State
    messages : Messages
    work : Work
    covering : Covering
    testing : Testing
    settled : callable
        Called when something came to rest.
    """

    def __init__(
        self,
        state: State,
        messages: Messages,
        work: Work,
        covering: Covering,
        testing: Testing,
        settled: Callable[[], None],
    ) -> None:
        self._state, self._messages, self._settled = state, messages, settled
        self._work, self._covering, self._testing = work, covering, testing

    @property
    def kinds(self) -> Mapping[str, Handler]:
        """A function for each kind of message."""
        handlers: dict[str, Handler] = {
            "hello": self._hello,
            "choose": self._choose,
            "drop": lambda content, _: self._work.drop(int(content["pane"]), _page(content)),
            "area": self._cover,
            "keep": self._keep,
            "test": lambda content, _: self._testing.test(str(content["method"])),
            "save": self._save,
            "cancel": self._cancel,
            "resume": lambda *_: self._work.again(),
        }
        return {kind: _whole(handler) for kind, handler in handlers.items()}

    def _hello(self, content: dict[str, Any], _: list[Any]) -> None:
        with self._state.changed:
            self._state.pages.add(_page(content))
            self._messages.everything()

    def _choose(self, content: dict[str, Any], _: list[Any]) -> None:
        choice = {key: content[key] for key in CHOICES}
        self._work.choose(int(content["pane"]), int(content["generation"]), **choice)

    def _cover(self, content: dict[str, Any], buffers: list[Any]) -> None:
        with self._state.changed:
            self._covering.cover(areas.from_page(self._state, content, buffers))

    def _keep(self, content: dict[str, Any], _: list[Any]) -> None:
        with self._state.changed:
            self._state.kept = dict(content["kept"])
            self._settled()

    def _save(self, content: dict[str, Any], _: list[Any]) -> None:
        name, data = saving.file_of(self._state, str(content["form"]), int(content["pane"]))
        self._messages.file(name, data, _page(content))

    def _cancel(self, *_: Any) -> None:
        self._work.cancel()
        self._testing.cancel()


def _whole(handler: Handler) -> Handler:
    """Return a handler that refuses a message which lacks something."""

    def handle(content: dict[str, Any], buffers: list[Any]) -> Any:
        lacking = missing(content, buffers)
        if lacking:
            raise ValueError(
                f"The page's message {content['kind']!r} came without {', '.join(lacking)}: load "
                "the page again."
            )
        return handler(content, buffers)

    return handle


def _page(content: dict[str, Any]) -> str:
    """Return which page a message is from: a widget may be shown more than once."""
    return str(content.get("page", ""))
