"""One photograph as the network sees it: what the page needs to answer without the kernel."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.explain.cam import shares
from conus_widgets.explain.covers import Cover, cover
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.subject import Meter
from conus_widgets.explain.target import Target
from conus_widgets.network.interface import PredictorProtocol

LONG_SIDE = 1280  # of the photograph on the page, in pixels
COVERS = 4  # that are kept


@dataclass(frozen=True, eq=False)
class Sight:
    """A photograph, the network's answer, and every cell's share in it.

    Parameters
    ----------
    name : str
    image : PIL.Image.Image
        Upright RGB, in the photograph's own pixels unless it is too large for that.
    inputs : float32 array (1, 3, size, size)
        B, G, R, each minus its mean.
    mean : float32 array (3, 1, 1)
        That was subtracted.
    logits : float32 array (classes,)
    bias : float32 array (classes,)
    shares : float32 array (classes, rows, columns)
        What each cell of the last layer adds to each logit: with the bias they add up to it.
    layer : str
        That layer.
    cost : Cost
    remarks : tuple of str
        What must be said of how the photograph was read.
    """

    name: str
    image: Image.Image
    inputs: NDArray[Any]
    mean: NDArray[Any]
    logits: NDArray[Any]
    bias: NDArray[Any]
    shares: NDArray[Any]
    layer: str
    cost: Cost
    remarks: tuple[str, ...] = ()

    @functools.cached_property
    def _covers(self) -> dict[Any, Cover]:
        return {}

    def cover(self, fill: Any, offset: tuple[int, int] = (0, 0)) -> Cover:
        """Return a cover by its name or colour: see `covers.cover`.

        The last ones are kept, because a brush asks many times.

        Raises
        ------
        ValueError
            For a name that is no cover's, and for anything else.
        """
        key = (fill, offset)
        if key not in self._covers:
            found = cover(self.inputs[0], self.mean, fill, read=_no_photograph, offset=offset)
            while len(self._covers) >= COVERS:
                self._covers.pop(next(iter(self._covers)))
            self._covers[key] = found
        return self._covers[key]

    @functools.cached_property
    def lent(self) -> Cover:
        """The cover that shows this photograph's pixels in another one."""
        return cover(self.inputs[0], self.mean, self.image, read=lambda _: self.inputs[0])

    def cam(self, target: Target, labels: list[str], notice: str) -> Explanation:
        """Return the class activation map of a target, as `explain.cam`, without a run."""
        values = np.tensordot(target.weights.astype(np.float64), self.shares, 1)
        return Explanation(
            values=values.astype(np.float32),
            target=target,
            method="cam",
            image=self.image,
            logits=self.logits,
            labels=labels,
            layer=self.layer,
            cost=self.cost,
            figures={
                "bias": float(target.of(self.bias)),
                "logit": float(target.of(self.logits)),
            },
            remarks=self.remarks,
            notice=notice,
        )

    def jpeg(self) -> bytes:
        """Return the photograph for the page, at most `LONG_SIDE` pixels long."""
        small = self.image.copy()
        small.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.save(file, "JPEG", quality=92, subsampling=0)
        return file.getvalue()


def sight_of(
    predictor: PredictorProtocol,
    source: Any,
    name: str,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Sight:
    """Return what the network sees in a photograph: one run.

    Raises
    ------
    PhotographError
        If the photograph cannot be used; it starts with `name`.
    Cancelled
        If `cancelled` returned true.
    """
    image, said = predictor.preparation.held(predictor.preparation.open(source, name))
    inputs = predictor.inputs([image])
    network = Meter(predictor.network)
    layer = network.layers[-1]
    inside = network.activations(inputs, layer, cancelled=cancelled)
    weights, bias = network.head
    rgb = np.asarray(predictor.preparation.mean_rgb, np.float32)
    return Sight(
        name=name,
        image=image,
        inputs=inputs,
        mean=rgb[::-1].reshape(3, 1, 1),
        logits=inside.logits[0].astype(np.float32),
        bias=np.asarray(bias, np.float32),
        shares=shares(inside.activations[0], weights).astype(np.float32),
        layer=layer,
        cost=network.cost,
        remarks=said,
    )


def _no_photograph(given: Any) -> NDArray[Any]:
    raise ValueError(f"{given!r} is no name of a cover, and no colour (R, G, B).")


def as_rgb(plane: NDArray[Any], mean: NDArray[Any]) -> bytes:
    """Return a network input (3, size, size) as the bytes of RGB pixels, row by row."""
    rgb: NDArray[np.uint8] = np.clip(np.rint(plane + mean), 0, 255).astype(np.uint8)[::-1]
    return rgb.transpose(1, 2, 0).tobytes()
