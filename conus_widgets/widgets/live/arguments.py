"""Arguments of a widget that do not exist, and the nearest ones that do."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from conus_widgets.arguments import nearest, shown

__all__ = ["existing", "known"]


def existing(name: str, value: Any, names: Collection[str]) -> str:
    """Return a name that is among others.

    Raises
    ------
    ValueError
        For any other; the message has the nearest names, or all.
    """
    if isinstance(value, str) and value in names:
        return value
    near = nearest(value, names) if isinstance(value, str) else ", ".join(names)
    raise ValueError(f"{name} is {shown(value)}, which does not exist; there are {near}.")


def known(
    widget: str, options: Iterable[str], arguments: Sequence[str], traits: Sequence[str]
) -> None:
    """Refuse keyword arguments that a widget does not have: traitlets would only ignore them.

    Parameters
    ----------
    widget : str
        Its class, for errors.
    options : iterable of str
        What was given.
    arguments, traits : sequence of str
        What there is: written in the widget's signature, or only a trait.

    Raises
    ------
    TypeError
        As Python does for a function, with the nearest name, or with all if none is near.
    """
    names = [*arguments, *traits]
    for option in options:
        if option not in names:
            near = difflib.get_close_matches(option, names, 1, cutoff=0.4)
            there = ", ".join(arguments or traits)
            hint = f"the nearest is {near[0]!r}" if near else f"there are {there}"
            raise TypeError(f"{widget} has no argument {option!r}; {hint}.")
