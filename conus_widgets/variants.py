"""Copies of one photograph that differ in small places: their first half is mostly the same.

Up to the end of the second stage a cell sees some 50 pixels around it. So what a change of a few
pixels does is computed there from a crop, and pasted into what is known of the whole photograph;
from there on the change spreads, and all is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conus_widgets import inference
from conus_widgets.architecture import Architecture

Place = tuple[slice, slice]

STEP = 4  # pixels from one cell of the second stage's layers to the next
REACH = 3  # cells by which its three blocks spread a change, and what a crop's edge does
BEFORE, AFTER = REACH + 2, REACH + 1  # cells of a crop that its first and last edge spoils


@dataclass(frozen=True)
class Span:
    """Cells along one axis: what is computed (`start` to `end`), and what of it has changed."""

    start: int
    end: int
    first: int
    last: int


def span(low: int, high: int, cells: int, crop: int) -> Span:
    """Return which cells of the second stage a change of the pixels `low` to `high` reaches.

    Parameters
    ----------
    low, high : int
        Pixels from `low` on, before `high`.
    cells : int
        Of the layer along this axis.
    crop : int
        How many cells are computed, at least what `crop_of` says.
    """
    # Output o of the first convolution sees pixels 2 o - 3 to 2 o + 3; cell p of the pooling
    # behind it sees outputs 2 p to 2 p + 2, or 2 p - 1 to 2 p + 1.
    outputs = -((3 - low) // 2), (high + 2) // 2
    first = max(0, -((2 - outputs[0]) // 2) - REACH)
    last = min(cells, (outputs[1] + 1) // 2 + REACH + 1)
    start = min(max(0, first - BEFORE), cells - crop)
    return Span(start, start + crop, first, last)


def crop_of(pixels: int, cells: int) -> int:
    """Return how many cells must be computed around a change of so many pixels."""
    changed = pixels // STEP + 4 + 2 * REACH
    return min(cells, changed + BEFORE + AFTER)


class Variants:
    """The two halves of a network: up to the end of the second stage, and onwards.

    Parameters
    ----------
    architecture : Architecture
    weights : dict
        What `inference.fold` returned.
    early : Look
        What `inference.look_forward` returned.
    engine : {"onednn", "theano"}

    Notes
    -----
    Not safe to call from two threads at once. The weights of the later half are packed once more.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: inference.Weights,
        early: inference.Look,
        engine: str,
    ) -> None:
        self.layer = [name for name in architecture.layers() if name.startswith("res2")][-1]
        self._early, self._cells = early, architecture.size // STEP
        self._last = list(architecture.layers())[-1]
        # The engine's own order of axes saves a copy of each photograph's layer.
        self._axes = (0, 2, 3, 1) if engine == "onednn" else (0, 1, 2, 3)
        self._onwards = inference.look_onwards(architecture, weights, self.layer, engine)
        self._whole = self._base = np.empty(0, np.float32)

    def __call__(
        self, whole: np.ndarray, copies: np.ndarray, places: Sequence[Sequence[Place]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (N, classes) and the last layer (N, C, H, W) of copies of a photograph.

        Parameters
        ----------
        whole : float32 array (1, 3, size, size)
        copies : float32 array (N, 3, size, size)
        places : N lists of (rows, columns)
            Slices; outside them a copy is equal to `whole`.
        """
        if not np.array_equal(whole, self._whole):
            (base,) = self._early(whole, outputs=(self.layer,))
            self._whole, self._base = whole.copy(), np.ascontiguousarray(base.transpose(self._axes))
        crops, targets = self._crops(copies, places)
        layers = np.repeat(self._base, len(copies), axis=0)
        shown = layers if self._axes[1] == 1 else np.moveaxis(layers, 3, 1)
        if crops:
            (found,) = self._early(np.stack(crops), outputs=(self.layer,))
            for part, (number, y, x) in zip(found, targets, strict=True):
                shown[number, :, y.first : y.last, x.first : x.last] = part[
                    :, y.first - y.start : y.last - y.start, x.first - x.start : x.last - x.start
                ]
        logits, last = self._onwards(layers, outputs=("logits", self._last))
        return logits, last

    def _crops(
        self, copies: np.ndarray, places: Sequence[Sequence[Place]]
    ) -> tuple[list[np.ndarray], list[tuple[int, Span, Span]]]:
        """Return pixels to compute, all of one size, and where what comes of them belongs."""
        sides = [s.stop - s.start for each in places for place in each for s in place]
        crop = crop_of(max(sides, default=1), self._cells)
        crops, targets = [], []
        for number, each in enumerate(places):
            for place in each:
                y, x = (span(s.start, s.stop, self._cells, crop) for s in place)
                rows = slice(STEP * y.start, STEP * y.end)
                columns = slice(STEP * x.start, STEP * x.end)
                crops.append(copies[number, :, rows, columns])
                targets.append((number, y, x))
        return crops, targets
