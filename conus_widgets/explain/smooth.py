"""SmoothGrad: gradients of noisy copies of the photograph, averaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conus_widgets.arguments import flag, number, one_of, whole
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.gradients import GUIDED, SLOPE, joined
from conus_widgets.explain.subject import Subject, each
from conus_widgets.network.interface import PredictorProtocol, Progress

KINDS = ("mean", "squared", "variance")


@each
def smoothgrad(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    kind: str = "mean",
    samples: int = 50,
    noise: float = 0.15,
    channels: str = "sum",
    guided: bool = False,
    clip: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return the mean gradient over noisy copies of the photograph, or another moment of it.

    Parameters
    ----------
    predictor, image, target
        As in `gradient`.
    kind : {"mean", "squared", "variance"}
        What is taken of the gradients, over the samples and for each pixel and channel.
    samples : int, at least 1
    noise : float, at least 0
        Standard deviation of the noise, relative to the range of the photograph's pixels in each
        channel.
    channels, guided
        As in `gradient`. The channels are joined last.
    clip : bool
        Whether noisy pixels are kept within 0 to 255.
    seed : int
        The same seed gives the same noise.
    progress, cancelled : callable, optional
        Told and asked between batches of samples.

    Returns
    -------
    Explanation
        values (size, size), in logits per grey level; "squared" and "variance" in the square.

    Raises
    ------
    ValueError
        For an unknown class, kind or way to join channels, or numbers outside their bounds.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    D. Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, arXiv:1706.03825;
    squared: S. Hooker et al., 2018, arXiv:1806.10758; variance: J. Adebayo et al., 2018,
    arXiv:1810.03307.
    The noise of a channel follows its own range, as in the scripts of this network's authors: a
    picture of one colour gets none. Costs `samples` runs forward and backward, and one forward.
    """
    kind, join = one_of("kind", kind, KINDS), joined(channels)
    samples, noise = whole("samples", samples, least=1), number("noise", noise, least=0)
    guided, clip, seed = flag("guided", guided), flag("clip", clip), whole("seed", seed)
    subject = Subject(predictor, image)
    aim = subject.aim(target)
    rng = np.random.default_rng(seed)
    deviation = noise * subject.spread
    first = np.zeros_like(subject.inputs[0], np.float64)
    second = np.zeros_like(first)
    for done in range(0, samples, subject.network.gradient_batch):
        count = min(subject.network.gradient_batch, samples - done)
        noisy = rng.standard_normal((count, *first.shape), np.float32) * deviation + subject.inputs
        if clip:
            noisy = np.clip(noisy, -subject.mean, 255 - subject.mean)
        found = subject.network.gradients(
            noisy, aim.weights, guided=guided, cancelled=cancelled
        ).values
        first += found.sum(axis=0, dtype=np.float64)
        if kind != "mean":
            second += np.einsum("n...,n...->...", found, found, dtype=np.float64)
        if progress is not None:
            progress(done + count, samples)
    mean, squares = first / samples, second / samples
    moments = {
        "mean": mean,
        "squared": squares,
        "variance": np.maximum(squares - mean**2, 0),  # rounding could leave it below
    }
    squared = kind != "mean" or channels == "squares"
    return subject.explanation(
        join(moments[kind]),
        aim,
        "smoothgrad",
        unit=f"({SLOPE})²" if squared else SLOPE,
        options={
            "kind": kind,
            "samples": samples,
            "noise": noise,
            "channels": channels,
            "guided": guided,
            "clip": clip,
            "seed": seed,
        },
        remarks=(GUIDED,) if guided else (),
    )
