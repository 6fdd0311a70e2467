"""Randomisation tests of methods on this network, as the page asks for them."""

from __future__ import annotations

import functools

from conus_widgets.explain.evaluate import randomisation_of
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer import methods
from conus_widgets.widgets.explorer.messages import Messages
from conus_widgets.widgets.explorer.state import State
from conus_widgets.worker import Ticket, Worker


class Testing:
    """Makes one test at a time; its result is kept.

    Parameters
    ----------
    state : State
    messages : Messages
    worker : Worker
    owner : str
        Under which the worker replaces an older request by a newer one.
    """

    def __init__(self, state: State, messages: Messages, worker: Worker, owner: str) -> None:
        self._state, self._messages = state, messages
        self._worker, self._owner = worker, (owner, "test")
        self._ticket: Ticket | None = None

    def test(self, name: str) -> Ticket:
        """Make a method's randomisation test on this network: see `evaluate.trust_line`."""
        self._ticket = self._worker.submit(
            self._owner,
            functools.partial(self._test, name),
            failed=lambda error: self._messages.testing(name, 1, str(error)),
        )
        return self._ticket

    def cancel(self) -> None:
        """Stop the test at work."""
        if self._ticket is not None:
            self._ticket.cancel()

    # In the worker's thread

    def _test(self, name: str, predictor: PredictorProtocol, ticket: Ticket) -> None:
        method = methods.method_called(name)
        if not methods.can_be_tested(predictor):
            raise ValueError("This network cannot be shuffled, so no method can be tested on it.")

        def progress(done: int, total: int) -> None:
            self._messages.testing(name, done / max(1, total))

        randomisation_of(predictor, method.name, progress=progress, cancelled=ticket.checkpoint)
        with self._state.changed:
            self._messages.testing(name, 1)
            for pane in self._state.panes:
                if pane.method == name and pane.state == "done":
                    self._messages.map(pane)
