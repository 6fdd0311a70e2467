"""What is looked at and what is asked, without a page of its own."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from conus_widgets.explain.target import Target, resolve
from conus_widgets.widgets.explorer import methods, telling
from conus_widgets.widgets.explorer.checking import Checker, check_method
from conus_widgets.widgets.explorer.pane import MOST, Pane, Photograph, validated
from conus_widgets.widgets.explorer.sight import Sight, look
from conus_widgets.worker import Ticket, Worker

_log = logging.getLogger(__name__)


class Session:
    """Photographs, up to four maps, a region (in `checker`), and the work that answers them.

    Parameters
    ----------
    worker : Worker
    owner : str
        Under which the worker replaces older requests by newer ones.
    tell : callable
        ``tell(kind, buffers=None, **content)`` sends a message to the page.
    settled : callable
        Called when something came to rest, so that the static picture is made anew.

    Notes
    -----
    Whoever touches the state holds `changed`, which is notified when work ends. Requests carry a
    generation; an answer goes out only while its generation is still the newest, and the page drops
    what is older than what it asked for last. A slow map lets the brush pass between two batches.
    """

    def __init__(
        self, worker: Worker, owner: str, *, tell: Callable[..., None], settled: Callable[[], None]
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.phase, self.problem = "loading", ""
        self.photographs: dict[int, Photograph] = {}
        self.panes = [Pane()]
        self.view: dict[str, Any] = {}  # what the page wants kept: pins, the way to draw
        self.pages: set[str] = set()  # views that have been there
        self.predictor: Any = None
        self.tell, self.settled = tell, settled
        self._worker, self._owner = worker, owner
        self.checker = Checker(self, worker, owner)
        self._number = 0
        self._said = 0.0

    # Requests, from any thread

    def start(self) -> Ticket:
        """Load the network, if need be."""
        return self._worker.submit((self._owner, "load"), self._load, failed=self._failed)

    def again(self) -> None:
        """Try what failed for want of a network once more."""
        with self.changed:
            self.phase, self.problem = "loading", ""
            self.start()
            for photograph in self.photographs.values():
                if photograph.state == "reading":
                    self._read(photograph)

    def add(self, source: Any, name: str) -> int:
        """Look at one more photograph; returns its number. The first pane shows the first one."""
        with self.changed:
            self._number += 1
            number = self._number
            is_file = isinstance(source, (str, os.PathLike, bytes))
            self.photographs[number] = Photograph(number, name, source, is_file)
            self._show_usable()
            telling.photographs(self)
            self._read(self.photographs[number])
            return number

    def _show_usable(self) -> None:
        usable = [n for n, one in self.photographs.items() if one.state != "failed"]
        for pane in self.panes:
            if usable and pane.photograph not in usable:
                pane.photograph = usable[0]
                self._begin(pane)

    def _read(self, photograph: Photograph) -> None:
        self._worker.submit(
            (self._owner, "photograph", photograph.number),
            functools.partial(self._look, photograph),
            failed=functools.partial(self._unreadable, photograph),
        )

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
        with self.changed:
            last = min(len(self.panes), MOST - 1)
            if not isinstance(index, (int, np.integer)) or not 0 <= index <= last:
                raise ValueError(
                    f"pane is {index!r}: give a number from 0 to {last}; at most {MOST} maps stand "
                    "side by side."
                )
            choice = validated(choice, self.photographs, self.predictor)
            if index == len(self.panes):
                self.panes.append(Pane(**self.panes[-1].choice()))
            pane = self.panes[index]
            if "target" in choice and "against" not in choice and choice["target"] == pane.against:
                choice["against"] = None
            if self.predictor is not None:
                self.problem = ""  # it was about what was chosen before
            if generation is None:
                generation = 1 + max(pane.generation for pane in self.panes)
            pane.renew(generation, choice)
            self._begin(pane)

    def drop(self, index: int, page: str = "") -> None:
        """Take a map off the page; the last one stays. `page` is the view that asked."""
        with self.changed:
            if len(self.panes) > 1 and 0 <= index < len(self.panes):
                self.panes.pop(index).stop()
                self.tell("dropped", pane=index, page=page)
                self.settled()

    def check(self, name: str) -> Ticket:
        """Make a method's randomisation test on this network: see `trust_line`."""
        return self._worker.submit(
            (self._owner, "check"),
            functools.partial(check_method, self, name),
            failed=lambda error: self.tell("checking", method=name, part=1, error=str(error)),
        )

    def cancel(self) -> None:
        """Stop the maps and checks at work; what they have shown so far stays."""
        with self.changed:
            self._worker.submit((self._owner, "check"), lambda *_: None)  # replaces a check
            for pane in self.panes:
                if pane.state == "running":
                    pane.stop()
                    pane.state = "stopped"
                    telling.pane(self, pane)
            self.changed.notify_all()

    @property
    def active(self) -> Pane:
        """The pane that the page's controls act on."""
        return self.panes[min(int(self.view.get("active", 0)), len(self.panes) - 1)]

    def sight(self, number: int) -> Sight | None:
        """Return what the network sees in a photograph, once that is known."""
        return self.photographs[number].sight if number in self.photographs else None

    def target(self, pane: Pane) -> Target:
        """Return what a pane explains; by default the top class of its photograph.

        Raises
        ------
        ValueError
            If that is the class that it is to be held against.
        """
        sight = self.sight(pane.photograph)
        assert sight is not None and self.predictor is not None
        if pane.target is None:
            pane.target = int(np.argmax(sight.logits))
        if pane.against == pane.target:
            raise ValueError(
                f"against is {self.predictor.labels[pane.against]!r}, which is the top class of "
                "this photograph itself: name a target, or another class as against."
            )
        weights = {pane.target: 1.0}
        if pane.against is not None:
            weights[pane.against] = -1.0
        return resolve(weights, self.predictor.labels)

    def _begin(self, pane: Pane) -> None:
        """Answer a pane: at once where the shares are known, else in the worker's thread."""
        pane.stop()
        sight = self.sight(pane.photograph)
        if sight is None or self.predictor is None or pane.wrong:
            return  # `_look` comes back here
        try:
            target = self.target(pane)
        except ValueError as error:
            pane.refuse(str(error))
            telling.pane(self, pane)
            self.changed.notify_all()
            return self.settled()
        if pane.method == methods.CAM:
            predictor = self.predictor
            return self._done(pane, sight.cam(target, predictor.labels, predictor.notice))
        pane.state, pane.error = "running", ""
        owner = (self._owner, "map", id(pane))
        pane.ticket = self._worker.submit(
            owner,
            functools.partial(self._explain, pane, pane.generation, sight.image),
            failed=functools.partial(self._unexplained, pane, pane.generation),
        )
        telling.pane(self, pane)

    def _done(self, pane: Pane, explanation: Any) -> None:
        pane.explanation, pane.state, pane.error = explanation, "done", ""
        telling.pane(self, pane)
        self.changed.notify_all()
        self.settled()

    # In the worker's thread

    def _load(self, predictor: Any, _: Ticket | None = None) -> None:
        with self.changed:
            if self.predictor is None:
                self.predictor, self.phase, self.problem = predictor, "ready", ""
                for pane in self.panes:  # now names can become numbers
                    try:
                        vars(pane).update(validated(pane.choice(), self.photographs, predictor))
                    except ValueError as error:
                        pane.refuse(str(error))
                        self.problem = str(error)
                        self.settled()
                telling.everything(self)

    def _look(self, photograph: Photograph, predictor: Any, ticket: Ticket) -> None:
        self._load(predictor)
        sight = look(predictor, photograph.source, photograph.name, cancelled=ticket.cancelled)
        with self.changed:
            photograph.sight, photograph.state = sight, "ready"
            photograph.source = None  # the decoded picture is enough
            telling.photographs(self)
            telling.sight(self, photograph)
            for pane in self.panes:
                if pane.photograph == photograph.number:
                    self._begin(pane)
            self.changed.notify_all()

    def _explain(
        self, pane: Pane, generation: int, image: Any, predictor: Any, ticket: Ticket
    ) -> None:
        with self.changed:
            if ticket.cancelled() or pane.generation != generation:
                return
            method, target = methods.method_called(pane.method), self.target(pane)
            layer = pane.layer

        def current() -> bool:
            return not ticket.cancelled() and pane.generation == generation

        def cancelled() -> bool:
            self.checker.check(predictor)  # the brush does not wait for a slow map
            return not current()

        def preview(explanation: Any) -> None:
            with self.changed:
                if current():
                    pane.explanation = explanation
                    telling.pane(self, pane)

        def progress(done: int, total: int) -> None:
            now = time.monotonic()
            if current() and now - self._said > 0.1:
                self._said = now
                telling.progress(self, pane, done / max(1, total))

        found = methods.run(
            method,
            predictor,
            image,
            target,
            layer,
            progress=progress,
            cancelled=cancelled,
            preview=preview,
        )
        with self.changed:
            if current():
                self._done(pane, found)

    def _failed(self, error: BaseException) -> None:
        with self.changed:
            self.phase, self.problem = "failed", str(error) or type(error).__name__
            telling.everything(self)
            self.changed.notify_all()

    def _unreadable(self, photograph: Photograph, error: BaseException) -> None:
        with self.changed:
            if self.predictor is None:  # the network could not be loaded
                return self._failed(error)
            if not isinstance(error, ValueError):
                _log.error("A photograph failed.", exc_info=error)
            photograph.state = "failed"
            photograph.error = str(error) or type(error).__name__
            self._show_usable()
            telling.photographs(self)
            self.changed.notify_all()

    def _unexplained(self, pane: Pane, generation: int, error: BaseException) -> None:
        with self.changed:
            if pane.generation != generation:
                return
            if not isinstance(error, ValueError):
                _log.error("A map failed.", exc_info=error)
            pane.state, pane.error = "failed", str(error) or type(error).__name__
            telling.pane(self, pane)
            self.changed.notify_all()
            self.settled()
