"""Class activation maps: what each cell of a layer adds to the logit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import Subject, each
from conus_widgets.explain.target import resolve
from conus_widgets.network.interface import PredictorProtocol, Progress


@each
def cam(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return the class activation map: the exact share of each cell of the last layer in the logit.

    Parameters
    ----------
    predictor : Predictor
    image : photograph, or list of photographs
    target : class, mapping or Target, optional
        See `resolve`; by default the top class.
    progress, cancelled : callable, optional
        As `Network.activations`.

    Returns
    -------
    Explanation
        values (7, 7) for an input of 224 pixels, in logits: **their sum, plus the bias, is the
        logit**. Its figures: "bias" and "logit" of the target.

    Raises
    ------
    ValueError
        For an unknown class.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    B. Zhou et al., "Learning Deep Features for Discriminative Localization", 2015,
    arXiv:1512.04150: M = sum over channels of weight times activation. The features are the mean
    over the cells, so a cell's share in the logit is M over the number of cells; that is what
    stands here. A share belongs to a cell of the layer, and a cell has seen much more of the
    photograph than the square it is drawn on. Costs one run forward.
    """
    subject = Subject(predictor, image)
    network = subject.network
    layer = network.layers[-1]
    inside = network.activations(subject.inputs, layer, progress=progress, cancelled=cancelled)
    aim = resolve(target, predictor.labels, inside.logits[0])
    weights, bias = network.head
    return subject.explanation(
        shares(inside.activations[0], weights.astype(np.float64) @ aim.weights),
        aim,
        "cam",
        logits=inside.logits[0],
        layer=layer,
        figures={"bias": float(aim.of(bias)), "logit": float(aim.of(inside.logits[0]))},
    )


def shares(activations: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Return what each cell adds to logits of the mean over the cells.

    Parameters
    ----------
    activations : array (F, rows, columns)
    weights : array (F,) or (F, classes)

    Returns
    -------
    float64 array (rows, columns) or (classes, rows, columns)
    """
    cells = activations.shape[1] * activations.shape[2]
    weights = np.asarray(weights, np.float64)
    return np.tensordot(weights.T, activations.astype(np.float64), 1) / cells
