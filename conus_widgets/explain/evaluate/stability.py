"""Does a map stay where it is when the photograph gets a little noise?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from conus_widgets.explain.evaluate.randomisation import rank_correlation
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.target import resolve
from conus_widgets.photograph import read_photograph


@dataclass(frozen=True)
class Stability:
    """How a method's maps change under noise.

    Parameters
    ----------
    method : str
    correlation : float
        Mean rank correlation of the noisy photographs' maps with the real one.
    change : float
        Mean of the largest change of a value, relative to the real map's largest magnitude.
    noise : float
        Deviation of the noise, in units of pixels (0 to 255).
    copies : int
        Noisy photographs that were looked at.
    """

    method: str
    correlation: float
    change: float
    noise: float
    copies: int


def stability(
    predictor: Any,
    method: Callable[..., Explanation],
    photograph: Any,
    target: Any = None,
    *,
    noise: float = 3.0,
    copies: int = 5,
    seed: int = 0,
    cancelled: Callable[[], bool] | None = None,
) -> Stability:
    """Compare the maps of slightly noisy copies of a photograph with its own.

    Parameters
    ----------
    predictor : Predictor
    method : callable
        ``method(predictor, photograph, target)`` returns an Explanation.
    photograph : photograph
    target : class, mapping or Target, optional
        By default the top class of the photograph without noise.
    noise : float
        Standard deviation, in units of pixels (0 to 255); 3 is hardly seen.
    copies, seed : int
    cancelled : callable, optional
        Asked before each map.

    Returns
    -------
    Stability

    Raises
    ------
    ValueError
        For a noise below 0, or no copy.
    Cancelled
        Where `cancelled` returned true.

    Notes
    -----
    After D. Alvarez-Melis, T. Jaakkola, "On the Robustness of Interpretability Methods", 2018,
    arXiv:1806.08049. Stable is not true: a map that ignores the network is perfectly stable.
    """
    from conus_widgets.interface import batches

    if noise < 0 or copies < 1:
        raise ValueError(f"noise is {noise} and copies is {copies}: at least 0, and 1, are needed.")
    image = read_photograph(photograph)
    logits = predictor.network.forward(predictor.inputs([image])).logits[0]
    aim = resolve(target, predictor.labels, logits)
    real = method(predictor, image, aim)
    pixels, rng = np.asarray(image, np.float64), np.random.default_rng(seed)
    largest = max(float(np.abs(real.values).max()), float(np.finfo(np.float32).tiny))
    correlations, changes = [], []
    for _ in batches(copies, 1, None, cancelled):
        noisy = np.clip(np.round(pixels + rng.normal(0, noise, pixels.shape)), 0, 255)
        found = method(predictor, Image.fromarray(noisy.astype(np.uint8)), aim)
        correlations.append(rank_correlation(real.values, found.values))
        changes.append(float(np.abs(found.values - real.values).max()) / largest)
    return Stability(
        real.method, float(np.mean(correlations)), float(np.mean(changes)), noise, copies
    )
