"""A small machine: each notebook in 1 GiB and on one processor, and four learners on two.

The limits are control groups where this machine lets one be made (as root); otherwise the
processor is bound, and the peak of memory is only watched.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GROUPS = Path("/sys/fs/cgroup")
MEMORY = 2**30
LEARNERS, MOST = 4, 5.0  # at once; how many times as long as alone an answer may take

LEARNER = """
import json, sys, time
steps = {}
def step(name, begun):
    steps.setdefault(name, []).append(time.perf_counter() - begun)
begun = time.perf_counter()
from conus_widgets import Classifier, explain, load_predictor
from conus_widgets.collection import Collection
from conus_widgets.shells import draw
predictor = load_predictor()
tool = Classifier(predictor)
step("open", begun)
collection = Collection.open(sys.argv[1])
for number in range(6):
    image = draw("tented", number).image
    begun = time.perf_counter(); tool.classify(image); tool.prediction; step("drop", begun)
    begun = time.perf_counter(); explain.cam(predictor, image); step("explain: cam", begun)
    begun = time.perf_counter()
    explain.gradient(predictor, image); step("explain: gradient", begun)
    begun = time.perf_counter()
    explain.evidence(predictor, image, (60, 60, 120, 120)); step("explain: evidence", begun)
    begun = time.perf_counter()
    review = collection.review(by=sys.argv[2])
    review.judge(str(collection.specimens[number]), "right")
    step("review", begun)
print(json.dumps(steps))
"""


class Failed(Exception):
    """Something that is not as it should be."""


@contextlib.contextmanager
def group() -> Iterator[tuple[list[Path], Path] | None]:
    """Make a control group of 1 GiB and one processor.

    Yields where processes are put into, and the file with the peak; None if that is not allowed.
    """
    name = f"conus-stress-{os.getpid()}"
    if (GROUPS / "cgroup.controllers").exists():
        folders = [GROUPS / name]
        limits = {"memory.max": str(MEMORY), "memory.swap.max": "0", "cpu.max": "100000 100000"}
        peak = folders[0] / "memory.peak"
    else:
        folders = [GROUPS / "memory" / name, GROUPS / "cpu" / name]
        limits = {
            "memory.limit_in_bytes": str(MEMORY),
            "cpu.cfs_period_us": "100000",
            "cpu.cfs_quota_us": "100000",
        }
        peak = folders[0] / "memory.max_usage_in_bytes"
    made = []
    try:
        for folder in folders:
            folder.mkdir()
            made.append(folder)
        for file, value in limits.items():
            for folder in folders:
                if (folder / file).exists():
                    (folder / file).write_text(value)
        found = ([folder / "cgroup.procs" for folder in folders], peak)
    except OSError as error:
        print(f"  NO CONTROL GROUP can be made here ({error}): memory is watched, not limited")
        found = None
    try:
        yield found
    finally:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()


def family(process: int) -> list[int]:
    """Return a process and all below it."""
    found = [process]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def resident(process: int) -> int:
    """Return the bytes that a process and those below it hold, shared pages shared (PSS)."""
    total = 0
    for one in family(process):
        with contextlib.suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += int(text.partition("\nPss:")[2].split()[0]) * 1024
    return total


def killed(folder: Path) -> int:
    """Return how many processes of a group were killed for want of memory."""
    for file in ("memory.oom_control", "memory.events"):
        with contextlib.suppress(OSError):
            words = (folder / file).read_text().split()
            return int(words[words.index("oom_kill") + 1])
    return 0


def notebooks(folder: Path) -> None:
    """Run each notebook within the limits."""
    environment = {**os.environ, "CONUS_THREADS": "1", "CONUS_MEMORY_MB": str(MEMORY // 10**6)}
    for source in sorted((ROOT / "notebooks").glob("*.ipynb")):
        with group() as limited:
            places = limited[0] if limited else []
            inside = "".join(f"echo $$ >{place}; " for place in places)
            command = f'{inside}exec taskset -c 0 jupyter execute --timeout=600 "$0"'
            copy = shutil.copy(source, folder)
            begun = time.monotonic()
            process = subprocess.Popen(
                ["bash", "-c", command, copy],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=(folder / "said.txt").open("w"),
            )
            peak = 0
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(0.25)
            dead = killed(places[0].parent) if places else 0
            if process.returncode or dead or peak > MEMORY:
                raise Failed(
                    f"{source.stem}: ended with {process.returncode}, {dead} killed for memory, "
                    f"peak {peak / 2**20:.0f} MiB\n{(folder / 'said.txt').read_text()[-2000:]}"
                )
            print(
                f"  {source.stem}: {time.monotonic() - begun:.0f} s, peak "
                f"{peak / 2**20:.0f} MiB{'' if limited else ' (not limited)'}",
                flush=True,
            )


def start(answers: Path, name: str) -> subprocess.Popen[str]:
    """Start a learner on the first two processors."""
    learner = [sys.executable, "-c", LEARNER, os.fspath(answers), name]
    return subprocess.Popen(
        ["taskset", "-c", "0,1", *learner],
        env={**os.environ, "CONUS_THREADS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> dict[str, list[float]]:
    """Return the seconds of each step of a learner."""
    out, error = process.communicate(timeout=600)
    if process.returncode:
        raise Failed(f"a learner failed:\n{error[-2000:]}")
    found: dict[str, list[float]] = json.loads(out)
    return found


def learners(folder: Path) -> None:
    """Let four learners do the same at once, and compare each answer with its time alone."""
    from conus_widgets import load_predictor
    from conus_widgets.collection import Collection

    answers = folder / "answers"
    collection = Collection.drawn(folder / "shells", specimens=12, workers=1)
    collection.evaluate(load_predictor(), answers, progress=False)
    ended(start(answers, "first"))  # what is compiled and read once
    compared(answers, turns=3)


def compared(answers: Path, turns: int) -> None:
    """Hold each answer of four learners against its time alone."""
    alone: dict[str, list[list[float]]] = {}
    beside: dict[str, list[list[float]]] = {}
    for turn in range(turns):
        for name, seconds in ended(start(answers, f"alone {turn}")).items():
            alone.setdefault(name, []).append(seconds)
        for process in [start(answers, f"{turn} {number}") for number in range(LEARNERS)]:
            for name, seconds in ended(process).items():
                beside.setdefault(name, []).append(seconds)
    worst = 0.0
    for name, seconds in alone.items():
        # The first answer of a kind reads what was compiled: it is held against the first alone.
        usual = np.median(seconds, axis=0)
        times = float(np.percentile(np.array(beside[name]) / usual, 95))
        worst = max(worst, times)
        first, median = usual[0] * 1000, np.median(usual) * 1000
        print(
            f"  {name:18} alone {median:5.0f} ms, the first {first:5.0f}; "
            f"four at once: {times:.1f} times as long (95 of 100)"
        )
    if worst > MOST:
        raise Failed(f"an answer took {worst:.1f} times its time alone; {MOST:g} are allowed")


def main() -> int:
    """Try, and say what happened; returns 0 if all went well."""
    what = sys.argv[1:] or ["notebooks", "learners"]
    with tempfile.TemporaryDirectory(prefix="limits-") as name:
        try:
            if "notebooks" in what:
                print("Each notebook in 1 GiB and on one processor:")
                notebooks(Path(name))
            if "learners" in what:
                print("Four learners on two processors:")
                learners(Path(name))
        except Failed as error:
            print(f"limits: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
