"""Explanations: maps of evidence for an answer, and tests of what they claim.

>>> from conus_widgets import explain, load_predictor
>>> explain.cam(load_predictor(), "shell.jpg").plot()  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from conus_widgets.explain import catalogue
from conus_widgets.explain.area import mask
from conus_widgets.explain.evidence import Evidence, evidence
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.target import Target, resolve

if TYPE_CHECKING:  # what comes from elsewhere when it runs: for editors and mypy
    from conus_widgets.explain import evaluate
    from conus_widgets.explain.cam import cam
    from conus_widgets.explain.gradients import gradient, gradient_times_input, guided_backprop
    from conus_widgets.explain.integrated import integrated_gradients
    from conus_widgets.explain.layers import hires_cam, layer_cam
    from conus_widgets.explain.occlusion import occlusion
    from conus_widgets.explain.picture import compare
    from conus_widgets.explain.random_masks import random_masks
    from conus_widgets.explain.smooth import smoothgrad
    from conus_widgets.explain.storage import load

# Matplotlib takes half a second, which not everybody needs.
_HOMES = {"compare": "picture", "load": "storage"}

__all__ = [
    "Cost",
    "Evidence",
    "Explanation",
    "Target",
    "cam",
    "compare",
    "evaluate",
    "evidence",
    "gradient",
    "gradient_times_input",
    "guided_backprop",
    "hires_cam",
    "integrated_gradients",
    "layer_cam",
    "load",
    "mask",
    "occlusion",
    "random_masks",
    "resolve",
    "smoothgrad",
]

# A method may be called like its module, which Python has put here under that name.
globals().update({name: method.function for name, method in catalogue.METHODS.items()})


def __getattr__(name: str) -> Any:
    if name == "evaluate":
        return importlib.import_module("conus_widgets.explain.evaluate")
    if name in catalogue.METHODS:
        return catalogue.METHODS[name].function
    if name in _HOMES:
        return getattr(importlib.import_module(f"conus_widgets.explain.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'conus_widgets.explain' has no attribute {name!r}")
