"""Copies of one photograph that differ in small places: their first half is mostly the same.

A change of a few pixels spreads by a cell with each block. So up to the end of the third stage only
a crop around it is computed and pasted into what is known of the whole photograph: first from the
pixels to the end of the second stage, then block by block. From there on all is computed.
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
BLOCKS = ("res3a", "res3b", "res3c", "res3d")  # behind it, one by one
WORTH = 0.9  # crops with more than this share of all cells cost more than they spare


@dataclass(frozen=True)
class Span:
    """Cells along one axis: what is computed (`start` to `end`), and what of it has changed."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Change:
    """Where copy `number` differs from the photograph."""

    number: int
    rows: Span
    columns: Span


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
    return min(cells, _rounded(changed + BEFORE + AFTER, 4))


def _rounded(cells: int, to: int) -> int:
    """Return the next multiple: kernels are made for each shape, and the windows at a photograph's
    edges would ask for shapes of their own."""
    return -(-cells // to) * to


def reached(changed: Span, stride: int, cells: int) -> tuple[int, int]:
    """Return which cells of a block's output a change of its input reaches: from, and before.

    Parameters
    ----------
    changed : Span
        Of the input; only `first` and `last` are looked at.
    stride : int
    cells : int
        Of the output along this axis.
    """
    first, last = -(-changed.first // stride) - 1, -(-changed.last // stride) + 1
    return max(0, first), min(cells, last)


def around(first: int, last: int, cells: int, crop: int) -> Span:
    """Return where to compute `crop` of so many cells, so that those from `first` on, before
    `last`, do not lie at an edge of the crop; the edges of the layer itself are no matter."""
    start = min(max(0, first - 1), cells - crop)
    return Span(start, start + crop, first, last)


class Variants:
    """A network in parts: to the end of the second stage, the blocks of the third, and onwards.

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
    Not safe to call from two threads at once. Where the engine packs weights for another number of
    cells in another order, those of the third stage are packed once more.
    The idea: S. Nakandala, A. Kumar, Y. Papakonstantinou, "Incremental and Approximate Inference
    for Faster Occlusion-based Deep CNN Explanations", SIGMOD 2019.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: inference.Weights,
        early: inference.Look,
        engine: str,
    ) -> None:
        layers = list(architecture.layers())
        self._early, self._last = early, layers[-1]
        self._known = (layers[layers.index(BLOCKS[0]) - 1], *BLOCKS)  # layers of the photograph
        self._strides = {
            block.name: block.branch[0].stride * block.branch[1].stride
            for block in architecture.blocks()
        }
        # The engine's own order of axes saves a copy of each photograph's layer.
        self._axes = (0, 2, 3, 1) if engine == "onednn" else (0, 1, 2, 3)
        self._blocks = {
            name: inference.look_between(architecture, weights, before, name, engine)
            for before, name in zip(self._known, BLOCKS, strict=False)
        }
        self._onwards = inference.look_onwards(architecture, weights, BLOCKS[-1], engine)
        self._whole = np.empty(0, np.float32)
        self._base: dict[str, np.ndarray] = {}

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
            known = self._early(whole, outputs=self._known)
            self._base = {
                name: np.ascontiguousarray(layer.transpose(self._axes))
                for name, layer in zip(self._known, known, strict=True)
            }
            self._whole = whole.copy()
        layers, changes = self._from_pixels(copies, places)
        for name in BLOCKS:
            layers, changes = self._through(name, layers, changes)
        logits, last = self._onwards(layers, outputs=("logits", self._last))
        return logits, last

    def _shown(self, layers: np.ndarray) -> np.ndarray:
        """Return a view with the channels first."""
        return layers if self._axes[1] == 1 else np.moveaxis(layers, 3, 1)

    def _from_pixels(
        self, copies: np.ndarray, places: Sequence[Sequence[Place]]
    ) -> tuple[np.ndarray, list[Change]]:
        """Return the second stage's last layer of all copies, and where it differs."""
        name = self._known[0]
        layers = np.repeat(self._base[name], len(copies), axis=0)
        cells = self._shown(layers).shape[2]
        sides = [s.stop - s.start for each in places for place in each for s in place]
        crop = crop_of(max(sides, default=1), cells)
        changes = [
            Change(number, *(span(s.start, s.stop, cells, crop) for s in place))
            for number, each in enumerate(places)
            for place in each
        ]
        if changes:
            crops = np.stack([_crop(copies, change, STEP) for change in changes])
            (found,) = self._early(crops, outputs=(name,))
            _paste(found, changes, self._shown(layers))
        return layers, changes

    def _through(
        self, name: str, layers: np.ndarray, changes: list[Change]
    ) -> tuple[np.ndarray, list[Change]]:
        """Return a block's output for all copies, and where it differs."""
        stride, block = self._strides[name], self._blocks[name]
        known, given = self._base[name], self._shown(layers)
        cells = self._shown(known).shape[2]
        changed = [
            (
                change.number,
                reached(change.rows, stride, cells),
                reached(change.columns, stride, cells),
            )
            for change in changes
        ]
        sides = [last - first for _, *axes in changed for first, last in axes]
        crop = min(cells, _rounded(max(sides, default=0) + 2, 2))
        changes = [
            Change(number, *(around(*axis, cells, crop) for axis in axes))
            for number, *axes in changed
        ]
        odd = given.shape[2] != stride * cells  # the last crop would be smaller than the others
        if odd or len(changes) * crop**2 > WORTH * len(layers) * cells**2:
            (all_cells,) = block(layers, outputs=(name,))
            return all_cells, changes
        made = np.repeat(known, len(layers), axis=0)
        if changes:
            crops = np.stack([_crop(given, change, stride) for change in changes])
            (found,) = block(np.ascontiguousarray(crops.transpose(self._axes)), outputs=(name,))
            _paste(self._shown(found), changes, self._shown(made))
        return made, changes


def _crop(images: np.ndarray, change: Change, step: int) -> np.ndarray:
    """Return the part (C, rows, columns) of one of the images (N, C, rows, columns) that what is to
    be computed, in cells of `step`, reads."""
    y, x = change.rows, change.columns
    return images[change.number, :, step * y.start : step * y.end, step * x.start : step * x.end]


def _paste(crops: np.ndarray, changes: Sequence[Change], layers: np.ndarray) -> None:
    """Put what has changed of crops (K, C, rows, columns) into layers (N, C, rows, columns)."""
    for crop, change in zip(crops, changes, strict=True):
        y, x = change.rows, change.columns
        layers[change.number, :, y.first : y.last, x.first : x.last] = crop[
            :, y.first - y.start : y.last - y.start, x.first - x.start : x.last - x.start
        ]
