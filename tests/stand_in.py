"""A stand-in predictor whose network is linear (or bent, smoothly), and counts what runs through.

    pixels x --- K ---> res4f (F, 14, 14) --- + bend * square, 2 x 2 sums ---> res5c (F, 7, 7)
    --- mean over 7 x 7 ---> features (F,) --- W, b ---> logits

`K` has a weight of its own for each pixel, channel and filter: so nothing in it can be moved or
mirrored unnoticed. Without a bend each logit is a weighted sum of pixels plus a constant.

It needs no Theano. mypy holds it against the protocols in `network.interface`, so that it can do
what a predictor can.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.checkpoint.ranges import require_region
from conus_widgets.network.grids import Grid
from conus_widgets.network.interface import (
    Forward,
    Gradients,
    Inside,
    PredictorProtocol,
    Progress,
    batches,
)
from conus_widgets.network.reach import Place
from conus_widgets.photographs.names import PhotographError, name_of
from conus_widgets.prediction import Answer, Prediction, answered
from conus_widgets.preparation import Preparation, generators, several
from conus_widgets.stream import stream

LABELS = ["plain", "banded", "spotted", "tented", "flamed"]
INFO = ["a shell without marks", *["-"] * (len(LABELS) - 1)]
FILTERS = 8  # what the smallest architectures have

Cancelling = Callable[[], bool]


class StandIn:
    """A `PredictorProtocol`.

    Parameters
    ----------
    size : int
        A multiple of 14, at least 42.
    bend : float
        0: the network is linear.
    seed : int
        Of the network's numbers.
    name, notice, labels, info, resample
        Of the checkpoint.
    regions : iterable of str
        In the first the first class is more likely, in the second the second, and so on.
    kernels : array (F, 3, size, size), optional
        Instead of random ones, as to make a network that looks at known pixels only.
    delay : float
        Seconds that each input takes.

    Attributes
    ----------
    calls : list of dict
        What `predict` was asked: "count", "views" and "region".
    threads : set of str
        Who asked.
    fail : exception, or None
        What `predict` raises instead of an answer.
    """

    def __init__(
        self,
        *,
        size: int = 56,
        bend: float = 0.0,
        seed: int = 0,
        name: str = "stand-in",
        notice: str = "stand-in",
        labels: Sequence[str] = LABELS,
        info: Sequence[str] = INFO,
        regions: Iterable[str] = (),
        resample: str = "bilinear",
        kernels: NDArray[Any] | None = None,
        delay: float = 0.0,
    ) -> None:
        architecture = Architecture(len(labels), width=FILTERS / 2048, stem=1, size=size)
        rng = np.random.default_rng(seed)
        self.checkpoint = Checkpoint(
            name=name,
            architecture=architecture,
            # Nothing computes with them; they tell two stand-ins apart.
            arrays=[rng.random(shape, dtype=np.float32) for _, shape in architecture.parameters()],
            labels=list(labels),
            info=(list(info) + ["-"] * len(labels))[: len(labels)],
            mean_rgb=(110.0, 90.0, 70.0),
            resample=resample,
            regions={
                region: np.where(np.arange(len(labels)) == number, 8.0, 1.0)
                for number, region in enumerate(regions)
            },
            notice=notice,
        )
        self.name, self.notice, self.size, self.resample = name, notice, size, resample
        self.labels, self.info = self.checkpoint.labels, self.checkpoint.info
        self.regions = list(self.checkpoint.regions)
        self.stages: tuple[str, ...] = ()  # nothing that can be shuffled
        self.preparation = Preparation(self.checkpoint)
        self.max_pixels = self.preparation.max_pixels
        self.network = LinearNetwork(size, len(labels), bend, seed, kernels, delay)
        self.calls: list[dict[str, Any]] = []
        self.threads: set[str] = set()
        self.fail: BaseException | None = None
        self._busy = threading.Lock()

    def inputs(self, photographs: Any, *, views: int = 1, seed: int | None = None) -> NDArray[Any]:
        given = several(photographs)
        chance = generators(seed, len(given))
        rows: list[NDArray[Any]] = []
        for number, photograph in enumerate(given):
            name = name_of(photograph, number + 1)
            rows += self.preparation.views(
                photograph, name, views, functools.partial(chance.__getitem__, number)
            )
        return np.stack(rows) if rows else self.preparation.batch([])

    def forward(
        self,
        inputs: NDArray[Any],
        *,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Forward:
        return self.network.forward(inputs, progress=progress, cancelled=cancelled)

    def stream(
        self,
        photographs: Any,
        *,
        views: int = 1,
        seed: int | None = None,
        features: bool = False,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Generator[Answer | PhotographError, None, None]:
        return stream(
            self,
            several(photographs),
            views=views,
            seed=seed,
            features=features,
            progress=progress,
            cancelled=cancelled,
        )

    def predict(
        self,
        photographs: Any,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = None,
        region: str | None = None,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Prediction:
        assert self._busy.acquire(blocking=False), "two threads in Theano"
        try:
            if region is not None:
                require_region(region, self.checkpoint.regions, self.name)
            given = several(photographs)
            self.threads.add(threading.current_thread().name)
            self.calls.append({"count": len(given), "views": views, "region": region})
            rows = list(
                self.stream(given, views=views, seed=seed, progress=progress, cancelled=cancelled)
            )
        finally:
            self._busy.release()
        if self.fail is not None:
            raise self.fail
        errors = [row for row in rows if isinstance(row, PhotographError)]
        good = [row for row in rows if not isinstance(row, PhotographError)]
        if not good:
            raise errors[0]
        mean = np.mean([row.probabilities for row in good], axis=0)
        return answered(
            self.checkpoint, good, mean, errors, top=top, region=region, views=views, seed=seed
        )

    def predict_each(
        self,
        photographs: Any,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = None,
        region: str | None = None,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> list[Prediction | PhotographError]:
        found: list[Prediction | PhotographError] = []
        for row in self.stream(
            photographs, views=views, seed=seed, progress=progress, cancelled=cancelled
        ):
            if isinstance(row, PhotographError):
                found.append(row)
                continue
            found.append(
                answered(
                    self.checkpoint,
                    [row],
                    row.probabilities,
                    [],
                    top=top,
                    region=region,
                    views=views,
                    seed=seed,
                )
            )
        return found

    def shuffled(self, stages: str | Sequence[str], *, seed: int = 0) -> PredictorProtocol:
        raise ValueError("A stand-in cannot be shuffled.")


class LinearNetwork:
    """A `NetworkProtocol`.

    Attributes
    ----------
    counted_forward, counted_backward : int
        Photographs that ran through; a gradient counts in both.
    largest : int
        Most photographs that were given at once to be split into batches.
    delay : float
        Seconds that each of them takes.
    """

    precision = "float32"
    layers: tuple[str, ...] = ("res4f", "res5c")

    def __init__(
        self,
        size: int,
        classes: int,
        bend: float,
        seed: int,
        kernels: NDArray[Any] | None = None,
        delay: float = 0.0,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.size, self.bend, self.delay = size, bend, delay
        self.batch, self.gradient_batch, self.variants_batch = 4, 2, 4
        self.together = 4
        self.grids: Mapping[str, Grid] = {
            "res4f": Grid("res4f", "res4", 14, size // 14, 0, size // 14 - 1),
            "res5c": Grid("res5c", "res5", 7, size // 7, 0, size // 7 - 1),
        }
        if kernels is None:
            kernels = rng.normal(0, 0.56 / size, (FILTERS, 3, size, size))
        self.kernels = np.asarray(kernels, np.float64)
        filters = len(self.kernels)
        self.head: tuple[NDArray[Any], NDArray[Any]] = (
            rng.normal(0, 0.5, (filters, classes)).astype("float32"),
            rng.normal(0, 1, classes).astype("float32"),
        )
        self.counted_forward = self.counted_backward = self.largest = 0

    def forward(
        self,
        inputs: NDArray[Any],
        *,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Forward:
        inputs = self._inputs(inputs)
        parts = batches(len(inputs), self.batch, progress, cancelled)
        found = [self._run(inputs[part]) for part in parts]
        if not found:
            return Forward(
                np.zeros((0, len(self.head[1])), "float32"),
                np.zeros((0, len(self.kernels)), "float32"),
            )
        return Forward(
            np.concatenate([run["logits"] for run in found]).astype("float32"),
            np.concatenate([run["features"] for run in found]).astype("float32"),
        )

    def follow(self, picture: NDArray[Any]) -> NDArray[Any]:
        return self.forward(picture).logits

    def activations(
        self,
        inputs: NDArray[Any],
        layer: str,
        *,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Inside:
        inputs = self._inputs(inputs)
        self.layer(layer)
        parts = batches(len(inputs), self.batch, progress, cancelled)
        found = [self._run(inputs[part]) for part in parts]
        return Inside(
            np.concatenate([run["logits"] for run in found]).astype("float32"),
            np.concatenate([run[layer] for run in found]).astype("float32"),
        )

    def variants(
        self,
        whole: NDArray[Any],
        copies: NDArray[Any],
        places: Sequence[Sequence[Place]],
        *,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Inside:
        return self.activations(copies, self.layers[-1], progress=progress, cancelled=cancelled)

    def gradients(
        self,
        inputs: NDArray[Any],
        weighting: NDArray[Any],
        *,
        layer: str | None = None,
        guided: bool = False,
        progress: Progress | None = None,
        cancelled: Cancelling | None = None,
    ) -> Gradients:
        inputs = self._inputs(inputs)
        if layer is not None:
            self.layer(layer)
        weighting = np.broadcast_to(weighting, (len(inputs), len(self.head[1])))
        logits, values, held = [], [], []
        for part in batches(len(inputs), self.gradient_batch, progress, cancelled):
            run = self._run(inputs[part])
            self.counted_backward += len(inputs[part])
            logits.append(run["logits"])
            values.append(self._back(run, weighting[part])[layer or "input"])
            held.append(run[layer or "res5c"])
        return Gradients(
            np.concatenate(logits).astype("float32"),
            np.concatenate(values).astype("float32"),
            np.concatenate(held).astype("float32") if layer else None,
        )

    def layer(self, name: str) -> str:
        if name not in self.layers:
            raise ValueError(f"No layer is called {name!r}; the nearest are res4f, res5c.")
        return name

    def _inputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        inputs = np.asarray(inputs, np.float64)
        assert inputs.ndim == 4 and inputs.shape[1:] == (3, self.size, self.size), inputs.shape
        assert np.isfinite(inputs).all()
        self.largest = max(self.largest, len(inputs))
        return inputs

    def _run(self, x: NDArray[Any]) -> dict[str, NDArray[Any]]:
        time.sleep(self.delay * len(x))
        self.counted_forward += len(x)
        step = self.size // 14
        products = np.einsum("fcyx,ncyx->nfyx", self.kernels, x)
        early = products.reshape(len(x), -1, 14, step, 14, step).sum((3, 5))
        late = (early + self.bend * early**2).reshape(len(x), -1, 7, 2, 7, 2).sum((3, 5))
        features = late.mean((2, 3))
        logits = features @ self.head[0].astype(float) + self.head[1]
        return {"res4f": early, "res5c": late, "features": features, "logits": logits}

    def _back(
        self, run: Mapping[str, NDArray[Any]], weighting: NDArray[Any]
    ) -> dict[str, NDArray[Any]]:
        by_feature = weighting.astype(float) @ self.head[0].astype(float).T
        by_late = np.broadcast_to(by_feature[:, :, None, None] / 49, run["res5c"].shape)
        wide = by_late.repeat(2, 2).repeat(2, 3)
        by_early = wide * (1 + 2 * self.bend * run["res4f"])
        step = self.size // 14
        by_pixel = by_early.repeat(step, 2).repeat(step, 3)
        by_input = np.einsum("nfyx,fcyx->ncyx", by_pixel, self.kernels)
        return {"res5c": by_late, "res4f": by_early, "input": by_input}
