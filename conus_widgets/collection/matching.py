"""Places that two photographs have in common: the network is asked again, for its last layer.

Only pooled features are stored; what each cell holds is computed when somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.masks import SpecimenMask, specimen_mask
from conus_widgets.collection.patches import Match, matched_patches
from conus_widgets.explain.target import class_number
from conus_widgets.network.interface import PredictorProtocol


@dataclass(frozen=True, eq=False)
class Matching:
    """Matched places of two photographs, and the masks that they lie in.

    Parameters
    ----------
    matches : tuple of Match
        The best first.
    masks : tuple of two (bool array or None)
        The specimens, of any size; None if the mask was switched off.
    remarks : tuple of str
        Why a mask that was made from the border's colours should not be believed. Empty if both can
        be.
    """

    matches: tuple[Match, ...]
    masks: tuple[NDArray[Any] | None, NDArray[Any] | None]
    remarks: tuple[str, ...] = ()


def match(
    predictor: PredictorProtocol,
    first: Any,
    second: Any,
    a: int | str,
    b: int | str,
    *,
    masks: Sequence[NDArray[Any] | None] | None = None,
    most: int = 5,
) -> Matching:
    """Match places of two photographs that speak for one class rather than another.

    Parameters
    ----------
    predictor : Predictor
    first, second : photograph
    a, b : class
        By number or name: pairs are ranked by both cells' share of a rather than b.
    masks : two bool arrays or None, optional
        Masks of the specimens, as somebody drew them; None for either switches it off. Without
        this argument both are made from the colours of the border.
    most : int
        How many pairs.

    Returns
    -------
    Matching

    Raises
    ------
    PhotographError
        If a photograph cannot be used.
    ValueError
        For an unknown class.

    Notes
    -----
    Costs two runs of the network. After M. R. Taesiri, G. Nguyen, A. Nguyen, "Visual
    correspondence-based explanations improve AI robustness and human-AI team accuracy", NeurIPS
    2022, arXiv:2208.00780; there without a mask, without which the background matches best.
    """
    numbers = [class_number(name, predictor.labels) for name in (a, b)]
    network = predictor.network
    layer = network.layers[-1]
    opened = [predictor.preparation.open(one) for one in (first, second)]
    held = [predictor.preparation.held(one)[0] for one in opened]
    inside = [network.activations(predictor.inputs([image]), layer) for image in held]
    remarks: tuple[str, ...] = ()
    if masks is None:
        found: list[SpecimenMask] = [specimen_mask(np.asarray(image)) for image in held]
        remarks = tuple(mask.reason for mask in found if mask.reason)
        masks = [mask.mask for mask in found]
    first_mask, second_mask = masks
    weights = network.head[0]
    matches = matched_patches(
        inside[0].activations[0],
        inside[1].activations[0],
        first_mask=first_mask,
        second_mask=second_mask,
        weights=weights[:, numbers[0]] - weights[:, numbers[1]],
        most=most,
    )
    return Matching(tuple(matches), (first_mask, second_mask), remarks)
