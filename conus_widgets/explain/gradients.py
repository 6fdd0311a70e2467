"""Gradients by the pixels: how the logit answers to a small change of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import flag, one_of
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import Subject, each
from conus_widgets.explain.target import Target
from conus_widgets.network.interface import Gradients, PredictorProtocol, Progress

#: How the three channels of a gradient (..., 3, H, W) become one map (..., H, W).
CHANNELS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "sum": lambda g: g.sum(axis=-3),
    "magnitude": lambda g: np.abs(g).sum(axis=-3),
    "squares": lambda g: (g * g).sum(axis=-3),
    "largest": lambda g: np.abs(g).max(axis=-3),
}

SLOPE = "logit per grey level"
GUIDED = (
    "For teaching only: guided backpropagation fails the randomisation test. Its map hardly "
    "changes when the network's weights are replaced by random ones, so it cannot say why the "
    "network answers as it does."
)


@each
def gradient(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    channels: str = "sum",
    guided: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return the gradient of the target's logit by the pixels.

    Parameters
    ----------
    predictor : Predictor
    image : photograph, or list of photographs
    target : class, mapping or Target, optional
        See `resolve`; by default the top class, which costs a run forward.
    channels : {"sum", "magnitude", "squares", "largest"}
        How the gradients by R, G and B become one number a pixel. "sum": their sum, signed, the
        answer to a change of brightness. "magnitude" and "squares": the sums of their absolute
        values and of their squares. "largest": the largest absolute value.
    guided : bool
        Stop negative gradients at each ReLU on the way: see `guided_backprop`.
    progress, cancelled : callable, optional
        As `Network.gradients`.

    Returns
    -------
    Explanation
        values (size, size), in logits per grey level (of 255); "squares" in the square of that.

    Raises
    ------
    ValueError
        For an unknown class or way to join channels, or a `guided` that is neither true nor false.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks", 2013,
    arXiv:1312.6034; there with "largest". Costs one run forward and backward.
    """
    join, guided = joined(channels), flag("guided", guided)
    subject, aim, found = _look(predictor, image, target, guided, progress, cancelled)
    return subject.explanation(
        join(found.values[0].astype(np.float64)),
        aim,
        "gradient",
        logits=found.logits[0],
        unit=f"({SLOPE})²" if channels == "squares" else SLOPE,
        options={"channels": channels, "guided": guided},
        remarks=(GUIDED,) if guided else (),
    )


@each
def guided_backprop(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    channels: str = "sum",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return the gradient with its negative parts stopped at each ReLU. For teaching only.

    Parameters, units, errors and cost are those of `gradient`.

    Notes
    -----
    J. T. Springenberg et al., "Striving for Simplicity", 2014, arXiv:1412.6806. The picture looks
    convincing because it nearly restores the photograph's edges: W. Nie, Y. Zhang, A. Patel, 2018,
    arXiv:1805.07039. That it fails the randomisation test: J. Adebayo et al., "Sanity Checks for
    Saliency Maps", 2018, arXiv:1810.03292.
    """
    join = joined(channels)
    subject, aim, found = _look(predictor, image, target, True, progress, cancelled)
    return subject.explanation(
        join(found.values[0].astype(np.float64)),
        aim,
        "guided_backprop",
        logits=found.logits[0],
        unit="no unit",  # with parts of it left out, it is the slope of nothing
        options={"channels": channels},
        remarks=(GUIDED,),
    )


@each
def gradient_times_input(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return gradient times input, summed over the channels.

    Parameters and errors are those of `gradient`.

    Returns
    -------
    Explanation
        values (size, size) in logits: what each pixel's difference from the mean colour would add
        to the logit if the network were linear.

    Notes
    -----
    A. Shrikumar et al., "Not Just a Black Box", 2016, arXiv:1605.01713. The input is the network's,
    whose zero is the mean colour of the training photographs, not black. On a linear network it is
    integrated gradients with baseline "mean".
    """
    subject, aim, found = _look(predictor, image, target, False, progress, cancelled)
    values = (found.values[0].astype(np.float64) * subject.inputs[0]).sum(axis=0)
    return subject.explanation(values, aim, "gradient_times_input", logits=found.logits[0])


def joined(channels: str) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return the function of `CHANNELS` with this name, or raise a ValueError with the names."""
    return CHANNELS[one_of("channels", channels, CHANNELS)]


def _look(
    predictor: PredictorProtocol,
    image: Any,
    target: Any,
    guided: bool,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[Subject, Target, Gradients]:
    subject = Subject(predictor, image)
    aim = subject.aim(target)
    found = subject.network.gradients(
        subject.inputs, aim.weights, guided=guided, progress=progress, cancelled=cancelled
    )
    return subject, aim, found
