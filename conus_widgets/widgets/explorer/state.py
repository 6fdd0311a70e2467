"""The state of an explorer: photographs, maps, a covered area. It knows no page and no worker."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.explain.covers import DEFAULT, Cover
from conus_widgets.explain.evidence import Evidence, assembled
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.target import Target, resolve
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer.choices import CHOICES
from conus_widgets.widgets.explorer.sight import Sight
from conus_widgets.worker import Ticket

MOST = 4  # maps side by side


@dataclass
class Photograph:
    """A photograph on the page.

    Attributes
    ----------
    is_file : bool
        Whether its name is that of a file.
    state : str
        "reading", "ready" or "failed".
    """

    number: int
    name: str
    source: Any
    is_file: bool = True
    sight: Sight | None = None
    state: str = "reading"
    error: str = ""


@dataclass
class Pane:
    """One map: what was asked for, and what has come.

    Attributes
    ----------
    generation : int
        Of the last request; an answer to an older one is dropped.
    state : str
        "waiting", "running", "done", "failed" or "stopped".
    explanation : Explanation or None
        The map on the page: while it runs, the coarse one.
    wrong : str
        Why what was asked for cannot be explained, e.g. a class that does not exist. Nothing else
        is explained in its place.
    """

    photograph: int = 0
    method: str = "cam"
    layer: str | None = None
    target: Any = None
    against: Any = None
    generation: int = 0
    state: str = "waiting"
    error: str = ""
    explanation: Explanation | None = None
    wrong: str = ""
    ticket: Ticket | None = None

    def choice(self) -> dict[str, Any]:
        """Return what was chosen, by its names."""
        return {key: getattr(self, key) for key in CHOICES}

    def renew(self, generation: int, choice: dict[str, Any]) -> None:
        """Begin again with what was chosen; classes belong to a photograph."""
        if choice.get("photograph", self.photograph) != self.photograph:
            choice = {"target": None, "against": None, **choice}
        vars(self).update(choice)
        self.generation, self.explanation, self.error, self.state = generation, None, "", "waiting"
        self.wrong = ""

    def refuse(self, why: str) -> None:
        """Explain nothing until something else is chosen."""
        self.target = self.against = self.layer = None
        self.state, self.explanation, self.error, self.wrong = "failed", None, why, why

    def stop(self) -> None:
        """Ask the work for this map to stop."""
        if self.ticket is not None:
            self.ticket.cancel()
            self.ticket = None


@dataclass(eq=False)
class Area:
    """A covered part of a photograph, in the network's pixels.

    Attributes
    ----------
    mask : bool array (size, size), or None
    photograph : int
        Its number; 0 if there is none.
    fill : str or (R, G, B)
        A name of `covers.COVERS`, a colour, or "given": another photograph.
    offset : (int, int)
        Of a patch: see `covers.cover`.
    cover : Cover or None
        What covered pixels show.
    lent : str
        The other photograph as Python, for `lines.py`.
    final : bool
        Whether the pointer has come to rest.
    covered : float32 array (classes,) or None
        The network's answer with the area covered, once it is there.
    seconds : float
        What that took.
    error : str
        Why it will not be there.
    page : str
        Where it was painted; "" if Python covered it.
    """

    mask: NDArray[Any] | None = None
    photograph: int = 0
    fill: Any = DEFAULT
    offset: tuple[int, int] = (0, 0)
    cover: Cover | None = None
    lent: str = ""
    generation: int = 0
    final: bool = True
    covered: NDArray[Any] | None = None
    seconds: float = 0.0
    error: str = ""
    page: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is covered."""
        return self.mask is None or not self.mask.any()

    @property
    def is_checked(self) -> bool:
        """Whether something is covered, and the network has answered."""
        return self.covered is not None and not self.is_empty


class State:
    """Photographs, up to four maps, and a covered area.

    Attributes
    ----------
    changed : threading.Condition
        Whoever touches the state holds it; it is notified when work ends.
    phase : str
        Of the network: "loading", "ready" or "failed".
    problem : str
        Why the network is not there, or what was asked for and does not exist.
    predictor : Predictor or None
    photographs : dict
        By their numbers, from 1 on.
    kept : dict
        What the page wants kept: pins, the active pane, the way to draw.
    given : (Cover, str) or None
        The last other photograph that lent its pixels, and its name as Python.
    pages : set of str
        Displays of the widget that have been there.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.phase, self.problem = "loading", ""
        self.predictor: PredictorProtocol | None = None
        self.photographs: dict[int, Photograph] = {}
        self.panes = [Pane()]
        self.area = Area()
        self.given: tuple[Cover | None, str] | None = None
        self.kept: dict[str, Any] = {}
        self.pages: set[str] = set()

    @property
    def loaded(self) -> PredictorProtocol:
        """The predictor, for whoever knows that it is loaded."""
        assert self.predictor is not None
        return self.predictor

    @property
    def active(self) -> Pane:
        """The map that the page's controls act on."""
        return self.panes[min(int(self.kept.get("active", 0)), len(self.panes) - 1)]

    def sight(self, number: int) -> Sight | None:
        """Return what the network sees in a photograph, once that is known."""
        return self.photographs[number].sight if number in self.photographs else None

    def target(self, pane: Pane) -> Target:
        """Return what a map explains; by default the top class of its photograph.

        Raises
        ------
        ValueError
            If that is the class that it is to be held against.
        """
        sight = self.sight(pane.photograph)
        assert sight is not None
        if pane.target is None:
            pane.target = int(np.argmax(sight.logits))
        if pane.against == pane.target:
            raise ValueError(
                f"against is {self.loaded.labels[pane.against]!r}, which is the top class of "
                "this photograph itself: name a target, or another class as against."
            )
        weights = {pane.target: 1.0}
        if pane.against is not None:
            weights[pane.against] = -1.0
        return resolve(weights, self.loaded.labels)

    def evidence(self, area: Area) -> Evidence | None:
        """Return share and checked change of an area for each class, once it was checked."""
        sight = self.sight(area.photograph)
        if sight is None or area.mask is None or area.cover is None or area.covered is None:
            return None
        return assembled(
            part=area.mask,
            cells=sight.shares,
            logits=sight.logits,
            covered=area.covered,
            bias=sight.bias,
            image=sight.image,
            labels=self.loaded.labels,
            fill=area.cover.words,
            cost=Cost(forward=1),
            notice=self.loaded.notice,
        )
