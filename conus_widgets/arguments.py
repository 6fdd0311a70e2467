"""Arguments of a call: validated, and refused in a sentence that says what to give instead."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Collection
from typing import Any

import numpy as np

LONGEST = 60  # letters of a value that stands in a message


def whole(
    name: str, value: Any, *, least: int | None = 0, most: int | None = None, or_none: bool = False
) -> Any:
    """Return a whole number as an int; with `or_none`, None as it is.

    Parameters
    ----------
    name : str
        Of the argument.
    value : int or NumPy integer
        No bool, and no float: 2.0 may be a size that was computed with a rounding error.
    least, most : int or None
        Bounds; None means none.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if value is None and or_none:
        return None
    try:
        found = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        found = None
    low = least is not None and found is not None and found < least
    if found is None or low or (most is not None and found > most):
        bounds = f" of at least {least}" if most is None else f" from {least} to {most}"
        bounds = "" if least is None else bounds
        otherwise = ", or None" if or_none else ""
        raise ValueError(f"{name} is {shown(value)}: it must be a whole number{bounds}{otherwise}.")
    return found


def number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> float:
    """Return a finite number as a float.

    Parameters
    ----------
    name : str
        Of the argument.
    value : int, float or NumPy number
    least, above, most, below : float, optional
        Bounds that it may reach (`least`, `most`) or not.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    real = isinstance(value, (int, float, np.integer, np.floating))
    # An int may be too large for a float.
    if real and not isinstance(value, bool) and abs(value) <= np.finfo(np.float64).max:
        within = (
            (least is None or value >= least)
            and (above is None or value > above)
            and (most is None or value <= most)
            and (below is None or value < below)
        )
        if within:
            return float(value)
    bounds = {"of at least": least, "above": above, "at most": most, "below": below}
    said = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
    raise ValueError(f"{name} is {shown(value)}: it must be a number {said}".rstrip() + ".")


def one_of(name: str, value: Any, known: Collection[str]) -> str:
    """Return one of the words that an option knows, or raise a ValueError with all of them."""
    if isinstance(value, str) and value in known:
        return value
    raise ValueError(f"{name} is {shown(value)}: use one of {', '.join(known)}.")


def flag(name: str, value: Any) -> bool:
    """Return True or False, or raise a ValueError: the word "False" would count as true."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ValueError(f"{name} is {shown(value)}: it must be True or False.")


def nearest(name: str, known: Collection[str]) -> str:
    """Return the names that are most like this one, or else all of them, for a message."""
    return ", ".join(difflib.get_close_matches(name, list(known), 3, cutoff=0.4) or known)


def shown(value: Any) -> str:
    """Return a value as a message shows it: short, on one line."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
