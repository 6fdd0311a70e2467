"""What stands on the page: photographs, maps, a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conus_widgets.arguments import shown
from conus_widgets.explain.catalogue import METHODS
from conus_widgets.explain.target import class_number
from conus_widgets.widgets.explorer.methods import method_called
from conus_widgets.widgets.explorer.sight import Sight
from conus_widgets.worker import Ticket

MOST = 4  # maps side by side
CHOICES = ("photograph", "method", "layer", "target", "against")


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
    explanation: Any = None
    wrong: str = ""
    ticket: Ticket | None = None

    def choice(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in CHOICES}

    def renew(self, generation: int, choice: dict[str, Any]) -> None:
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
        if self.ticket is not None:
            self.ticket.cancel()
            self.ticket = None


def validated(
    choice: dict[str, Any], photographs: Mapping[int, Photograph], predictor: Any
) -> dict[str, Any]:
    """Return a choice with classes as numbers, once the network is there to know them.

    Raises
    ------
    ValueError
        For whatever does not exist, with the nearest names.
    """
    for key in choice:
        if key not in CHOICES:
            raise ValueError(f"{key!r} cannot be chosen: only {', '.join(CHOICES)}.")
    number = choice.get("photograph", 0)
    if not isinstance(number, (int, np.integer)) or number not in (0, *photographs):
        there = f"they are numbered 1 to {len(photographs)}" if photographs else "there is none yet"
        raise ValueError(f"There is no photograph {number!r}: {there}.")
    if "method" in choice:
        method_called(choice["method"])
    found = dict(choice)
    if found.get("layer") is not None:
        if not isinstance(found["layer"], str):
            raise ValueError(f"layer is {shown(found['layer'])}: give a layer's name.")
        if predictor is not None:
            found["layer"] = predictor.network.layer(found["layer"])
    for key in ("target", "against"):
        if found.get(key) is not None:
            found[key] = _class(key, found[key], predictor)
    if found.get("target") is not None and found["target"] == found.get("against"):
        raise ValueError(
            f"target and against are both {choice['target']!r}: name another class as against, or "
            "leave it out."
        )
    return found


def _class(key: str, given: Any, predictor: Any) -> Any:
    """Return the number of a class; its name, if the network is not there to know it."""
    if isinstance(given, bool) or not isinstance(given, (str, int, np.integer)):
        raise ValueError(
            f"{key} is {shown(given)}: give the number or the name of one class. Why A "
            "rather than B is asked by target=A, against=B."
        )
    if predictor is None:
        return given
    try:
        return class_number(given, predictor.labels)
    except ValueError as error:
        raise ValueError(f"{key} is {given!r}. {error}") from None


def with_layer(method: str, layer: str | None) -> None:
    """Refuse a layer for a method that looks into none: it would change nothing.

    Raises
    ------
    ValueError
        With the methods that take one.
    """
    if layer is not None and not method_called(method).takes("layer"):
        able = ", ".join(one.name for one in METHODS.values() if one.takes("layer"))
        raise ValueError(f"The method {method!r} takes no layer: use one of {able}.")


@dataclass(eq=False)
class Region:
    """A covered part of a photograph, in the network's pixels.

    Attributes
    ----------
    mask : bool array (size, size), or None
    fill : str
        One of `composing.FILLS`, or "given": then `given` holds a network input (3, size, size).
    offset : (int, int)
        For a patch: see `composing.backdrop`.
    final : bool
        Whether the pointer has come to rest.
    covered : float32 array (classes,) or None
        The network's answer with the region covered, once it is there.
    seconds : float
        What that took.
    error : str
        Why it will not be there.
    page : str
        The view that it was painted in; "" if Python covered it.
    """

    mask: np.ndarray | None = None
    photograph: int = 0
    fill: str = "black"
    offset: tuple[int, int] = (0, 0)
    given: np.ndarray | None = None
    generation: int = 0
    final: bool = True
    covered: np.ndarray | None = None
    seconds: float = 0.0
    error: str = ""
    page: str = ""

    @property
    def is_empty(self) -> bool:
        return self.mask is None or not self.mask.any()
