"""A predictor without Theano: it answers at once, and counts what runs through."""

import time

import numpy as np
from networks import SMALL, photographs, random_checkpoint

from conus_widgets.collection.table import Record, Table
from conus_widgets.network.interface import Forward
from conus_widgets.preparation import Preparation


class QuickNetwork:
    """A network that is linear in the pixels, and as slow as asked."""

    batch = 2

    def __init__(self, architecture, delay=0.0, seed=0, precision="float32"):
        rng = np.random.default_rng(seed)
        pixels = 3 * architecture.size**2
        self._inside = rng.normal(0, 1e-3, (pixels, architecture.features)).astype("float32")
        self._dense = rng.normal(0, 0.1, (architecture.features, architecture.classes))
        self.precision, self.delay, self.runs = precision, delay, 0

    def forward(self, inputs, *, progress=None, cancelled=None):
        self.runs += len(inputs)
        time.sleep(self.delay * len(inputs))
        features = inputs.reshape(len(inputs), -1) @ self._inside
        return Forward((features @ self._dense).astype("float32"), features)


class QuickPredictor:
    """The interface of ``Predictor`` as collections use it."""

    def __init__(self, *, delay=0.0, seed=0, architecture=SMALL, **changes):
        self.checkpoint = random_checkpoint(architecture, seed=seed, **changes)
        self.labels = list(self.checkpoint.labels)
        self.preparation = Preparation(self.checkpoint)
        self.network = QuickNetwork(architecture, delay, seed)


def write_photographs(folder, count, seed=0):
    """Write drawn PNG files into folders called as classes; return their table."""
    records = []
    for number, image in enumerate(photographs(count, seed)):
        place = folder / f"species {number % 5}"
        place.mkdir(parents=True, exist_ok=True)
        file = place / f"{number}.png"
        image.save(file, compress_level=1)
        records.append(
            Record(path=str(file), label=place.name, specimen=str(number // 2), view="ventral")
        )
    return Table(tuple(records), (), str(folder), True)
