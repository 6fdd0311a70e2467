"""The subject of an explanation: a photograph and a network whose runs are counted."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import shown
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.target import Target, resolve
from conus_widgets.network.grids import Grid
from conus_widgets.network.interface import (
    Forward,
    Gradients,
    Inside,
    NetworkProtocol,
    PredictorProtocol,
    Progress,
)
from conus_widgets.photographs.names import NAMELESS, PhotographError, name_of
from conus_widgets.preparation import is_alone, several

Method = TypeVar("Method", bound=Callable[..., Any])


class Subject:
    """One photograph, ready to be explained.

    Parameters
    ----------
    predictor : Predictor
    image : photograph
        In any form that `read_photograph` takes.

    Attributes
    ----------
    image : PIL.Image.Image
        Upright RGB, in the photograph's own pixels unless it is too large for that.
    remarks : tuple of str
        What must be said of how it was read.
    inputs : float32 array (1, 3, size, size)
        The network's input: B, G, R, each minus its mean.
    mean : float32 array (3, 1, 1)
        That was subtracted, in the order B, G, R, units 0 to 255.
    size : int
        Height and width of the network's input.
    network : Meter
        The predictor's network; what runs through it is counted.

    Raises
    ------
    PhotographError
        If the photograph cannot be used.
    """

    def __init__(self, predictor: PredictorProtocol, image: Any) -> None:
        _validate(predictor)
        self.predictor = predictor
        self.network = Meter(predictor.network)
        _validate_numbers(image)
        preparation = predictor.preparation
        self.image, self.remarks = preparation.held(preparation.open(image))
        self.inputs: NDArray[Any] = predictor.inputs([self.image])
        self.size: int = predictor.size
        rgb = np.asarray(predictor.preparation.mean_rgb, np.float32)
        self.mean = rgb[::-1].reshape(3, 1, 1)

    @functools.cached_property
    def logits(self) -> NDArray[Any]:
        """The network's answer, float32 (classes,); asking for it runs the network, once."""
        found: NDArray[Any] = self.network.forward(self.inputs).logits[0]
        return found

    @property
    def spread(self) -> NDArray[Any]:
        """Range of the photograph's pixels in each channel, float32 (3, 1, 1), 0 to 255."""
        spread: NDArray[Any] = np.ptp(self.inputs[0], axis=(1, 2), keepdims=True)
        return spread

    def aim(self, target: Any) -> Target:
        """Return the target that a caller means; without one, the network runs for the top class.

        Raises
        ------
        ValueError
            As `resolve`.
        """
        logits = self.logits if target is None else None
        return resolve(target, self.predictor.labels, logits)

    def explanation(
        self, values: NDArray[Any], target: Target, method: str, *, logits: Any = None, **rest: Any
    ) -> Explanation:
        """Return what a method found, with what is known of the photograph and the cost so far.

        Parameters
        ----------
        values : array (rows, columns)
        target : Target
        method : str
        logits : array (classes,), optional
            If a gradient brought them; else `logits` of the subject.
        **rest
            Further fields of `Explanation`.
        """
        rest["remarks"] = (*self.remarks, *rest.get("remarks", ()))
        logits = self.logits if logits is None else logits
        return Explanation(
            values=np.ascontiguousarray(values, np.float32),
            target=target,
            method=method,
            image=self.image,
            logits=np.array(logits, np.float32),
            labels=list(self.predictor.labels),
            cost=self.network.cost,
            notice=self.predictor.notice,
            **rest,
        )


class Meter:
    """A network that counts the photographs that run through it, and the time since it was made.

    A gradient counts once forward and once backward. The methods are those of `Network`.
    """

    def __init__(self, network: NetworkProtocol) -> None:
        self._network = network
        self._began = time.perf_counter()
        self._forward = self._backward = 0
        self.layers: tuple[str, ...] = network.layers
        self.head: tuple[NDArray[Any], NDArray[Any]] = network.head
        self.batch: int = network.batch
        self.gradient_batch: int = network.gradient_batch
        self.variants_batch: int = network.variants_batch
        self.grids: Mapping[str, Grid] = network.grids

    @property
    def cost(self) -> Cost:
        """What has run so far."""
        return Cost(self._forward, self._backward, time.perf_counter() - self._began)

    def layer(self, name: str) -> str:
        """Return the name of a layer, or raise a ValueError that names the nearest ones."""
        if not isinstance(name, str):
            layers = ", ".join(self.layers)
            raise ValueError(f"layer is {shown(name)}: give a name, one of {layers}.")
        return str(self._network.layer(name))

    def forward(self, inputs: NDArray[Any], **options: Any) -> Forward:
        """As `Network.forward`."""
        found: Forward = self._network.forward(inputs, **options)
        self._forward += len(inputs)
        return found

    def activations(self, inputs: NDArray[Any], layer: str, **options: Any) -> Inside:
        """As `Network.activations`."""
        found: Inside = self._network.activations(inputs, layer, **options)
        self._forward += len(inputs)
        return found

    def variants(
        self, whole: NDArray[Any], copies: NDArray[Any], places: Any, **options: Any
    ) -> Inside:
        """As `Network.variants`."""
        found: Inside = self._network.variants(whole, copies, places, **options)
        self._forward += len(copies)
        return found

    def gradients(self, inputs: NDArray[Any], weighting: NDArray[Any], **options: Any) -> Gradients:
        """As `Network.gradients`."""
        found: Gradients = self._network.gradients(inputs, weighting, **options)
        self._forward += len(inputs)
        self._backward += len(inputs)
        return found


def each(method: Method) -> Method:
    """Let a method of one photograph also take several of them, and then return a list.

    What counts as several: see `preparation.several`. Its progress then runs through all of them:
    ``progress(done, total)`` counts in the steps of the photograph at work, times the number of
    photographs.
    """

    @functools.wraps(method)
    def call(predictor: PredictorProtocol, image: Any, *arguments: Any, **options: Any) -> Any:
        _validate(predictor)
        if image is not None and is_alone(image):
            return method(predictor, image, *arguments, **options)
        images = several(image)
        told = options.pop("progress", None)
        found = []
        for number, one in enumerate(images):
            progress = told and _share(told, number, len(images))
            try:
                found.append(method(predictor, one, *arguments, progress=progress, **options))
            except PhotographError as error:
                if error.name != NAMELESS:
                    raise
                raise PhotographError(name_of(one, number + 1), error.problem) from error
        return found

    return call  # type: ignore[return-value]


def _validate(given: object) -> None:
    if not hasattr(given, "network"):
        raise ValueError(
            f"{shown(given)} is no predictor: give what load_predictor() returns first, then "
            "the photograph."
        )


def _share(told: Progress, number: int, count: int) -> Progress:
    return lambda done, total: told(number * total + done, count * total)


def _validate_numbers(image: Any) -> None:
    if isinstance(image, np.ndarray) and image.dtype.kind == "f":
        wrong = image.size - int(np.isfinite(image).sum())
        if wrong:
            raise PhotographError(
                name_of(image),
                f"has {wrong} of {image.size} values that are not numbers (NaN or infinite); "
                "repair them and give uint8 with values from 0 to 255.",
            )
