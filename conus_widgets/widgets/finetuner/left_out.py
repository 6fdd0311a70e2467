"""Sentences that say what of a collection is in no box."""

from __future__ import annotations

from pathlib import Path

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.problems import Problem, summed_up
from conus_widgets.photographs.names import plain

__all__ = ["left_out"]

_MOST = 8  # sentences
_NO_LABEL = "has no label; it is left out: give it one, or drop it into the box of its class."


def left_out(found: Collection) -> list[str]:
    """Return how much was left out, and why; nothing if all is in a box."""
    problems = [problem for problem in found.problems if not problem.kept]
    problems += [
        Problem(Path(str(record.path)).name, _NO_LABEL)
        for record, label in zip(found.table.records, found.labels, strict=True)
        if not label
    ]
    if not problems:
        return []
    said = list(summed_up(problems))
    name = plain(Path(found.table.source).name)
    lines = [f"{len(problems):,} left out of \u2018{name}\u2019:", *said[:_MOST]]
    if len(said) > _MOST:
        more = len(said) - _MOST
        lines.append(f"And for {more:,} more reasons: Collection.problems lists them all.")
    return lines
