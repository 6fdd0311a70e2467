"""Maps from activations and gradients of any layer: HiResCAM, LayerCAM, Grad-CAM, Grad-CAM++."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import one_of
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import Subject, each
from conus_widgets.network.grids import finer
from conus_widgets.network.interface import PredictorProtocol, Progress


@each
def hires_cam(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    layer: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return what each cell of a layer adds to the logit, to first order (HiResCAM).

    Parameters
    ----------
    predictor, image, target
        As in `cam`; the top class costs a run forward.
    layer : str, optional
        One of ``predictor.network.layers``; by default the last one that is finer than the last of
        all and has no gaps, res4e of the published network: see `grids.finer`.
    progress, cancelled : callable, optional
        As `Network.gradients`.

    Returns
    -------
    Explanation
        values (rows, columns) of the layer, in logits: activations times gradients, summed over
        the channels. Signed.

    Raises
    ------
    ValueError
        For an unknown class or layer (with the nearest names).
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    R. L. Draelos, L. Carin, 2020, arXiv:2011.08891. At the last layer the map equals `cam`, as the
    network after it is linear. Costs one run forward and backward.
    """
    return _map("hires_cam", "hires", predictor, image, target, layer, progress, cancelled)


@each
def layer_cam(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    layer: str | None = None,
    kind: str = "layer",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return a map of what speaks for the target in a layer (LayerCAM), or one of its relatives.

    Parameters
    ----------
    predictor, image, target, layer
        As in `hires_cam`.
    kind : {"hires", "layer", "grad", "grad++"}
        How a cell's activations A and gradients G, both (C, rows, columns), become a number.

        - "hires": the sum of G A over the channels. Signed: the map of `hires_cam`.
        - "layer": the same of the positive G only. Never negative.
        - "grad": the sum of A, each channel weighed by its mean G. Signed: the rectifier of the
          published method, which comes last, is left out.
        - "grad++": the same, weighed by the sum of positive G over 2 + G sum(A). Never negative.
    progress, cancelled : callable, optional
        As `Network.gradients`.

    Returns
    -------
    Explanation
        values (rows, columns) of the layer, in logits (to first order); "grad++" has no unit.

    Raises
    ------
    ValueError
        For an unknown class, layer (with the nearest names) or kind.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    LayerCAM: P.-T. Jiang et al., 2021, IEEE TIP 30. Grad-CAM: R. R. Selvaraju et al., 2016,
    arXiv:1610.02391. Grad-CAM++: A. Chattopadhay et al., 2017, arXiv:1710.11063, equation 19
    divided by G².
    At the last layer "hires" and "grad" equal `cam`, as the network after it is linear.
    Costs one run forward and backward.
    """
    kind, options = one_of("kind", kind, KINDS), {"kind": kind}
    return _map("layer_cam", kind, predictor, image, target, layer, progress, cancelled, options)


def _map(
    name: str,
    kind: str,
    predictor: PredictorProtocol,
    image: Any,
    target: Any,
    layer: str | None,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
    options: dict[str, Any] | None = None,
) -> Explanation:
    subject = Subject(predictor, image)
    network = subject.network
    layer = finer(network.grids) if layer is None else network.layer(layer)
    aim = subject.aim(target)
    found = network.gradients(
        subject.inputs, aim.weights, layer=layer, progress=progress, cancelled=cancelled
    )
    assert found.activations is not None  # a layer was asked for
    values = KINDS[kind](
        found.activations[0].astype(np.float64), found.values[0].astype(np.float64)
    )
    return subject.explanation(
        values,
        aim,
        name,
        logits=found.logits[0],
        unit="no unit" if kind == "grad++" else "logit",
        layer=layer,
        options=options or {},
        remarks=_remarks(kind, layer == network.layers[-1]) + _unread(found.values[0]),
    )


def _hires(activations: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    return (gradients * activations).sum(axis=0)


def _layer(activations: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    return _hires(activations, np.maximum(gradients, 0))


def _grad(activations: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    return np.tensordot(gradients.mean(axis=(1, 2)), activations, 1)


def _grad_plus(activations: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    # Only positive gradients count, and activations after a ReLU are not negative: with them the
    # denominator is at least 2.
    positive = np.maximum(gradients, 0)
    totals = activations.sum(axis=(1, 2), keepdims=True)
    return np.tensordot((positive / (2 + positive * totals)).sum(axis=(1, 2)), activations, 1)


KINDS: dict[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]] = {
    "hires": _hires,
    "layer": _layer,
    "grad": _grad,
    "grad++": _grad_plus,
}


def _remarks(kind: str, last: bool) -> tuple[str, ...]:
    if last and kind in ("hires", "grad"):
        return ("At the last layer this map equals cam: the network after it is linear.",)
    if kind == "layer":
        return (
            "LayerCAM leaves negative gradients out by its definition: it shows what speaks for "
            "the target, never what speaks against it.",
        )
    if kind == "grad++":
        return (
            "Grad-CAM++ leaves negative gradients out by its definition, and its numbers change "
            "with the scale of the logits: compare their places, not their sizes.",
        )
    return ()


def _unread(gradients: NDArray[Any]) -> tuple[str, ...]:
    """Say that cells of a layer are 0 because nobody reads them."""
    odd = gradients[:, 1::2].any() or gradients[:, :, 1::2].any()
    if odd or min(gradients.shape[1:]) < 2:
        return ()
    return (
        "Three of four cells are 0 whatever the photograph shows: the next stage begins with a "
        "stride of 2 and reads every second cell only. The block before this one has no such gaps.",
    )
