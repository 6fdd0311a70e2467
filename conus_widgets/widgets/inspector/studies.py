"""Studies of a collection that take seconds: doubtful labels, prediction sets, slices.

They bring scikit-learn and cleanlab, so they run in a thread of their own, and a case that is
opened before they are there is shown without them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.slices import Slices, membership
from conus_widgets.collection.suggestions import Suggestions
from conus_widgets.machine.allowance import limit, resident
from conus_widgets.widgets.inspector.facts import Facts

__all__ = ["Studies"]

_NEEDS = 500e6  # bytes: what the packages and a fit take
CONFIDENCE = 0.9
_log = logging.getLogger(__name__)


class Studies:
    """What is known of a collection after some seconds of work.

    Parameters
    ----------
    facts : Facts
    done : callable
        Called in the thread when a study has ended.

    Attributes
    ----------
    state : str
        "waiting", "running" or "done".
    problems : list of str
        Why a study could not be made: sentences.
    """

    def __init__(self, facts: Facts, done: Callable[[], None]) -> None:
        self.state = "waiting"
        self.problems: list[str] = []
        self.slices: Slices | None = None
        self.in_slice: dict[tuple[str, str], NDArray[Any]] = {}
        self._facts, self._done = facts, done
        self._suggestions: Suggestions | None = None
        self._ranks: dict[str, int] = {}
        self._sets: dict[str, list[str]] = {}
        self._sentence = ""
        self._lock = threading.Lock()

    @property
    def fits(self) -> bool:
        """Whether the memory that this process may take suffices without a doubt."""
        return limit() - resident() > _NEEDS

    def start(self) -> None:
        """Begin, unless it was begun; returns at once."""
        with self._lock:
            if self.state != "waiting":
                return
            self.state = "running"
        threading.Thread(target=self._run, name="conus-studies", daemon=True).start()

    @property
    def suggested(self) -> tuple[str, ...]:
        """The specimens by how much their labels are to be doubted, the worst first."""
        return () if self._suggestions is None else self._suggestions.specimens

    @property
    def sentence(self) -> str:
        """What a reader must know of the suggestions: where their probabilities come from."""
        return "" if self._suggestions is None else self._suggestions.sentence

    def doubt_of(self, specimen: str) -> dict[str, Any] | None:
        """Return the place of a specimen among all labels by doubt, from 1; None if not known."""
        place = self._ranks.get(specimen)
        if place is None:
            return None
        return {"place": place + 1, "of": len(self._ranks)}

    def set_of(self, specimen: str) -> dict[str, Any] | None:
        """Return the classes of a specimen that cannot be ruled out; None if that is not known."""
        names = self._sets.get(specimen)
        if names is None:
            return None
        return {"names": names, "confidence": CONFIDENCE, "sentence": self._sentence}

    def _run(self) -> None:
        for study in (self._slice, self._suggest, self._set):
            try:
                study()
            except ValueError as error:  # too few specimens, for example
                self.problems.append(str(error))
            except Exception as error:  # the page must live on, and say so
                _log.exception("A study of the collection failed.")
                self.problems.append(f"{type(error).__name__}: {error}")
        self.state = "done"
        self._done()

    def _slice(self) -> None:
        found = self._facts.collection.slices()
        self.in_slice = membership(self._facts.collection.known_for_slices())
        self.slices = found

    def _suggest(self) -> None:
        found = self._facts.collection.suggestions()
        self._ranks = {str(name): place for place, name in enumerate(found.specimens)}
        self._suggestions = found

    def _set(self) -> None:
        found = self._facts.collection.prediction_sets(confidence=CONFIDENCE)
        classes = self._facts.classes
        order = np.argsort(-found.p_values, axis=1, kind="stable")
        self._sets = {
            str(name): [classes[c] for c in ranked.tolist() if members[c]]
            for name, members, ranked in zip(found.specimens, found.members, order, strict=True)
        }
        self._sentence = found.sentence
