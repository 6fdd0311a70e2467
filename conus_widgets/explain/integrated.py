"""Integrated gradients: the way from a baseline to the photograph, gradient by gradient."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import number, whole
from conus_widgets.explain.covers import cover_of, is_colour
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import Subject, each
from conus_widgets.explain.target import Target
from conus_widgets.network.interface import PredictorProtocol, Progress

GIVEN = "given"  # stands for a baseline that is too large to be kept


@each
def integrated_gradients(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    baseline: Any = "black",
    steps: int = 32,
    tolerance: float = 0.01,
    most: int = 512,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Share the difference between the photograph's logit and a baseline's out among the pixels.

    Parameters
    ----------
    predictor, image, target
        As in `gradient`.
    baseline : str, (R, G, B), photograph, or float array (3, size, size)
        The start of the way, such as "black" or "mean": see `covers.cover`.
    steps : int, at least 1
        The way is first cut into so many equal steps. They are doubled as long as the residual is
        too large; gradients that are there already are kept.
    tolerance : float
        Largest residual that will do, relative to the range of the logits at both ends of the way.
    most : int
        Where doubling ends.
    progress, cancelled : callable, optional
        Told and asked between batches; the total grows when the steps are doubled.

    Returns
    -------
    Explanation
        values (size, size), in logits. Its figures: "residual", how far their sum is from the
        "difference" of the logits; "relative_residual", to the range of the logits; "steps".

    Raises
    ------
    ValueError
        For an unknown class, a baseline that is none of the above or not finite, or bad numbers.
    PhotographError
        If a photograph given as baseline cannot be used.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    M. Sundararajan, A. Taly, Q. Yan, "Axiomatic Attribution for Deep Networks", 2017,
    arXiv:1703.01365, equation 1, by the trapezium rule. Costs ``steps + 1`` runs forward and
    backward, and one forward for the top class if no target is given.
    """
    most = whole("most", most, least=1)
    steps = whole("steps", steps, least=1, most=most)
    tolerance = number("tolerance", tolerance, least=0)
    subject = Subject(predictor, image)
    start = cover_of(subject, baseline).pixels
    aim = subject.aim(target)
    way = _Way(subject, aim, start, progress, cancelled)
    way.walk(np.linspace(0, 1, steps + 1))
    while way.relative_residual > tolerance and 2 * steps <= most:
        way.walk((np.arange(steps) + 0.5) / steps)
        steps *= 2
    enough = way.relative_residual <= tolerance
    return subject.explanation(
        way.values,
        aim,
        "integrated_gradients",
        logits=way.logits[1],
        options={
            "baseline": _kept(baseline),
            "steps": steps,
            "tolerance": tolerance,
            "most": most,
        },
        remarks=()
        if enough
        else (
            f"With {steps} steps the shares still miss the difference of the logits by "
            f"{way.relative_residual:.1%} of the logits' range.",
        ),
        figures={
            "difference": way.difference,
            "residual": way.residual,
            "relative_residual": way.relative_residual,
            "steps": steps,
        },
    )


def _kept(baseline: Any) -> Any:
    """Return what an explanation keeps of its baseline: a name, a path or a colour, as they are."""
    if isinstance(baseline, os.PathLike):
        return os.fspath(baseline)
    if is_colour(baseline):
        return tuple(float(value) for value in baseline)
    return baseline if isinstance(baseline, str) else GIVEN


class _Way:
    """The straight way from the baseline to the photograph, and the gradients met on it so far.

    Attributes
    ----------
    logits : dict of float to array (classes,)
        At both ends, by place: 0 is the baseline, 1 the photograph.
    """

    def __init__(
        self,
        subject: Subject,
        aim: Target,
        start: NDArray[Any],
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.logits: dict[float, NDArray[Any]] = {}
        self._subject, self._aim, self._start = subject, aim, start
        self._progress, self._cancelled = progress, cancelled
        self._difference = subject.inputs[0].astype(np.float64) - start
        self._sum = np.zeros_like(self._difference)
        self._steps = 0
        self._met = 0

    def walk(self, places: NDArray[Any]) -> None:
        """Add the gradients at these places, 0 to 1: first all, then always those in between."""
        network, met = self._subject.network, self._met + len(places)
        for first in range(0, len(places), network.gradient_batch):
            part = places[first : first + network.gradient_batch]
            weights = np.where((part == 0) | (part == 1), 0.5, 1.0)
            points = self._start + part[:, None, None, None] * self._difference
            found = network.gradients(
                points.astype(np.float32), self._aim.weights, cancelled=self._cancelled
            )
            self._sum += np.tensordot(weights, found.values.astype(np.float64), 1)
            for place, logits in zip(part, found.logits, strict=True):
                if place in (0, 1):
                    self.logits[float(place)] = logits
            self._met += len(part)
            if self._progress is not None:
                self._progress(self._met, met)
        self._steps = self._met - 1

    @property
    def values(self) -> NDArray[Any]:
        """The share of each pixel, float64 (size, size)."""
        values: NDArray[Any] = (self._difference * self._sum).sum(axis=0) / self._steps
        return values

    @property
    def difference(self) -> float:
        """Of the target's logit between the photograph and the baseline."""
        return float(self._aim.of(self.logits[1]) - self._aim.of(self.logits[0]))

    @property
    def residual(self) -> float:
        """How far the shares' sum is from the difference."""
        return float(abs(self.values.sum() - self.difference))

    @property
    def relative_residual(self) -> float:
        """The residual, relative to the range of all logits at both ends."""
        spread = float(np.ptp([self.logits[0], self.logits[1]]))
        return self.residual / spread if spread else 0.0
