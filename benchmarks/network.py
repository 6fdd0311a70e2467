"""Writes what every engine reads: one random network, its table, and the photographs.

Run in this project's environment: ``python -m benchmarks.network FOLDER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.engines import PHOTOGRAPH
from conus_widgets import shells
from conus_widgets.checkpoint.architecture import Architecture, connect
from conus_widgets.checkpoint.files import Checkpoint, write
from conus_widgets.network.inference import fold
from conus_widgets.preparation import Preparation

PHOTOGRAPHS = 32


def random_arrays(architecture: Architecture, seed: int = 0) -> list[np.ndarray]:
    """Return random arrays in the order of a checkpoint, under which activations keep their size.

    Parameters
    ----------
    architecture : Architecture
    seed : int

    Notes
    -----
    Each block adds a branch to its shortcut: the branch's end is scaled down, or sixteen such sums
    would grow. Numbers that grow or fade are no fair load: denormal ones are slow.
    """
    rng = np.random.default_rng(seed)
    found = []
    for name, shape in architecture.parameters():
        layer, kind = name.split(".")
        if kind == "W":
            inputs = shape[0] if layer == "logits" else np.prod(shape[1:])
            array = rng.normal(0, np.sqrt(2 / inputs), shape)
        elif kind in ("gamma", "inv_std"):
            array = rng.uniform(0.5, 1.5, shape)
            if layer.endswith("2c_bn") and kind == "gamma":
                array *= 0.4
        else:
            array = rng.normal(0, 0.3, shape)
        if name == "conv1.W":
            array /= 50  # pixels are in units of 0 ... 255 around their mean
        found.append(array.astype(np.float32))
    return found


def steps(architecture: Architecture) -> list[dict[str, Any]]:
    """Return the table as a list that needs nothing of this project to be walked through.

    Returns
    -------
    list of dict
        In order. `op` is "convolution" (`size`, `stride`, `pad`, `relu`, and `residual`: the value
        that is added before ReLU, or None) or "pool" (3x3, stride 2, `pad`, `ceil`); `input` and
        `name` say what it reads and makes, the photographs being called "x"; `done` lists the
        values that nothing reads afterwards. The mean over all cells and the dense layer follow.
    """
    found: list[dict[str, Any]] = []

    def convolve(x: str, c: Any, relu: bool, residual: str | None) -> str:
        step = {"op": "convolution", "name": c.name, "input": x, "residual": residual}
        found.append({**step, "relu": relu, "size": c.size, "stride": c.stride, "pad": c.pad})
        return str(c.name)

    def pool(x: str) -> str:
        padded = architecture.pool == "pad1"
        step = {"op": "pool", "name": "pool1", "input": x, "residual": None}
        found.append({**step, "pad": int(padded), "ceil": not padded})
        return "pool1"

    connect(architecture, "x", convolve, pool)
    read: set[str] = set()
    for step in reversed(found):
        reads = {step["input"], step["residual"]} - {None}
        step["done"] = sorted(reads - read)
        read |= reads
    return found


def photographs(checkpoint: Checkpoint, count: int = PHOTOGRAPHS) -> tuple[np.ndarray, Image.Image]:
    """Return drawn shells as inputs (N, 3, size, size) float32, and the first as a photograph."""
    kinds = sorted(shells.KINDS)
    drawings = [shells.draw(kinds[n % len(kinds)], seed=n, size=224) for n in range(count)]
    images = [Image.fromarray(drawing.image) for drawing in drawings]
    return Preparation(checkpoint).batch(images), images[0]


def prepare(folder: Path, architecture: Architecture | None = None) -> None:
    """Write ``checkpoint/``, ``weights.npz``, ``steps.json``, ``inputs.npy`` and the first input's
    photograph into a folder.

    Parameters
    ----------
    folder : Path
        Made if needed.
    architecture : Architecture, optional
        ResNet50 at full width with 70 classes by default.
    """
    architecture = architecture or Architecture(70)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint(
        name="random",
        architecture=architecture,
        arrays=random_arrays(architecture),
        labels=[f"species {number}" for number in range(architecture.classes)],
        info=["-"] * architecture.classes,
        resample="bicubic",
    )
    write(folder / "checkpoint", checkpoint)
    arrays: dict[str, np.ndarray] = {}
    for name, (weights, bias) in fold(architecture, checkpoint.arrays).items():
        arrays |= {f"{name}_W": weights, f"{name}_b": bias}
    np.savez(folder / "weights.npz", **arrays)
    (folder / "steps.json").write_text(json.dumps(steps(architecture), indent=1))
    inputs, first = photographs(checkpoint)
    np.save(folder / "inputs.npy", inputs)
    first.save(folder / PHOTOGRAPH)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
