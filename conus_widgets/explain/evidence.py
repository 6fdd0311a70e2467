"""The evidence of an area: what the map attributes to it, and what covering it changes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.arguments import whole
from conus_widgets.equality import ByValue
from conus_widgets.explain.area import averaged, coverage
from conus_widgets.explain.cam import shares
from conus_widgets.explain.covers import DEFAULT, cover_of
from conus_widgets.explain.explanation import Cost
from conus_widgets.explain.subject import Subject, each
from conus_widgets.explain.target import resolve
from conus_widgets.network.interface import PredictorProtocol, Progress


@dataclass(frozen=True, eq=False, repr=False)
class Evidence(ByValue):
    """Two numbers for each class, of one area of one photograph.

    Parameters
    ----------
    shares : float64 array (classes,)
        What the class activation map attributes to the area: the exact part of each logit that
        came from its cells, weighed by their area inside. Of the whole photograph: each logit
        minus its bias.
    changes : float64 array (classes,)
        What was checked: each logit minus the logit with the area covered.
    logits, covered : float32 array (classes,)
        The network's answer to the photograph, and to the photograph with the area covered.
    bias : float32 array (classes,)
        The part of each logit that belongs to no place.
    fraction : float
        Of the photograph that the area takes, 0 to 1.
    image : PIL.Image.Image
        The photograph, upright RGB.
    labels : list of str
    fill : str
        What the area was covered with.
    cost : Cost
    notice : str
        The checkpoint's; stands wherever these numbers stand.
    """

    shares: NDArray[Any]
    changes: NDArray[Any]
    logits: NDArray[Any]
    covered: NDArray[Any]
    bias: NDArray[Any]
    fraction: float
    image: Image.Image
    labels: list[str]
    fill: str
    cost: Cost = field(default_factory=Cost)
    notice: str = ""

    @property
    def area(self) -> float:
        """The older name of `fraction`."""
        warnings.warn(
            "Evidence.area is called Evidence.fraction now: an area is a place.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.fraction

    def of(self, target: Any) -> tuple[float, float]:
        """Return share and checked change of a target, as ``{"A": 1, "B": -1}``: see `resolve`."""
        aim = resolve(target, self.labels, self.logits)
        return float(aim.of(self.shares)), float(aim.of(self.changes))

    def table(self, top: int | None = None) -> list[dict[str, Any]]:
        """Return a row for each class, first those that come first in either answer.

        Returns
        -------
        list of dict
            "label", "logit", "share", "change".

        Raises
        ------
        ValueError
            For a `top` that is no whole number above 0.
        """
        top = whole("top", top, least=1, or_none=True)
        order = np.argsort(-np.maximum(self.logits, self.covered), kind="stable")[:top]
        return [
            {
                "label": self.labels[i],
                "logit": float(self.logits[i]),
                "share": float(self.shares[i]),
                "change": float(self.changes[i]),
            }
            for i in order
        ]

    def __str__(self) -> str:
        rows = self.table(5)
        width = max(len("class"), *(len(row["label"]) for row in rows))
        lines = [
            f"An area of {self.fraction:.1%} of the photograph; covered with {self.fill}",
            f"{'class':<{width}}    logit    share  checked",
        ]
        lines += [
            f"{row['label']:<{width}} "
            f"{row['logit']:8.2f} {row['share']:+8.2f} {row['change']:+8.2f}"
            for row in rows
        ]
        rest = len(self.labels) - len(rows)
        if rest:
            lines.append(f"and {rest} more {'class' if rest == 1 else 'classes'}")
        lines.append(
            "share: what the map attributes to the area. checked: logit minus the logit without it."
        )
        if self.notice:
            lines.append(self.notice[0].upper() + self.notice[1:] + ".")
        return "\n".join(lines)

    __repr__ = __str__


@each
def evidence(
    predictor: PredictorProtocol,
    image: Any,
    area: Any = None,
    *,
    fill: Any = DEFAULT,
    offset: tuple[int, int] = (0, 0),
    seed: int = 0,
    region: Any = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evidence:
    """Return what an area is worth to each class: attributed, and found by covering it.

    Parameters
    ----------
    predictor : Predictor
    image : photograph, or list of photographs
    area : rectangle, polygon or mask
        In the photograph's own pixels: see `coverage`. A mask (size, size) is taken in the pixels
        of the network's input, and so is what `mask` returns.
    fill : {"mean", "black", "blur", "noise", "patch"}, (R, G, B) or photograph
        What covers the area: see `covers.cover`.
    offset : (int, int)
        Of "patch": columns and rows, in pixels of the network's input.
    seed : int
        Of "noise".
    region
        The older name of `area`.
    progress, cancelled : callable, optional
        As `Network.forward`.

    Returns
    -------
    Evidence

    Raises
    ------
    ValueError
        If the area is not valid, or lies beside the photograph; for an unknown fill.
    PhotographError
        If a photograph cannot be used.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    The two numbers answer different questions and need not agree: cells of the last layer see far
    beyond their own square, and covering an area also puts an edge into the photograph. A pixel
    of the network's input that lies half inside the area is covered by half. Costs two runs
    forward.
    """
    if region is not None:
        warnings.warn(
            "evidence(region=...) is called evidence(area=...) now: a region is where a species "
            "lives.",
            DeprecationWarning,
            stacklevel=3,
        )
        area = region
    subject = Subject(predictor, image)
    network, size = subject.network, subject.image.size
    part = coverage(area, size, (subject.size, subject.size))
    cover = cover_of(subject, fill, offset=offset, seed=seed)
    plain = network.activations(
        subject.inputs, network.layers[-1], progress=progress, cancelled=cancelled
    )
    covered = network.forward(cover.over(subject.inputs[0], part), cancelled=cancelled).logits[0]
    weights, bias = network.head
    return assembled(
        part=part,
        cells=shares(plain.activations[0], weights),
        logits=plain.logits[0],
        covered=covered,
        bias=bias,
        image=subject.image,
        labels=predictor.labels,
        fill=cover.words,
        cost=network.cost,
        notice=predictor.notice,
    )


def assembled(
    *,
    part: NDArray[Any],
    cells: NDArray[Any],
    logits: NDArray[Any],
    covered: NDArray[Any],
    bias: NDArray[Any],
    image: Image.Image,
    labels: Sequence[str],
    fill: str,
    cost: Cost,
    notice: str,
) -> Evidence:
    """Return the evidence of an area from the network's answers with and without it.

    Parameters
    ----------
    part : bool or float array (size, size)
        How much of each pixel of the network's input was covered.
    cells : array (classes, rows, columns)
        Each cell's share in each logit.
    logits, covered, bias : arrays (classes,)
    image, labels, fill, cost, notice
        See `Evidence`.
    """
    inside = averaged(part, (cells.shape[1], cells.shape[2]))
    return Evidence(
        shares=np.tensordot(cells.astype(np.float64), inside, 2),
        changes=logits.astype(np.float64) - covered,
        logits=logits,
        covered=covered,
        bias=bias,
        fraction=float(part.mean(dtype=np.float64)),
        image=image,
        labels=list(labels),
        fill=fill,
        cost=cost,
        notice=notice,
    )
