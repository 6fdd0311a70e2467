"""Choices of what a map shows: validated, with the nearest names of what does not exist."""

from __future__ import annotations

from collections.abc import Container, Sized
from typing import Any, Protocol

import numpy as np

from conus_widgets.arguments import shown
from conus_widgets.explain.catalogue import METHODS
from conus_widgets.explain.target import class_number
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer.methods import method_called

CHOICES = ("photograph", "method", "layer", "target", "against")


class Numbers(Container[int], Sized, Protocol):
    """Numbers of the photographs that there are."""


def validated(
    choice: dict[str, Any], photographs: Numbers, predictor: PredictorProtocol | None
) -> dict[str, Any]:
    """Return a choice with classes as numbers, once the network is there to know them.

    Parameters
    ----------
    choice : dict
        Any of `CHOICES`.
    photographs : dict or set
        By their numbers, which begin at 1.
    predictor : Predictor or None
        None if it is not loaded yet: names stay names then.

    Raises
    ------
    ValueError
        For whatever does not exist, with the nearest names.
    """
    for key in choice:
        if key not in CHOICES:
            raise ValueError(f"{key!r} cannot be chosen: only {', '.join(CHOICES)}.")
    number = choice.get("photograph", 0)
    if not isinstance(number, (int, np.integer)) or (number != 0 and number not in photographs):
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


def _class(key: str, given: Any, predictor: PredictorProtocol | None) -> Any:
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
