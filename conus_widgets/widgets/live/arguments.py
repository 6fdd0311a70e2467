"""Arguments of a widget: which are allowed, and what to say of the others."""

from __future__ import annotations

import difflib
import operator
import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["known", "one_of", "whole"]


def whole(name: str, value: Any, *, least: int, most: int | None = None) -> int:
    """Return a whole number in its range.

    Raises
    ------
    ValueError
        For anything else; the message has the range.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is not None and number >= least and (most is None or number <= most):
        return number
    allowed = f"of at least {least}" if most is None else f"from {least} to {most:,}"
    raise ValueError(f"{name} is {reprlib.repr(value)}: give a whole number {allowed}.")


def one_of(name: str, value: Any, names: Sequence[str]) -> str:
    """Return a name that is among others.

    Raises
    ------
    ValueError
        For any other; the message has the nearest names, or the first ones.
    """
    if isinstance(value, str) and value in names:
        return value
    near = difflib.get_close_matches(str(value), names, 3, cutoff=0.4)
    listed = f"the nearest are {', '.join(near)}" if near else f"use {_listed(names)}"
    raise ValueError(f"{name} is {reprlib.repr(value)}, which does not exist; {listed}.")


def known(widget: str, options: Iterable[str], names: Sequence[str]) -> None:
    """Refuse keyword arguments that a widget does not have: traitlets would only ignore them.

    Raises
    ------
    TypeError
        As Python does for a function, with the nearest name.
    """
    for option in options:
        if option not in names:
            near = difflib.get_close_matches(option, names, 1, cutoff=0.4)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            raise TypeError(f"{widget} has no argument {option!r}{hint}.")


def _listed(names: Sequence[str]) -> str:
    more = f" or one of {len(names) - 12} more" if len(names) > 12 else ""
    return f"one of {', '.join(names[:12])}{more}"
