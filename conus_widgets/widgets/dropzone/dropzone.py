"""A widget that takes photographs from the browser."""

import inspect
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from conus_widgets.widgets.dropzone.parcels import LIMIT, DroppedFile, Parcels
from conus_widgets.widgets.live.arguments import known
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.saved import show

__all__ = ["STYLE", "DropZone"]

_PAGE = Path(__file__).with_name("page")
_log = logging.getLogger(__name__)

STYLE = _PAGE / "dropzone.css"


class DropZone(anywidget.AnyWidget):
    """Photographs from the browser: dropped, chosen, pasted, or taken with a camera.

    Parameters
    ----------
    on_photograph : callable, optional
        Called with each :class:`DroppedFile` as it arrives. JupyterLab may call it in a thread.
    original : bool
        Whether files are sent unchanged. By default the browser first scales photographs down to
        `long_side`, and sends those that are no larger as they are.
    long_side : int
        In pixels.
    limit : int
        Largest file that is taken, in bytes.

    Attributes
    ----------
    files : list of DroppedFile
        What has arrived, in order.

    Notes
    -----
    The bytes travel in custom messages: a synchronised trait would be saved into the notebook.
    """

    _esm: Any = bundle(_PAGE / "dropzone.js")
    _css: Any = styles(STYLE)

    original = traitlets.Bool(False).tag(sync=True)
    long_side = traitlets.Int(896, min=1).tag(sync=True)
    limit = traitlets.Int(LIMIT, min=1).tag(sync=True)

    def __init__(
        self,
        *,
        on_photograph: Callable[[DroppedFile], None] | None = None,
        original: bool = False,
        long_side: int = 896,
        limit: int = LIMIT,
        **options: Any,
    ) -> None:
        traits = [name for name in self.trait_names() if not name.startswith("_")]
        arguments = [name for name in inspect.signature(type(self).__init__).parameters]
        known(type(self).__name__, options, [*arguments[1:-1], *traits])
        try:
            super().__init__(original=original, long_side=long_side, limit=limit, **options)
        except traitlets.TraitError as error:  # of no use to whoever knows no traits
            raise ValueError(str(error)) from None
        self.files: list[DroppedFile] = []
        self._callbacks = [on_photograph] if on_photograph is not None else []
        self._parcels = Parcels(limit)
        self._parcels_lock = threading.Lock()
        self.on_msg(self._message)

    def on_photograph(self, callback: Callable[[DroppedFile], None]) -> None:
        """Call `callback` with each file that arrives from now on."""
        self._callbacks.append(callback)

    def clear(self) -> None:
        """Forget the files."""
        self.files.clear()

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

    def _ipython_display_(self, **_: Any) -> None:
        show(self)

    def _received(self, file: DroppedFile) -> None:
        self.files.append(file)
        for callback in self._callbacks:
            callback(file)

    # A numbered message is answered at once, so that the page can tell a busy kernel from none.
    def _message(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        answer = {"kind": "heard", "id": content.get("id"), "error": ""}
        try:
            self._handle(content, buffers)
        except Exception as error:
            if not isinstance(error, ValueError):
                _log.exception("A message of the page failed.")
            answer["error"] = str(error) or type(error).__name__
        if "id" in content:
            self.send(answer)
        elif answer["error"]:
            self.send({"kind": "problem", "text": answer["error"]})

    def _handle(self, content: dict[str, Any], buffers: list[Any]) -> None:
        if content.get("kind") == "file":
            with self._parcels_lock:
                file = self._parcels.add(content, buffers)
            if file is not None:
                self._received(file)
