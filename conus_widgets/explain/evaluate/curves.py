"""Deletion and insertion: how the answer follows when pixels go, or come, in the map's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.special import softmax

from conus_widgets.arguments import whole
from conus_widgets.equality import ByValue
from conus_widgets.explain.covers import cover_of
from conus_widgets.explain.explanation import Explanation, validated
from conus_widgets.explain.subject import Subject
from conus_widgets.network.interface import PredictorProtocol

if TYPE_CHECKING:
    from conus_widgets.explain.picture import Picture

KINDS = ("deletion", "insertion")


@dataclass(frozen=True, eq=False)
class Curve(ByValue):
    """How the answer follows.

    Parameters
    ----------
    kind : {"deletion", "insertion"}
    shares : float64 array (steps + 1,)
        Of the pixels that are gone, or there: 0 to 1.
    logits, probabilities : float64 array (steps + 1,)
        The target's logit, and its probability (weighted sums, where several classes are weighed).
    method, words : str
        Of the map, and its target.
    notice : str
        The checkpoint's; stands wherever the curve stands.
    """

    kind: str
    shares: NDArray[Any]
    logits: NDArray[Any]
    probabilities: NDArray[Any]
    method: str
    words: str
    notice: str = ""

    @property
    def area(self) -> float:
        """Area under the probabilities: low is good for a deletion, high for an insertion."""
        return float(np.trapz(self.probabilities, self.shares))

    @property
    def logit_area(self) -> float:
        """Area under the logits, which still tell maps apart where a probability is 0 or 1."""
        return float(np.trapz(self.logits, self.shares))

    def plot(self) -> Picture:
        """Draw both curves, with their areas; returns a Matplotlib figure."""
        from conus_widgets.explain.picture import Picture

        done = "covered" if self.kind == "deletion" else "uncovered"
        picture = Picture(figsize=(8, 3), layout="constrained")
        for axes, values, name, area in zip(
            picture.subplots(1, 2),
            (self.logits, self.probabilities),
            ("logit", "probability"),
            (self.logit_area, self.area),
            strict=True,
        ):
            axes.plot(100 * self.shares, values, color="0.2")
            axes.fill_between(100 * self.shares, values, alpha=0.15, color="0.2", linewidth=0)
            axes.set(xlabel=f"pixels {done}, %", ylabel=name, xlim=(0, 100))
            axes.set_title(f"{self.kind} by {self.method}: area {area:.3f}", fontsize=9.5)
        foot = " · ".join(text for text in (self.words, self.notice) if text)
        picture.supxlabel(foot, fontsize=8.5, color="0.35", parse_math=False)
        return picture

    def __repr__(self) -> str:
        notice = f" ({self.notice})" if self.notice else ""
        return f"<{self.kind} by {self.method} of {self.words}: area {self.area:.3f}{notice}>"


def deletion(
    predictor: PredictorProtocol, explanation: Explanation, *, fill: Any = "mean", **options: Any
) -> Curve:
    """Cover the pixels in the map's order, the highest first; see `insertion` for the options.

    Returns
    -------
    Curve
        A faithful map makes the answer fall early.
    """
    return _curve("deletion", predictor, explanation, fill, **options)


def insertion(
    predictor: PredictorProtocol, explanation: Explanation, *, fill: Any = "blur", **options: Any
) -> Curve:
    """Uncover the pixels in the map's order, the highest first.

    Parameters
    ----------
    predictor : Predictor
        Which `explanation` is of.
    explanation : Explanation
    fill : {"mean", "black", "blur"}, (R, G, B) or photograph
        What stands where a pixel is not: see `covers.cover`.
    steps : int
        How many equal portions the pixels come in (28).
    progress, cancelled : callable, optional
        As `Network.forward`.

    Returns
    -------
    Curve
        A faithful map makes the answer rise early.

    Raises
    ------
    ValueError
        For an unknown fill, or less than one step.

    Notes
    -----
    V. Petsiuk, A. Das, K. Saenko, "RISE", 2018, arXiv:1806.07421, section 4. Costs ``steps + 1``
    runs forward. Pixels of one cell of a coarse map differ by their place between the cells, as it
    is drawn. A photograph with holes is unlike any that the network was trained on: compare curves
    of several maps, under the same fill, and never take one alone for a measure.
    """
    return _curve("insertion", predictor, explanation, fill, **options)


def _curve(
    kind: str,
    predictor: PredictorProtocol,
    explanation: Explanation,
    fill: Any,
    *,
    steps: int = 28,
    progress: Callable[[int, int], Any] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Curve:
    steps = whole("steps", steps, least=1)
    subject = Subject(predictor, validated(explanation).image)
    plain, covered = subject.inputs[0], cover_of(subject, fill).pixels.astype(np.float32)
    before, after = (plain, covered) if kind == "deletion" else (covered, plain)
    order = np.argsort(-on_input(explanation, subject.size).ravel(), kind="stable")
    changed = np.round(np.linspace(0, order.size, steps + 1)).astype(int)
    logits = []
    batch = subject.network.batch
    for start in range(0, steps + 1, batch):
        counts = changed[start : start + batch]
        inputs = np.repeat(before[None], len(counts), axis=0)
        for row, count in zip(inputs, counts, strict=True):
            flat, new = row.reshape(3, -1), after.reshape(3, -1)
            flat[:, order[:count]] = new[:, order[:count]]
        logits.append(subject.network.forward(inputs, cancelled=cancelled).logits)
        if progress is not None:
            progress(min(start + batch, steps + 1), steps + 1)
    found = np.concatenate(logits).astype(np.float64)
    return Curve(
        kind,
        changed / order.size,
        explanation.target.of(found),
        explanation.target.of(softmax(found, axis=-1)),
        explanation.method,
        explanation.target.words,
        explanation.notice,
    )


def on_input(explanation: Explanation, size: int) -> NDArray[Any]:
    """Bring a map to the network's input, float32 (size, size), straight lines between cells."""
    grid = Image.fromarray(np.ascontiguousarray(explanation.values, np.float32))
    if grid.size == (size, size):
        return np.asarray(grid)
    return np.asarray(grid.resize((size, size), Image.Resampling.BILINEAR))
