"""Batch sizes of this project, beside the fastest ones on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.processes import Process
from benchmarks.ratios import ratio, spread
from benchmarks.rounds import Values

SIZES = (1, 2, 4, 8)
KINDS = ("forward", "gradient")
SAME = 1.05  # of the fastest's time: smaller differences are noise


def measure(
    folder: Path, threads: int, target: int, rounds: int, say: Callable[[str], None]
) -> tuple[Values, dict[str, int]]:
    """Return seconds per photograph for each batch size, and the sizes that the project uses.

    Parameters
    ----------
    folder, threads
        As for `Process`.
    target : int
        The class whose logit the gradient is of.
    rounds : int
        In each of them all sizes take turns.
    say : callable
        Told of each round.

    Returns
    -------
    dict
        "forward" and "gradient", then the size as text ("1", "2" ...), to a value for each round.
    dict
        "forward" and "gradient" to a size.
    """
    many = max(SIZES)
    seen: Values = {kind: {str(size): [] for size in SIZES} for kind in KINDS}
    with closing(Process("ours", folder, threads)) as process:
        chosen = {kind: process.ask("at_once", kind=kind, size=1) for kind in KINDS}
        for number in range(rounds):
            for kind in KINDS:
                for size in SIZES:
                    process.ask("at_once", kind=kind, size=size)
                    question = {"target": target} if kind == "gradient" else {}
                    (seconds,) = process.ask(kind, count=many, unmeasured=1, repeats=1, **question)
                    seen[kind][str(size)].append(seconds / many)
            say(f"batches: round {number + 1} of {rounds}")
    return seen, chosen


def rows(seen: Values, chosen: dict[str, int]) -> Iterable[tuple[str, ...]]:
    """Return a row for each kind: milliseconds for each size, the choice, and how good it is."""
    for kind, by_size in seen.items():
        fastest = min(by_size, key=lambda size: median(by_size[size]))
        own = by_size[str(_nearest(chosen[kind]))]
        beside = ratio(own, by_size[fastest]).median
        verdict = f"{beside:.2f} of the fastest's" + ("" if beside <= SAME else ", **not met**")
        yield (
            kind,
            *(f"{spread(found).median * 1e3:.1f}" for found in by_size.values()),
            str(chosen[kind]),
            verdict,
        )


def _nearest(size: int) -> int:
    """Return the measured size that lies nearest to another."""
    return min(SIZES, key=lambda measured: abs(measured - size))
