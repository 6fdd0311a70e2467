"""This project, as its users load it."""

import inspect
import os

import numpy as np

from benchmarks.engines import BATCH, NOISE, PHOTOGRAPH, SAMPLES, WINDOW, Engine, Unavailable


def load(folder, threads, *, precision="float32"):
    """Load the checkpoint; batch norm is folded, and functions are restored, as for everybody."""
    os.environ["CONUS_THREADS"] = str(threads)  # read when the package is first imported
    from conus_widgets.loading import load_predictor
    from conus_widgets.network.interface import Cancelled

    options = {}
    if precision != "float32":
        if "precision" not in inspect.signature(load_predictor).parameters:
            raise Unavailable(f"This project has no {precision} yet, so it was not measured.")
        options["precision"] = precision
    predictor = load_predictor(folder / "checkpoint", **options)
    network = predictor.network

    def forward(inputs):
        return network.forward(inputs).logits

    def gradient(inputs, target):
        weighting = np.zeros(network.architecture.classes, np.float32)
        weighting[target] = 1
        found = network.gradients(inputs, weighting)
        return found.logits, found.values

    def signs(inputs):
        return signs_of(network.architecture, network._weights, inputs)

    def at_once(kind, size):
        name = "batch" if kind == "forward" else "gradient_batch"
        before = getattr(network, name)
        setattr(network, name, size)
        return before

    def explain(method, target, stride):
        from conus_widgets import explain as methods

        photograph = folder / PHOTOGRAPH
        if method == "smoothgrad":
            options = {"samples": SAMPLES, "noise": NOISE}
            return methods.smoothgrad(predictor, photograph, target, **options).values
        shown = []

        def stop_when_shown(explanation):
            shown.append(explanation)
            raise Cancelled

        options = {"method": "drill-down"} if method == "drill-down" else {}
        if method == "first picture":
            options["preview"] = stop_when_shown
        try:
            found = methods.occlusion(
                predictor, photograph, target,
                window=WINDOW, stride=stride, fill="mean", batch=BATCH, **options,
            )  # fmt: skip
        except Cancelled:
            (found,) = shown
        return found.values

    if precision != "float32":
        return Engine(forward)
    return Engine(forward, gradient, explain, signs, at_once=at_once)


def signs_of(architecture, folded, inputs):
    """Return what `Engine.signs` says: by the kernels that `folded` weights are computed with."""
    from conus_widgets import ops
    from conus_widgets.checkpoint.architecture import connect
    from conus_widgets.machine.runtime import T, function

    found = {}

    def convolve(x, c, relu, residual):
        weights, bias = map(ops.frozen, folded[c.name])
        options = {"stride": c.stride, "pad": c.pad, "relu": relu, "residual": residual}
        y = ops.convolution(x, weights, bias, **options)
        if relu:
            found[c.name] = y
        return y

    def pool(x):
        padded = architecture.pool == "pad1"
        return ops.max_pool(x, pad=int(padded), partial=not padded)

    x = T.ftensor4()
    connect(architecture, x.dimshuffle(0, 2, 3, 1), convolve, pool, ops.subsample)
    outputs = dict(zip(found, function([x], list(found.values()))(inputs), strict=True))
    return {name: y > 0 for name, y in outputs.items()} | {"values": outputs["conv1"]}
