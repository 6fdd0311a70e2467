"""The cost of a collection beside bare runs of the network: time, memory, opening.

``python -m benchmarks.collection`` (a part of ``make bench``) prints each figure beside its aim.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import machine
from benchmarks.network import random_arrays
from benchmarks.processes import ROOT
from benchmarks.ratios import Spread, spread
from benchmarks.worker import peak
from conus_widgets import shells
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.table import Record, Table
from conus_widgets.machine.machine import threads
from conus_widgets.network.interface import Forward
from conus_widgets.photographs import blocks
from conus_widgets.photographs.photograph import read_photograph
from conus_widgets.preparation import Preparation

FOLDER = ROOT / "build" / "bench-collection"
SMALL, LARGE = (816, 612), (4000, 3000)  # pixels: 0.5 and 12 megapixels
TINY = (320, 240)  # of ten thousand photographs, whose number counts and not their size
FEW, MANY = 1_000, 10_000
DIFFERENT = 50  # files; further photographs are links to them


@dataclass(frozen=True)
class Aim:
    """A figure beside what it should be at most, in `unit`."""

    name: str
    seen: Spread
    at_most: float
    unit: str = ""

    def __str__(self) -> str:
        seen, unit = self.seen, f" {self.unit}" if self.unit else ""
        met = "met" if seen.median <= self.at_most else "NOT MET"
        return (
            f"{self.name}: {seen.median:.2f}{unit} ({seen.low:.2f} to {seen.high:.2f}), "
            f"at most {self.at_most:g}{unit}: {met}"
        )


def main() -> int:
    """Measure all, and print each figure beside its aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few photographs, and two rounds")
    parser.add_argument("--rounds", type=int, help="of each figure of time (5)")
    parser.add_argument("--only", nargs="+", choices=list(FIGURES), help="these figures alone")
    parser.add_argument("--resample", default="nearest", help="as the published network: nearest")
    parser.add_argument("--evaluate", type=int, help=argparse.SUPPRESS)  # in a child
    options = parser.parse_args()
    if options.evaluate:
        print(evaluate_many(options.evaluate))
        return 0
    options.rounds = options.rounds or (2 if options.quick else 5)
    print(f"{machine.cpu()}, {threads()} threads; resized by {options.resample!r}", flush=True)
    before = machine.clock()
    for figure in options.only or FIGURES:
        for aim in FIGURES[figure](options):
            print(aim, flush=True)
    spent = machine.clock().since(before)
    print(
        f"Meanwhile others used {spent.share(spent.busy - spent.own):.0%} of the machine, and the "
        f"host kept {spent.share(spent.stolen):.0%}."
    )
    return 0


# Time ------------------------------------------------------------------------------------------


def small(options: argparse.Namespace) -> Iterator[Aim]:
    """Photographs of 0.5 megapixels: the network is what takes time."""
    taken = _times(SMALL, 48 if options.quick else 256, options)
    yield Aim("evaluation / runs, 0.5 megapixels", _ratios(taken, lambda t: t["runs"][0]), 1.15)


def large(options: argparse.Namespace) -> Iterator[Aim]:
    """Photographs of 12 megapixels: decoding takes longer than the network."""
    taken = _times(LARGE, 16 if options.quick else 128, options)

    def floor(times: dict[str, tuple[float, float]]) -> float:
        work = sum(times[name][1] for name in ("runs", "decoding"))
        return max(times["runs"][0], times["decoding"][0], work / threads())

    yield Aim("evaluation / what it must take, 12 megapixels", _ratios(taken, floor), 1.15)


def _ratios(taken: list[dict[str, tuple[float, float]]], floor: Callable[[Any], float]) -> Spread:
    return spread([times["evaluation"][0] / floor(times) for times in taken])


def _times(
    size: tuple[int, int], count: int, options: argparse.Namespace
) -> list[dict[str, tuple[float, float]]]:
    """Return, for each round, seconds and seconds of CPU of runs, decoding and evaluation."""
    from conus_widgets.predictor import Predictor

    files = photographs(size, count)
    predictor = Predictor(checkpoint_of(options.resample))
    prepare = predictor.preparation.batch

    def read(file: Path) -> np.ndarray:
        return prepare([read_photograph(file.read_bytes())])

    inputs = np.concatenate([read(file) for file in files])
    table = _table(files)
    predictor.forward(inputs[:8])

    def runs() -> None:
        predictor.forward(inputs)

    def decoding() -> None:
        # As favourable as it gets: memory is kept from one to the next, as the evaluation does.
        with blocks.kept(threads()), ThreadPoolExecutor(threads()) as pool:
            for _ in pool.map(read, files):
                pass

    def evaluation() -> None:
        with _folder("out") as out:
            evaluate(table, predictor, out, progress=False)

    taken = []
    for number in range(options.rounds):
        times = {f.__name__: _timed(f) for f in (runs, decoding, evaluation)}
        taken.append(times)
        words = ", ".join(
            f"{name} {1e3 * wall / count:.1f} ms ({1e3 * cpu / count:.1f} of CPU)"
            for name, (wall, cpu) in times.items()
        )
        # On a machine that others use as well, these tell more than the aim's own ratio.
        wall, work = (
            times["evaluation"][n] / (times["runs"][n] + times["decoding"][n]) for n in (0, 1)
        )
        print(
            f"  round {number + 1}, a photograph: {words}; evaluation / (runs + decoding): "
            f"{wall:.2f} of time, {work:.2f} of CPU",
            flush=True,
        )
    return taken


def _timed(call: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


# Memory and opening ----------------------------------------------------------------------------


def memory(options: argparse.Namespace) -> Iterator[Aim]:
    """Ten thousand photographs take hardly more memory than a thousand."""
    few, many = (200, 1_000) if options.quick else (FEW, MANY)
    peaks = {count: _evaluated(count) for count in (few, many)}
    print(f"  peaks: {', '.join(f'{n:,}: {bytes / 1e6:.0f} MB' for n, bytes in peaks.items())}")
    more = (peaks[many] - peaks[few]) / 1e6
    yield Aim(f"peak memory, {many:,} above {few:,} photographs", spread([more]), 100, "MB")


def opening(options: argparse.Namespace) -> Iterator[Aim]:
    """An evaluated collection opens at once."""
    count = 1_000 if options.quick else MANY
    store = FOLDER / f"store-{count}"
    if not store.exists():
        _evaluated(count)
    seen = [_child("-c", OPEN, str(store)) for _ in range(max(5, options.rounds))]
    taken = spread([1e3 * one["seconds"] for one in seen])
    yield Aim(f"opening {count:,} photographs and a case", taken, 300, "ms")
    heavy = sorted({name for one in seen for name in one["imported"]})
    print(f"  imported meanwhile: {', '.join(heavy) or 'nothing heavy'}")
    yield Aim("heavy imports for it", spread([float(len(heavy))]), 0)


#: Opens a collection and asks for one case; imports do not count.
OPEN = """
import json, sys, time
import pyarrow.parquet
from conus_widgets.collection import Collection

begun = time.perf_counter()
collection = Collection.open(sys.argv[1])
case = collection.case(len(collection) // 2)
seconds = time.perf_counter() - begun
assert case.status == "answered" and case.probabilities.sum() > 0.99 and len(case.features)
imported = [n for n in ("pandas", "sklearn", "cleanlab", "theano") if n in sys.modules]
print(json.dumps({"seconds": seconds, "imported": imported}))
"""


def _child(*arguments: str) -> Any:
    """Return what a fresh process answers."""
    command = [sys.executable, *arguments]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(found.stdout.splitlines()[-1])


def _evaluated(count: int) -> Any:
    return _child("-m", "benchmarks.collection", "--evaluate", str(count))


def evaluate_many(count: int) -> int:
    """Evaluate `count` photographs by a network that answers at once; return the peak of memory."""
    files = photographs(TINY, count)
    checkpoint = checkpoint_of("nearest")
    store = FOLDER / f"store-{count}"
    shutil.rmtree(store, ignore_errors=True)
    evaluate(_table(files), Quick(checkpoint), store, progress=False)
    return peak()


class Quick:
    """A predictor of full width that answers at once."""

    batch, together, precision = 1, 1, "float32"

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint, self.labels = checkpoint, list(checkpoint.labels)
        self.preparation = Preparation(checkpoint)
        self.network = self
        self._width = checkpoint.architecture.features

    def forward(self, inputs: np.ndarray, **_: Any) -> Forward:
        means = inputs.reshape(len(inputs), -1)[:, : self._width]
        return Forward(means[:, : len(self.labels)] / 50, means)


# What is measured on ---------------------------------------------------------------------------


def checkpoint_of(resample: str) -> Checkpoint:
    architecture = Architecture(70)
    return Checkpoint(
        name="random",
        architecture=architecture,
        arrays=random_arrays(architecture),
        labels=[f"species {number}" for number in range(architecture.classes)],
        info=["-"] * architecture.classes,
        resample=resample,
    )


def _table(files: list[Path]) -> Table:
    labels = [f"species {n % 70}" for n in range(len(files))]
    records = (Record(str(f), label, str(f)) for f, label in zip(files, labels, strict=True))
    return Table(tuple(records), (), str(FOLDER), True)


def photographs(size: tuple[int, int], count: int) -> list[Path]:
    """Return JPEG files of drawn shells with a camera's noise; made once."""
    folder = FOLDER / f"{size[0]}x{size[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number}.jpg" for number in range(count)]
    kinds = sorted(shells.KINDS)
    for number, file in enumerate(files):
        if file.exists():
            continue
        if number >= DIFFERENT:
            os.link(files[number % DIFFERENT], file)
            continue
        drawing = shells.draw(kinds[number % len(kinds)], seed=number, size=224).image
        image = Image.fromarray(drawing).resize(size, Image.Resampling.BICUBIC)
        noise = np.random.default_rng(number).normal(0, 4, (size[1], size[0], 1))
        pixels = (np.asarray(image, np.float32) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(file.with_suffix(".part"), "JPEG", quality=90)
        os.replace(file.with_suffix(".part"), file)
    return files


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    place = FOLDER / name
    shutil.rmtree(place, ignore_errors=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


FIGURES = {"small": small, "large": large, "memory": memory, "opening": opening}

if __name__ == "__main__":
    sys.exit(main())
