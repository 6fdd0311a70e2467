"""The figures that are measured, and how often."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks import batches, explanations, machine
from benchmarks.engines import BACKWARD, BFLOAT16, FORWARD, Unavailable
from benchmarks.processes import Process
from benchmarks.results import Results
from benchmarks.rounds import Figure, Values, take_turns

GROUPS = ("forward", "gradient", "batches", "explanations", "bfloat16", "start", "memory", "avx2")
#: For oneDNN, for PyTorch's own kernels, and for MKL. What reads none of them stays as it is.
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes
    ----------
    groups : tuple of str
        Some of `GROUPS`.
    rounds, generations : int
        See `take_turns`.
    maps : int
        Rounds of maps, which take minutes.
    starts, cold_starts, peaks : int
        How often a process is started for each figure.
    large : bool
        Whether 32 photographs are measured as well.
    threads : int
    """

    groups: tuple[str, ...] = GROUPS
    rounds: int = 9
    generations: int = 3
    maps: int = 3
    starts: int = 5
    cold_starts: int = 2
    peaks: int = 2
    large: bool = True
    threads: int = 2


def turns(plan: Plan, target: int, *, suffix: str = "") -> list[Figure]:
    """Return the figures that running processes are asked for in turn.

    Parameters
    ----------
    plan : Plan
    target : int
        The class whose logit the gradient is of.
    suffix : str
        Added to their names.
    """
    one, eight = {"do": "forward", "count": 1}, {"do": "forward", "count": 8}
    found = []
    if "forward" in plan.groups or suffix:
        found.append(Figure("forward of 1", FORWARD, one, repeats=5))
        found.append(Figure("forward of 8", FORWARD, eight, repeats=2))
        if plan.large and not suffix:
            many = {"do": "forward", "count": 32}
            found.append(Figure("forward of 32", FORWARD, many, 1, unmeasured=0, every=2))
    if "gradient" in plan.groups or suffix:
        question = {"do": "gradient", "count": 1, "target": target}
        found.append(Figure("gradient of 1", BACKWARD, question, repeats=3))
    if "bfloat16" in plan.groups and not suffix:
        found.append(Figure("bfloat16 forward of 1", BFLOAT16, one, repeats=5))
        found.append(Figure("bfloat16 forward of 8", BFLOAT16, eight, repeats=2))
    return [Figure(**{**vars(figure), "name": figure.name + suffix}) for figure in found]


def possible(plan: Plan, folder: Path, results: Results) -> Plan:
    """Return the plan without what this machine cannot show; a remark says why."""
    groups = list(plan.groups)

    def leave_out(group: str, reason: str) -> None:
        groups.remove(group)
        results.remarks.append(reason)

    if "bfloat16" in groups and not machine.has_bfloat16():
        leave_out("bfloat16", "This CPU does not multiply bfloat16, so that was not measured.")
    if "bfloat16" in groups:
        try:
            Process("ours bfloat16", folder, plan.threads).close()
        except Unavailable as reason:
            leave_out("bfloat16", str(reason))
    if "avx2" in groups and not machine.has_avx512():
        leave_out(
            "avx2",
            "This CPU has no AVX-512: all figures are those of an older CPU, so nothing was "
            "measured again with `ONEDNN_MAX_CPU_ISA=AVX2`.",
        )
    return Plan(**{**vars(plan), "groups": tuple(groups)})


def measure(
    plan: Plan, folder: Path, target: int, results: Results, say: Callable[[str], None]
) -> None:
    """Measure all of a plan, and write what was seen into `results`."""

    def run(figures: list[Figure], rounds: int, generations: int, **environment: str) -> Values:
        seen = take_turns(
            figures,
            lambda name: Process(name, folder, plan.threads, environment=environment),
            rounds=rounds,
            generations=generations,
            say=say,
        )
        idle.extend(seen.idle)
        return seen.values

    idle: list[float] = []
    figures = turns(plan, target)
    if figures:
        results.seconds |= run(figures, plan.rounds, plan.generations)
    if "batches" in plan.groups:
        results.batches, results.chosen = batches.measure(
            folder, plan.threads, target, plan.rounds, say
        )
    if "explanations" in plan.groups:
        maps = run(explanations.turns(target), plan.maps, 1)
        results.seconds |= explanations.paired(maps)
        seen = explanations.peak(folder, plan.threads, target)
        results.bytes[explanations.PEAK] = {"ours": [seen]}
    if "avx2" in plan.groups:
        hidden = turns(plan, target, suffix=", AVX2 only")
        results.seconds |= run(hidden, -(-plan.rounds // 2), 1, **AVX2)
        results.remarks.append(
            '"AVX2 only" is an AVX-512 CPU told to hide it (`ONEDNN_MAX_CPU_ISA=AVX2`). ONNX '
            "Runtime and parts of others do not listen, which is to their advantage."
        )
    results.idle = sorted(idle)[len(idle) // 2] if idle else 0.0
    if "start" in plan.groups:
        _starts(plan, folder, results, say)
    if "memory" in plan.groups:
        _peaks(plan, folder, results, say)


def _starts(plan: Plan, folder: Path, results: Results, say: Callable[[str], None]) -> None:
    """From the start of a process to its first prediction."""
    warm = results.seconds["start, warm"] = {name: [] for name in FORWARD}
    for number in range(plan.starts):
        for name in FORWARD:
            with closing(Process(name, folder, plan.threads)) as process:
                warm[name].append(process.seconds)
        say(f"start, warm: round {number + 1} of {plan.starts}")
    for number in range(plan.cold_starts):
        cache = tempfile.mkdtemp(dir=folder)
        try:
            empty = {"CONUS_CACHE": cache}
            with closing(Process("ours", folder, plan.threads, environment=empty)) as process:
                cold = results.seconds.setdefault("start, cold cache", {})
                cold.setdefault("ours", []).append(process.seconds)
        finally:
            shutil.rmtree(cache, ignore_errors=True)
        say(f"start, cold cache: {number + 1} of {plan.cold_starts}")


def _peaks(plan: Plan, folder: Path, results: Results, say: Callable[[str], None]) -> None:
    """The most memory of a process that predicted once."""
    for count in (1, 16):
        found = results.bytes[f"peak memory of {count}"] = {name: [] for name in FORWARD}
        for _ in range(plan.peaks):
            for name in FORWARD:
                with closing(Process(name, folder, plan.threads, count)) as process:
                    found[name].append(process.ask("peak"))
        say(f"peak memory of {count}")
