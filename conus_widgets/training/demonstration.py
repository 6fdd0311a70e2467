"""Make the embedded demonstration checkpoint: draw shells, train on them, test on others.

``make checkpoint`` runs this file. It can be stopped and goes on from where it was.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from conus_widgets import shells
from conus_widgets.arguments import whole
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.files import Checkpoint, write
from conus_widgets.checkpoint.sources import EMBEDDED
from conus_widgets.loading import load_predictor
from conus_widgets.machine.beside import beside
from conus_widgets.machine.machine import threads
from conus_widgets.machine.runtime import lasagne
from conus_widgets.network.resnet import build
from conus_widgets.photographs.inputs import to_input
from conus_widgets.photographs.views import random_views
from conus_widgets.prediction import Prediction
from conus_widgets.predictor import Predictor
from conus_widgets.training.place import validate
from conus_widgets.training.trainer import Plan, Trainer, train

NAME = "demonstration"
NOTICE = "demonstration: drawn shells, not for identification"
WIDTH, STEM, SIZE = 0.25, 32, 224
RESAMPLE = "lanczos"
#: How to train, and how the drawings are seen meanwhile (options of `random_views`). First as the
#: published network's authors did; then less cut off, because a crop can take away the one marking
#: that tells a shell from its twin, and its label would be wrong.
STAGES = (
    (Plan(epochs=4, learning_rate=1.5e-3), {"stretch": 0.3, "crop": 1.0, "zoom": 0.3}),
    (Plan(epochs=3, learning_rate=1e-3, seed=1), {"stretch": 0.1, "crop": 1.0, "zoom": 0.1}),
)
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


def _draw(job: tuple[str, int, int]) -> NDArray[Any]:
    kind, number, first = job
    return shells.draw(kind, seed_of(kind, number, first), size=SIZE).image


class DrawnShells:
    """Drawings of all kinds, kept in a file so that they are drawn once.

    Parameters
    ----------
    path : Path
        A ``.npy`` file; made if it is not there.
    each : int
        Drawings of each kind.
    first : int
        First seed.

    Attributes
    ----------
    augmentation : dict
        Options of `random_views`, for the views that `inputs` gives.
    """

    def __init__(self, path: Path, *, each: int, first: int) -> None:
        self.augmentation: dict[str, float] = {}
        self.labels = np.repeat(np.arange(len(shells.KINDS)), each)
        if not path.exists():
            _draw_all(path, each, first)
        shape = (len(self.labels), SIZE, SIZE, 3)
        try:
            self.images = np.load(path, mmap_mode="r", allow_pickle=False)
            found = f"{self.images.dtype} {self.images.shape}"
        except (ValueError, EOFError, AttributeError) as error:  # no array, or an archive of them
            raise ValueError(f"{path} holds no drawings: move it away.") from error
        if found != f"uint8 {shape}":
            raise ValueError(f"{path} holds {found}, not drawings, uint8 {shape}: move it away.")

    def inputs(self, indices: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Return one random view of each drawing as network input (N, 3, 224, 224)."""
        views = []
        for index in indices:
            image = Image.fromarray(np.asarray(self.images[index]))
            views += random_views(image, 1, rng, resample="bilinear", **self.augmentation)
        return to_input(views, mean_rgb=MEAN_RGB, size=SIZE, resample="bilinear")


def _draw_all(path: Path, each: int, first: int) -> None:
    jobs = [(kind, number, first) for kind in shells.KINDS for number in range(each)]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = beside(path, ".part")
    shape = (len(jobs), SIZE, SIZE, 3)
    images = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
    with multiprocessing.get_context("spawn").Pool(threads()) as pool:
        drawings = pool.imap(_draw, jobs, chunksize=8)
        for number, image in enumerate(tqdm(drawings, total=len(jobs), unit="drawing")):
            images[number] = image
    images.flush()
    os.replace(part, path)


def make(work: Path, out: Path, *, each: int, test: int, force: bool = False) -> dict[str, float]:
    """Draw, train, write the checkpoint, test what was written.

    Parameters
    ----------
    work : Path
        Folder for drawings and the state of the training.
    out : Path
        Folder that gets the checkpoint.
    each, test : int
        Drawings of each kind to train on, and to test on (seeds that were never trained on).
    force : bool
        Write over files in `out` that are no demonstration's.

    Raises
    ------
    ValueError
        At once, if `out` holds another checkpoint, or `work` something else than a training.

    Returns
    -------
    dict
        The figures that stand in the checkpoint's JSON.
    """
    each, test = whole("each", each, least=1), whole("test", test, least=1)
    work, out = work.expanduser(), out.expanduser()
    _validate(work, out, force)
    examples = DrawnShells(work / "training.npy", each=each, first=TRAINING_SEED)
    architecture = Architecture(len(shells.KINDS), width=WIDTH, stem=STEM, size=SIZE)
    lasagne.random.set_rng(np.random.RandomState(0))
    layers = build(architecture)
    first = STAGES[0][0]
    trainer = Trainer(
        layers, architecture, weight_decay=first.weight_decay, smoothing=first.smoothing
    )
    for number, (plan, augmentation) in enumerate(STAGES, 1):
        examples.augmentation = augmentation
        train(trainer, examples, plan, state=work / f"stage{number}.npz")
    stages = [{**asdict(plan), "views": views} for plan, views in STAGES]
    record = {"training_params": {"drawings_of_each_kind": each, "stages": stages}}
    checkpoint = Checkpoint(
        name=NAME,
        architecture=architecture,
        arrays=lasagne.layers.get_all_param_values(layers["logits"]),
        labels=list(shells.KINDS),
        info=[kind.description for kind in shells.KINDS.values()],
        mean_rgb=MEAN_RGB,
        resample=RESAMPLE,
        notice=NOTICE,
        record=record,
    )
    write(out, checkpoint, dtype="float16")
    # Tested is what was written: float16, through the code that everybody uses.
    unseen = DrawnShells(work / "test.npy", each=test, first=TEST_SEED)
    figures = {
        "test_drawings": len(unseen.labels),
        "test_accuracy": accuracy(load_predictor(out), unseen),
    }
    write(out, replace(checkpoint, record={**record, "figures": figures}), dtype="float16")
    return figures


def _validate(work: Path, out: Path, force: bool) -> None:
    """Raise a ValueError if the checkpoint would be written over something else."""
    if out.resolve() == work.resolve():
        raise ValueError(f"{out} cannot hold the drawings and the checkpoint: give two folders.")
    validate(out, NAME, is_ours=lambda record: record.get("notice") == NOTICE, force=force)


def accuracy(predictor: Predictor, examples: DrawnShells) -> float:
    """Return the share of drawings whose kind is named first."""
    answers = predictor.predict_each([np.asarray(image) for image in examples.images], top=1)
    first = [a.label_ids[0] for a in answers if isinstance(a, Prediction)]
    return float(np.mean(np.array(first) == examples.labels))


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line, ``make checkpoint``; returns 0, or 1 after an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/demonstration"))
    parser.add_argument("--out", type=Path, default=EMBEDDED)
    parser.add_argument("--each", type=int, default=600, help="drawings of each kind")
    parser.add_argument("--test", type=int, default=75, help="test drawings of each kind")
    parser.add_argument(
        "--force", action="store_true", help="replace files in OUT that are no demonstration's"
    )
    options = parser.parse_args(arguments)
    try:
        figures = make(
            options.work, options.out, each=options.each, test=options.test, force=options.force
        )
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    except (RuntimeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in figures.items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
