"""The command behind ``make bench``."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.answers import Disagreement, compare
from benchmarks.engines import BACKWARD, BFLOAT16, EXPLAIN, FORWARD
from benchmarks.figures import GROUPS, Plan, measure, possible
from benchmarks.processes import PEERS, ROOT, Process, python
from benchmarks.results import Results, read
from benchmarks.table import PICTURE, page

FOLDER = ROOT / "build" / "bench"
CACHE = FOLDER / "cache"
QUICK_GROUPS = ("forward", "gradient", "start")
QUICK = {"rounds": 3, "generations": 1, "starts": 1, "cold_starts": 0, "peaks": 1, "large": False}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; return the exit code: 0, or 1 if answers differ."""
    options = _parser().parse_args(arguments)
    kept = FOLDER / "results.json"
    if options.write:
        results = read(kept)
    else:
        try:
            results = run(_plan(options))
        except Disagreement as error:
            print(error, file=sys.stderr)
            return 1
        results.whole = options.rounds is None and not options.only and not options.quick
        results.save(kept)
    # A run of a part, or of few rounds, is for the eye: it does not replace what is committed.
    write(results, ROOT / "benchmarks" if results.whole else FOLDER)
    return 0


def run(plan: Plan) -> Results:
    """Make the network, compare answers, measure."""
    began, clock = time.perf_counter(), machine.clock()

    def say(text: str) -> None:
        print(f"{time.perf_counter() - began:5.0f} s  {text}", flush=True)

    results = Results(
        date=datetime.date.today().isoformat(),
        cpu=machine.cpu(),
        widest=machine.widest(),
        python=platform.python_version(),
        threads=plan.threads,
    )
    if not PEERS.exists():
        raise SystemExit("The environment of the peers is missing: 'make bench' makes it.")
    # What other versions of the code left in a cache is read at each start.
    shutil.rmtree(CACHE, ignore_errors=True)
    os.environ["CONUS_CACHE"] = str(CACHE)
    commands = [
        [python(True), "-m", "benchmarks.network", str(FOLDER)],
        [python(False), "-m", "benchmarks.onnx_file", str(FOLDER)],
        # An installation compiles a package's Python; the peers were installed.
        [python(True), "-m", "compileall", "-q", "conus_widgets"],
    ]
    for command in commands:
        subprocess.run(command, cwd=ROOT, check=True)
    say("network written")
    plan = possible(plan, FOLDER, results)
    peers = dict.fromkeys([*FORWARD, *BACKWARD, *EXPLAIN])
    if "bfloat16" in plan.groups:
        peers |= dict.fromkeys(BFLOAT16)
    del peers["ours"]
    results.agreements, target, results.versions = compare(
        peers, lambda name: Process(name, FOLDER, plan.threads), FOLDER
    )
    say(f"answers agree; the gradient is of class {target}")
    measure(plan, FOLDER, target, results, say)
    spent = machine.clock().since(clock)
    results.stolen = spent.share(spent.stolen)
    results.others = spent.share(spent.busy - spent.own)
    results.minutes = (time.perf_counter() - began) / 60
    return results


def write(results: Results, folder: Path) -> None:
    """Write ``RESULTS.md`` and its picture, and print the page."""
    from benchmarks.picture import draw  # here: while others are measured, it takes no memory

    text = page(results)
    (folder / "RESULTS.md").write_text(text)
    draw(results, folder / PICTURE)
    print(f"\n{text}\nWritten to {(folder / 'RESULTS.md').relative_to(ROOT)}")


def _plan(options: argparse.Namespace) -> Plan:
    given: dict[str, Any] = dict(QUICK) if options.quick else {}
    groups = options.only or (QUICK_GROUPS if options.quick else GROUPS)
    if options.rounds is not None:
        given |= dict.fromkeys(("rounds", "maps", "starts"), options.rounds)
    return Plan(groups=tuple(groups), threads=options.threads, **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description="How fast the network is beside the best engines for CPUs. Without options all "
        "is measured, in a quarter of an hour, and benchmarks/RESULTS.md is written; else the "
        "results go to build/bench/.",
    )
    parser.add_argument("--quick", action="store_true", help="few rounds, under two minutes")
    parser.add_argument("--rounds", type=_positive, metavar="N", help="how many rounds")
    parser.add_argument("--only", nargs="+", choices=GROUPS, help="measure these alone")
    parser.add_argument("--threads", type=_positive, default=2, metavar="N", help="for each engine")
    parser.add_argument("--write", action="store_true", help="write the last run's results again")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
