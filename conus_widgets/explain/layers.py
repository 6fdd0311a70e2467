"""Maps from activations and gradients of any layer: HiResCAM, LayerCAM, Grad-CAM, Grad-CAM++."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from conus_widgets.arguments import one_of
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import Subject, each

if TYPE_CHECKING:
    from conus_widgets.network import Progress


@each
def layer_cam(
    predictor: Any,
    image: Any,
    target: Any = None,
    *,
    layer: str | None = None,
    kind: str = "layer",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return a map of a layer's activations, weighed by the logit's gradient.

    Parameters
    ----------
    predictor, image, target
        As in `cam`; the top class costs a run forward.
    layer : str, optional
        One of ``predictor.network.layers``; the last by default.
    kind : {"hires", "layer", "grad", "grad++"}
        How a cell's activations A and gradients G, both (C, rows, columns), become a number.

        - "hires": the sum of G A over the channels. Signed.
        - "layer": the same of the positive G only. Never negative.
        - "grad": the sum of A, each channel weighed by its mean G. Signed: the published rectifier
          behind it is left out.
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
        Where `cancelled` returned true.

    Notes
    -----
    HiResCAM: R. L. Draelos, L. Carin, 2020, arXiv:2011.08891. LayerCAM: P.-T. Jiang et al., 2021,
    IEEE TIP 30. Grad-CAM: R. R. Selvaraju et al., 2016, arXiv:1610.02391. Grad-CAM++: A.
    Chattopadhay et al., 2017, arXiv:1710.11063, equation 19 divided by G².
    At the last layer "hires" and "grad" equal `cam`, as the network behind it is linear.
    Costs one run forward and backward.
    """
    kind = one_of("kind", kind, KINDS)
    subject = Subject(predictor, image)
    network = subject.network
    layer = network.layers[-1] if layer is None else network.layer(layer)
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
        "layer_cam",
        logits=found.logits[0],
        unit="no unit" if kind == "grad++" else "logit",
        layer=layer,
        options={"kind": kind},
        remarks=_remarks(kind, layer == network.layers[-1]) + _unread(found.values[0]),
    )


def _hires(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return (gradients * activations).sum(axis=0)


def _layer(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return _hires(activations, np.maximum(gradients, 0))


def _grad(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return np.tensordot(gradients.mean(axis=(1, 2)), activations, 1)


def _grad_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    # Only positive gradients count, and activations behind a ReLU are not negative: with them the
    # denominator is at least 2.
    positive = np.maximum(gradients, 0)
    totals = activations.sum(axis=(1, 2), keepdims=True)
    return np.tensordot((positive / (2 + positive * totals)).sum(axis=(1, 2)), activations, 1)


KINDS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "hires": _hires,
    "layer": _layer,
    "grad": _grad,
    "grad++": _grad_plus,
}


def _remarks(kind: str, last: bool) -> tuple[str, ...]:
    if last and kind in ("hires", "grad"):
        return ("At the last layer this map equals cam: the network behind it is linear.",)
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


def _unread(gradients: np.ndarray) -> tuple[str, ...]:
    """Say where a layer's cells are 0 because nobody reads them."""
    odd = gradients[:, 1::2].any() or gradients[:, :, 1::2].any()
    if odd or min(gradients.shape[1:]) < 2:
        return ()
    return (
        "Three of four cells are 0 whatever the photograph shows: the next stage begins with a "
        "stride of 2 and reads every second cell only. The block before this one has no such gaps.",
    )
