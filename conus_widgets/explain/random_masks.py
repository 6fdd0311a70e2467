"""Random masks: which pixels were there when the answer was good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import number, whole
from conus_widgets.explain.covering import Covering, moments
from conus_widgets.explain.covers import DEFAULT, plain
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import each
from conus_widgets.network.interface import PredictorProtocol, Progress


@each
def random_masks(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    masks: int = 1000,
    cells: int = 7,
    keep: float = 0.5,
    fill: Any = DEFAULT,
    offset: tuple[int, int] = (0, 0),
    output: str = "logit",
    seed: int = 0,
    batch: int | None = None,
    preview: Callable[[Explanation], Any] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return how the answer to the randomly masked photograph depends on each pixel being kept.

    Parameters
    ----------
    predictor, image, target, fill, offset, output, batch
        As in `occlusion`.
    masks : int, at least 2
    cells : int
        A mask is a grid of so many cells along each side, each kept or covered, drawn soft and
        moved by a random part of a cell.
    keep : float, between 0 and 1
        Chance that a cell is kept.
    seed : int
        The same seed gives the same masks, whatever the batch.
    preview : callable, optional
        ``preview(explanation)`` is called with the map after 16 masks, 32, 64 ... and all.
    progress, cancelled : callable, optional
        Told and asked between batches.

    Returns
    -------
    Explanation
        values (size, size), in logits or probability: the mean answer, each mask weighed by how
        much it kept of the pixel, **minus the mean over all masks**.

    Raises
    ------
    ValueError
        For an unknown class, fill or output, or numbers outside their bounds.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    V. Petsiuk, A. Das, K. Saenko, "RISE", 2018, arXiv:1806.07421. There the mean over all masks is
    left in, so that a pixel that matters nothing gets it too and every map is positive; without it
    0 means "no matter" and the sign counts. Chance leaves a noise that falls with the square root
    of `masks`. Costs `masks` runs forward, and one more.
    """
    masks, seed = whole("masks", masks, least=2), whole("seed", seed)
    keep = number("keep", keep, above=0, below=1)
    cells = whole("cells", cells, least=1, most=predictor.size)
    covering = Covering(
        predictor, image, target,
        fill=fill, offset=offset, seed=seed, output=output, batch=batch, cancelled=cancelled,
    )  # fmt: skip
    size = covering.subject.size
    rng = np.random.default_rng(seed)
    weighed, kept, total = np.zeros((size, size)), np.zeros((size, size)), 0.0
    done, shown = 0, moments(masks)
    next_shown = next(shown)
    while done < masks:
        drawn = [_mask(rng, size, cells, keep) for _ in range(min(covering.batch, masks - done))]
        answers = covering.answers(np.stack(drawn)) - covering.whole  # small numbers add up better
        for mask, answer in zip(drawn, answers, strict=True):
            weighed += answer * mask
            kept += mask
            total += answer
        done += len(drawn)
        if progress is not None:
            progress(done, masks)
        if done >= next_shown:
            explanation = covering.explanation(
                np.divide(weighed, kept, out=np.full_like(kept, total / done), where=kept > 0)
                - total / done,
                "random_masks",
                options={
                    "masks": masks,
                    "cells": cells,
                    "keep": keep,
                    "fill": plain(fill),
                    "output": output,
                    "seed": seed,
                },
                figures={output: covering.whole, "masks": float(done)},
            )
            if preview is not None:
                preview(explanation)
            next_shown = next((moment for moment in shown if moment > done), masks)
    return explanation


def _mask(rng: np.random.Generator, size: int, cells: int, keep: float) -> NDArray[Any]:
    """Return how much of each pixel is kept, (size, size), 0 to 1; `keep` in the mean."""
    step = -(-size // cells)
    bits = rng.random((cells + 2, cells + 2)) < keep
    down, right = (
        _between(size, step, int(shift), cells + 2) for shift in rng.integers(step, size=2)
    )
    mask: NDArray[Any] = down @ bits @ right.T
    return mask


def _between(size: int, step: int, shift: int, nodes: int) -> NDArray[Any]:
    """Return weights (size, nodes) that draw straight lines between nodes, `step` pixels apart."""
    at = (np.arange(size) + shift)[:, None] / step
    weights: NDArray[Any] = np.clip(1 - np.abs(at - np.arange(nodes)), 0, None)
    return weights
