"""ResNet50 as one table, and the same table built with Lasagne layers.

He et al., "Deep Residual Learning for Image Recognition", 2015, arXiv:1512.03385, table 1, column
"50-layer": a 7x7 stem, four stages of bottleneck blocks, the mean over all cells, one dense layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from conus_widgets.runtime import T, function, lasagne

#: name of the stage, filters of its 1x1 and 3x3 convolutions at width 1, number of blocks
STAGES = (("res2", 64, 3), ("res3", 128, 4), ("res4", 256, 6), ("res5", 512, 3))
EXPANSION = 4  # a block's last 1x1 convolution has four times the filters of the others
EPSILON = 1e-4  # added to the variance before its root, while training
ALPHA = 0.1  # share of the newest batch in the moving statistics


@dataclass(frozen=True)
class Convolution:
    """One convolution and the batch norm behind it. `pad` zeros stand on each side."""

    name: str
    channels: int
    filters: int
    size: int
    stride: int = 1
    pad: int = 0
    bias: bool = False


@dataclass(frozen=True)
class Block:
    """A bottleneck: three convolutions beside a shortcut, projected where shapes change."""

    name: str
    branch: tuple[Convolution, Convolution, Convolution]
    projection: Convolution | None


@dataclass(frozen=True)
class Architecture:
    """What must be known to build the network that a checkpoint belongs to.

    Parameters
    ----------
    classes : int
        Number of classes.
    width : float
        Scales the filters of the four stages; 1 is ResNet50.
    stem : int
        Filters of the first convolution.
    stride_on : {"1x1", "3x3"}
        Which convolution of a stage's first block halves the resolution: the original network's
        first 1x1, or the 3x3 of torchvision ("ResNet v1.5").
    pool : {"ceil", "pad1"}
        First max pooling, 3x3 with stride 2: unpadded, the last partial window kept (original), or
        with one cell of padding on each side (torchvision).
    size : int
        Height and width of the input in pixels.

    Raises
    ------
    ValueError
        Where a value is none of the above.
    """

    classes: int
    width: float = 1.0
    stem: int = 64
    stride_on: str = "1x1"
    pool: str = "ceil"
    size: int = 224

    def __post_init__(self) -> None:
        for name, known in (("stride_on", ("1x1", "3x3")), ("pool", ("ceil", "pad1"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}: use one of {known}.")
        if self.classes < 1 or self.stem < 1 or not 0 < self.width <= 4 or self.size < 32:
            raise ValueError(
                f"No network has {self.classes} classes, width {self.width}, stem {self.stem} and "
                f"size {self.size}: at least 1 class, width above 0 and up to 4, stem at least 1, "
                "size at least 32 are needed."
            )

    @property
    def convolution1(self) -> Convolution:
        """The stem; the published network gave it a bias although a batch norm follows."""
        return Convolution("conv1", 3, self.stem, size=7, stride=2, pad=3, bias=True)

    def blocks(self) -> Iterator[Block]:
        """Yield the 16 blocks in order; their names are res2a ... res5c."""
        channels = self.stem
        for stage, base, count in STAGES:
            middle = max(1, round(base * self.width))
            out = EXPANSION * middle
            for number in range(count):
                name = stage + "abcdef"[number]
                stride = 2 if number == 0 and stage != "res2" else 1
                first, second = (stride, 1) if self.stride_on == "1x1" else (1, stride)
                branch = (
                    Convolution(f"{name}_branch2a", channels, middle, 1, first),
                    Convolution(f"{name}_branch2b", middle, middle, 3, second, pad=1),
                    Convolution(f"{name}_branch2c", middle, out, 1),
                )
                projection = Convolution(f"{name}_branch1", channels, out, 1, stride)
                yield Block(name, branch, projection if number == 0 else None)
                channels = out

    def convolutions(self) -> Iterator[Convolution]:
        """Yield the 53 convolutions in the order of their parameters in a checkpoint."""
        yield self.convolution1
        for block in self.blocks():
            if block.projection:
                yield block.projection
            yield from block.branch

    @property
    def features(self) -> int:
        """Length of the feature vector in front of the dense layer: 2048 at width 1."""
        return list(self.blocks())[-1].branch[2].filters

    def parameters(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return names and shapes of all arrays in the order of `lasagne.layers.get_all_params`."""
        found: list[tuple[str, tuple[int, ...]]] = []
        for c in self.convolutions():
            found.append((f"{c.name}.W", (c.filters, c.channels, c.size, c.size)))
            if c.bias:
                found.append((f"{c.name}.b", (c.filters,)))
            for name in ("beta", "gamma", "mean", "inv_std"):
                found.append((f"{c.name}_bn.{name}", (c.filters,)))
        found.append(("logits.W", (self.features, self.classes)))
        found.append(("logits.b", (self.classes,)))
        return found


def connect(architecture: Architecture, x: Any, convolve: Any, pool: Any) -> dict[str, Any]:
    """Walk through the table from the input to the last block, with whatever is to be built.

    Parameters
    ----------
    architecture : Architecture
    x : object
        The input.
    convolve : callable
        ``convolve(x, convolution, relu, residual)`` returns the output of a convolution and its
        batch norm, plus `residual` where it is not None, through ReLU where `relu` is true.
    pool : callable
        ``pool(x)`` returns the output of the first max pooling.

    Returns
    -------
    dict
        "conv1", "pool1" and each block's output ("res2a" ... "res5c"), in order.

    Notes
    -----
    A shortcut is built before the branch beside it: this is the order of the parameters in a
    checkpoint.
    """
    found = {"conv1": convolve(x, architecture.convolution1, True, None)}
    found["pool1"] = current = pool(found["conv1"])
    for block in architecture.blocks():
        shortcut = current
        if block.projection:
            shortcut = convolve(current, block.projection, False, None)
        for c in block.branch[:2]:
            current = convolve(current, c, True, None)
        found[block.name] = current = convolve(current, block.branch[2], True, shortcut)
    return found


def rectify(x: Any) -> Any:
    """ReLU with slope 0 at 0, as in the rest of the field; Theano's own has slope 0.5 there."""
    return T.switch(x > 0, x, np.float32(0))


class ConvolutionLayer(lasagne.layers.Layer):  # type: ignore[misc]
    """Convolution with unflipped filters (cross-correlation), which Lasagne 0.1 does not offer.

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Gives (N, channels, H, W).
    convolution : Convolution
        Its line in the table.
    """

    def __init__(self, incoming: Any, convolution: Convolution) -> None:
        super().__init__(incoming, name=convolution.name)
        self.convolution = c = convolution
        self.filter_shape = (c.filters, c.channels, c.size, c.size)
        self.W = self.add_param(lasagne.init.HeNormal(gain="relu"), self.filter_shape, name="W")
        self.b = None
        if c.bias:
            zeros = lasagne.init.Constant(0)
            self.b = self.add_param(zeros, (c.filters,), name="b", regularizable=False)

    def get_output_shape_for(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        c = self.convolution
        rows, columns = ((n + 2 * c.pad - c.size) // c.stride + 1 for n in input_shape[2:])
        return input_shape[0], c.filters, rows, columns

    def get_output_for(self, input: Any, **_: Any) -> Any:
        c = self.convolution
        output = T.nnet.conv2d(
            input,
            self.W,
            input_shape=self.input_shape,
            filter_shape=self.filter_shape,
            border_mode=(c.pad, c.pad),
            subsample=(c.stride, c.stride),
            filter_flip=False,
        )
        return output if self.b is None else output + self.b.dimshuffle("x", 0, "x", "x")


class BatchNormLayer(lasagne.layers.Layer):  # type: ignore[misc]
    """Batch norm that keeps beta, gamma, mean and inv_std, in this order (Lasagne 0.2's order).

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Gives (N, channels, H, W).
    alpha : float
        Share of the newest batch in the moving statistics.
    gamma : float
        First value of gamma.

    Notes
    -----
    Not deterministic, it normalises with the batch's own statistics and leaves the moving ones as
    `default_update` of `mean` and `inv_std`.
    """

    def __init__(
        self, incoming: Any, alpha: float = ALPHA, gamma: float = 1.0, **more: Any
    ) -> None:
        super().__init__(incoming, **more)
        self.alpha = alpha
        self.beta = self._add("beta", 0)
        self.gamma = self._add("gamma", gamma)
        self.mean = self._add("mean", 0, trainable=False)
        self.inv_std = self._add("inv_std", 1, trainable=False)

    def _add(self, name: str, value: float, **tags: bool) -> Any:
        start = lasagne.init.Constant(value)
        return self.add_param(start, (self.input_shape[1],), name, regularizable=False, **tags)

    def get_output_for(self, input: Any, deterministic: bool = False, **_: Any) -> Any:
        if deterministic:
            mean, inv_std = self.mean, self.inv_std
        else:
            mean = input.mean(axis=(0, 2, 3))
            inv_std = T.inv(T.sqrt(input.var(axis=(0, 2, 3)) + EPSILON))
            for moving, newest in ((self.mean, mean), (self.inv_std, inv_std)):
                moving.default_update = (1 - self.alpha) * moving + self.alpha * newest
        # One multiplication and one addition a cell; the four vectors meet before they are spread.
        scale = self.gamma * inv_std
        shift = self.beta - mean * scale
        return input * scale.dimshuffle("x", 0, "x", "x") + shift.dimshuffle("x", 0, "x", "x")


class FirstPoolLayer(lasagne.layers.Layer):  # type: ignore[misc]
    """Max pooling 3x3 with stride 2, in the two variants of `Architecture.pool`."""

    def __init__(self, incoming: Any, pool: str) -> None:
        super().__init__(incoming, name="pool1")
        self.pad = {"ceil": 0, "pad1": 1}[pool]

    def get_output_shape_for(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        # ceil((n - 3) / 2) + 1 unpadded; floor((n + 2 - 3) / 2) + 1 padded by one.
        rows, columns = (n // 2 if self.pad == 0 else (n + 1) // 2 for n in input_shape[2:])
        return (*input_shape[:2], rows, columns)

    def get_output_for(self, input: Any, **_: Any) -> Any:
        pool_2d = lasagne.layers.pool.downsample.max_pool_2d
        pad = (self.pad, self.pad)
        return pool_2d(input, (3, 3), stride=(2, 2), ignore_border=self.pad > 0, pad=pad)


def build(architecture: Architecture) -> dict[str, Any]:
    """Build the network with Lasagne layers.

    Parameters
    ----------
    architecture : Architecture

    Returns
    -------
    dict of str to lasagne.layers.Layer
        "input" (N, 3, size, size), then "conv1", "pool1", each block's output ("res2a" ... "res5c",
        after its ReLU), "features" (N, features) and "logits" (N, classes).

    Notes
    -----
    There is no softmax layer: it has no parameters, explanations want logits, and NumPy computes
    probabilities from them.
    """

    def convolve(incoming: Any, c: Convolution, relu: bool, residual: Any) -> Any:
        # Zero at the end of a residual branch makes a new block the identity at first
        # (Goyal et al. 2017, arXiv:1706.02677, section 5.1).
        gamma = 1.0 if residual is None else 0.0
        layer = BatchNormLayer(ConvolutionLayer(incoming, c), gamma=gamma, name=f"{c.name}_bn")
        if residual is not None:
            layer = lasagne.layers.ElemwiseSumLayer([residual, layer])
        return lasagne.layers.NonlinearityLayer(layer, rectify) if relu else layer

    def pool(incoming: Any) -> Any:
        return FirstPoolLayer(incoming, architecture.pool)

    size = architecture.size
    layers: dict[str, Any] = {"input": lasagne.layers.InputLayer((None, 3, size, size))}
    layers.update(connect(architecture, layers["input"], convolve, pool))
    last = list(layers.values())[-1]
    layers["features"] = lasagne.layers.GlobalPoolLayer(last, T.mean, name="features")
    layers["logits"] = lasagne.layers.DenseLayer(
        layers["features"], architecture.classes, nonlinearity=None, name="logits"
    )
    return layers


def forward(layers: dict[str, Any], *names: str) -> Any:
    """Compile the network as it predicts (moving statistics, nothing random).

    Parameters
    ----------
    layers : dict
        What `build` returned.
    *names : str
        Layers whose outputs the function gives, in this order.

    Returns
    -------
    callable
        float32 (N, 3, size, size) to a list of arrays.
    """
    outputs = lasagne.layers.get_output([layers[name] for name in names], deterministic=True)
    return function([layers["input"].input_var], outputs)
