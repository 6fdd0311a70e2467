"""A widget in front of a network, which is loaded and run in its worker's thread."""

from __future__ import annotations

from typing import Any, ClassVar

from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.live.loading import Given, worker_of
from conus_widgets.widgets.live.widget import LiveWidget
from conus_widgets.worker import Ticket, Worker

__all__ = ["NetworkWidget"]


class NetworkWidget(LiveWidget):
    """A live widget with a predictor.

    Parameters
    ----------
    worker : Worker
        What `_worker_of` returned for the predictor that was given. It comes before all else in a
        subclass's ``__init__``, as it refuses what is no predictor.
    **options
        As for `LiveWidget`.

    Notes
    -----
    How to extend it: a subclass names in ``_asks`` what it asks of a predictor, and says in
    ``_place`` how photographs are given, for whoever gives one in place of the predictor. Work goes
    to ``self._worker.submit(owner, task, failed=...)``, which returns at once; its thread calls
    ``task(predictor, ticket)``. Callbacks of the page only queue such work. Long work asks
    ``ticket.checkpoint()`` before each batch, or hands it on as `cancelled`; work of one batch for
    which somebody waits with a pointer in the hand is submitted with ``urgent=True``.
    """

    _asks: ClassVar[tuple[str, ...]] = ()
    _place: ClassVar[str] = ""

    def __init__(self, worker: Worker, **options: Any) -> None:
        self._worker = worker
        super().__init__(**options)

    @classmethod
    def _worker_of(cls, predictor: Given) -> Worker:
        """Return the worker of a predictor: see `worker_of`."""
        return worker_of(predictor, widget=cls.__name__, asks=cls._asks, place=cls._place)

    @property
    def predictor(self) -> PredictorProtocol:
        """The network; waits until it is loaded."""
        while (found := self._loaded()) is None:
            ticket = self._start()
            ticket.wait()
            if ticket.error is not None:
                raise ticket.error
        return found

    def _loaded(self) -> PredictorProtocol | None:
        """Return the predictor if it is loaded by now, else None."""
        return self._worker.predictor

    def _start(self) -> Ticket:
        """Have the network loaded, if need be, and what waits for it done."""
        return self._worker.submit((self.model_id, "load"), lambda *_: None)
