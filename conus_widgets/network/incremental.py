"""Pictures that differ in small places: the first half of a network is mostly the same for them.

Copies of one photograph, or one picture that is changed again and again.

A change of a few pixels spreads by a cell with each block. So up to the end of the third stage only
a crop around it is computed and pasted into what is known of the whole photograph: first from the
pixels to the end of the second stage, then block by block. From there on all is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.network import inference, reach
from conus_widgets.network.grids import Grid, read_grids
from conus_widgets.network.reach import Change, Place

FIRST, THEN = "res2", "res3"  # one stage at once, and the next block by block
WORTH = 0.9  # crops with more than this share of all cells cost more than they spare
SIDE = 32  # pixels in which a change is measured: each shape of a crop needs kernels of its own


@dataclass(eq=False)
class Known:
    """A picture (1, 3, size, size), its layers as the engine orders their axes, and its logits."""

    picture: NDArray[Any]
    layers: dict[str, NDArray[Any]]
    logits: NDArray[Any] | None = None


def has_parts(architecture: Architecture) -> bool:
    """Return whether crops of a photograph can be computed alone: cells must fill it evenly."""
    start = _start(architecture)
    return start.step * start.cells == architecture.size


def _start(architecture: Architecture) -> Grid:
    """Return the layer up to which crops are computed at once: the last one of `FIRST`."""
    return [grid for grid in read_grids(architecture).values() if grid.stage == FIRST][-1]


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
        table = read_grids(architecture)
        blocks = [name for name, grid in table.items() if grid.stage == THEN]
        self._early, self._last = early, list(table)[-1]
        self._start = _start(architecture)
        self._known = (self._start.name, *blocks)  # layers of the photograph
        #: Each block as a grid over the layer before it.
        self._steps = {b: table[b].over(table[a]) for a, b in pairwise(self._known)}
        # The engine's own order of axes saves a copy of each photograph's layer.
        self._axes = (0, 2, 3, 1) if engine == "onednn" else (0, 1, 2, 3)
        self._blocks = {
            name: inference.look_between(architecture, weights, before, name, engine)
            for before, name in pairwise(self._known)
        }
        self._onwards = inference.look_onwards(architecture, weights, blocks[-1], engine)
        self._photograph: Known | None = None
        self._newest: Known | None = None

    def __call__(
        self, whole: NDArray[Any], copies: NDArray[Any], places: Sequence[Sequence[Place]]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return logits (N, classes) and the last layer (N, C, H, W) of copies of a photograph.

        Parameters
        ----------
        whole : float32 array (1, 3, size, size)
        copies : float32 array (N, 3, size, size)
        places : N lists of (rows, columns)
            Slices; outside them a copy is equal to `whole`.
        """
        if self._photograph is None or not np.array_equal(whole, self._photograph.picture):
            self._photograph = self._look_at(whole)
        layers = self._run(self._photograph, copies, places, in_place=False)
        logits, last = self._onwards(layers, outputs=("logits", self._last))
        return logits, last

    def follow(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Return the logits (1, classes) of a picture (1, 3, size, size) like the one before.

        It costs less if the two differ in a small place only; they may differ in all.
        """
        known, self._newest = self._newest, None  # nothing is known of it if this fails
        place = None if known is None else _difference(known.picture, picture)
        if known is None or place is None:
            known = self._look_at(picture)
        elif place:
            known.logits = None
            self._run(known, picture, [place], in_place=True)
            known.picture = picture.copy()
        if known.logits is None:
            (known.logits,) = self._onwards(known.layers[self._known[-1]], outputs=("logits",))
        self._newest = known
        return known.logits.copy()

    def _look_at(self, picture: NDArray[Any]) -> Known:
        found = self._early(picture, outputs=[f"read {name}" for name in self._known])
        layers = {
            name: np.ascontiguousarray(layer.transpose(self._axes))
            for name, layer in zip(self._known, found, strict=True)
        }
        return Known(picture.copy(), layers)

    def _shown(self, layers: NDArray[Any]) -> NDArray[Any]:
        """Return a view with the channels first."""
        return layers if self._axes[1] == 1 else np.moveaxis(layers, 3, 1)

    def _run(
        self,
        known: Known,
        copies: NDArray[Any],
        places: Sequence[Sequence[Place]],
        *,
        in_place: bool,
    ) -> NDArray[Any]:
        """Return the third stage's last layer of all copies.

        `in_place`, of a single one, writes it and those before over what was known.
        """

        def start(name: str) -> NDArray[Any]:
            layer = known.layers[name]
            return layer if in_place else np.repeat(layer, len(copies), axis=0)

        name = self._known[0]
        layers = start(name)
        changes = reach.of_places(places, self._start)
        if changes:
            crops = np.stack([reach.cut(copies, change, self._start.step) for change in changes])
            (found,) = self._early(crops, outputs=(f"read {name}",))
            reach.paste(found, changes, self._shown(layers))
        for name, grid in self._steps.items():
            given, block = self._shown(layers), self._blocks[name]
            changes = reach.onwards(changes, grid)
            whole = given.shape[2] == grid.step * grid.cells
            if _is_cheaper(changes, len(copies), grid.cells) and whole:
                made = start(name)
                if changes:
                    crops = np.stack([reach.cut(given, change, grid.step) for change in changes])
                    crops = np.ascontiguousarray(crops.transpose(self._axes))
                    (found,) = block(crops, outputs=(name,))
                    reach.paste(self._shown(found), changes, self._shown(made))
            else:  # where cells are left over, the last crop would be smaller than the others
                (made,) = block(layers, outputs=(name,))
            if in_place:
                known.layers[name] = made
            layers = made
        return layers


def _is_cheaper(changes: Sequence[Change], copies: int, cells: int) -> bool:
    """Whether crops cost less than all cells of all copies."""
    crops = sum((c.rows.end - c.rows.start) * (c.columns.end - c.columns.start) for c in changes)
    return crops <= WORTH * copies * cells**2


def _difference(old: NDArray[Any], new: NDArray[Any]) -> list[Place] | None:
    """Return where two pictures differ: in one place, nowhere (empty), or in most of it (None).

    The place is taken a little larger than need be: its sides are multiples of `SIDE`.
    """
    differs = (old != new).any(axis=(0, 1))
    sides = []
    for axis in (1, 0):
        (where,) = differs.any(axis=axis).nonzero()
        if not len(where):
            return []
        first, size = int(where[0]), len(differs)
        side = min(size, reach.rounded(int(where[-1]) + 1 - first, SIDE))
        first = min(first, size - side)
        sides.append(slice(first, first + side))
    rows, columns = sides
    longest = max(rows.stop - rows.start, columns.stop - columns.start)
    return None if longest > len(differs) / 2 else [(rows, columns)]
