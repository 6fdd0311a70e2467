"""The pointing game on ground truth: does a map's maximum lie on the marking that decides?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from conus_widgets.arguments import whole
from conus_widgets.explain.evaluate.aligned import in_columns
from conus_widgets.explain.evaluate.methods import by_name
from conus_widgets.explain.evaluate.twins import Twins, draw_twins
from conus_widgets.explain.explanation import Explanation
from conus_widgets.network.interface import Cancelled, PredictorProtocol, Progress

TOLERANCE = 15  # pixels of a picture of 224, as in the paper
CENTRE, CHANCE = "the shell's centre", "a random point on the shell"


@dataclass(frozen=True)
class Score:
    """How well one map, or the mean of many, points.

    Parameters
    ----------
    hit : float
        Whether the maximum lies on the marking or at most `TOLERANCE` pixels beside it.
    exact : float
        Whether it lies on the marking.
    share : float
        Of all positive evidence, what lies on the marking.
    """

    hit: float
    exact: float
    share: float


@dataclass(frozen=True)
class Game:
    """What came of it.

    Parameters
    ----------
    scores : dict of str to Score
        For each method, and the two baselines.
    counted, drawn : int
        Pairs that count, of how many: their marking is small, and the answer hangs on it.
    by_marking : dict of str to dict of str to float
        For each method, the hits by marking.
    notice : str
        The checkpoint's.
    """

    scores: dict[str, Score]
    counted: int
    drawn: int
    by_marking: dict[str, dict[str, float]]
    notice: str = ""

    def __str__(self) -> str:
        markings = list(next(iter(self.by_marking.values()), {}))
        heads = ["method", "hit", "exact", "share", *(m.replace("_", " ") for m in markings)]
        rows = [
            [
                name,
                *(f"{value:.1%}" for value in (score.hit, score.exact, score.share)),
                *(f"{self.by_marking[name][m]:.0%}" for m in markings),
            ]
            for name, score in self.scores.items()
        ]
        lines = [f"{self.counted} of {self.drawn} pairs count."]
        lines += in_columns(heads, rows)
        if self.notice:
            lines.append(self.notice[0].upper() + self.notice[1:] + ".")
        return "\n".join(lines)

    __repr__ = __str__


def point(values: NDArray[Any], twins: Twins) -> Score:
    """Score a map at the resolution of the drawing.

    Parameters
    ----------
    values : array (height, width)
        Signed; of equal maxima the first counts.
    twins : Twins

    Returns
    -------
    Score
        A map without positive evidence hits nothing.

    Notes
    -----
    J. Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2016, arXiv:1608.00507,
    section 4.1, for the game and its tolerance.
    """
    positive = np.clip(np.asarray(values, np.float64), 0, None)
    total = positive.sum()
    if total == 0:
        return Score(0.0, 0.0, 0.0)
    place = np.unravel_index(int(np.argmax(positive)), positive.shape)
    away = ndimage.distance_transform_edt(~twins.mask)[place]
    return Score(
        float(away <= _tolerance(twins)),
        float(away == 0),
        float(positive[twins.mask].sum() / total),
    )


def centre(twins: Twins) -> Score:
    """Score a map that always shows the middle of the shell, whatever the network says."""
    row, column = (int(round(float(v))) for v in ndimage.center_of_mass(twins.shell))
    values = np.zeros(twins.shell.shape)
    values[row, column] = 1
    return point(values, twins)


def chance(twins: Twins) -> Score:
    """Return what a random point on the shell scores in the mean; no lots are drawn."""
    near = ndimage.distance_transform_edt(~twins.mask) <= _tolerance(twins)
    on_shell = float(twins.shell.sum())
    inside = float((twins.mask & twins.shell).sum() / on_shell)
    return Score(float((near & twins.shell).sum() / on_shell), inside, inside)


def _tolerance(twins: Twins) -> float:
    return TOLERANCE * twins.mask.shape[0] / 224


def pointing_game(
    predictor: PredictorProtocol,
    methods: Mapping[str, Callable[..., Explanation]],
    *,
    pairs: int = 200,
    twins: Sequence[Twins] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Game:
    """Let methods explain why the marked kind rather than its twin, and see where they point.

    Parameters
    ----------
    predictor : Predictor
        That knows the drawn kinds.
    methods : mapping of str to callable
        ``method(predictor, image, target)`` returns an Explanation.
    pairs : int
        How many to draw, of seeds that no training saw.
    twins : sequence of Twins, optional
        Instead of those.
    progress, cancelled : callable, optional
        Told and asked between pairs.

    Returns
    -------
    Game
        Scored on the drawing that has the marking. Beside the methods stand two baselines.

    Raises
    ------
    Cancelled
        If `cancelled` returned true.
    ValueError
        If not one pair counts; for methods that have no names, or less than one pair.
    """
    methods, pairs = by_name(methods), whole("pairs", pairs, least=1)
    names = [*methods, CENTRE, CHANCE]
    found: dict[str, list[Score]] = {name: [] for name in names}
    markings = []
    drawn = 0
    total = pairs if twins is None else len(twins)
    for number, two in enumerate(draw_twins(pairs) if twins is None else twins):
        if cancelled is not None and cancelled():
            raise Cancelled("Stopped before the end, as asked.")
        drawn += 1
        if two.small and two.flips(predictor):
            markings.append(two.pair.marking)
            for name, method in methods.items():
                explanation = method(predictor, two.marked, two.question)
                found[name].append(point(explanation.on_photograph(), two))
            found[CENTRE].append(centre(two))
            found[CHANCE].append(chance(two))
        if progress is not None:
            progress(number + 1, total)
    if not markings:
        raise ValueError(
            f"Not one of {drawn} pairs counts: this network's answer does not hang on the markings."
        )
    where = {
        m: [i for i, mine in enumerate(markings) if mine == m] for m in dict.fromkeys(markings)
    }
    return Game(
        {name: _mean(scores) for name, scores in found.items()},
        len(markings),
        drawn,
        {
            name: {m: float(np.mean([scores[i].hit for i in rows])) for m, rows in where.items()}
            for name, scores in found.items()
        },
        predictor.notice,
    )


def _mean(scores: Sequence[Score]) -> Score:
    rows = np.array([(s.hit, s.exact, s.share) for s in scores])
    return Score(*(float(value) for value in rows.mean(axis=0)))
