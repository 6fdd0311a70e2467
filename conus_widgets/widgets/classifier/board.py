"""The photographs on the page, and the work that answers them."""

import dataclasses
import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.photographs.names import name_of
from conus_widgets.photographs.photograph import PhotographError, open_photograph
from conus_widgets.prediction import Prediction
from conus_widgets.widgets.classifier.cards import Card, Settings, answer, thumbnail
from conus_widgets.widgets.live.words import sentence
from conus_widgets.worker import Ticket, Worker

__all__ = ["Board"]

_log = logging.getLogger(__name__)
_warm: "weakref.WeakSet[Any]" = weakref.WeakSet()


class Board:
    """Cards, each with a photograph, and what becomes of them in the worker's thread.

    Parameters
    ----------
    worker : Worker
    owner : str
        Under which the worker replaces older requests by newer ones.
    settings : callable
        Returns the Settings of now.
    tell : callable
        ``tell(kind, buffers=None, **content)`` sends a message to the page.
    loaded : callable
        Called in the worker's thread with the predictor as soon as it is there; returns what is
        wrong with the settings, or "".
    finished : callable
        Called after a run.
    answered : callable
        Called when the answers on the page are others than before.

    Notes
    -----
    A new photograph joins the running work; new settings begin it again. Whoever touches a card
    holds `changed`, which is notified when cards settle.
    """

    def __init__(
        self,
        worker: Worker,
        owner: str,
        *,
        settings: Callable[[], Settings],
        tell: Callable[..., None],
        loaded: Callable[[Any], str],
        finished: Callable[[], None],
        answered: Callable[[], None],
    ) -> None:
        self.cards: list[Card] = []
        self.changed = threading.Condition(threading.RLock())
        self.phase, self.problem = "loading", ""
        self.last: Any = None
        self.together: Any = None  # the specimen's prediction, or why there is none
        self.drops: set[str] = set()  # of which more photographs are still to come
        self._worker, self._owner, self._settings = worker, owner, settings
        self._tell, self._loaded, self._finished = tell, loaded, finished
        self._answered = answered
        self._number = 0
        self._unannounced: list[int] = []
        self._begun = self._said = 0.0
        self._ticket: Ticket | None = None

    def add(
        self, source: Any, *, name: str | None = None, note: str = "", upload: str = ""
    ) -> Card:
        """Put a card at the end; it is answered when `start` is called."""
        with self.changed:
            self._number += 1
            name = name_of(source, self._number, name=name)
            card = Card(self._number, name, source, note=note, upload=upload)
            self.cards.append(card)
            self._tell_card(card)
            return card

    def remove(self, number: int) -> None:
        """Take a card off; nothing happens if it is gone already."""
        with self.changed:
            kept = [card for card in self.cards if card.number != number]
            if len(kept) < len(self.cards):
                self.cards = kept
                self._tell("removed", numbers=[number])
                if self._settings().specimen:
                    self.again()
                self._finished()
                self._answered()

    def clear(self) -> None:
        """Take all cards off, and stop what runs."""
        with self.changed:
            numbers = [card.number for card in self.cards]
            self.cards, self._unannounced, self.together = [], [], None
            self._stop()
            self._tell("removed", numbers=numbers)
            self._finished()
            self._answered()

    def cancel(self) -> None:
        """Stop; cards without an answer say that they were stopped."""
        with self.changed:
            for card in self.cards:
                if not card.settled:
                    card.state = "stopped"
                    self._tell_card(card)
            self._stop()
            self._finish(stopped=True)

    def resume(self) -> None:
        """Go on with the cards that were stopped."""
        with self.changed:
            for card in self.cards:
                if card.state == "stopped":
                    card.reset()
                    self._tell_card(card)
            self.start(anew=True)

    def again(self) -> None:
        """Answer every photograph again."""
        with self.changed:
            self.together = None
            for card in self.cards:
                card.reset()
                self._tell_card(card)
            self.start(anew=True)

    def end_of_drop(self, drop: str) -> None:
        """Begin with what was dropped together, now that all of it is here."""
        with self.changed:
            self.drops.discard(drop)
            if self._settings().specimen and any(not card.settled for card in self.cards):
                self.again()
            elif self._ticket is None:
                self._finish()

    def start(self, *, anew: bool = False) -> Ticket:
        """Have the worker load the network if need be, and answer what waits."""
        with self.changed:
            if anew or self._ticket is None or self._ticket.done:
                self._begun = time.monotonic()
                self._ticket = self._worker.submit(self._owner, self._run, failed=self._failed)
            return self._ticket

    def _stop(self) -> None:
        self.drops.clear()
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None
        if self.phase in ("loading", "warming"):
            self.start(anew=True)  # nothing waits, but the network is wanted all the same
        self.changed.notify_all()

    # In the worker's thread

    def _run(self, predictor: PredictorProtocol, ticket: Ticket) -> None:
        self._get_ready(predictor)
        while True:
            with self.changed:
                if ticket.cancelled():
                    return
                settings = self._settings()
                waiting = [card for card in self.cards if not card.settled]
                if not waiting or (settings.specimen and self.drops):
                    self._ticket = None
                    if not self.drops:
                        self._finish()
                    return
                batch = waiting if settings.specimen else waiting[:1]
                for card in batch:
                    card.state = "running"
                    self._tell_card(card)
            self._answer(predictor, ticket, batch, settings)

    def _get_ready(self, predictor: PredictorProtocol) -> None:
        # Theano's function is compiled, or fetched from its cache, at the first call: better now
        # than when somebody waits for it.
        if self.phase == "ready":
            return
        with self.changed:
            self.phase, self.problem = "warming", self._loaded(predictor)
            self.tell_everything()
        if predictor not in _warm:
            predictor.predict(np.zeros((predictor.size, predictor.size, 3), np.uint8), top=1)
            _warm.add(predictor)
        with self.changed:
            self.phase = "ready"
            self.tell_everything()

    def _answer(
        self,
        predictor: PredictorProtocol,
        ticket: Ticket,
        batch: Sequence[Card],
        settings: Settings,
    ) -> None:
        read: list[tuple[Card, Any]] = []
        for card in batch:
            try:
                most = predictor.max_pixels
                photograph = open_photograph(card.source, name=card.name, max_pixels=most)
                if not card.thumbnail:
                    seen = photograph.seen(predictor.size, predictor.resample)
                    card.thumbnail = thumbnail(seen)
            except PhotographError as error:
                self._settle(ticket, [card], error=error)
            else:
                read.append((card, photograph))
        if not read:
            if settings.specimen:
                self.together = ValueError("None of the photographs can be used.")
            return
        cards = [card for card, _ in read]

        def progress(done: int, total: int) -> None:
            self._tell_progress(cards[0], done / max(1, total))

        try:
            prediction = predictor.predict(
                [photograph for _, photograph in read],
                top=settings.top,
                views=settings.views,
                seed=settings.seed,
                region=settings.region,
                progress=progress,
                cancelled=ticket.checkpoint,
            )
        except Exception as error:
            if not isinstance(error, ValueError) and not ticket.cancelled():
                _log.exception("A photograph failed.")
            self._settle(ticket, cards, error=error)
        else:
            prediction = dataclasses.replace(prediction, names=[card.name for card in cards])
            self._settle(ticket, cards, prediction=prediction)

    def _settle(
        self,
        ticket: Ticket,
        cards: Sequence[Card],
        *,
        prediction: Prediction | None = None,
        error: Exception | None = None,
    ) -> None:
        with self.changed:
            if ticket.cancelled():  # an answer that nobody waits for any more
                return
            if prediction is not None:
                self.last = prediction
            if self._settings().specimen and not isinstance(error, PhotographError):
                self.together = error if prediction is None else prediction
            for card in cards:
                card.settle(prediction=prediction, error=error)
                self._unannounced.append(card.number)
                self._tell_card(card)
            self.changed.notify_all()
            self._answered()

    def _failed(self, error: BaseException) -> None:
        with self.changed:
            self.phase, self.problem = "failed", sentence(error)
            for card in self.cards:
                if not card.settled:
                    card.state = "stopped"
            self._ticket = None
            self.tell_everything()
            self.changed.notify_all()

    # What the page is told

    def _tell_card(self, card: Card) -> None:
        picture = [card.thumbnail] if card.thumbnail and card.state == "done" else None
        self._tell("card", picture, card=card.message())

    def tell_everything(self) -> None:
        """Send a page all that stands on the board."""
        with self.changed:
            predictor = self._worker.predictor if self.phase != "loading" else None
            pictured = [card for card in self.cards if card.thumbnail]
            self._tell(
                "state",
                [card.thumbnail for card in pictured],
                phase=self.phase,
                problem=self.problem,
                notice="" if predictor is None else predictor.notice,
                regions=[] if predictor is None else list(predictor.regions),
                cards=[card.message() for card in self.cards],
                pictured=[card.number for card in pictured],
                specimen=self._specimen(),
            )

    def _specimen(self) -> dict[str, Any] | None:
        if self.together is None or not self._settings().specimen:
            return None
        if isinstance(self.together, Exception):
            return {"error": sentence(self.together), "answer": None}
        return {"error": "", "answer": answer(self.together)}

    def _tell_progress(self, card: Card, part: float) -> None:
        now = time.monotonic()
        if part >= 1 or now - self._said > 0.1:
            self._said = now
            self._tell("progress", number=card.number, part=part)

    def _finish(self, *, stopped: bool = False) -> None:
        if self._unannounced or stopped:
            numbers, self._unannounced = self._unannounced, []
            self._tell(
                "finished",
                stopped=stopped,
                numbers=numbers,
                specimen=self._specimen(),
                seconds=time.monotonic() - self._begun,
            )
            self._finished()
