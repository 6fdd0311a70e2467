"""Work that is asked of the network: photographs are read, and maps are made."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from conus_widgets.explain.explanation import Explanation
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer import methods
from conus_widgets.widgets.explorer.choices import validated
from conus_widgets.widgets.explorer.messages import Messages
from conus_widgets.widgets.explorer.sight import sight_of
from conus_widgets.widgets.explorer.state import MOST, Pane, Photograph, State
from conus_widgets.worker import Ticket, Worker

_log = logging.getLogger(__name__)

PACE = 0.1  # seconds from one word about a map's progress to the next


class Work:
    """Answers requests for photographs and maps.

    Parameters
    ----------
    state : State
    messages : Messages
    worker : Worker
    owner : str
        Under which the worker replaces older requests by newer ones.
    settled : callable
        Called when something came to rest.

    Notes
    -----
    Requests carry a generation. An answer goes out only while its generation is still the newest,
    and the page drops what is older than what it asked for last. Between two of its batches a
    slow map lets urgent work pass.
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
        self._worker, self._owner = worker, owner
        self._count = 0  # of all photographs that came
        self._told = 0.0  # when progress was told last

    # Requests, from any thread

    def start(self) -> Ticket:
        """Load the network, if need be."""
        return self._worker.submit((self._owner, "load"), self._load, failed=self._unloaded)

    def again(self) -> None:
        """Try what failed for want of a network once more."""
        with self._state.changed:
            self._state.phase, self._state.problem = "loading", ""
            self.start()
            for photograph in self._state.photographs.values():
                if photograph.state == "reading":
                    self._read(photograph)

    @property
    def count(self) -> int:
        """How many photographs came so far: the number of the last one."""
        return self._count

    def add(self, source: Any, name: str) -> int:
        """Read one more photograph; return its number. The first pane shows the first one."""
        with self._state.changed:
            self._count += 1
            is_file = isinstance(source, (str, os.PathLike, bytes))
            photograph = Photograph(self._count, name, source, is_file)
            self._state.photographs[self._count] = photograph
            self._show_usable()
            self._messages.photographs()
            self._read(photograph)
            return photograph.number

    def choose(self, index: int, generation: int | None = None, **choice: Any) -> None:
        """Show another map in a pane; older work for it stops at once.

        Parameters
        ----------
        index : int
            Of the pane; the number of panes makes one more, up to four.
        generation : int, optional
            The page's number for this request.
        photograph, method, layer, target, against
            What changes. Classes by number or name; against None: the class alone.

        Raises
        ------
        ValueError
            For a pane, photograph, method, layer or class that does not exist. At most four maps
            stand side by side.
        """
        state = self._state
        with state.changed:
            last = min(len(state.panes), MOST - 1)
            if not isinstance(index, (int, np.integer)) or not 0 <= index <= last:
                raise ValueError(
                    f"pane is {index!r}: give a number from 0 to {last}; at most {MOST} maps stand "
                    "side by side."
                )
            choice = validated(choice, state.photographs, state.predictor)
            if index == len(state.panes):
                state.panes.append(Pane(**state.panes[-1].choice()))
            pane = state.panes[index]
            if "target" in choice and "against" not in choice and choice["target"] == pane.against:
                choice["against"] = None
            if state.predictor is not None:
                state.problem = ""  # it was about what was chosen before
            if generation is None:
                generation = 1 + max(pane.generation for pane in state.panes)
            pane.renew(generation, choice)
            self._begin(pane)

    def drop(self, index: int, page: str = "") -> None:
        """Take a map off the page; the last one stays. `page` is the one that asked."""
        state = self._state
        with state.changed:
            if len(state.panes) > 1 and 0 <= index < len(state.panes):
                state.panes.pop(index).stop()
                self._messages.dropped(index, page)
                self._settled()

    def cancel(self) -> None:
        """Stop the maps at work; what they have shown so far stays."""
        with self._state.changed:
            for pane in self._state.panes:
                if pane.state == "running":
                    pane.stop()
                    pane.state = "stopped"
                    self._messages.map(pane)
            self._state.changed.notify_all()

    def _show_usable(self) -> None:
        usable = [n for n, one in self._state.photographs.items() if one.state != "failed"]
        for pane in self._state.panes:
            if usable and pane.photograph not in usable:
                pane.photograph = usable[0]
                self._begin(pane)

    def _read(self, photograph: Photograph) -> None:
        self._worker.submit(
            (self._owner, "photograph", photograph.number),
            functools.partial(self._see, photograph),
            failed=functools.partial(self._unreadable, photograph),
        )

    def _begin(self, pane: Pane) -> None:
        """Answer a pane: at once if the shares are known, else in the worker's thread."""
        pane.stop()
        state = self._state
        sight, predictor = state.sight(pane.photograph), state.predictor
        if sight is None or predictor is None or pane.wrong:
            return None  # `_see` comes back here
        try:
            target = state.target(pane)
        except ValueError as error:
            pane.refuse(str(error))
            self._messages.map(pane)
            state.changed.notify_all()
            return self._settled()
        if pane.method == methods.CAM:
            return self._done(pane, sight.cam(target, predictor.labels, predictor.notice))
        pane.state, pane.error = "running", ""
        pane.ticket = self._worker.submit(
            (self._owner, "map", id(pane)),
            functools.partial(self._explain, pane, pane.generation, sight.image),
            failed=functools.partial(self._unexplained, pane, pane.generation),
        )
        return self._messages.map(pane)

    def _done(self, pane: Pane, explanation: Explanation) -> None:
        pane.explanation, pane.state, pane.error = explanation, "done", ""
        self._messages.map(pane)
        self._state.changed.notify_all()
        self._settled()

    # In the worker's thread

    def _load(self, predictor: PredictorProtocol, _: Ticket | None = None) -> None:
        state = self._state
        with state.changed:
            if state.predictor is not None:
                return
            state.predictor, state.phase, state.problem = predictor, "ready", ""
            for pane in state.panes:  # now names can become numbers
                try:
                    vars(pane).update(validated(pane.choice(), state.photographs, predictor))
                except ValueError as error:
                    pane.refuse(str(error))
                    state.problem = str(error)
                    self._settled()
            self._messages.everything()

    def _see(self, photograph: Photograph, predictor: PredictorProtocol, ticket: Ticket) -> None:
        self._load(predictor)
        found = sight_of(predictor, photograph.source, photograph.name, cancelled=ticket.checkpoint)
        state = self._state
        with state.changed:
            photograph.sight, photograph.state = found, "ready"
            photograph.source = None  # the decoded picture is enough
            self._messages.photographs()
            self._messages.sight(photograph)
            for pane in state.panes:
                if pane.photograph == photograph.number:
                    self._begin(pane)
            state.changed.notify_all()

    def _explain(
        self, pane: Pane, generation: int, image: Any, predictor: PredictorProtocol, ticket: Ticket
    ) -> None:
        state = self._state
        with state.changed:
            if ticket.cancelled() or pane.generation != generation:
                return
            method, target = methods.method_called(pane.method), state.target(pane)
            layer = pane.layer

        def current() -> bool:
            return not ticket.cancelled() and pane.generation == generation

        def preview(explanation: Explanation) -> None:
            with state.changed:
                if current():
                    pane.explanation = explanation
                    self._messages.map(pane)

        def progress(done: int, total: int) -> None:
            now = time.monotonic()
            if now - self._told > PACE:
                self._told = now
                with state.changed:
                    if current():
                        self._messages.progress(pane, done / max(1, total))

        found = methods.explain(
            method,
            predictor,
            image,
            target,
            layer,
            progress=progress,
            cancelled=lambda: ticket.checkpoint() or pane.generation != generation,
            preview=preview,
        )
        with state.changed:
            if current():
                self._done(pane, found)

    def _unloaded(self, error: BaseException) -> None:
        with self._state.changed:
            self._state.phase, self._state.problem = "failed", _words(error)
            self._messages.everything()
            self._state.changed.notify_all()

    def _unreadable(self, photograph: Photograph, error: BaseException) -> None:
        with self._state.changed:
            if self._state.predictor is None:
                return self._unloaded(error)
            if not isinstance(error, ValueError):
                _log.error("A photograph failed.", exc_info=error)
            photograph.state, photograph.error = "failed", _words(error)
            self._show_usable()
            self._messages.photographs()
            self._state.changed.notify_all()

    def _unexplained(self, pane: Pane, generation: int, error: BaseException) -> None:
        with self._state.changed:
            if pane.generation != generation:
                return
            if not isinstance(error, ValueError):
                _log.error("A map failed.", exc_info=error)
            pane.state, pane.error = "failed", _words(error)
            self._messages.map(pane)
            self._state.changed.notify_all()
            self._settled()


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
