"""Several photographs: the first half of the network one by one, the second half together.

The first stages have large outputs and few weights: one photograph alone stays in the cache. The
last two have small outputs and many weights, which are then fetched once for several photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.network import inference
from conus_widgets.network.grids import read_grids

STAGE = "res3"  # the last one of the first half


class Halves:
    """A network on oneDNN, in two halves.

    Parameters
    ----------
    architecture : Architecture
    weights : dict
        What `inference.fold` returned.
    early : Look
        What `inference.look_forward` returned.
    precision : {"float32", "bfloat16"}
        Of `early`.

    Notes
    -----
    Not safe to call from two threads at once. Answers are those of a whole run, up to rounding:
    about 3e-7 of the logits' range.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: inference.Weights,
        early: inference.Look,
        precision: str = "float32",
    ) -> None:
        stages = read_grids(architecture).values()
        self._middle = [grid.name for grid in stages if grid.stage == STAGE][-1]
        self._early = early
        self._onwards = inference.look_onwards(
            architecture, weights, self._middle, "onednn", precision=precision
        )
        self._as_words = precision == "bfloat16"

    def first(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Return the layer (N, rows, columns, C) between the halves, of inputs (N, 3, H, W)."""
        (middle,) = self._early(inputs, outputs=[f"read {self._middle}"])
        return np.moveaxis(middle, 1, 3)

    def second(self, middles: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return logits (N, classes) and features (N, F), of what `first` returned, joined."""
        if self._as_words:  # the upper halves of these numbers; the lower ones are 0
            middles = [middle.view(np.uint16)[..., 1::2] for middle in middles]
        logits, features = self._onwards(np.concatenate(middles), outputs=("logits", "features"))
        return logits, features
