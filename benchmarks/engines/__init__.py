"""The engines that are compared, and what each can do. Nothing heavy is imported here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

PHOTOGRAPH = "photograph.png"
WINDOW, BATCH = 32, 16  # pixels; windows at once
SAMPLES, NOISE = 50, 0.15


class Unavailable(Exception):
    """This engine cannot run here; the message is a sentence for the results."""


@dataclass(frozen=True)
class Engine:
    """A loaded network. Photographs and answers are NumPy arrays, channels first, in every engine.

    Attributes
    ----------
    forward : callable
        ``forward(inputs)`` returns the logits (N, classes).
    gradient : callable or None
        ``gradient(inputs, target)`` returns the logits (None if the engine keeps them), and the
        gradient of the logit of class `target` by the inputs.
    explain : callable or None
        ``explain(method, target, stride)`` returns a map (size, size) of the photograph in
        `PHOTOGRAPH`, for class `target`. Methods are "occlusion" (squares of 32 pixels, `stride`
        apart, filled with the mean), "drill-down" (of the same), "first picture" (of the same) and
        "smoothgrad" (50 samples).
    signs : callable or None
        ``signs(inputs)`` returns what decides a gradient's way back: for each convolution with a
        ReLU where its output is positive (N, rows, columns, filters), and as "values" the output of
        the first one, of which the pooling takes the maxima.
    exact : callable or None
        ``exact(inputs, target, signs)`` returns the gradient in float64 on the way that `signs`
        says, and how many signs differ from those that float64 gives, of how many.
    at_once : callable or None
        ``at_once(kind, size)`` lets "forward" or "gradient" compute `size` photographs at once, and
        returns how many it was before.
    """

    forward: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray, int], tuple[np.ndarray | None, np.ndarray]] | None = None
    explain: Callable[[str, int, int], np.ndarray] | None = None
    signs: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None
    exact: Callable[[np.ndarray, int, Any], tuple[np.ndarray, int, int]] | None = None
    at_once: Callable[[str, int], int] | None = None


@dataclass(frozen=True)
class Kind:
    """What is known of an engine before it is loaded.

    Attributes
    ----------
    label : str
        What the results call it.
    module : str
        The file in this folder; its ``load(folder, threads, **options)`` returns an `Engine`.
    packages : tuple of str
        Whose versions the results state.
    ours : bool
        Whether it lives in this project's environment, else in that of the peers.
    """

    label: str
    module: str
    packages: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    ours: bool = False

    def load(self, folder: Path, threads: int) -> Engine:
        """Import the engine and give it the network in `folder`."""
        module = importlib.import_module(f"benchmarks.engines.{self.module}")
        return module.load(folder, threads, **self.options)


_OURS = ("conus-widgets", "theano-pymc", "onednn-cpu-gomp", "numpy")
_BFLOAT16 = {"precision": "bfloat16"}

ENGINES = {
    "ours": Kind("this project", "ours", _OURS, ours=True),
    "ours bfloat16": Kind("this project, bfloat16", "ours", _OURS, _BFLOAT16, ours=True),
    "onnxruntime": Kind("ONNX Runtime", "onnxruntime", ("onnxruntime",)),
    "openvino": Kind("OpenVINO", "openvino", ("openvino",)),
    "openvino bfloat16": Kind("OpenVINO, bfloat16", "openvino", ("openvino",), _BFLOAT16),
    "pytorch": Kind("PyTorch", "pytorch", ("torch",)),
    "torchscript": Kind("TorchScript", "pytorch", ("torch",), {"script": True}),
    "captum": Kind("captum", "captum", ("captum", "torch")),
}
FORWARD = ("ours", "onnxruntime", "openvino", "pytorch", "torchscript")
BACKWARD = ("ours", "pytorch", "captum")
EXPLAIN = ("ours", "captum")
BFLOAT16 = ("ours bfloat16", "openvino bfloat16")
