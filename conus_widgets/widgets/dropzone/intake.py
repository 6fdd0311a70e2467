"""The intake: it receives the photographs of a widget's page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from conus_widgets.photographs.names import name_of
from conus_widgets.widgets.dropzone.parcels import LIMIT, DroppedFile, Parcels
from conus_widgets.widgets.live.bundle import PAGES
from conus_widgets.widgets.live.guests import largest_file, one_more_file
from conus_widgets.widgets.live.widget import Handler

__all__ = ["LIMIT", "ZONE", "DroppedFile", "Intake", "Receiving"]

ZONE = PAGES / "dropzone" / "page" / "zone.css"
"""The style of the place where photographs are dropped."""


class Receiving(traitlets.HasTraits):
    """What the page does to photographs before it sends them; a part of a widget.

    Attributes
    ----------
    original : bool
        Whether files are sent unchanged. By default the browser first scales photographs down to
        `long_side`, and sends those that are no larger as they are.
    long_side : int
        In pixels.
    limit : int
        Largest file that is taken, in bytes.
    """

    original = traitlets.Bool(False).tag(sync=True)
    long_side = traitlets.Int(896, min=1).tag(sync=True)
    limit = traitlets.Int(min=1).tag(sync=True)

    @traitlets.default("limit")
    def _usual_limit(self) -> int:
        return largest_file(LIMIT)


class Intake:
    """Files that come from the page, in parts, handed over when they are whole.

    Parameters
    ----------
    widget : Receiving
        Whose limit holds.
    take : callable
        Called with each `DroppedFile`. A ValueError that it raises refuses the file; the page
        shows its sentence beside this file, and the others go on.
    kind : str
        Of the messages. A widget with two intakes gives each a kind of its own; ``sendFiles``
        (``dropzone/page/sending.js``) takes the same word.

    Notes
    -----
    The bytes travel in custom messages: a synchronised trait would be saved into the notebook.
    """

    def __init__(
        self, widget: Receiving, take: Callable[[DroppedFile], None], *, kind: str = "file"
    ) -> None:
        self._widget, self._take, self._kind = widget, take, kind
        self._parcels = Parcels()
        self._lock = threading.Lock()  # parts of several files may come in several threads

    @property
    def kinds(self) -> Mapping[str, Handler]:
        """What the intake does with messages: a part of the widget's ``_kinds``."""
        return {self._kind: self._receive}

    def _receive(self, content: dict[str, Any], buffers: list[Any]) -> None:
        if content["index"] == 0:
            one_more_file(name_of(None, name=str(content["name"]))[:255])
        with self._lock:
            self._parcels.limit = self._widget.limit
            file = self._parcels.add(content, buffers)
        if file is not None:
            self._take(file)
