"""Gain and cost of a cluster: two workers beside one, and beside one process.

``python -m benchmarks.cluster`` (a part of ``make bench``) asks drawn photographs of the
demonstration network, in rounds one after the other, and prints each ratio beside its aim.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.collection import Aim
from benchmarks.processes import ROOT
from benchmarks.ratios import ratio
from conus_widgets.collection.drawn import draw_collection
from conus_widgets.collection.store import open_store
from conus_widgets.collection.table import Table
from conus_widgets.machine.machine import threads

FOLDER = ROOT / "build" / "bench-cluster"
WARM = 128  # photographs before those that are counted: each worker has loaded what it needs then


def main() -> int:
    """Measure, and print each figure beside its aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 photographs, and two rounds")
    options = parser.parse_args()
    from conus_widgets.loading import load_predictor

    count, rounds = (200, 2) if options.quick else (2_000, 3)
    given = draw_collection(FOLDER / "drawn", specimens=count // 2, wrong=0)
    table = Table(given.records[:count], (), "drawn", True)
    predictor = load_predictor()
    os.environ["CONUS_THREADS"] = "1"  # of each worker, also of one alone: workers inherit it
    print(f"{machine.cpu()}, {threads()} thread a worker, {count:,} photographs", flush=True)
    taken: dict[str, list[float]] = {"one process": [], "one worker": [], "two workers": []}
    for _ in range(rounds):
        for name, seconds in taken.items():
            workers = list(taken).index(name)
            seconds.append(_seconds(table, predictor, FOLDER / name.replace(" ", "-"), workers))
        print(
            "  " + ", ".join(f"{name} {seconds[-1]:.1f} s" for name, seconds in taken.items()),
            flush=True,
        )
    print(Aim("two workers / one worker", ratio(taken["two workers"], taken["one worker"]), 0.6))
    both = ratio(taken["two workers"], taken["one process"])
    print(Aim("two workers / one process with two threads", both, 1.1))
    print(_differences(FOLDER / "two-workers", FOLDER / "one-process", table))
    return 0


def _seconds(table: Table, predictor: Any, out: Path, workers: int) -> float:
    """Return the seconds of an evaluation by `workers` workers, or by this process if 0."""
    from conus_widgets.collection.cluster import local_workers
    from conus_widgets.collection.evaluation import evaluate

    def once(place: Path, some: Table, **options: Any) -> float:
        shutil.rmtree(place, ignore_errors=True)
        begun = time.perf_counter()
        evaluate(some, predictor, place, progress=False, **options)
        return time.perf_counter() - begun

    warm = Table(table.records[:WARM], (), "warm", True)

    def both(**options: Any) -> float:
        once(out.with_suffix(".warm"), warm, **options)
        return once(out, table, **options)

    if not workers:
        return _with_all_threads(both)
    with local_workers(workers) as client:
        client.run(_hold)
        return both(cluster=client)


def _hold(dask_worker: Any) -> None:
    """Hold a worker to a processor of its own: one alone would decode on the other one as well."""
    processors = sorted(os.sched_getaffinity(0))
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {processors[int(dask_worker.name) % len(processors)]})


def _with_all_threads(call: Callable[[], float]) -> float:
    # Of decoding; those of the network were settled when it was loaded.
    kept = os.environ.pop("CONUS_THREADS", None)
    try:
        return call()
    finally:
        if kept is not None:
            os.environ["CONUS_THREADS"] = kept


def _differences(one: Path, other: Path, table: Table) -> str:
    """Return in words how two stores differ."""
    paths = [os.fsencode(record.path) for record in table.records]
    first, second = (open_store(place).live().rows(paths) for place in (one, other))
    apart = float(np.abs(first.probabilities - second.probabilities).max())
    same = first.label == second.label and first.digest == second.digest
    words = "the same" if same else "NOT THE SAME"
    return f"labels and digests are {words}; probabilities differ by {apart:.1g} at most"


if __name__ == "__main__":
    sys.exit(main())
