"""Asking the network for the page: maps and matched places, in its worker's thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.inspector.reasons import Reasons
from conus_widgets.widgets.live.words import sentence
from conus_widgets.worker import Ticket, Worker

__all__ = ["Asking"]


class Asking:
    """Queues questions to a network; every method returns at once.

    Parameters
    ----------
    worker : Worker or None
        None without a network: then nothing is answered, and the page knows it.
    owner : hashable
        Under which the worker replaces older questions of a kind by newer ones.
    reasons : Reasons
    tell : callable
        ``tell(kind, buffers=None, **content)`` sends a message to the page.
    """

    def __init__(
        self,
        worker: Worker | None,
        owner: Hashable,
        reasons: Reasons,
        tell: Callable[..., None],
    ) -> None:
        self._worker, self._owner, self._reasons, self._tell = worker, owner, reasons, tell
        self._state = "none" if worker is None else "loading"
        self._problem = self._remark = ""

    @property
    def predictor(self) -> PredictorProtocol | None:
        """The network; waits until it is loaded. None without one."""
        if self._worker is None:
            return None
        while (found := self._worker.predictor) is None:
            ticket = self.load()
            assert ticket is not None
            ticket.wait()
            if ticket.error is not None:
                raise ticket.error
        return found

    def load(self) -> Ticket | None:
        """Have the network loaded, and ready before somebody waits for it."""
        if self._worker is None:
            return None

        def ready(predictor: PredictorProtocol, _: Ticket) -> None:
            network = predictor.network
            empty = np.zeros((1, 3, predictor.size, predictor.size), np.float32)
            network.activations(empty, network.layers[-1])  # compiled, or fetched from its cache
            self._state, self._problem = "ready", ""
            self._remark = self._reasons.remark(predictor)
            self.tell()

        def failed(error: BaseException) -> None:
            self._state, self._problem = "failed", sentence(error)
            self.tell()

        return self._worker.submit((self._owner, "load"), ready, failed=failed)

    def tell(self) -> None:
        """Tell the page how the network is."""
        self._tell("network", state=self._state, problem=self._problem, remark=self._remark)

    def map(self, photograph: int, target: int, other: int, *, ahead: bool) -> None:
        """Have a map computed; `ahead` if nobody waits for it yet."""
        about = {"photograph": photograph, "target": target, "other": other}

        def work(predictor: PredictorProtocol) -> None:
            found = self._reasons.map(predictor, photograph, target, other)
            buffers = [found.pop("values"), found.pop("mask")]
            self._tell("map", buffers, **about, **found)

        self._ask("ahead" if ahead else "map", about, work)

    def patches(self, first: int, second: int, target: int, other: int, *, masked: bool) -> None:
        """Have places of two photographs matched."""
        about = {"photograph": first, "neighbour": second, "masked": int(masked)}

        def work(predictor: PredictorProtocol) -> None:
            found = self._reasons.patches(predictor, first, second, target, other, masked=masked)
            self._tell("patches", None, **about, **found)

        self._ask("patches", about, work)

    def _ask(
        self, kind: str, about: dict[str, int], work: Callable[[PredictorProtocol], None]
    ) -> None:
        if self._worker is None:
            return

        def failed(error: BaseException) -> None:
            self._tell("no_reason", None, **about, reason=sentence(error))

        def task(predictor: PredictorProtocol, _: Ticket) -> None:
            work(predictor)

        self._worker.submit((self._owner, kind), task, failed=failed)
