"""The network as it predicts: batch norm folded into the convolutions, one compiled function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conus_widgets import ops
from conus_widgets.architecture import Architecture, Convolution, connect
from conus_widgets.engine import chosen_engine
from conus_widgets.resnet import rectify
from conus_widgets.runtime import T, function, theano

Weights = dict[str, tuple[np.ndarray, np.ndarray]]


def fold(architecture: Architecture, arrays: Sequence[np.ndarray]) -> Weights:
    """Fold each batch norm into the convolution before it.

    Parameters
    ----------
    architecture : Architecture
    arrays : sequence of float32 arrays
        In the order of `Architecture.parameters`.

    Returns
    -------
    dict of str to (weights, bias)
        For each convolution, and "logits" for the dense layer.

    Notes
    -----
    ``(conv(x, W) + b - mean) * gamma * inv_std + beta = conv(x, W * s) + (b - mean) * s + beta``
    with ``s = gamma * inv_std``, computed in double precision.
    """
    given = {
        name: np.asarray(array, np.float64)
        for (name, _), array in zip(architecture.parameters(), arrays, strict=True)
    }
    folded = {}
    for c in architecture.convolutions():
        beta, gamma, mean, inv_std = (
            given[f"{c.name}_bn.{name}"] for name in ("beta", "gamma", "mean", "inv_std")
        )
        scale = gamma * inv_std
        weights = given[f"{c.name}.W"] * scale[:, None, None, None]
        bias = (given.get(f"{c.name}.b", 0.0) - mean) * scale + beta
        folded[c.name] = (weights.astype("float32"), bias.astype("float32"))
    dense = given["logits.W"], given["logits.b"]
    folded["logits"] = (dense[0].astype("float32"), dense[1].astype("float32"))
    return folded


def graph(architecture: Architecture, weights: Weights, x: Any, engine: str) -> dict[str, Any]:
    """Return the folded network's variables.

    Parameters
    ----------
    architecture : Architecture
    weights : dict
        What `fold` returned.
    x : float32 variable (N, 3, size, size)
    engine : {"onednn", "theano"}

    Returns
    -------
    dict of str to variable
        "conv1", "pool1", "res2a" ... "res5c" (N, channels, rows, columns), "features" (N, F) and
        "logits" (N, classes).
    """
    build = _on_onednn if engine == "onednn" else _on_theano
    found, features = build(architecture, weights, x)
    dense, bias = (theano.shared(array, name="logits") for array in weights["logits"])
    return {**found, "features": features, "logits": T.dot(features, dense) + bias}


def _on_onednn(architecture: Architecture, weights: Weights, x: Any) -> tuple[dict[str, Any], Any]:
    def convolve(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
        filters, bias = (ops.frozen(array, name=c.name) for array in weights[c.name])
        return ops.convolution(
            x, filters, bias, residual=residual, stride=c.stride, pad=c.pad, relu=relu
        )

    def pool(x: Any) -> Any:
        padded = architecture.pool == "pad1"
        return ops.max_pool(x, pad=int(padded), partial=not padded)

    found = connect(architecture, x.dimshuffle(0, 2, 3, 1), convolve, pool)
    features = ops.mean_pool(list(found.values())[-1])
    # Views: channels first, as everything outside the Ops expects.
    return {name: y.dimshuffle(0, 3, 1, 2) for name, y in found.items()}, features


def _on_theano(architecture: Architecture, weights: Weights, x: Any) -> tuple[dict[str, Any], Any]:
    from theano.tensor.signal.pool import pool_2d

    def convolve(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
        filters, bias = (theano.shared(array, name=c.name) for array in weights[c.name])
        y = T.nnet.conv2d(
            x,
            filters,
            filter_shape=weights[c.name][0].shape,
            border_mode=(c.pad, c.pad),
            subsample=(c.stride, c.stride),
            filter_flip=False,
        )
        y = y + bias.dimshuffle("x", 0, "x", "x")
        y = y if residual is None else y + residual
        return rectify(y) if relu else y

    def pool(x: Any) -> Any:
        pad = int(architecture.pool == "pad1")
        return pool_2d(x, (3, 3), stride=(2, 2), ignore_border=pad > 0, pad=(pad, pad))

    found = connect(architecture, x, convolve, pool)
    return found, list(found.values())[-1].mean(axis=(2, 3))


def compile_forward(
    architecture: Architecture, arrays: Sequence[np.ndarray], *names: str, engine: str | None = None
) -> Any:
    """Compile the folded network.

    Parameters
    ----------
    architecture : Architecture
    arrays : sequence of float32 arrays
        In the order of `Architecture.parameters`.
    *names : str
        Layers to give, as in `graph`.
    engine : {"onednn", "theano"}, optional
        By default what `chosen_engine` returns.

    Returns
    -------
    callable
        float32 (N, 3, size, size) to a list of arrays. Not safe to call from two threads at once.

    Raises
    ------
    runtime.SetupError
        Where the compiler or the disk fails.
    """
    x = T.ftensor4("photographs")
    engine = engine or chosen_engine()
    variables = graph(architecture, fold(architecture, arrays), x, engine)
    return function([x], [variables[name] for name in names])
