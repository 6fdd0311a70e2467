"""A process of its own for one engine: it answers questions, a line of JSON each.

``python -m benchmarks.worker ENGINE FOLDER THREADS COUNT`` loads the engine, predicts the first
COUNT photographs, and says "ready". It waits, without computing, for the next question.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import ENGINES, Engine, Unavailable


def peak() -> int:
    """Return the most memory that this process ever held, in bytes.

    Notes
    -----
    On Linux `ru_maxrss` starts with what the *starting* process held, for exec keeps it; VmHWM is
    the same figure of this program alone.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
    except (OSError, StopIteration):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Worker:
    """What can be asked of an engine; each method's answer becomes a line of JSON."""

    def __init__(self, engine: Engine, inputs: np.ndarray, packages: tuple[str, ...]) -> None:
        self._engine = engine
        self._inputs = inputs
        self._packages = packages

    def forward(self, count: int, unmeasured: int, repeats: int) -> list[float]:
        """Seconds of each of the repeats with `count` photographs."""
        inputs = np.array(self._inputs[:count])
        return timed(lambda: self._engine.forward(inputs), unmeasured, repeats)

    def gradient(self, count: int, target: int, unmeasured: int, repeats: int) -> list[float]:
        """Seconds of each gradient of the logit of class `target`."""
        inputs, back = np.array(self._inputs[:count]), self._engine.gradient
        assert back is not None
        return timed(lambda: back(inputs, target), unmeasured, repeats)

    def at_once(self, kind: str, size: int) -> int:
        """Set the batch size; the answer is the one before it."""
        assert self._engine.at_once is not None
        return self._engine.at_once(kind, size)

    def logits(self, count: int) -> list[list[float]]:
        """The logits themselves."""
        return self._engine.forward(np.array(self._inputs[:count])).tolist()

    def values(self, target: int, file: str, number: int = 0) -> list[list[float]] | None:
        """Save the gradient for a photograph; the answer is the logits beside it."""
        assert self._engine.gradient is not None
        inputs = np.array(self._inputs[number : number + 1])
        logits, values = self._engine.gradient(inputs, target)
        np.save(file, values)
        return None if logits is None else logits.tolist()

    def signs(self, number: int, file: str) -> None:
        """Save which ReLUs let a photograph's numbers pass."""
        assert self._engine.signs is not None
        np.savez(file, **self._engine.signs(np.array(self._inputs[number : number + 1])))

    def exact(self, number: int, target: int, signs: str, file: str) -> tuple[int, int]:
        """Save a photograph's gradient in float64 on the way that `signs` says; the answer is how
        many of them float64 would have otherwise, of how many."""
        assert self._engine.exact is not None
        with np.load(signs) as given:
            values, flips, count = self._engine.exact(
                np.array(self._inputs[number : number + 1]), target, given
            )
        np.save(file, values)
        return flips, count

    def explain(
        self, method: str, target: int, unmeasured: int, repeats: int, stride: int = 8
    ) -> list[float]:
        """Seconds of each map of the photograph for class `target`."""
        make = self._engine.explain
        assert make is not None
        return timed(lambda: make(method, target, stride), unmeasured, repeats)

    def map(self, method: str, target: int, stride: int, file: str) -> None:
        """Save a map of the photograph for class `target`."""
        assert self._engine.explain is not None
        np.save(file, self._engine.explain(method, target, stride))

    def peak(self) -> int:
        """The most memory that this process held so far, in bytes."""
        return peak()

    def versions(self) -> dict[str, str]:
        """Of the packages that compute."""
        return {package: version(package) for package in self._packages}


def timed(call: Any, unmeasured: int, repeats: int) -> list[float]:
    """Return seconds of each repeat, after some that are not measured: the other engines have
    used the CPU's caches since."""
    found = []
    for number in range(unmeasured + repeats):
        start = time.perf_counter()
        call()
        if number >= unmeasured:
            found.append(time.perf_counter() - start)
    return found


def main(name: str, folder: Path, threads: int, count: int) -> None:
    """Load an engine and answer until nobody asks any more."""
    # Libraries print as they like: only this channel speaks to the driver.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**answer: Any) -> None:
        print(json.dumps(answer), file=channel, flush=True)

    kind = ENGINES[name]
    try:
        engine = kind.load(folder, threads)
    except Unavailable as reason:
        return say(unavailable=str(reason))
    inputs = np.load(folder / "inputs.npy", mmap_mode="r")  # only what is asked for is read
    engine.forward(np.array(inputs[:count]))
    say(answer="ready")
    worker = Worker(engine, inputs, kind.packages)
    for line in sys.stdin:
        question = json.loads(line)
        say(answer=getattr(worker, question.pop("do"))(**question))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
