"""Layers as the page offers them: how fine each is, where its cells look, which have gaps."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from conus_widgets.architecture import Architecture, Convolution, connect
from conus_widgets.explain.centres import centres


@dataclass(frozen=True)
class Layer:
    """A layer that can be looked into.

    Parameters
    ----------
    name : str
    cells : int
        Along each axis; 0 where the network does not say.
    shift : float
        How far from the middle of a cell's square the cell looks, as a part of the photograph,
        along both axes: negative is up and left.
    gaps : bool
        Whether the next stage reads every second cell only, so that three of four are always 0.
    """

    name: str
    cells: int = 0
    shift: float = 0.0
    gaps: bool = False

    def message(self) -> dict[str, Any]:
        return {"name": self.name, "cells": self.cells, "gaps": self.gaps}


def layers_of(network: Any) -> list[Layer]:
    """Return the layers of a network, from the photograph on."""
    architecture = getattr(network, "architecture", None)
    if architecture is None:
        return [Layer(name) for name in network.layers]
    return list(_listed(architecture, tuple(network.layers)))


@functools.lru_cache(maxsize=8)  # asked for with every map
def _listed(architecture: Architecture, names: tuple[str, ...]) -> tuple[Layer, ...]:
    def convolved(side: int, c: Convolution, *_: Any) -> int:
        return (side + 2 * c.pad - c.size) // c.stride + 1

    def pooled(side: int) -> int:
        return (side - 1) // 2 + 1 if architecture.pool == "pad1" else side // 2

    sides = connect(architecture, architecture.size, convolved, pooled)
    before = dict(zip([*sides][1:], sides, strict=False))  # the layer in front of each
    skipped = {before[b.name] for b in architecture.blocks() if b.branch[0].stride > 1}
    found = []
    for name in names:
        first, step = centres(architecture, name)
        shift = (first - (step - 1) / 2) / architecture.size
        found.append(Layer(name, sides[name], shift, name in skipped))
    return tuple(found)


def finer(network: Any) -> str:
    """Return the layer to look into where the last one is too coarse: res4e of the published one.

    It is the last layer with more cells than the last of all, and without gaps.
    """
    layers = layers_of(network)
    fine = [one for one in layers if one.cells > layers[-1].cells and not one.gaps]
    return (fine or layers)[-1].name


def shift_of(network: Any, layer: str | None) -> float:
    """Return `Layer.shift` of a layer; 0 for a map of no layer."""
    return next((one.shift for one in layers_of(network) if one.name == layer), 0.0)
