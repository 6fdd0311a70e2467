"""A region's evidence: what the map attributes to it, beside what happens when it is covered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from conus_widgets.equality import ByValue
from conus_widgets.explain.baseline import baseline_of, named
from conus_widgets.explain.cam import shares
from conus_widgets.explain.explanation import Cost
from conus_widgets.explain.region import coverage
from conus_widgets.explain.subject import Subject, each
from conus_widgets.explain.target import resolve

if TYPE_CHECKING:
    from conus_widgets.network import Progress


@dataclass(frozen=True, eq=False, repr=False)
class Evidence(ByValue):
    """Two numbers for each class, of one region of one photograph.

    Parameters
    ----------
    shares : float64 array (classes,)
        What the class activation map attributes to the region: the exact part of each logit that
        came from its cells, weighed by their area inside. Of the whole photograph: each logit
        minus its bias.
    changes : float64 array (classes,)
        What was checked: each logit minus the logit with the region covered.
    logits, covered : float32 array (classes,)
        The network's answer to the photograph, and to the photograph with the region covered.
    bias : float32 array (classes,)
        The part of each logit that belongs to no region.
    area : float
        Of the region, relative to the photograph.
    image : PIL.Image.Image
        The photograph, upright RGB.
    labels : list of str
    fill : str
        What the region was covered with.
    cost : Cost
    notice : str
        The checkpoint's; stands wherever these numbers stand.
    """

    shares: np.ndarray
    changes: np.ndarray
    logits: np.ndarray
    covered: np.ndarray
    bias: np.ndarray
    area: float
    image: Image.Image
    labels: list[str]
    fill: str
    cost: Cost = field(default_factory=Cost)
    notice: str = ""

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
        """
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
            f"A region of {self.area:.1%} of the photograph; covered with {self.fill}",
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
            "share: what the map attributes to the region. checked: logit minus the logit without "
            "it."
        )
        if self.notice:
            lines.append(self.notice[0].upper() + self.notice[1:] + ".")
        return "\n".join(lines)

    __repr__ = __str__


@each
def evidence(
    predictor: Any,
    image: Any,
    region: Any,
    *,
    fill: Any = "mean",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evidence:
    """Return what a region is worth to each class: attributed, and checked.

    Parameters
    ----------
    predictor : Predictor
    image : photograph, or list of photographs
    region : rectangle, polygon or mask
        In the photograph's own pixels: see `coverage`.
    fill : {"mean", "black", "blur"}, (R, G, B) or photograph
        What covers the region: see `baseline_of`.
    progress, cancelled : callable, optional
        As `Network.forward`.

    Returns
    -------
    Evidence

    Raises
    ------
    ValueError
        For a region that is none, or lies beside the photograph; for an unknown fill.
    PhotographError
        Where a photograph cannot be used.
    Cancelled
        Where `cancelled` returned true.

    Notes
    -----
    The two numbers answer different questions and need not agree: cells of the last layer see far
    beyond their own square, and covering a region also puts an edge into the photograph. A pixel
    of the network's input that lies half inside the region is covered by half. Costs two runs
    forward.
    """
    subject = Subject(predictor, image)
    network, size = subject.network, subject.image.size
    inside = coverage(region, size, (subject.size, subject.size)).astype(np.float32)
    cover = baseline_of(subject, fill).astype(np.float32)
    plain = network.activations(
        subject.inputs, network.layers[-1], progress=progress, cancelled=cancelled
    )
    # Where nothing is covered the input stays what it was, to the bit.
    inputs = np.where(inside > 0, (1 - inside) * subject.inputs + inside * cover, subject.inputs)
    covered = network.forward(inputs, cancelled=cancelled).logits[0]
    weights, bias = network.head
    cells = shares(plain.activations[0], weights)
    parts = coverage(region, size, (cells.shape[1], cells.shape[2]))
    logits = plain.logits[0]
    return Evidence(
        shares=(cells * parts).sum(axis=(1, 2)),
        changes=logits.astype(np.float64) - covered,
        logits=logits,
        covered=covered,
        bias=bias,
        area=float(inside.mean(dtype=np.float64)),
        image=subject.image,
        labels=list(predictor.labels),
        fill=named(fill),
        cost=network.cost,
        notice=predictor.notice,
    )
