"""All checks but the pointing game, for several methods, as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from conus_widgets import shells
from conus_widgets.arguments import whole
from conus_widgets.explain.evaluate.aligned import in_columns
from conus_widgets.explain.evaluate.completeness import completeness
from conus_widgets.explain.evaluate.curves import deletion, insertion
from conus_widgets.explain.evaluate.methods import by_name
from conus_widgets.explain.evaluate.randomisation import randomisation
from conus_widgets.explain.evaluate.stability import stability
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.network.interface import PredictorProtocol, Progress, batches

FIRST_SEED = 975_000_000  # of drawings that nothing else uses, and no training saw
#: Players that know nothing of the network, and the side of the grid whose order is drawn by lot:
#: scattered holes spoil a photograph more than large ones, so a map is to be held against its like.
LOTS = {"random pixels": None, "random 7 x 7 cells": 7}


@dataclass(frozen=True)
class Row:
    """What the checks say of one method, in the mean over drawings.

    Parameters
    ----------
    deletion, insertion : float
        Areas under the probabilities: low, and high, are good.
    resemblance : float
        While parameters are shuffled, and `passes` whether that is little enough.
    passes : bool
    correlation, change : float
        Under noise: see `Stability`.
    residual : float or None
        See `Completeness`; None for methods that do not claim to add up.
    cost : Cost
        Of one map.
    """

    deletion: float
    insertion: float
    resemblance: float = 0.0
    passes: bool = True
    correlation: float = 0.0
    change: float = 0.0
    residual: float | None = None
    cost: Cost = Cost()


@dataclass(frozen=True)
class Checks:
    """The rows, by method; the last two are players that know nothing of the network.

    Parameters
    ----------
    rows : dict of str to Row
    drawings : int
    notice : str
        The checkpoint's.
    """

    rows: dict[str, Row]
    drawings: int
    notice: str = ""

    def __str__(self) -> str:
        heads = ["method", "resembles shuffled", "verdict", "deletion", "insertion"]
        heads += ["under noise", "change", "residual", "forward, backward", "seconds"]
        cells: list[Sequence[str]] = []
        for name, row in self.rows.items():
            areas = (f"{row.deletion:.3f}", f"{row.insertion:.3f}")
            if name in LOTS:
                cells.append((name, "", "", *areas, "", "", "", "", ""))
                continue
            cells.append(
                (
                    name,
                    f"{row.resemblance:.2f}",
                    "passes" if row.passes else "FAILS",
                    *areas,
                    f"{row.correlation:.2f}",
                    f"{row.change:.0%}",
                    "" if row.residual is None else f"{row.residual:.1g}",
                    f"{row.cost.forward}, {row.cost.backward}",
                    f"{row.cost.seconds:.2g}",
                )
            )
        lines = [f"Means over {self.drawings} drawings."]
        lines += in_columns(heads, cells)
        if self.notice:
            lines.append(self.notice[0].upper() + self.notice[1:] + ".")
        return "\n".join(lines)

    __repr__ = __str__


def checks(
    predictor: PredictorProtocol,
    methods: Mapping[str, Callable[..., Explanation]],
    *,
    drawings: int = 16,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Checks:
    """Draw shells, explain their top classes, and put each method to all checks.

    Parameters
    ----------
    predictor : Predictor
    methods : mapping of str to callable
        ``method(predictor, image, target)`` returns an Explanation.
    drawings : int
        Of all kinds in turn; up to four of them for shuffling and noise, which take many maps each.
    progress, cancelled : callable, optional
        Told and asked between drawings and methods.

    Returns
    -------
    Checks

    Raises
    ------
    ValueError
        For no drawing.
    Cancelled
        If `cancelled` returned true.
    """
    drawings, methods = whole("drawings", drawings, least=1), by_name(methods)
    kinds = list(shells.KINDS)
    drawn = [shells.draw(kinds[n % len(kinds)], FIRST_SEED + n) for n in range(drawings)]
    few = drawn[:: max(1, drawings // 4)][:4]
    rng = np.random.default_rng(0)
    rows: dict[str, Row] = {}
    lots: dict[str, list[tuple[float, float]]] = {name: [] for name in LOTS}
    names = list(methods)
    for part in batches(len(names), 1, progress, cancelled):
        method = methods[names[part.start]]
        areas, residuals = [], []
        for drawing in drawn:
            found = method(predictor, drawing.image, None)
            areas.append(_areas(predictor, found, cancelled))
            try:
                residuals.append(completeness(predictor, found, cancelled=cancelled).residual)
            except ValueError:  # it claims nothing
                pass
            for name, side in LOTS.items():
                if len(lots[name]) < drawings:
                    order = rng.random((side or predictor.size, side or predictor.size))
                    chance = replace(found, values=order.astype(np.float32))
                    lots[name].append(_areas(predictor, chance, cancelled))
        shuffled = randomisation(
            predictor,
            method,
            [drawing.image for drawing in few],
            where=[drawing.masks["shell"] for drawing in few],
            cancelled=cancelled,
        )
        noisy = [
            stability(predictor, method, drawing.image, copies=3, cancelled=cancelled)
            for drawing in few
        ]
        rows[names[part.start]] = Row(
            *_mean(areas),
            resemblance=shuffled.resemblance,
            passes=shuffled.passes,
            correlation=float(np.mean([one.correlation for one in noisy])),
            change=float(np.mean([one.change for one in noisy])),
            residual=max(residuals) if residuals else None,
            cost=found.cost,
        )
    rows |= {name: Row(*_mean(areas)) for name, areas in lots.items() if areas}
    return Checks(rows, drawings, predictor.notice)


def _areas(
    predictor: PredictorProtocol, found: Explanation, cancelled: Callable[[], bool] | None
) -> tuple[float, float]:
    return (
        deletion(predictor, found, cancelled=cancelled).area,
        insertion(predictor, found, cancelled=cancelled).area,
    )


def _mean(areas: Sequence[tuple[float, float]]) -> tuple[float, float]:
    low, high = np.mean(areas, axis=0)
    return float(low), float(high)
