"""Results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchmarks import batches
from benchmarks.batches import SAME, SIZES
from benchmarks.engines import ENGINES
from benchmarks.ratios import Spread, ratio, spread
from benchmarks.results import Results
from benchmarks.rounds import Values
from benchmarks.targets import Verdict, judge

PICTURE = "RESULTS.png"


def page(results: Results) -> str:
    """Return all that was seen: targets, times, memory, answers, and what it was seen on."""
    return "\n\n".join(filter(None, _sections(results))) + "\n"


def _sections(results: Results) -> Iterable[str]:
    yield "# Beside the best engines for CPUs"
    yield (
        "ResNet50 at full width, 70 classes, random weights; the same weights and the same drawn "
        "shells in every engine, batch norm folded in all of them. Written by `make bench`."
    )
    yield _ground(results)
    yield "## What was aimed at"
    yield (
        "Ratios are this project's figure divided by the peer's of the same round: the median, "
        "and in brackets the quartiles. Less is better."
    )
    rows = [_verdict(verdict) for verdict in judge(results)]
    yield table(("figure", "at most", "seen", "peer", ""), rows)
    yield "\n".join(f"- {remark}" for remark in results.remarks)
    yield f"![This project's figures divided by those of each peer]({PICTURE})"
    yield "## Times in milliseconds"
    yield _values(results.seconds, lambda seconds: f"{seconds * 1e3:,.0f}")
    yield "## This project's time divided by the peer's"
    yield ratios(results.seconds)
    if results.batches:
        yield "## How many photographs at once"
        yield (
            "8 photographs, computed 1, 2, 4 or 8 at a time: milliseconds per photograph, and the "
            "batch size that this project uses (`network/memory.py`). A size within "
            f"{SAME - 1:.0%} of the fastest counts as fast. The second half of the network is "
            "computed for up to 8 together in any case."
        )
        head = ("", *map(str, SIZES), "chosen", "its time")
        yield table(head, batches.rows(results.batches, results.chosen))
    if results.bytes:
        yield "## Peak memory of a process in megabytes"
        yield _values(results.bytes, lambda size: f"{size / 1e6:,.0f}")
    yield "## Answers"
    yield (
        "Compared with ours before anything was timed: logits by their largest difference as a "
        "share of the range of ours, gradients and maps by the relative L2 norm of the difference. "
        "A gradient is also compared with that in float64, with the same ReLUs open; beside it is "
        "the share of ReLUs that are open or closed otherwise in float64."
    )
    rows = [
        (ENGINES[a.engine].label, a.what, f"{a.difference:.1e}", f"{a.tolerance:.0e}")
        for a in results.agreements
    ]
    yield table(("engine", "answer", "differs by", "may differ by"), rows)


def _ground(results: Results) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    return "\n".join(
        (
            f"- **Date**: {results.date}; the run took {results.minutes:.0f} minutes.",
            f"- **CPU**: {results.cpu}, {results.widest}; {results.threads} threads each.",
            f"- **Versions**: Python {results.python}, {versions}.",
            f"- **Quiet?** The host took {results.stolen:.0%} of the CPUs' time, other programs "
            f"{results.others:.0%}; engines that waited for their turn used {results.idle:.1%} of "
            "a CPU.",
        )
    )


def _verdict(verdict: Verdict) -> Sequence[str]:
    target = verdict.target
    unit = "" if target.peers else f" {target.unit}"
    at_most = f"{target.at_most:g}{unit}"
    if verdict.seen is None:
        return target.figure, at_most, "not measured", "", ""
    digits = ".0f" if target.unit == "MB" else ".2f"
    seen = brackets(verdict.seen, lambda value: f"{value:{digits}}") + unit
    peer = ENGINES[verdict.peer].label if verdict.peer else ""
    return target.figure, at_most, seen, peer, "met" if verdict.met else "**not met**"


def brackets(values: Spread, text: Callable[[float], str]) -> str:
    """Return ``median [lower quartile, upper quartile]``."""
    return f"{text(values.median)} [{text(values.low)}, {text(values.high)}]"


def ratios(seconds: Values) -> str:
    """Return a table of ours / peer, a row for each figure and a column for each peer."""
    return _by_engine(
        {
            figure: {
                name: brackets(ratio(values[_ours(values)], found), lambda value: f"{value:.2f}")
                for name, found in values.items()
                if not ENGINES[name].ours
            }
            for figure, values in seconds.items()
            if _ours(values)
        }
    )


def _ours(values: dict[str, list[float]]) -> str:
    return next((name for name in values if ENGINES[name].ours), "")


def _values(values: Values, text: Callable[[float], str]) -> str:
    return _by_engine(
        {
            figure: {name: brackets(spread(found), text) for name, found in each.items()}
            for figure, each in values.items()
        }
    )


def _by_engine(cells: dict[str, dict[str, str]]) -> str:
    engines = [name for name in ENGINES if any(name in row for row in cells.values())]
    rows = [
        (figure, *(row.get(name, "") for name in engines)) for figure, row in cells.items() if row
    ]
    return table(("figure", *(ENGINES[name].label for name in engines)), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
