"""Layers as the page offers them: how fine each is, and where its cells look."""

from __future__ import annotations

from typing import Any

from conus_widgets.network.interface import NetworkProtocol, PredictorProtocol


def message(network: NetworkProtocol) -> list[dict[str, Any]]:
    """Return the layers from the photograph on, as plain data: name, cells along an axis, gaps."""
    return [
        {"name": grid.name, "cells": grid.cells, "gaps": grid.gaps}
        for grid in network.grids.values()
    ]


def shift_of(predictor: PredictorProtocol, layer: str | None) -> float:
    """Return how far from the middle of a cell's square the cell looks; 0 for a map of no layer.

    Returns
    -------
    float
        A part of the photograph, along both axes: negative is up and left.
    """
    if layer is None:
        return 0.0
    grid = predictor.network.grids[layer]
    shift: float = (grid.centre - (grid.step - 1) / 2) / predictor.size
    return shift
