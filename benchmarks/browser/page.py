"""Results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.browser.figures import EVERY, RATE, WAY
from benchmarks.browser.results import Results, Seen
from benchmarks.browser.targets import TARGETS, Target
from benchmarks.table import table

BUSY = 0.1  # share of the CPUs' time that others may use: with more the page says so, in bold

HOW = """\
- **Hover**: from the pointer's move to the painted number, cell and frame around it; the mouse
  jumps from place to place.
- **Bars behind the pointer**: from the newest place of the brush that an answer knows of until
  that answer is painted as bars. The brush never rests in a stroke, so places are overtaken: the
  line below it counts from *each* place to the first bars that know of it.
- **Bars a second**: answers of the network painted while the brush moves, a value for each
  stroke.
- **New class or pair**: from the release of the mouse on A or B to the painted question, bars and
  map.
- **Cancel**: from the release on "Cancel", somewhere in an occlusion, to the painted "stopped";
  and until the network has ended its last batch and is free for the next question.

The mouse is Playwright's: its events take the way of real ones through the browser. Times are
taken inside the page, from the event's own time stamp to the task after the frame that paints
the answer; what the screen itself takes is not in them. Each number on the page is compared with
what was asked while it is timed: a wrong one ends the run."""


def page(results: Results) -> str:
    """Return all that was seen, and what it was seen on."""
    return "\n\n".join(_sections(results)) + "\n"


def _sections(results: Results) -> Iterable[str]:
    yield "# The explorer in a browser"
    yield (
        "A drawn shell in JupyterLab and in Voila; a ResNet50 at full width with 70 classes and "
        "random weights, and beside it the demonstration network, a quarter as wide. Written by "
        "`make bench-browser`."
    )
    yield _ground(results)
    yield "## What was aimed at"
    yield (
        "Median and, after it, the 95th percentile, which counts (of the bars a second the 5th), "
        "in milliseconds; in brackets how many there were."
    )
    heads = [f"{seen.host}, {seen.network}" for seen in results.seen]
    rows = [
        (target.figure, target.words, *(_verdict(target, seen) for seen in results.seen))
        for target in TARGETS
    ]
    yield table(("figure", "aim", *heads), [*rows[:3], _beside(results), *rows[3:]])
    yield "## How it is measured"
    yield HOW
    yield "## Where the time of an answer under the brush goes"
    yield (
        'Medians in milliseconds. "Request to network" holds the wait for the answer before, '
        '"page to picture" the wait for the next frame.'
    )
    ways = [np.median(seen.way, axis=0) if seen.way else None for seen in results.seen]
    yield table(
        ("part", *heads),
        [
            (name, *("" if way is None else f"{way[n]:.0f}" for way in ways))
            for n, name in enumerate(WAY)
        ]
        + [("places of the pointer a second", *(f"{seen.moves:.0f}" for seen in results.seen))],
    )


def _ground(results: Results) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    others = f"{np.mean(results.others):.0%} (at most {max(results.others):.0%})"
    busy = " **Not quiet: these are the figures of a busy machine.**"
    return "\n".join(
        (
            f"- **Date**: {results.date}; the run took {results.minutes:.0f} minutes.",
            f"- **CPU**: {results.cpu}, {results.widest}. Browser, server and network share it.",
            f"- **Versions**: Chromium {results.chromium} without a graphics card, {versions}.",
            f"- **Quiet?** The host took {results.stolen:.0%} of the CPUs' time. In the pauses "
            f"before, between and after the measurements other programs used {others}."
            + (busy if max(results.others) > BUSY else ""),
        )
    )


def _numbers(values: Sequence[float], edge: float, figure: str) -> str:
    digits = 1 if figure == RATE else 0
    return f"{np.median(values):.{digits}f}, {edge:.{digits}f} ({len(values)})"


def _verdict(target: Target, seen: Seen) -> str:
    values = seen.figures.get(target.figure)
    if not values:
        return "not measured"
    numbers = _numbers(values, target.edge(values), target.figure)
    return f"{numbers}, {'met' if target.met(values) else '**not met**'}"


def _beside(results: Results) -> tuple[str, ...]:
    """A line without an aim: each move of the mouse, also those that were overtaken."""
    values = [seen.figures.get(EVERY) for seen in results.seen]
    return (
        EVERY,
        "",
        *(_numbers(v, float(np.percentile(v, 95)), EVERY) if v else "" for v in values),
    )
