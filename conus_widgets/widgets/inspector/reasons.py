"""Reasons: what speaks for one class rather than another, and where two photographs match.

The network is run for them, in its worker's thread. What it holds of a photograph is kept for the
next question about the same one.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.checkpoint.digest import model_digest
from conus_widgets.collection.masks import SpecimenMask, specimen_mask
from conus_widgets.collection.patches import matched_patches
from conus_widgets.explain.cam import shares
from conus_widgets.network.interface import PredictorProtocol

__all__ = ["Reasons"]

_HELD = 24  # photographs: 400 kB each at full width


@dataclass(frozen=True, eq=False)
class _Inside:
    """What the last layer holds of a photograph, (F, rows, columns), and where its specimen is."""

    activations: NDArray[Any]
    logits: NDArray[Any]
    mask: SpecimenMask


class Reasons:
    """Asks a network about photographs of a collection.

    Parameters
    ----------
    paths : sequence of str
        Of N photographs.
    model : str
        The fingerprint of the network whose answers the collection has.
    """

    def __init__(self, paths: list[str], model: str) -> None:
        self._paths, self._model = paths, model
        self._held: OrderedDict[int, _Inside] = OrderedDict()
        self._remark: str | None = None

    def remark(self, predictor: PredictorProtocol) -> str:
        """Return a sentence if this is not the network whose answers the collection has."""
        if self._remark is None:
            checkpoint = getattr(predictor, "checkpoint", None)
            other = checkpoint is not None and model_digest(checkpoint) != self._model
            self._remark = (
                "The maps come from another network than the answers of this collection: "
                "evaluate the collection with this one, or give the other one."
                if other
                else ""
            )
        return self._remark

    def map(
        self, predictor: PredictorProtocol, photograph: int, target: int, other: int
    ) -> dict[str, Any]:
        """Return what each cell adds to the logit of `target` minus that of `other`.

        Returns
        -------
        dict
            "shape" (rows, columns), "values" (float32 bytes), "sum" (their sum and the biases:
            the difference of the logits), "mask" (PNG bytes, white on the specimen) and
            "mask_problem" (why it is not to be believed).
        """
        inside = self._inside(predictor, photograph)
        weights, bias = predictor.network.head
        difference = weights[:, target].astype(np.float64) - weights[:, other]
        values = shares(inside.activations, difference).astype(np.float32)
        held = io.BytesIO()
        Image.fromarray(inside.mask.mask.astype(np.uint8) * 255).save(held, "PNG")
        return {
            "shape": list(values.shape),
            "values": values.tobytes(),
            "sum": float(inside.logits[target]) - float(inside.logits[other]),
            "mask": held.getvalue(),
            "mask_problem": inside.mask.reason,
        }

    def patches(
        self,
        predictor: PredictorProtocol,
        first: int,
        second: int,
        target: int,
        other: int,
        *,
        masked: bool,
    ) -> dict[str, Any]:
        """Return places of two photographs that look alike to the network and speak for `target`.

        Returns
        -------
        dict
            "pairs": for each its cells ("first", "second": row and column), "similarity" and the
            lesser "share"; "shapes" of the two grids; "problems" of their masks.
        """
        one, two = self._inside(predictor, first), self._inside(predictor, second)
        weights = predictor.network.head[0]
        found = matched_patches(
            one.activations,
            two.activations,
            first_mask=one.mask.mask if masked else None,
            second_mask=two.mask.mask if masked else None,
            weights=weights[:, target] - weights[:, other],
        )
        problems = [inside.mask.reason for inside in (one, two) if masked and inside.mask.reason]
        return {
            "shapes": [list(one.activations.shape[1:]), list(two.activations.shape[1:])],
            "pairs": [
                {
                    "first": list(match.first),
                    "second": list(match.second),
                    "similarity": round(match.similarity, 3),
                    "share": round(min(match.first_share, match.second_share), 3),
                }
                for match in found
            ],
            "problems": problems,
        }

    def _inside(self, predictor: PredictorProtocol, photograph: int) -> _Inside:
        if photograph in self._held:
            self._held.move_to_end(photograph)
            return self._held[photograph]
        preparation, network = predictor.preparation, predictor.network
        image, _ = preparation.held(preparation.open(self._paths[photograph]))
        found = network.activations(predictor.inputs([image]), network.layers[-1])
        made = _Inside(
            found.activations[0], found.logits[0], specimen_mask(np.asarray(image, np.uint8))
        )
        self._held[photograph] = made
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return made
