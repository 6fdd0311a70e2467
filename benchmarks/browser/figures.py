"""Times in milliseconds, from the notes of the page and the kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.browser.hand import SILENCE, Notes

Computation = tuple[str, float, float]  # what, begin, end: seconds since 1970

HOVER = "hover"
BARS = "brush: bars behind the pointer"
EVERY = "brush: bars after each move of the mouse"
RATE = "brush: bars a second"
CHOICE = "new class or pair"
CANCEL = "cancel: on the page"
FREE = "cancel: network free"

#: The way of an answer under the brush, in order.
WAY = (
    "pointer to request",
    "request to network",
    "network",
    "network to page",
    "page to picture",
)


class WrongAnswer(Exception):
    """The page showed something else than what was asked: its time is worth nothing."""


def hovering(notes: Notes, shape: Sequence[int]) -> list[float]:
    """Return for each move how long it took until its cell was painted.

    Parameters
    ----------
    notes : Notes
        `moves` ({at, u, v}), `answers` ({at, count, text}): an answer is one to all of the first
        `count` moves that had none before.
    shape : (int, int)
        Rows and columns of the map.

    Raises
    ------
    WrongAnswer
        If an answer names another cell than that of its last move.
    """
    found: list[float] = []
    for answer in notes["answers"]:
        last = notes["moves"][answer["count"] - 1]
        row, column = (
            min(count - 1, math.floor(part * count)) + 1
            for part, count in ((last["v"], shape[0]), (last["u"], shape[1]))
        )
        wanted = f"Row {row}, column {column} of {shape[0]} × {shape[1]}"
        if answer["text"] != wanted:
            raise WrongAnswer(f"Under the pointer: {answer['text']!r}, where it is {wanted!r}.")
        found += [answer["at"] - m["at"] for m in notes["moves"][len(found) : answer["count"]]]
    return found


def brushing(notes: Notes) -> dict[str, list[float]]:
    """Return the figures of a stroke.

    Parameters
    ----------
    notes : Notes
        `moves` ({at}), `sent` ({number, at, count}): a request held the first `count` moves,
        `answers` ({at, number, right}).

    Returns
    -------
    dict
        `BARS`: from the newest move that an answer knows of, until it was painted. `EVERY`: from
        each move until the first answer that knows of it was painted. `RATE`: answers painted in a
        second while the pointer moved, a single number.

    Raises
    ------
    WrongAnswer
        Where bars showed other numbers than the answer.
    """
    if not all(answer["right"] for answer in notes["answers"]):
        raise WrongAnswer("The list of classes shows other logits than the network's answer.")
    moves = [move["at"] for move in notes["moves"]]
    held = {request["number"]: request["count"] for request in notes["sent"]}
    bars: list[float] = []
    every: list[float] = []
    for answer in notes["answers"]:
        count = held[answer["number"]]
        bars.append(answer["at"] - moves[count - 1])
        every += [answer["at"] - at for at in moves[len(every) : count]]
    during = sum(moves[0] < answer["at"] <= moves[-1] for answer in notes["answers"])
    return {BARS: bars, EVERY: every, RATE: [1000 * during / (moves[-1] - moves[0])]}


def ways(notes: Notes, computations: Iterable[Computation]) -> list[list[float]]:
    """Return for each answer of a stroke the times of `WAY`.

    Notes
    -----
    The kernel's clock and the page's are the same machine's. Waiting for an older answer counts as
    "request to network".
    """
    sent = {request["number"]: request for request in notes["sent"]}
    spans = [
        (1000 * begin - notes["origin"], 1000 * end - notes["origin"])
        for what, begin, end in computations
        if what == "follow"
    ]
    found = []
    for answer in notes["answers"]:
        request = sent[answer["number"]]
        before = [span for span in spans if span[1] <= answer["arrived"]]
        if not before:
            continue
        begin, end = max(before, key=lambda span: span[1])
        times = (
            notes["moves"][request["count"] - 1]["at"],
            *(request["at"], begin, end, answer["arrived"], answer["at"]),
        )
        found.append(np.diff(times).tolist())
    return found


def answering(notes: Notes) -> float:
    """Return how long it took from a click until its answer was painted."""
    return float(notes["at"] - notes["clicked"])


def freeing(notes: Notes, computations: Iterable[Computation]) -> float:
    """Return how long the network went on computing after a click that cancelled it."""
    clicked = notes["origin"] + notes["clicked"]
    ends = [
        1000 * end - clicked
        for _, begin, end in computations
        if 1000 * end > clicked > 1000 * (begin - SILENCE)
    ]
    return max(ends, default=0.0)


def check_choice(notes: Notes) -> None:
    """Raise WrongAnswer if the picture did not change with the question."""
    if not notes["redrawn"]:
        raise WrongAnswer("Another class was chosen, and the picture stayed as it was.")


def check_cancel(notes: Notes) -> None:
    """Raise WrongAnswer if work that was cancelled went on showing itself."""
    if not notes["stopped"]:
        raise WrongAnswer("A cancelled map went on.")


def merged(parts: Iterable[dict[str, Any]]) -> dict[str, list[float]]:
    """Return lists of the same names, one after the other."""
    found: dict[str, list[float]] = {}
    for part in parts:
        for name, values in part.items():
            found.setdefault(name, []).extend(values)
    return found
