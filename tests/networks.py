"""Small random networks, checkpoints and photographs for the tests."""

import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.files import Checkpoint

#: Its stem is as wide as the first stage's convolutions, as in the published network: so res2a's
#: projection and its last convolution have the same shape, and only numbers tell them apart.
SMALL = Architecture(5, width=0.0625, stem=4, size=64)


def random_arrays(architecture=SMALL, seed=0):
    """Return float32 arrays in the order of a checkpoint, with statistics of no special form.

    The branches' ends are scaled down, so that sixteen sums in a row keep the size of the numbers.
    """
    rng = np.random.default_rng(seed)
    arrays = []
    for name, shape in architecture.parameters():
        kind = name.split(".")[1]
        if kind == "W":
            inputs = shape[0] if name == "logits.W" else np.prod(shape[1:])
            array = rng.standard_normal(shape, "float32") * np.sqrt(2 / inputs, dtype="float32")
        elif kind in ("gamma", "inv_std"):
            array = rng.uniform(0.5, 1.5, shape) * (0.4 if "2c" in name and kind == "gamma" else 1)
        else:
            array = rng.normal(0, 0.3, shape)
        arrays.append(array.astype("float32"))
    # Pixels are in units of 0 ... 255 around their mean.
    arrays[0] /= 50
    return arrays


def random_checkpoint(architecture=SMALL, *, seed=0, **changes):
    """Return a checkpoint of a random network; its classes are called species 0, species 1 ..."""
    given = {
        "name": "random",
        "architecture": architecture,
        "arrays": random_arrays(architecture, seed),
        "labels": [f"species {number}" for number in range(architecture.classes)],
        "info": [f"lives {number} m deep" for number in range(architecture.classes)],
        "mean_rgb": (110.0, 90.0, 70.0),
        "resample": "bilinear",
    }
    return Checkpoint(**{**given, **changes})


def photographs(count, seed=0):
    """Return smooth random pictures (PIL, RGB) of various sizes, none of them square."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        rows, columns = rng.integers(40, 120, 2)
        coarse = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        size = (int(columns), int(rows + (rows == columns)))
        found.append(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
    return found


def real_photographs():
    """Return the paths of the shared photographs, or [] and warn that there are none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "photos"
    folder = Path(os.environ.get("CONUS_PHOTOS") or beside)
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".png"))
    if not found:
        warnings.warn(f"no photographs in {folder} (CONUS_PHOTOS): drawn ones only", stacklevel=2)
    return found


def arrays_of(folder):
    """Return the arrays in a folder that `random_checkpoint` was written to."""
    with np.load(folder / "random.npz") as file:
        return [file[f"arr_{number}"] for number in range(len(file.files))]
