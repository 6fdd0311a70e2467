"""The network as it predicts: batch norm folded into the convolutions, seen from in front and back.

Two functions see everything. One looks forward: logits, features, any layer. One looks back: the
gradient of a weighting of the logits by the input, and by any layer. What is not asked for is not
computed, and neither is compiled again for another class, layer or checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets import ops
from conus_widgets.checkpoint.architecture import (
    Architecture,
    Convolution,
    connect,
    connect_block,
    propagate_strides,
)
from conus_widgets.machine.machine import threads
from conus_widgets.machine.runtime import T, function, theano
from conus_widgets.network.compiled import compiled
from conus_widgets.network.engine import chosen_engine, settle_threads
from conus_widgets.network.grids import grids
from conus_widgets.network.slopes import first_max_pool, rectify

Weights = dict[str, tuple[NDArray[Any], NDArray[Any]]]

_FILTERS = 128  # that a thread scales in one go


def fold(
    architecture: Architecture,
    arrays: Iterable[NDArray[Any]],
    keep: Callable[[NDArray[Any]], NDArray[Any]] = ops.read_only,
) -> Weights:
    """Fold each batch norm into the convolution before it.

    Parameters
    ----------
    architecture : Architecture
    arrays : iterable of float32 arrays
        In the order of `Architecture.parameters`; only one convolution's are held at a time.
    keep : callable
        Turns each folded float32 array into one that nobody can write to, so that all functions
        may use the same: `ops.read_only`, or `ops.Shelf.put`.

    Returns
    -------
    dict of str to (weights, bias)
        For each convolution, and "logits" for the dense layer.

    Notes
    -----
    ``(conv(x, W) + b - mean) * gamma * inv_std + beta = conv(x, W * s) + (b - mean) * s + beta``
    with ``s = gamma * inv_std``, computed in double precision.
    """
    following = iter(arrays)
    folded = {}
    with ThreadPoolExecutor(threads()) as pool:
        for c in architecture.convolutions():
            filters = next(following)
            first = np.asarray(next(following), np.float64) if c.bias else 0.0
            beta, gamma, mean, inv_std = (np.asarray(next(following), np.float64) for _ in range(4))
            scale = gamma * inv_std
            bias = ((first - mean) * scale + beta).astype("float32")
            folded[c.name] = (keep(_scaled(filters, scale, pool)), keep(bias))
    dense, bias = following
    folded["logits"] = (ops.read_only(dense), ops.read_only(bias))
    return folded


def _scaled(filters: NDArray[Any], scale: NDArray[Any], pool: Executor) -> NDArray[Any]:
    """Return each filter times its number.

    The threads make no arrays: what one of them frees would stay in a heap of its own.
    """
    scaled = np.empty(filters.shape, np.float32)

    def part(first: int) -> None:
        rows = slice(first, first + _FILTERS)
        by = scale[rows, None, None, None]
        np.multiply(filters[rows], by, out=scaled[rows], dtype="float64", casting="same_kind")

    list(pool.map(part, range(0, len(filters), _FILTERS)))
    return scaled


@dataclass(frozen=True, eq=False)
class Graph:
    """The folded network's variables.

    `read` holds "conv1", "pool1", "res2a" ... "res5c" as the engine computes them, without the
    cells that are never read (`propagate_strides`); gradients are taken by these. `full` holds the
    same layers with all of their cells, for those who look at one. `show` turns any into float32
    (N, channels, rows, columns). ``spread(name, gradient)`` returns the gradient by the full layer
    of this name, given that by the read one: it is 0 where nobody reads.
    """

    x: Any
    read: dict[str, Any]
    full: dict[str, Any]
    features: Any
    logits: Any
    show: Callable[[Any], Any]
    spread: Callable[[str, Any], Any]


def graph(
    architecture: Architecture, engine: str, *, precision: str = "float32", guided: bool = False
) -> Graph:
    """Build the folded network; its weights are placeholders, to be set by `set_weights`.

    Parameters
    ----------
    architecture : Architecture
    engine : {"onednn", "theano"}
    precision : {"float32", "bfloat16", "rounded"}
        Of weights and activations, on oneDNN; features and logits are float32. "rounded" computes
        each convolution with float32, of numbers that were rounded to bfloat16, and rounds what
        comes of it: what "bfloat16" computes, slowly, on any processor.
    guided : bool
        Let only positive gradients pass back through each ReLU (Springenberg et al. 2014,
        arXiv:1412.6806).
    """
    x = T.ftensor4("photographs")
    padded = architecture.pool == "pad1"
    if engine == "theano":
        build, start, show = _theano_convolution, x, _as_it_is
    elif precision == "float32":
        build, start, show = _onednn_convolution, _channels_last(x), _channels_first
    else:
        build = _onednn_convolution if precision == "bfloat16" else _rounded_convolution
        start, show = ops.to_bfloat16(_channels_last(x)), _widened

    def convolve(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
        y = build(x, c, relu, residual)
        return theano.gradient.grad_clip(y, 0, np.inf) if guided and relu else y

    def pool(x: Any) -> Any:
        if engine == "theano":
            return first_max_pool(x, int(padded))
        return ops.max_pool(x, pad=int(padded), partial=not padded)

    subsample = every_cell if engine == "theano" else ops.subsample
    read = connect(architecture, start, convolve, pool, subsample)
    steps = {block.name: block.step for block in propagate_strides(architecture.blocks())}
    full, before = dict(read), read["pool1"]
    inputs = {}  # of the blocks of which cells are left out
    for block in architecture.blocks():
        if steps[block.name] > 1:
            full[block.name] = connect_block(block, before, convolve)
            inputs[block.name] = before
        before = read[block.name]

    def spread(name: str, by: Any) -> Any:
        if name not in inputs:
            return by
        x = inputs[name]  # it has the shape of the full layer
        return T.Lop(subsample(x, steps[name]), x, by)

    last = show(before)
    fast = engine == "onednn"
    features = ops.mean_pool(_channels_last(last)) if fast else last.mean(axis=(2, 3))
    weights, bias = _placeholders("logits", 2)
    logits = T.dot(features, weights) + bias
    return Graph(x, read, full, features, logits, show, spread)


def every_cell(x: Any, step: int) -> Any:
    """Return every `step`-th cell of maps (N, channels, rows, columns)."""
    return x[:, :, ::step, ::step]


def _as_it_is(x: Any) -> Any:
    return x


def _channels_last(x: Any) -> Any:
    return x.dimshuffle(0, 2, 3, 1)


def _channels_first(x: Any) -> Any:
    return x.dimshuffle(0, 3, 1, 2)


def _widened(x: Any) -> Any:
    return _channels_first(ops.from_bfloat16(x))


def _placeholders(name: str, axes: int) -> tuple[Any, Any]:
    return (
        ops.frozen(np.zeros((0,) * axes, "float32"), name=f"{name}.W"),
        ops.frozen(np.zeros(0, "float32"), name=f"{name}.b"),
    )


def _onednn_convolution(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
    weights, bias = _placeholders(c.name, 4)
    return ops.convolution(
        x, weights, bias, residual=residual, stride=c.stride, pad=c.pad, relu=relu
    )


def _rounded_convolution(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
    def rounded(x: Any) -> Any:
        return ops.from_bfloat16(ops.to_bfloat16(x))

    weights, bias = _placeholders(c.name, 4)
    wide = None if residual is None else ops.from_bfloat16(residual)
    y = ops.convolution(
        ops.from_bfloat16(x),
        rounded(weights),
        bias,
        residual=wide,
        stride=c.stride,
        pad=c.pad,
        relu=relu,
    )
    return ops.to_bfloat16(y)


def _theano_convolution(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
    return plain_convolution(x, *_placeholders(c.name, 4), c, relu, residual)


def plain_convolution(
    x: Any, weights: Any, bias: Any, c: Convolution, relu: bool, residual: Any
) -> Any:
    """Return a convolution on Theano's own Op, plus `residual`, through ReLU."""
    y = T.nnet.conv2d(
        x,
        weights,
        filter_shape=(c.filters, c.channels, c.size, c.size),
        border_mode=(c.pad, c.pad),
        subsample=(c.stride, c.stride),
        filter_flip=False,
    )
    y = y + bias.dimshuffle("x", 0, "x", "x")
    y = y if residual is None else y + residual
    return rectify(y) if relu else y


class Look:
    """A compiled function of which any outputs can be asked for.

    Parameters
    ----------
    function : theano function
    outputs : sequence of str
        Names of its outputs.
    others : dict of str to str, optional
        Other names of some outputs.

    Notes
    -----
    Not safe to call from two threads at once.
    """

    def __init__(
        self, function: Any, outputs: Sequence[str], others: dict[str, str] | None = None
    ) -> None:
        self._function = function
        self._places = {name: place for place, name in enumerate(outputs)}
        for other, name in (others or {}).items():
            self._places[other] = self._places[name]

    def __call__(self, *inputs: NDArray[Any], outputs: Sequence[str]) -> list[NDArray[Any]]:
        """Compute the `outputs` of these names, in this order, and no more than they need."""
        places = [self._places[name] for name in outputs]
        return list(self._function(*inputs, output_subset=places))


def look_forward(
    architecture: Architecture,
    weights: Weights,
    engine: str | None = None,
    *,
    precision: str = "float32",
) -> Look:
    """Compile the network, or restore it from disk.

    Parameters
    ----------
    architecture : Architecture
    weights : dict
        What `fold` returned.
    engine : {"onednn", "theano"}, optional
        By default what `chosen_engine` returns.
    precision : str
        See `graph`.

    Returns
    -------
    Look
        float32 (N, 3, size, size) to "logits" (N, classes), "features" (N, F), and each layer's
        name (N, channels, rows, columns). "read res2a" ... are the layers without the cells that
        are never read: what the network computes in any case.

    Raises
    ------
    runtime.SetupError
        If the compiler or the disk fails.
    """
    engine = engine or chosen_engine()
    gaps = [name for name, grid in grids(architecture).items() if grid.gaps]

    def build() -> Any:
        g = graph(architecture, engine, precision=precision)
        layers = [*g.full.values(), *(g.read[name] for name in gaps)]
        return _function([g.x], [g.logits, g.features, *map(g.show, layers)])

    made = _ready("forward", (architecture, engine, precision), build, weights, engine)
    names = list(architecture.layers())
    # One output, two names: Theano would copy an output that is listed twice.
    same = {f"read {name}": name for name in names if name not in gaps}
    return Look(made, ["logits", "features", *names, *(f"read {name}" for name in gaps)], same)


def look_onwards(
    architecture: Architecture,
    weights: Weights,
    layer: str,
    engine: str | None = None,
    *,
    precision: str = "float32",
) -> Look:
    """Compile the network after a layer, or restore it. Parameters as in `look_forward`.

    Returns
    -------
    Look
        The layer as the engine computes it, without the cells that are never read: float32 (N,
        rows, columns, channels) on oneDNN and (N, channels, rows, columns) on Theano, or words of
        bfloat16 as uint16; to "logits" (N, classes), "features" (N, F), and the last layer's name
        (N, channels, rows, columns).
    """
    engine = engine or chosen_engine()

    def build() -> Any:
        g = graph(architecture, engine, precision=precision)
        last = list(g.read.values())[-1]
        return _function([g.read[layer]], [g.logits, g.features, g.show(last)])

    made = _ready("onwards", (architecture, engine, layer, precision), build, weights, engine)
    return Look(made, ["logits", "features", list(architecture.layers())[-1]])


def look_between(
    architecture: Architecture,
    weights: Weights,
    layer: str,
    until: str,
    engine: str | None = None,
) -> Look:
    """Compile what lies between two layers, or restore it. Parameters as in `look_forward`.

    Returns
    -------
    Look
        One layer to the other, both as the engine computes them: see `look_onwards`. Any number of
        rows and columns will do.
    """
    engine = engine or chosen_engine()

    def build() -> Any:
        g = graph(architecture, engine)
        return _function([g.read[layer]], [g.read[until]])

    made = _ready("between", (architecture, engine, layer, until), build, weights, engine)
    return Look(made, [until])


def look_back(
    architecture: Architecture,
    weights: Weights,
    engine: str | None = None,
    *,
    guided: bool = False,
) -> Look:
    """Compile the network's gradients, or restore them from disk. Parameters as in `look_forward`.

    Parameters
    ----------
    guided : bool
        See `graph`.

    Returns
    -------
    Look
        float32 (N, 3, size, size) and weights of the classes (N, classes) to "logits", and the
        gradients of the weighted sum of the logits: "by input" (N, 3, size, size), "by res5c" ...
        (N, channels, rows, columns). Each layer's own name gives its activations.
    """
    engine = engine or chosen_engine()

    def build() -> Any:
        g = graph(architecture, engine, guided=guided)
        weighting = T.fmatrix("weighting")
        by_x, *by = T.grad((g.logits * weighting).sum(), [g.x, *g.read.values()])
        by = map(g.spread, g.read, by)
        shown = [by_x, *map(g.show, by), *map(g.show, g.full.values())]
        return _function([g.x, weighting], [g.logits, *shown])

    made = _ready("guided" if guided else "back", (architecture, engine), build, weights, engine)
    names = list(architecture.layers())
    return Look(made, ["logits", "by input", *(f"by {name}" for name in names), *names])


def _ready(name: str, key: Any, build: Callable[[], Any], weights: Weights, engine: str) -> Any:
    made = compiled(name, key, build)
    set_weights(made, weights)
    settle_threads(engine)
    return made


def _function(inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
    # Theano computes all outputs of a function unless its virtual machine is told that it need not.
    linker = theano.link.vm.VMLinker(use_cloop=True, lazy=True, allow_partial_eval=True)
    mode = theano.compile.mode.Mode(linker, "fast_run").including(ops.PARTIAL)
    return function(inputs, outputs, mode=mode)


def set_weights(function: Any, weights: Weights) -> None:
    """Give a compiled function the weights of a checkpoint."""
    for variable in function.get_shared():
        name, _, kind = variable.name.rpartition(".")
        variable.set_value(weights[name]["Wb".index(kind)])
