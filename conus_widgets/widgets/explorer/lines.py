"""Lines of Python that repeat what the page shows: a map, and the numbers of a covered area."""

from __future__ import annotations

from typing import Any

from conus_widgets.explain.area import mask_text
from conus_widgets.explain.catalogue import Method
from conus_widgets.explain.covers import DEFAULT
from conus_widgets.widgets.explorer.state import Area, Pane, Photograph, State

PHOTOGRAPH, OTHER = "photograph", "other"
"""Names that stand for photographs which came without a file."""


def of_map(state: State, pane: Pane, method: Method, layer: str | None) -> str:
    """Return the line that makes a map again.

    Parameters
    ----------
    state : State
    pane : Pane
    method : Method
        Of that map.
    layer : str or None
        That it looked into.
    """
    photograph = photograph_text(state.photographs[pane.photograph], PHOTOGRAPH)
    layered = layer is not None and method.takes("layer")
    options = {**({"layer": layer} if layered else {}), **method.offered}
    return _call(method.name, photograph, _target(state, pane), **options)


def of_evidence(state: State, area: Area) -> str:
    """Return the line that gives the numbers of a covered area again, also what was covered."""
    assert area.mask is not None
    photograph = photograph_text(state.photographs[area.photograph], PHOTOGRAPH)
    place = f"explain.mask({mask_text(area.mask)!r})"
    line = _call("evidence", photograph, place)[:-1]
    if area.fill == "given":
        line += f", fill={area.lent}"
    elif area.fill != DEFAULT:
        line += f", fill={area.fill!r}"
    if area.fill == "patch":
        line += f", offset={area.offset!r}"
    return f"{line})"


def photograph_text(photograph: Photograph, name: str) -> str:
    """Return a photograph as Python: its file, or a name that stands for it."""
    return repr(photograph.name) if photograph.is_file else name


def _target(state: State, pane: Pane) -> str:
    """Return what a map explains, as Python: a label, a number, or a dict of labels."""
    labels = state.loaded.labels
    if labels.count(labels[pane.target]) > 1:
        return str(pane.target)  # a name that two classes share does not say which
    if pane.against is None or pane.against == pane.target:
        return repr(labels[pane.target])
    return repr({labels[pane.target]: 1, labels[pane.against]: -1})


def _call(function: str, *arguments: str, **options: Any) -> str:
    keywords = [f"{key}={value!r}" for key, value in options.items()]
    return f"explain.{function}({', '.join(['predictor', *arguments, *keywords])})"
