"""Outputs of a layer for photographs and their random views: computed once, used in each epoch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.network.interface import Cancelled, PredictorProtocol, Progress
from conus_widgets.photographs.names import name_of
from conus_widgets.preparation import generators

#: Bytes that the maps of all photographs may take together; beyond, there are fewer views.
MOST_BYTES = 300_000_000


def seen_inside(
    predictor: PredictorProtocol,
    photographs: Sequence[Any],
    layer: str,
    step: int,
    *,
    views: int,
    seed: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> NDArray[Any]:
    """Return a layer's maps of photographs that can be read.

    Parameters
    ----------
    predictor : Predictor
    photographs : sequence of N photographs
    layer : str
    step : int
        Every how many cells are kept.
    views : int
        Random views of each, as the published procedure draws them; fewer if they would take more
        than 300 MB, at least one.
    seed : int
    progress, cancelled
        As `Predictor.predict`, in photographs.

    Returns
    -------
    float16 array (N, 1 + views, channels, rows, columns)
        First the plain photograph.

    Raises
    ------
    Cancelled
        If `cancelled` returned true.
    ValueError
        If not even one view of each has room.
    """
    chance = generators(seed, len(photographs))
    found: NDArray[Any] | None = None
    for number, photograph in enumerate(photographs):
        if cancelled is not None and cancelled():
            raise Cancelled("Stopped before the end, as asked.")
        name = name_of(photograph, number + 1)
        draw = functools.partial(chance.__getitem__, number)
        prepare = predictor.preparation.views
        if found is None:  # its size decides how many views there are
            plain = _maps(predictor, list(prepare(photograph, name, 1, draw)), layer, step)
            each = plain.nbytes * len(photographs)
            views = min(views, MOST_BYTES // each - 1)
            if views < 1:
                raise ValueError(
                    f"{len(photographs):,} photographs take {2 * each / 1e6:,.0f} MB inside the "
                    f"network, and {MOST_BYTES / 1e6:,.0f} are allowed: train fewer stages, or on "
                    "fewer photographs."
                )
            shape = (len(photographs), 1 + views, *plain.shape[1:])
            found = np.empty(shape, np.float16)
        inputs = [
            *prepare(photograph, name, 1, draw),
            *_drawn(prepare, photograph, name, views, draw),
        ]
        found[number] = _maps(predictor, inputs, layer, step)
        if progress is not None:
            progress(number + 1, len(photographs))
    assert found is not None
    return found


def _drawn(prepare: Any, photograph: Any, name: str, views: int, draw: Any) -> list[NDArray[Any]]:
    """Return random views; of one alone, two are drawn, as one means the plain photograph."""
    return list(prepare(photograph, name, max(2, views), draw))[:views]


def _maps(
    predictor: PredictorProtocol, inputs: list[NDArray[Any]], layer: str, step: int
) -> NDArray[Any]:
    values = predictor.network.activations(np.stack(inputs), layer).activations
    most = float(np.finfo(np.float16).max)
    return np.minimum(values[:, :, ::step, ::step], most).astype(np.float16)
