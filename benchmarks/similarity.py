"""The likeness of a drill-down's map and the whole occlusion map: SSIM on the grid of windows.

``python -m benchmarks.similarity`` prints a table. It needs the environment of the peers ("make
bench" makes it), where scikit-image lives. The second network is that of
tests/network/test_onnx.py.
"""

from __future__ import annotations

import argparse
import inspect
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.processes import PEERS, ROOT
from benchmarks.ratios import spread
from conus_widgets import explain, shells
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.loading import load_predictor
from conus_widgets.predictor import Predictor

PICTURES = 20
GRID = "windows 32"  # where `occlusion` keeps each window's loss
FILE = ROOT / "build" / "bench" / "similarity.npz"

#: Run by the peers' Python: a map's SSIM to another, range of the first.
SSIM = """
import sys, numpy
from skimage.metrics import structural_similarity
file = numpy.load(sys.argv[1])
for whole, fast in zip(file["whole"], file["fast"]):
    print(structural_similarity(whole, fast, data_range=whole.max() - whole.min()))
"""


def pictures() -> list[Any]:
    """Return 20 photographs and drawings, of seeds never trained on; without photographs, 20
    drawings."""
    from networks import real_photographs

    found: list[Any] = real_photographs()[: PICTURES // 2]
    kinds = sorted(shells.KINDS)
    for number in range(PICTURES - len(found)):
        drawing = shells.draw(kinds[number % len(kinds)], seed=10**6 + number)
        found.append(Image.fromarray(drawing.image))
    return found


def networks() -> Iterator[tuple[str, Predictor]]:
    """Yield the demonstration, and a trained network of half the width."""
    yield "demonstration", load_predictor()
    import test_onnx

    yield (
        "half width",
        Predictor(
            Checkpoint(
                name="half width",
                architecture=test_onnx.ARCHITECTURE,
                arrays=test_onnx.checkpoint_arrays(test_onnx.MODEL),
                labels=["one", "two"],
                info=["-", "-"],
                mean_rgb=test_onnx.MEAN_BGR[::-1],
                resample="bilinear",
            )
        ),
    )


def grids(predictor: Predictor, share: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the grids (pictures, side, side) of whole maps and of drill-downs, and the median of
    how much CPU time one takes relative to the other."""
    whole, fast, ratios = [], [], []
    for picture in pictures():
        options: list[dict[str, Any]] = [{}, {"method": "drill-down", "share": share}]
        times = []
        for option, kept in zip(options, (whole, fast), strict=True):
            start = time.process_time()
            kept.append(explain.occlusion(predictor, picture, **option).details[GRID])
            times.append(time.process_time() - start)
        ratios.append(times[1] / times[0])
    return np.stack(whole), np.stack(fast), float(np.median(ratios))


def similarity(whole: np.ndarray, fast: np.ndarray) -> list[float]:
    """Return each pair's SSIM, by scikit-image."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    np.savez(FILE, whole=whole, fast=fast)
    asked = subprocess.run(
        [PEERS, "-c", SSIM, FILE], check=True, capture_output=True, text=True
    )  # fmt: skip
    return [float(line) for line in asked.stdout.split()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.similarity", description=__doc__)
    own = inspect.signature(explain.occlusion).parameters["share"].default
    parser.add_argument("--share", type=float, default=own, help="of the drill-down (%(default)s)")
    share = parser.parse_args(arguments).share
    print(f"| network | share | SSIM, median of {PICTURES} [quartiles] | CPU time, of the whole |")
    print("| --- | --- | --- | --- |")
    for name, predictor in networks():
        whole, fast, ratio = grids(predictor, share)
        seen = spread(similarity(whole, fast))
        values = f"{seen.median:.3f} [{seen.low:.3f}, {seen.high:.3f}]"
        print(f"| {name} | {share:g} | {values} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    sys.path.append(str(Path(ROOT) / "tests"))  # where the second network and photographs are found
    main()
