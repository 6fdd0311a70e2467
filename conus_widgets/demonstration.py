"""Make the embedded demonstration checkpoint: draw shells, train on them, test on others.

``make checkpoint`` runs this file. It can be stopped and goes on where it was.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from conus_widgets import shells
from conus_widgets.photograph import random_views, to_input
from conus_widgets.runtime import threads

NOTICE = "demonstration: drawn shells, not for identification"
WIDTH, STEM, SIZE = 0.25, 32, 224
RESAMPLE = "lanczos"
#: The views of the published network's training ("standard" in its authors' scripts).
AUGMENTATION = {"stretch": 0.3, "crop": 1.0, "zoom": 0.3}
MEAN_RGB = (70.0, 62.0, 55.0)  # about the mean of the drawings; any fixed value would do
TRAINING_SEED, TEST_SEED = 0, 900_000_000  # first seeds of two ranges that never meet


def seed_of(kind: str, number: int, first: int) -> int:
    """Return the seed of a kind's drawing.

    The two kinds of a pair share theirs: the network sees the same shell with and without the
    marking, and can tell them by the marking only. All other kinds have scenes of their own.
    """
    names = list(shells.KINDS)
    twin = {pair.marked: pair.plain for pair in shells.PAIRS}
    return first + names.index(twin.get(kind, kind)) * 1_000_000 + number


def _draw(job: tuple[str, int, int]) -> np.ndarray:
    kind, number, first = job
    return shells.draw(kind, seed_of(kind, number, first), size=SIZE).image


class DrawnShells:
    """Drawings of all kinds, kept in a file so that they are drawn once.

    Parameters
    ----------
    path : Path
        A ``.npy`` file; made where it is not there.
    each : int
        Drawings of each kind.
    first : int
        First seed.
    """

    def __init__(self, path: Path, *, each: int, first: int) -> None:
        self.labels = np.repeat(np.arange(len(shells.KINDS)), each)
        if not path.exists():
            _draw_all(path, each, first)
        self.images = np.load(path, mmap_mode="r", allow_pickle=False)
        if len(self.images) != len(self.labels):
            raise ValueError(
                f"{path} holds {len(self.images)} drawings, not {len(self.labels)}: remove it."
            )

    def inputs(self, indices: Sequence[int], rng: np.random.Generator) -> np.ndarray:
        """Return one random view of each drawing as network input (N, 3, 224, 224)."""
        views = []
        for index in indices:
            image = Image.fromarray(np.asarray(self.images[index]))
            views += random_views(image, 1, rng, resample="bilinear", **AUGMENTATION)
        return to_input(views, mean_rgb=MEAN_RGB, size=SIZE, resample="bilinear")


def _draw_all(path: Path, each: int, first: int) -> None:
    jobs = [(kind, number, first) for kind in shells.KINDS for number in range(each)]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    shape = (len(jobs), SIZE, SIZE, 3)
    images = np.lib.format.open_memmap(beside, mode="w+", dtype=np.uint8, shape=shape)
    with multiprocessing.get_context("spawn").Pool(threads()) as pool:
        drawings = pool.imap(_draw, jobs, chunksize=8)
        for number, image in enumerate(tqdm(drawings, total=len(jobs), unit="drawing")):
            images[number] = image
    images.flush()
    os.replace(beside, path)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/demonstration"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "checkpoints")
    parser.add_argument("--each", type=int, default=600, help="drawings of each kind")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--test", type=int, default=75, help="test drawings of each kind")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    examples = DrawnShells(options.work / "training.npy", each=options.each, first=TRAINING_SEED)
    print(f"drawn in {time.monotonic() - started:.0f} s", examples.images.shape)


if __name__ == "__main__":
    main()
