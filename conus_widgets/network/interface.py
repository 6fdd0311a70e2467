"""The contract between a network and those who ask it: explanations, widgets, collections.

Whoever asks is written against `NetworkProtocol` and `PredictorProtocol`; what a network returns
stands here as well, and what a predictor returns in `prediction`. This file is light: it imports
neither Theano nor anything that starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.equality import ByValue
from conus_widgets.network.grids import Grid
from conus_widgets.network.reach import Place
from conus_widgets.photographs.names import PhotographError
from conus_widgets.prediction import Answer, Prediction
from conus_widgets.preparation import Preparation

Progress = Callable[[int, int], Any]
"""``progress(done, total)`` is called after each batch."""


#: Parts of a network, from the top down: what `Predictor.shuffled` can shuffle.
STAGES = ("logits", "res5", "res4", "res3", "res2", "conv1")


class Cancelled(Exception):
    """Somebody asked to stop; raised between two batches."""


@dataclass(frozen=True, eq=False)
class Forward(ByValue):
    """What the network says of N inputs.

    Attributes
    ----------
    logits : float32 array (N, classes)
    features : float32 array (N, F)
        What the dense layer reads.
    """

    logits: NDArray[Any]
    features: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Inside(ByValue):
    """What a layer holds for N inputs.

    Attributes
    ----------
    logits : float32 array (N, classes)
    activations : float32 array (N, C, H, W)
        Of the layer, after its ReLU.
    """

    logits: NDArray[Any]
    activations: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Gradients(ByValue):
    """Gradients of a weighting of the classes' logits, for N inputs.

    Attributes
    ----------
    logits : float32 array (N, classes)
    values : float32 array
        By the input (N, 3, size, size), or by a layer (N, C, H, W).
    activations : float32 array (N, C, H, W), or None
        Of that layer, after its ReLU.
    """

    logits: NDArray[Any]
    values: NDArray[Any]
    activations: NDArray[Any] | None = None


class NetworkProtocol(Protocol):
    """What a compiled network can be asked; `network.Network` says what each answer means."""

    @property
    def precision(self) -> str:
        """Of what is computed on the way forward: "float32" or "bfloat16"."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that can be looked into, from the input on."""

    @property
    def grids(self) -> Mapping[str, Grid]:
        """For each layer, where its cells stand over the input."""

    @property
    def head(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Weights (F, classes) and bias (classes,) of the dense layer."""

    @property
    def batch(self) -> int:
        """How many inputs run at once."""

    @property
    def together(self) -> int:
        """How many inputs to give at once so that each takes least time; `batch` or more."""

    @property
    def gradient_batch(self) -> int:
        """How many inputs run at once for gradients."""

    @property
    def variants_batch(self) -> int:
        """How many copies of a photograph run at once in `variants`."""

    def layer(self, name: str) -> str:
        """Return the name of a layer, or raise a ValueError that names the nearest ones."""

    def forward(
        self,
        inputs: NDArray[Any],
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Forward:
        """Run the network on inputs (N, 3, size, size)."""

    def activations(
        self,
        inputs: NDArray[Any],
        layer: str,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Inside:
        """Return what a layer holds for inputs (N, 3, size, size)."""

    def variants(
        self,
        whole: NDArray[Any],
        copies: NDArray[Any],
        places: Sequence[Sequence[Place]],
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Inside:
        """Run copies of a photograph that differ from it in small places."""

    def follow(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Run an input that differs in a small place from the one before."""

    def gradients(
        self,
        inputs: NDArray[Any],
        weighting: NDArray[Any],
        *,
        layer: str | None = None,
        guided: bool = False,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Gradients:
        """Return gradients of a weighted sum of the logits."""


class PredictorProtocol(Protocol):
    """What a predictor can be asked; `predictor.Predictor` says what each answer means.

    Photographs are anything that `read_photograph` takes; one alone is a list of one.
    """

    @property
    def name(self) -> str:
        """Of its checkpoint."""

    @property
    def checkpoint(self) -> Checkpoint:
        """What the network was made from."""

    @property
    def network(self) -> NetworkProtocol:
        """The network itself, for inputs."""

    @property
    def preparation(self) -> Preparation:
        """Makes inputs from photographs."""

    @property
    def labels(self) -> list[str]:
        """Names of the classes."""

    @property
    def info(self) -> list[str]:
        """A line of text for each class, "-" for none."""

    @property
    def regions(self) -> list[str]:
        """Names that ``region=`` takes; empty if the checkpoint has none."""

    @property
    def size(self) -> int:
        """Height and width of an input, in pixels."""

    @property
    def resample(self) -> str:
        """How photographs are resized."""

    @property
    def max_pixels(self) -> int:
        """Larger photographs are refused."""

    @property
    def notice(self) -> str:
        """Stands wherever an answer stands; "" if nothing has to be said."""

    @property
    def stages(self) -> tuple[str, ...]:
        """What `shuffled` can shuffle, from the top down; empty if nothing can be."""

    def inputs(self, photographs: Any, *, views: int = 1, seed: int | None = None) -> NDArray[Any]:
        """Return inputs (N * views, 3, size, size), float32."""

    def forward(
        self,
        inputs: NDArray[Any],
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Forward:
        """Run the network on inputs (N, 3, size, size)."""

    def predict(
        self,
        photographs: Any,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = None,
        region: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Prediction:
        """Name one specimen."""

    def predict_each(
        self,
        photographs: Any,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = None,
        region: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Prediction | PhotographError]:
        """Name each photograph by itself."""

    def stream(
        self,
        photographs: Any,
        *,
        views: int = 1,
        seed: int | None = None,
        features: bool = False,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Answer | PhotographError, None, None]:
        """Answer photographs one after the other."""

    def shuffled(self, stages: str | Sequence[str], *, seed: int = 0) -> PredictorProtocol:
        """Return a predictor with the numbers of each array in some stages in random order."""


def batches(
    total: int,
    size: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[slice]:
    """Yield slices of at most `size`.

    Asks before each whether to stop, and tells after each what is done.

    Raises
    ------
    Cancelled
        If `cancelled` returned true.
    """
    for start in range(0, total, size):
        part = slice(start, min(start + size, total))
        if cancelled is not None and cancelled():
            raise Cancelled("Stopped before the end, as asked.")
        yield part
        if progress is not None:
            progress(part.stop, total)


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Return probabilities, float64, from logits along the last axis.

    Notes
    -----
    In NumPy: Theano's softmax is an Op that g++ compiles again in every process.
    """
    shifted = np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
