"""Are the engines' answers the same? Only then is it fair to compare their times."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.engines import BACKWARD, ENGINES, EXPLAIN, FORWARD
from benchmarks.processes import Process

#: Largest difference of a logit, as a share of the range of ours.
LOGITS = 1e-3
#: The same where a number keeps 8 bits: 53 convolutions in a row round it.
LOGITS_BFLOAT16 = 5e-2
#: Relative L2 difference of maps.
MAPS = 1e-3
#: The same of the gradient by the input, from that in float64 on the same way back. If a number
#: is nearly 0, rounding decides whether a ReLU lets it pass; no float32 engine is safe from that.
GRADIENT = 1e-5
#: From another engine's gradient, then, if a few ReLUs differ: far below 1, which it would be if
#: another thing were computed.
GRADIENTS = 5e-2
#: Share of the ReLUs that rounding may decide.
FLIPS = 3e-6
#: The engine that computes in float64.
EXACT = "pytorch"
#: Pixels from one window to the next where maps are compared: few windows show whether they agree.
APART = 32


@dataclass(frozen=True)
class Agreement:
    """How far an engine's answer is from ours, and how far it may be."""

    engine: str
    what: str
    difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether it is near enough; a difference that is no number is not."""
        return self.difference <= self.tolerance


class Disagreement(RuntimeError):
    """Engines that compute different things are not timed; the message says how far apart."""


def of_logits(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference as a share of the range of ours."""
    return float(np.abs(ours - theirs).max() / np.ptp(ours))


def of_arrays(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the L2 norm of the difference as a share of that of ours."""
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(ours))


def compare(
    engines: Iterable[str], start: Callable[[str], Process], folder: Path
) -> tuple[list[Agreement], int, dict[str, str]]:
    """Ask ours and each engine for logits of 1 and 8 photographs, the gradient and a map of 1.

    Parameters
    ----------
    engines : iterable of str
        Beside ours.
    start : callable
        ``start(engine)`` returns its process.
    folder : Path
        Where arrays are exchanged.

    Returns
    -------
    list of Agreement
    int
        The class with the highest logit: the one whose gradient is taken.
    dict of str to str
        Versions of all packages.

    Raises
    ------
    Disagreement
        If an answer is farther from ours than the tolerances of this file.
    """
    found, versions = [], {}
    with ExitStack() as stack:
        ours = stack.enter_context(closing(start("ours")))
        logits = {count: np.array(ours.ask("logits", count=count)) for count in (1, 8)}
        top = int(logits[1][0].argmax())
        values = _gradient(ours, top, folder)[1]
        signs = folder / "signs.npz"
        ours.ask("signs", number=0, file=str(signs))
        own = _map(ours, top, folder)
        versions.update(ours.ask("versions"))
        for name in engines:
            with closing(start(name)) as process:
                versions.update(process.ask("versions"))
                tolerance = LOGITS_BFLOAT16 if "bfloat16" in name else LOGITS
                for count in (1, 8) if name in FORWARD or "bfloat16" in name else ():
                    answer = np.array(process.ask("logits", count=count))
                    difference = of_logits(logits[count], answer)
                    found.append(Agreement(name, f"logits of {count}", difference, tolerance))
                if name in BACKWARD:
                    beside, theirs = _gradient(process, top, folder)
                    difference = of_arrays(values, theirs)
                    found.append(Agreement(name, "gradient of 1", difference, GRADIENTS))
                    if name == EXACT:
                        found += _exact(process, values, theirs, top, folder)
                    if beside is not None:
                        difference = of_logits(logits[1], beside)
                        found.append(Agreement(name, "logits beside it", difference, tolerance))
                if name in EXPLAIN:
                    difference = of_arrays(own, _map(process, top, folder))
                    found.append(Agreement(name, "occlusion map", difference, MAPS))
    apart = [f"{ENGINES[a.engine].label}: {a.what} differ by {a.difference:.2g} "
             f"(at most {a.tolerance:g})" for a in found if not a.holds]  # fmt: skip
    if apart:
        raise Disagreement("Nothing was timed, for answers differ. " + "; ".join(apart))
    return found, top, versions


def _gradient(process: Process, top: int, folder: Path) -> tuple[np.ndarray | None, np.ndarray]:
    file = folder / "gradient.npy"
    beside = process.ask("values", target=top, file=str(file))
    return None if beside is None else np.array(beside), np.load(file)


def _exact(
    process: Process, ours: np.ndarray, theirs: np.ndarray, top: int, folder: Path
) -> list[Agreement]:
    """How far both gradients are from float64 with the same ReLUs open, and how many of those are
    others than in float64."""
    found = []
    file, own = folder / "gradient.npy", folder / "signs.npz"
    for engine, values in (("ours", ours), (EXACT, theirs)):
        signs = own if engine == "ours" else folder / f"signs-{EXACT}.npz"
        if engine != "ours":
            process.ask("signs", number=0, file=str(signs))
        question = {"number": 0, "target": top, "signs": str(signs), "file": str(file)}
        flips, count = process.ask("exact", **question)
        difference = of_arrays(np.load(file), values)
        found.append(Agreement(engine, "gradient from float64", difference, GRADIENT))
        found.append(Agreement(engine, "ReLUs from float64", flips / count, FLIPS))
    return found


def _map(process: Process, top: int, folder: Path) -> np.ndarray:
    file = folder / "map.npy"
    process.ask("map", method="occlusion", target=top, stride=APART, file=str(file))
    found: np.ndarray = np.load(file)
    return found
