"""The last stages of a network as what is trained, from what the stage before them gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets import ops
from conus_widgets.checkpoint.architecture import (
    STAGES,
    Architecture,
    Block,
    Convolution,
    connect_block,
    propagate_strides,
)
from conus_widgets.machine.runtime import T, function, lasagne, theano
from conus_widgets.network.engine import chosen_engine, settle_threads
from conus_widgets.network.inference import every_cell, plain_convolution
from conus_widgets.training.trainer import cross_entropy

MOST_STAGES = 2  # more of them are more numbers than a few hundred photographs can decide
AT_ONCE = 32  # maps that are judged together


class Tail:
    """The last stages and the last layer, with Adam.

    Parameters
    ----------
    architecture : Architecture
    stages : int
        How many: 1 is res5, 2 are res4 and res5.

    Attributes
    ----------
    layer : str
        Whose activations it takes: "res4f" for one stage.
    step : int
        Every how many cells of them, along rows and columns: only these are read.

    Notes
    -----
    Mean and inv_std of the batch norms stay as they were: a batch of a few specimens says little
    of them. As they are fixed, a batch norm is part of its convolution, and the cells that the next
    stage does not read need not be computed. One object serves many trainings: `start` begins each.
    """

    def __init__(self, architecture: Architecture, stages: int) -> None:
        if not 1 <= stages <= MOST_STAGES:
            raise ValueError(f"stages is {stages}: give 1 or {MOST_STAGES}.")
        self.architecture = architecture
        first = STAGES[-stages][0]
        blocks = list(propagate_strides(architecture.blocks()))
        place = next(n for n, block in enumerate(blocks) if block.name.startswith(first))
        self.layer, self.step = blocks[place - 1].name, blocks[place - 1].step
        names = [name for name, _ in architecture.parameters()]
        self._from = next(n for n, name in enumerate(names) if name.startswith(first))
        self._shared = {
            name: theano.shared(np.zeros(shape, np.float32), name=name)
            for name, shape in architecture.parameters()[self._from :]
        }
        self._build(blocks[place:])

    def _build(self, blocks: Sequence[Block]) -> None:
        engine = chosen_engine()
        settle_threads(engine)
        fast = engine == "onednn"
        shared = self._shared

        def convolve(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
            beta, gamma, mean, inv_std = (
                shared[f"{c.name}_bn.{name}"] for name in ("beta", "gamma", "mean", "inv_std")
            )
            scale = gamma * inv_std
            weights = shared[f"{c.name}.W"] * scale.dimshuffle(0, "x", "x", "x")
            bias = beta - mean * scale
            if fast:
                return ops.convolution(
                    x, weights, bias, residual=residual, stride=c.stride, pad=c.pad, relu=relu
                )
            return plain_convolution(x, weights, bias, c, relu, residual)

        maps, targets, weight = T.ftensor4("maps"), T.ivector("targets"), T.fvector("weight")
        x = maps.dimshuffle(0, 2, 3, 1) if fast else maps
        for block in blocks:
            x = connect_block(block, x, convolve, ops.subsample if fast else every_cell)
        features = ops.mean_pool(x) if fast else x.mean(axis=(2, 3))
        logits = T.dot(features, shared["logits.W"]) + shared["logits.b"]
        losses = cross_entropy(logits, targets, self.architecture.classes)
        loss = (losses * weight).mean()
        self._rate = theano.shared(np.float32(0), name="learning rate")
        trained = [v for n, v in shared.items() if not n.endswith((".mean", ".inv_std"))]
        updates = lasagne.updates.adam(loss, trained, learning_rate=self._rate)
        self._moments = [variable for variable in updates if variable not in trained]
        self._train = function([maps, targets, weight], loss, updates=updates)
        self._logits = function([maps], logits)

    def start(self, arrays: Sequence[NDArray[Any]]) -> None:
        """Take a checkpoint's arrays, all of them, and forget what was trained before."""
        for number, variable in enumerate(self._shared.values(), self._from):
            variable.set_value(np.array(arrays[number], np.float32))
        for moment in self._moments:
            moment.set_value(np.zeros_like(moment.get_value(borrow=True)))

    def values(self) -> list[NDArray[Any]]:
        """Return the arrays as they are now: the end of a checkpoint's."""
        return [variable.get_value() for variable in self._shared.values()]

    def restore(self, values: Sequence[NDArray[Any]]) -> None:
        """Take what `values` returned before."""
        for variable, value in zip(self._shared.values(), values, strict=True):
            variable.set_value(value)

    def replaced(self, arrays: Sequence[NDArray[Any]], values: Sequence[Any]) -> list[NDArray[Any]]:
        """Return a checkpoint's arrays with `values` in the place of their end."""
        return [*(arrays[number] for number in range(self._from)), *values]

    def train(
        self, maps: NDArray[Any], targets: NDArray[Any], weight: NDArray[Any], rate: float
    ) -> float:
        """Take one step; return the mean loss before it.

        Parameters
        ----------
        maps : float array (N, channels, rows, columns)
            Of `layer`, every `step`-th cell.
        targets : int array (N,)
        weight : float array (N,)
            How much each counts.
        rate : float
            Of Adam.
        """
        self._rate.set_value(np.float32(rate))
        given = np.asarray(maps, np.float32), targets.astype("int32"), weight.astype("float32")
        return float(self._train(*given))

    def logits(self, maps: NDArray[Any]) -> NDArray[Any]:
        """Return the logits (N, classes), float32."""
        parts = [
            self._logits(np.asarray(maps[start : start + AT_ONCE], np.float32))
            for start in range(0, len(maps), AT_ONCE)
        ]
        return np.concatenate(parts)
