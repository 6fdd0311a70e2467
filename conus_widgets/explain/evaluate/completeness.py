"""Does a map add up to what it claims to share out?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conus_widgets.explain.covers import cover_of
from conus_widgets.explain.explanation import Explanation, validated
from conus_widgets.explain.integrated import GIVEN
from conus_widgets.explain.subject import Subject
from conus_widgets.network.interface import PredictorProtocol


@dataclass(frozen=True)
class Completeness:
    """The sum of a map beside what it shares out, in logits.

    Parameters
    ----------
    total : float
        Sum of the map's values.
    claimed : float
        The target's logit minus what the method counts from.
    scale : float
        Range of the network's logits for this photograph.
    """

    total: float
    claimed: float
    scale: float

    @property
    def residual(self) -> float:
        """The difference, relative to the range of the logits."""
        return abs(self.total - self.claimed) / self.scale


def completeness(
    predictor: PredictorProtocol,
    explanation: Explanation,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Completeness:
    """Add up a map, and run the network to see what it should add up to.

    Parameters
    ----------
    predictor : Predictor
        Which `explanation` is of.
    explanation : Explanation
        Of `cam`, which shares out the logit minus the head's bias, or of `integrated_gradients`,
        which shares out the logit minus that of its baseline.
    cancelled : callable, optional
        As `Network.forward`.

    Returns
    -------
    Completeness

    Raises
    ------
    ValueError
        For a method that makes no such claim, or a baseline that the map does not keep.
    """
    subject = Subject(predictor, validated(explanation).image)
    aim = explanation.target
    logits = subject.network.forward(subject.inputs, cancelled=cancelled).logits[0]
    if explanation.method == "cam":
        start = aim.of(subject.network.head[1])
    elif explanation.method == "integrated_gradients":
        given = explanation.options["baseline"]
        if given == GIVEN:
            raise ValueError(
                "The baseline of this map was an array or a picture, which a map does not keep: "
                "its figures say how far the sum is off, as 'residual'."
            )
        baseline = cover_of(subject, given).pixels.astype(np.float32)
        start = aim.of(subject.network.forward(baseline[None], cancelled=cancelled).logits[0])
    else:
        raise ValueError(
            f"{explanation.method} does not claim to add up to anything; cam and "
            "integrated_gradients do."
        )
    return Completeness(
        float(explanation.values.sum(dtype=np.float64)),
        float(aim.of(logits) - start),
        float(np.ptp(logits)),
    )
