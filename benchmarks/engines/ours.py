"""This project, as its users load it."""

import inspect
import os

import numpy as np

from benchmarks.engines import Engine, Unavailable


def load(folder, threads, *, precision="float32"):
    """Load the checkpoint; batch norm is folded, and functions are restored, as for everybody."""
    os.environ["CONUS_THREADS"] = str(threads)  # read when the package is first imported
    from conus_widgets.predictor import load_predictor

    options = {}
    if precision != "float32":
        if "precision" not in inspect.signature(load_predictor).parameters:
            raise Unavailable(f"This project has no {precision} yet, so it was not measured.")
        options["precision"] = precision
    network = load_predictor(folder / "checkpoint", **options).network

    def forward(inputs):
        return network.forward(inputs).logits

    def gradient(inputs, target):
        weighting = np.zeros(network.architecture.classes, np.float32)
        weighting[target] = 1
        found = network.gradients(inputs, weighting)
        return found.logits, found.values

    return Engine(forward, gradient if precision == "float32" else None)
