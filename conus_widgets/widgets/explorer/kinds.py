"""Kinds of messages between the explorer's page and Python: the one table.

A message is plain data with its `kind`, beside binary buffers. Tests hold both sides against the
table: `requests.py` and `messages.py` here, `page/requests.js` and `page/hearing.js` there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conus_widgets.widgets.explorer.choices import CHOICES


@dataclass(frozen=True)
class Kind:
    """A kind of message.

    Parameters
    ----------
    says : str
        What it is for.
    fields : tuple of str
        What it holds besides `kind`.
    buffers : tuple of str
        What its buffers hold, in their order; one that ends in "?" may be missing.
    """

    says: str
    fields: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()


#: Beside their fields they hold `page`, which display of the widget they are from, and `id` if a
#: receipt is wanted. Files of photographs come by the intake's own messages.
FROM_PAGE = {
    "hello": Kind("A page has come: it wants to be told everything."),
    "choose": Kind("Another map in a pane.", ("pane", "generation", *CHOICES)),
    "drop": Kind("A pane was taken away.", ("pane",)),
    "area": Kind(
        "Something is covered; `final`: the pointer has come to rest.",
        ("generation", "photograph", "fill", "offset", "lender", "final"),
        ("mask, a bit a pixel",),
    ),
    "keep": Kind("Pins, the active pane, the way to draw: for the notebook.", ("kept",)),
    "test": Kind("Make a method's randomisation test.", ("method",)),
    "save": Kind("A file of the maps is wanted.", ("form", "pane")),
    "cancel": Kind("Stop maps and tests."),
    "resume": Kind("Try once more to load the network."),
}

TO_PAGE = {
    "network": Kind(
        "The network, and what it offers; also why it is not there.",
        (
            *("phase", "problem", "notice", "labels", "size", "mean"),
            *("layers", "finer", "methods", "covers", "kept"),
        ),
    ),
    "photographs": Kind("All photographs, and what each pane shows.", ("photographs", "panes")),
    "sight": Kind(
        "What the network sees in a photograph.",
        ("number", "name", "width", "height", "rows", "columns", "classes", "layer", "shift"),
        ("jpeg", "logits", "bias", "shares", "input, RGB", "its blur, RGB", "its noise, RGB"),
    ),
    "map": Kind(
        "A map, or how far it is.",
        (*CHOICES, "pane", "generation", "state", "error", "map"),
        ("values?",),
    ),
    "progress": Kind("How far a map is, 0 to 1.", ("generation", "part", "pane")),
    "checked": Kind(
        "The network's answer with the area covered, and the line that repeats it.",
        ("generation", "photograph", "took", "page", "python"),
        ("logits",),
    ),
    "area": Kind(
        "An area from Python, from another page, or from before this page was loaded.",
        ("generation", "photograph", "fill", "offset", "page"),
        ("mask, a bit a pixel", "the other photograph, RGB?"),
    ),
    "testing": Kind("How far a randomisation test is, 0 to 1.", ("method", "part", "error")),
    "dropped": Kind("A pane was taken away on a page.", ("pane", "page")),
    "file": Kind("A file, for the page that asked.", ("name", "page"), ("data",)),
    "problem": Kind("The network failed.", ("text",)),
}


def missing(content: dict[str, Any], buffers: list[Any]) -> list[str]:
    """Return which fields and buffers of its kind a message of the page lacks."""
    kind = FROM_PAGE[content["kind"]]
    fields = [field for field in kind.fields if field not in content]
    return [*fields, *kind.buffers[len(buffers) :]]
