"""The covered area, and its newest unanswered request."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable

from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer.messages import Messages
from conus_widgets.widgets.explorer.sight import Sight
from conus_widgets.widgets.explorer.state import Area, State
from conus_widgets.worker import Ticket, Worker

_log = logging.getLogger(__name__)


class Covering:
    """Runs the network again with an area covered.

    Parameters
    ----------
    state : State
    messages : Messages
    worker : Worker
    owner : str
        Under which the worker replaces an older request by a newer one.
    settled : callable
        Called when something came to rest.

    Notes
    -----
    Only the newest area counts: one that comes while another is computed replaces those that wait.
    It is urgent work of one batch: it passes slow maps, also those of other widgets.
    """

    def __init__(
        self,
        state: State,
        messages: Messages,
        worker: Worker,
        owner: str,
        settled: Callable[[], None],
    ) -> None:
        self._state, self._messages, self._settled = state, messages, settled
        self._worker, self._owner = worker, (owner, "area")
        self._ticket: Ticket | None = None

    def cover(self, area: Area) -> Ticket | None:
        """Run the network again with an area covered.

        Returns
        -------
        Ticket or None
            None if nothing is covered: that changes nothing.
        """
        state = self._state
        with state.changed:
            state.area = area
            if area.fill == "given":
                state.given = area.cover, area.lent
            state.changed.notify_all()  # who waits for the area before it waits in vain
            sight = state.sight(area.photograph)
            if sight is None:
                return None
            if area.page and area.final and len(state.pages) > 1:
                self._messages.area(area)  # for the other pages
            if area.is_empty:
                if self._ticket is not None:
                    self._ticket.cancel()
                area.covered = sight.logits
                self._messages.checked(area)
                self._settled()
                return None
            self._ticket = self._worker.submit(
                self._owner,
                functools.partial(self._check, area, sight),
                failed=functools.partial(self._failed, area),
                urgent=True,
            )
            return self._ticket

    # In the worker's thread

    def _check(self, area: Area, sight: Sight, predictor: PredictorProtocol, _: Ticket) -> None:
        assert area.mask is not None and area.cover is not None
        began = time.perf_counter()
        covered = predictor.network.follow(area.cover.over(sight.inputs[0], area.mask))[0]
        state = self._state
        with state.changed:
            area.covered, area.seconds = covered, time.perf_counter() - began
            state.changed.notify_all()
            if area.photograph != state.area.photograph:
                return
            self._messages.checked(area)
            if state.area is area and area.final:
                self._settled()

    def _failed(self, area: Area, error: BaseException) -> None:
        _log.error("A covered photograph failed.", exc_info=error)
        with self._state.changed:
            area.error = str(error) or type(error).__name__
            self._messages.problem(area.error)
            self._state.changed.notify_all()
