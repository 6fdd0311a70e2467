"""The centres of the receptive fields of a layer's cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.explain.explanation import Explanation, validated
from conus_widgets.network.interface import PredictorProtocol


def centres(predictor: PredictorProtocol, layer: str) -> tuple[float, int]:
    """Return where a layer's first cell is centred, and how far it is to the next, in pixels.

    Parameters
    ----------
    predictor : Predictor
    layer : str
        One of ``predictor.network.layers``.

    Returns
    -------
    first : float
        Number of a pixel along either axis; the first pixel is 0. See `Grid.centre`.
    step : int
        Pixels.

    Raises
    ------
    ValueError
        For a layer that does not exist.
    """
    network = predictor.network
    grid = network.grids[network.layer(layer)]
    return grid.centre, grid.step


def placed(values: NDArray[Any], first: float, step: float, size: int) -> NDArray[Any]:
    """Bring a map to the network's input, each value to the centre of its cell's receptive field.

    Parameters
    ----------
    values : array (rows, columns)
    first, step : float
        As `centres` returns them.
    size : int
        Of the network's input.

    Returns
    -------
    float64 array (size, size)
        Straight lines between the centres; beyond the outermost ones, their value.
    """
    down, right = (_weights(cells, first, step, size) for cells in values.shape)
    found: NDArray[Any] = down @ np.asarray(values, np.float64) @ right.T
    return found


def centred(explanation: Explanation, predictor: PredictorProtocol) -> Explanation:
    """Return a layer's map with each value at the centre of its cell's receptive field.

    Parameters
    ----------
    explanation : Explanation
        Of a layer.
    predictor : Predictor
        That it explains.

    Returns
    -------
    Explanation
        Its values are those of `placed`: to look at, and to point with. Their sum means nothing.

    Raises
    ------
    ValueError
        For a map of no layer.
    """
    validated(explanation)
    if explanation.layer is None:
        raise ValueError(
            f"{explanation.method} has no layer, so its values stand on the pixels themselves."
        )
    first, step = centres(predictor, explanation.layer)
    values = placed(explanation.values, first, step, predictor.size).astype(np.float32)
    remark = "Each value stands at the centre of what its cell sees; sums are taken on the grid."
    return replace(
        explanation,
        values=values,
        method=f"{explanation.method}_centred",
        remarks=(*explanation.remarks, remark),
    )


def _weights(cells: int, first: float, step: float, size: int) -> NDArray[Any]:
    """Return how much of each cell stands at each pixel, (size, cells)."""
    at = first + step * np.arange(cells)
    return np.stack([np.interp(np.arange(size), at, unit) for unit in np.eye(cells)], axis=1)
