"""A stand-in predictor whose network is linear (or bent, smoothly), and counts what runs through.

    pixels x --- K ---> res4f (F, 14, 14) --- + bend * square, 2 x 2 sums ---> res5c (F, 7, 7)
    --- mean over 7 x 7 ---> features (F,) --- W, b ---> logits

`K` has a weight of its own for each pixel, channel and filter: so nothing in it can be moved or
mirrored unnoticed. Without a bend each logit is a weighted sum of pixels plus a constant.
"""

from types import SimpleNamespace

import numpy as np

from conus_widgets.network.grids import Grid
from conus_widgets.network.interface import Forward, Gradients, Inside, batches
from conus_widgets.preparation import Preparation, several

LABELS = ["plain", "banded", "spotted", "tented", "flamed"]
FILTERS = 6


class StandIn:
    """The interface of ``Predictor`` as the explanations use it.

    Parameters
    ----------
    size : int
        A multiple of 14.
    bend : float
        0: the network is linear.
    kernels : array (F, 3, size, size), optional
        Instead of random ones, as to make a network that looks at known pixels only.
    """

    stages = ()  # nothing that can be shuffled

    def __init__(
        self, *, size=56, bend=0.0, seed=0, notice="stand-in", kernels=None, labels=LABELS
    ):
        self.labels, self.notice, self.size = list(labels), notice, size
        self.preparation = Preparation(
            SimpleNamespace(
                mean_rgb=(110.0, 90.0, 70.0),
                architecture=SimpleNamespace(size=size),
                resample="bilinear",
            )
        )
        self.network = LinearNetwork(size, len(self.labels), bend, seed, kernels)

    def inputs(self, photographs):
        rng = np.random.default_rng(0)
        rows = [
            view
            for n, p in enumerate(several(photographs))
            for view in self.preparation.views(p, f"photograph {n}", 1, rng)
        ]
        return np.stack(rows) if rows else self.preparation.batch([])

    def forward(self, inputs, **options):
        return self.network.forward(inputs, **options)

    def shuffled(self, stages, *, seed=0):
        raise ValueError("A stand-in cannot be shuffled.")


class LinearNetwork:
    """The interface of ``Network``.

    Attributes
    ----------
    counted_forward, counted_backward : int
        Photographs that ran through; a gradient counts in both.
    largest : int
        Most photographs that were given at once to be split into batches.
    """

    layers = ("res4f", "res5c")

    def __init__(self, size, classes, bend, seed, kernels=None):
        rng = np.random.default_rng(seed)
        self.size, self.bend, self.batch, self.gradient_batch = size, bend, 4, 2
        self.variants_batch = self.batch
        self.grids = {
            "res4f": Grid("res4f", "res4", 14, size // 14, 0, size // 14 - 1),
            "res5c": Grid("res5c", "res5", 7, size // 7, 0, size // 7 - 1),
        }
        if kernels is None:
            kernels = rng.normal(0, 1e-2, (FILTERS, 3, size, size))
        self.kernels = np.asarray(kernels, np.float64)
        filters = len(self.kernels)
        self.head = (
            rng.normal(0, 1, (filters, classes)).astype("float32"),
            rng.normal(0, 1, classes).astype("float32"),
        )
        self.counted_forward = self.counted_backward = self.largest = 0

    def forward(self, inputs, *, progress=None, cancelled=None):
        inputs = self._inputs(inputs)
        found = []
        for part in batches(len(inputs), self.batch, progress, cancelled):
            self.counted_forward += len(inputs[part])
            found.append(self._run(inputs[part]))
        if not found:
            return Forward(
                np.zeros((0, len(self.head[1])), "float32"),
                np.zeros((0, len(self.kernels)), "float32"),
            )
        return Forward(
            np.concatenate([run["logits"] for run in found]).astype("float32"),
            np.concatenate([run["features"] for run in found]).astype("float32"),
        )

    def follow(self, picture):
        return self.forward(picture).logits

    def activations(self, inputs, layer, *, progress=None, cancelled=None):
        inputs = self._inputs(inputs)
        self.layer(layer)
        found = []
        for part in batches(len(inputs), self.batch, progress, cancelled):
            self.counted_forward += len(inputs[part])
            found.append(self._run(inputs[part]))
        return Inside(
            np.concatenate([run["logits"] for run in found]).astype("float32"),
            np.concatenate([run[layer] for run in found]).astype("float32"),
        )

    def variants(self, whole, copies, places, **options):
        return self.activations(copies, self.layers[-1], **options)

    def gradients(
        self, inputs, weighting, *, layer=None, guided=False, progress=None, cancelled=None
    ):
        inputs = self._inputs(inputs)
        if layer is not None:
            self.layer(layer)
        weighting = np.broadcast_to(weighting, (len(inputs), len(self.head[1])))
        logits, values, held = [], [], []
        for part in batches(len(inputs), self.gradient_batch, progress, cancelled):
            self.counted_forward += len(inputs[part])
            self.counted_backward += len(inputs[part])
            run = self._run(inputs[part])
            logits.append(run["logits"])
            values.append(self._back(run, weighting[part])[layer or "input"])
            held.append(run[layer or "res5c"])
        return Gradients(
            np.concatenate(logits).astype("float32"),
            np.concatenate(values).astype("float32"),
            np.concatenate(held).astype("float32") if layer else None,
        )

    def layer(self, name):
        if name not in self.layers:
            raise ValueError(f"No layer is called {name!r}; the nearest are res4f, res5c.")
        return name

    def _inputs(self, inputs):
        inputs = np.asarray(inputs, np.float64)
        assert inputs.ndim == 4 and inputs.shape[1:] == (3, self.size, self.size), inputs.shape
        assert np.isfinite(inputs).all()
        self.largest = max(self.largest, len(inputs))
        return inputs

    def _run(self, x):
        step = self.size // 14
        products = np.einsum("fcyx,ncyx->nfyx", self.kernels, x)
        early = products.reshape(len(x), -1, 14, step, 14, step).sum((3, 5))
        late = (early + self.bend * early**2).reshape(len(x), -1, 7, 2, 7, 2).sum((3, 5))
        features = late.mean((2, 3))
        logits = features @ self.head[0].astype(float) + self.head[1]
        return {"res4f": early, "res5c": late, "features": features, "logits": logits}

    def _back(self, run, weighting):
        by_feature = weighting.astype(float) @ self.head[0].astype(float).T
        by_late = np.broadcast_to(by_feature[:, :, None, None] / 49, run["res5c"].shape)
        wide = by_late.repeat(2, 2).repeat(2, 3)
        by_early = wide * (1 + 2 * self.bend * run["res4f"])
        step = self.size // 14
        by_pixel = by_early.repeat(step, 2).repeat(step, 3)
        by_input = np.einsum("nfyx,fcyx->ncyx", by_pixel, self.kernels)
        return {"res5c": by_late, "res4f": by_early, "input": by_input}
