"""Growth of a collection's cost: photographs against time, the driver's memory, the store's size.

``python -m benchmarks.scale`` (a part of ``make bench``) asks 1,000, 10,000 and 100,000 photographs
of a network that answers at once, on two workers, and writes a table and a picture.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import machine
from benchmarks.collection import Quick, checkpoint_of
from benchmarks.processes import ROOT
from conus_widgets import shells
from conus_widgets.collection.table import Record, Table

FOLDER = ROOT / "build" / "bench-scale"
RESULTS = Path(__file__).parent / "RESULTS-scale"
COUNTS = (1_000, 10_000, 100_000)
DRAWINGS = 300  # each photograph is one of them with noise of its own, in a file of its own
TOGETHER = 1_000  # files in a folder
SIZE = (160, 120)  # pixels: their number counts here
WORKERS = 2
OPENINGS = 3  # of which the middle one counts
SAMPLE = 500  # photographs that are decoded and hashed alone
MEMORY, OVERHEAD, INSPECTOR, CASE = 600, 1.0, 1.0, 0.3  # MB, ms, s, s: at most, of 100,000


class Sent(Quick):
    """A network that answers at once, and is made again by each worker."""

    def __init__(self) -> None:
        super().__init__(checkpoint_of("nearest"))

    def __reduce__(self) -> Any:
        return Sent, ()


def main() -> int:
    """Measure each size in a process of its own, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 only")
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)  # in a child
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)  # in a child
    options = parser.parse_args()
    if options.count:
        print(json.dumps(evaluated(options.count)))
        return 0
    if options.open:
        print(json.dumps(opened(options.open)))
        return 0
    rows = []
    for count in COUNTS[:2] if options.quick else COUNTS:
        made = photographs(count)
        print(f"{len(made):,} photographs are there", flush=True)
        row = _child("--count", str(count))
        openings = [_child("--open", row["store"]) for _ in range(OPENINGS)]
        rows.append(row | sorted(openings, key=lambda one: one["inspector"])[OPENINGS // 2])
        print(said(rows[-1]), flush=True)
    if not options.quick:
        write(rows)
    return 0


def _child(*arguments: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.scale", *arguments]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(found.stdout.splitlines()[-1])


def photographs(count: int) -> list[Path]:
    """Return JPEG files of drawings, each with noise of its own; made once, in two processes."""
    wanted = range(math.ceil(count / TOGETHER))
    missing = [number for number in wanted if not _folder(number).exists()]
    if missing:
        with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
            list(pool.map(_write, missing))
    return [_folder(n // TOGETHER) / f"{n}.jpg" for n in range(count)]


def _folder(number: int) -> Path:
    return FOLDER / "drawings" / f"{number:03}"


def _write(number: int) -> None:
    """Write a folder of photographs; it is there when it is whole."""
    drawings, place = _drawings(), _folder(number)
    unfinished = place.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for n in range(number * TOGETHER, (number + 1) * TOGETHER):
        noise = np.random.default_rng(n).integers(-12, 13, (SIZE[1], SIZE[0], 1), np.int8)
        pixels = (drawings[n % DRAWINGS] + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(unfinished / f"{n}.jpg", quality=85)
    unfinished.rename(place)


@cache
def _drawings() -> list[NDArray[Any]]:
    kinds = sorted(shells.KINDS)
    drawn = (shells.draw(kinds[n % len(kinds)], seed=n, size=96).image for n in range(DRAWINGS))
    return [np.asarray(Image.fromarray(one).resize(SIZE), np.int16) for one in drawn]


def evaluated(count: int) -> dict[str, Any]:
    """Evaluate this number of photographs, and return the time and memory that it took."""
    import psutil

    from conus_widgets.collection.cluster import local_workers
    from conus_widgets.collection.evaluation import evaluate

    files = photographs(count)
    records = tuple(
        Record(str(file), f"species {n // 2 % 70}", f"S{n // 2:06}", ("ventral", "dorsal")[n % 2])
        for n, file in enumerate(files)
    )
    store, predictor = FOLDER / f"store-{count}", Sent()
    shutil.rmtree(store, ignore_errors=True)
    me, most, done = psutil.Process(), [0], threading.Event()
    watched = [0.0]  # seconds of CPU that watching took, which are no cost of the evaluation

    def watch() -> None:
        while not done.wait(0.5):
            most[0] = max(most[0], me.memory_full_info().uss)
        watched[0] = time.thread_time()

    def used() -> float:
        every = [me, *me.children(recursive=True)]
        return sum(sum(process.cpu_times()[:2]) for process in every)

    with local_workers(WORKERS) as client:
        first = Table(records[:128], (), "x", True)
        evaluate(first, predictor, FOLDER / "warm", progress=False, cluster=client)
        shutil.rmtree(FOLDER / "warm")
        before, driver, wall = used(), sum(me.cpu_times()[:2]), time.perf_counter()
        watching = threading.Thread(target=watch, daemon=True)  # it must not outlive an error
        watching.start()
        table = Table(records, (), str(FOLDER), True)
        report = evaluate(table, predictor, store, progress=False, cluster=client)
        seconds, cpu = time.perf_counter() - wall, used() - before
        mine = sum(me.cpu_times()[:2]) - driver
        done.set()
        watching.join()
        cpu, mine = cpu - watched[0], mine - watched[0]
    assert report.asked == count, report
    floor = alone(files[:: max(1, count // SAMPLE)], predictor)
    return {
        "count": count,
        "store": str(store),
        "seconds": seconds,
        "cpu": cpu,
        "driver cpu": mine,
        "alone": floor,
        "overhead": 1e3 * (cpu / count - floor),
        "memory": most[0] / 1e6,
        "bytes": sum(file.stat().st_size for file in store.rglob("*") if file.is_file()),
        "files": sum(1 for file in store.rglob("*") if file.is_file()),
    }


def alone(files: list[Path], predictor: Any) -> float:
    """Return the seconds of CPU in which a photograph is read, decoded, hashed and measured."""
    from conus_widgets.collection.digests import digest, measured

    def once(file: Path) -> None:
        content = file.read_bytes()
        digest(content)
        opened = predictor.preparation.open(content, file.name)
        measured(predictor.preparation.held(opened)[0])
        list(predictor.preparation.views(opened, file.name, 1, np.random.default_rng))

    once(files[0])
    before = time.process_time()
    for file in files:
        once(file)
    return (time.process_time() - before) / len(files)


def opened(store: Path) -> dict[str, Any]:
    """Open a store and an Inspector on it, and look at cases; imports do not count."""
    import resource

    import pyarrow.parquet  # noqa: F401

    from conus_widgets.collection import Collection
    from conus_widgets.widgets.inspector import Inspector
    from conus_widgets.widgets.inspector.studies import Studies

    def open_it(place: Path) -> tuple[Inspector, float]:
        begun = time.perf_counter()
        found = Inspector(Collection.open(place), None, reviewer="bench")
        found._tell_everything()  # what the page asks for first: lists, matrix and pairs
        return found, time.perf_counter() - begun

    Studies.fits = False  # they take seconds, and run beside the page
    open_it(FOLDER / f"store-{COUNTS[0]}")[0].close()  # imports everything
    inspector, seconds = open_it(store)
    facts, cases = inspector._facts, []
    for specimen in np.linspace(0, len(facts.specimens) - 1, 9).astype(int).tolist():
        begun = time.perf_counter()
        shown = inspector._desk.case(specimen)
        inspector._desk.nearest(shown["photographs"][0]["number"])
        cases.append(time.perf_counter() - begun)
    inspector.close()
    return {
        "inspector": seconds,
        "case": float(np.median(cases)),
        "first case": cases[0],
        "inspector memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


# Said, written and drawn ------------------------------------------------------------------------


def said(row: dict[str, Any]) -> str:
    """Return a size's figures in one line."""
    count = row["count"]
    return (
        f"{count:,} photographs: {row['seconds']:.0f} s ({1e3 * row['cpu'] / count:.2f} ms of CPU "
        f"each, {1e3 * row['alone']:.2f} of them decoding and hashing), driver "
        f"{row['memory']:.0f} MB and {1e3 * row['driver cpu'] / count:.2f} ms of CPU each; store "
        f"{row['bytes'] / 1e6:.0f} MB in {row['files']} files; the Inspector opens in "
        f"{row['inspector']:.2f} s, a case in {1e3 * row['case']:.0f} ms (the first "
        f"{1e3 * row['first case']:.0f} ms), {row['inspector memory']:.0f} MB"
    )


def write(rows: list[dict[str, Any]]) -> None:
    """Write the table and the picture."""
    most = rows[-1]
    aims = [
        ("driver's private memory, MB", most["memory"], MEMORY),
        ("overhead, ms of CPU a photograph", most["overhead"], OVERHEAD),
        ("the Inspector opens, s", most["inspector"], INSPECTOR),
        ("a case, s", most["case"], CASE),
    ]
    lines = [
        "# How a collection's cost grows",
        "",
        f"{machine.cpu()}, {WORKERS} workers with a thread each; photographs of {SIZE[0]} x "
        f"{SIZE[1]} pixels, each one of {DRAWINGS} drawings with noise of its own, in a file of "
        "its own; a network of 70 classes and 2,048 features that answers at once. So what is left "
        "is decoding, hashing, and what the kit adds. Written by `python -m benchmarks.scale`.",
        "",
        '"Decoding and hashing" is what each photograph needs in any case, done in one thread '
        "without a store or workers: its file is read and decoded, SHA-256 and perceptual hash "
        "and the measures are taken, and it is made the network's input. All other CPU, of the "
        "workers, the scheduler and this process together, is overhead; watching the memory is "
        "left out. Starting the workers is not counted, nor are imports. "
        f"The Inspector opens {OPENINGS} times; the middle time counts. Its memory is "
        "the most that was resident, with the features that a case has mapped from the disk.",
        "",
        "| photographs | time, s | CPU each, ms | decoding and hashing alone, ms | driver's CPU "
        "each, ms | driver's private memory, MB | store, MB | files | Inspector opens, s | a case, "
        "ms | Inspector's memory, MB |",
        "|" + "---|" * 11,
    ]
    for row in rows:
        count = row["count"]
        lines.append(
            f"| {count:,} | {row['seconds']:.0f} | {1e3 * row['cpu'] / count:.2f} | "
            f"{1e3 * row['alone']:.2f} | {1e3 * row['driver cpu'] / count:.2f} | "
            f"{row['memory']:.0f} | {row['bytes'] / 1e6:.0f} | {row['files']} | "
            f"{row['inspector']:.2f} | {1e3 * row['case']:.0f} | {row['inspector memory']:.0f} |"
        )
    lines += ["", f"Of {most['count']:,} photographs:", ""]
    for name, seen, at_most in aims:
        met = "met" if seen <= at_most else "NOT MET"
        lines.append(f"- {name}: {seen:.2f}, at most {at_most:g}: {met}")
    lines += ["", f"![growth]({RESULTS.name}.png)", ""]
    RESULTS.with_suffix(".md").write_text("\n".join(lines))
    draw(rows, RESULTS.with_suffix(".png"))


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw time, memory and size against the number of photographs."""
    from matplotlib.figure import Figure

    counts = np.array([row["count"] for row in rows])
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    time_axes, memory_axes, store_axes = figure.subplots(1, 3)
    for axes, title, name, scale in (
        (time_axes, "time, s", "seconds", 1.0),
        (memory_axes, "driver's private memory, MB", "memory", 1.0),
        (store_axes, "store, MB", "bytes", 1e-6),
    ):
        values = np.array([row[name] * scale for row in rows])
        axes.plot(counts, values, "o-", color="#0072B2", label="measured")
        for count, value in zip(counts, values, strict=True):
            axes.annotate(
                f"{value:,.0f}", (count, value), (0, 8), textcoords="offset points", ha="center"
            )
        axes.set(title=title, xlabel="photographs", xscale="log")
        axes.margins(x=0.12)
        axes.grid(alpha=0.3)
        if axes is memory_axes:
            axes.set_ylim(0, 1.15 * max(MEMORY, values.max()))
            axes.axhline(MEMORY, ls="--", color="0.5", label="at most")
        else:
            axes.set(yscale="log", ylim=(values.min() / 2, values.max() * 3))
            straight = values[-1] * counts / counts[-1]
            axes.plot(counts, straight, "--", color="0.5", label="in proportion to photographs")
        axes.legend(fontsize=8, loc="lower right" if axes is memory_axes else "upper left")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
