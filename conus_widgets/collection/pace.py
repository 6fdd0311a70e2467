"""The pace of a review: how many cases are done, and how long the rest will take."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from conus_widgets.collection.verdicts import Verdict

RECENT = 20  # cases: a reviewer gets faster, and the pace with them
FEWEST = 3  # times between cases; fewer say nothing
_STEPS = ((600, 60), (3600, 300), (7200, 900), (float("inf"), 3600))  # below, rounded to: seconds


@dataclass(frozen=True)
class Progress:
    """How far a review is.

    Parameters
    ----------
    done, total : int
        Cases.
    seconds_left : float, optional
        None as long as too few cases are done to tell.
    """

    done: int
    total: int
    seconds_left: float | None = None

    def __str__(self) -> str:
        if self.total and self.done == self.total:
            return f"all {self.total:,} reviewed"
        said = f"{self.done:,} of {self.total:,} reviewed"
        return said if self.seconds_left is None else f"{said}, {in_words(self.seconds_left)} left"


def progress(standing: Iterable[Verdict], cases: Sequence[str], by: str) -> Progress:
    """Return how many cases one reviewer has judged, and how long the rest takes at this pace.

    Parameters
    ----------
    standing : iterable of Verdict
        As `Log.standing`, in order of time.
    cases : sequence of str
        What is to be judged; a case that is named twice counts once.
    by : str
        The reviewer.

    Returns
    -------
    Progress
        The time left is the number of cases left times the median time from one new case to the
        next, of the last 20. At an even pace it is exact, and a break for lunch does not move it.

    Notes
    -----
    A verdict before the model's answer was shown is half a case: it is not counted.
    """
    wanted = set(cases)
    first: dict[str, float] = {}  # when each case was first judged
    for verdict in standing:
        ours = verdict.by == by and verdict.case in wanted
        if ours and verdict.judges and verdict.phase != "before":
            first.setdefault(verdict.case, verdict.moment.timestamp())
    moments = sorted(first.values())[-RECENT - 1 :]
    between = [later - earlier for earlier, later in itertools.pairwise(moments)]
    left = len(wanted) - len(first)
    known = len(between) >= FEWEST
    return Progress(len(first), len(wanted), left * median(between) if known else None)


def in_words(seconds: float) -> str:
    """Return a time as it is said: "about 20 minutes"."""
    if seconds < 60:
        return "less than a minute"
    step = next(step for below, step in _STEPS if seconds < below)
    hours, minutes = divmod(round(seconds / step) * step // 60, 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    said = [f"{count} {word}{'s' * (count != 1)}" for count, word in parts if count]
    return f"about {' '.join(said)}"
