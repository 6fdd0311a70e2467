"""Maps of one photograph, beside captum: same weights, same windows, as many at once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from benchmarks.engines import EXPLAIN
from benchmarks.processes import Process
from benchmarks.rounds import Figure, Values

WHOLE, DRILL_DOWN = "occlusion", "occlusion, drill-down"
PEAK = "peak memory of occlusion"


def turns(target: int) -> list[Figure]:
    """Return the figures that running processes are asked for in turn.

    Parameters
    ----------
    target : int
        The class whose logit is explained.
    """

    def figure(
        name: str, method: str, engines: tuple[str, ...], repeats: int = 1, warm_up: int = 0
    ) -> Figure:
        question = {"do": "explain", "method": method, "target": target}
        return Figure(name, engines, question, repeats, unmeasured=0, warm_up=warm_up)

    # A whole map is hundreds of runs: what the first ones take longer does not show.
    return [
        figure(WHOLE, "occlusion", EXPLAIN),
        figure(DRILL_DOWN, "drill-down", ("ours",)),
        figure("occlusion, first picture", "first picture", ("ours",), repeats=3),
        figure("SmoothGrad of 50", "smoothgrad", EXPLAIN, warm_up=1),
    ]


def paired(seconds: Values) -> Values:
    """Return times with captum's whole map of the same round beside a drill-down, which it has not.

    Parameters
    ----------
    seconds : Values
        What was seen of `turns`.
    """
    beside = {**seconds[DRILL_DOWN], "captum": seconds[WHOLE]["captum"]}
    return {**seconds, DRILL_DOWN: beside}


def peak(folder: Path, threads: int, target: int) -> float:
    """Return the most memory of a process that computed an occlusion map, in bytes.

    Windows are twice as far apart as in `turns`: that spares time, and as many are computed at
    once.
    """
    with closing(Process("ours", folder, threads)) as process:
        question = {"method": "occlusion", "target": target, "stride": 16}
        process.ask("explain", **question, unmeasured=0, repeats=1)
        return float(process.ask("peak"))
