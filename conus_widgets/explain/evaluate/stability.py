"""Does a map stay where it is when the photograph gets a little noise?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from conus_widgets.arguments import number, whole
from conus_widgets.explain.evaluate.randomisation import rank_correlation
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.target import resolve
from conus_widgets.network.interface import PredictorProtocol, batches
from conus_widgets.photographs.photograph import read_photograph

ROWS = 64  # of the photograph that get their noise at once: as floats they take 24 bytes a pixel


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
    predictor: PredictorProtocol,
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
        If `cancelled` returned true.

    Notes
    -----
    After D. Alvarez-Melis, T. Jaakkola, "On the Robustness of Interpretability Methods", 2018,
    arXiv:1806.08049. Stable is not true: a map that ignores the network is perfectly stable.
    """
    noise, copies = number("noise", noise, least=0), whole("copies", copies, least=1)
    seed = whole("seed", seed)
    image = read_photograph(photograph)
    logits = predictor.network.forward(predictor.inputs([image])).logits[0]
    aim = resolve(target, predictor.labels, logits)
    real = method(predictor, image, aim)
    rng = np.random.default_rng(seed)
    largest = max(float(np.abs(real.values).max()), float(np.finfo(np.float32).tiny))
    correlations, changes = [], []
    for _ in batches(copies, 1, None, cancelled):
        found = method(predictor, _noisy(image, noise, rng), aim)
        correlations.append(rank_correlation(real.values, found.values))
        changes.append(float(np.abs(found.values - real.values).max()) / largest)
    return Stability(
        real.method, float(np.mean(correlations)), float(np.mean(changes)), noise, copies
    )


def _noisy(image: Image.Image, noise: float, rng: np.random.Generator) -> Image.Image:
    """Return a photograph with noise on each channel; a strip at a time, as it may be large."""
    pixels = np.array(image)
    for start in range(0, len(pixels), ROWS):
        strip = pixels[start : start + ROWS]
        strip[...] = np.clip(np.round(strip + rng.normal(0, noise, strip.shape)), 0, 255)
    return Image.fromarray(pixels)
