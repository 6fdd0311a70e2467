"""The table of `architecture.py` built with Lasagne layers: the reference, and what is trained."""

from __future__ import annotations

from typing import Any

from conus_widgets.checkpoint.architecture import Architecture, Convolution, connect
from conus_widgets.machine.runtime import T, function, lasagne
from conus_widgets.network.slopes import first_max_pool, rectify

EPSILON = 1e-4  # added to the variance before its root, while training
ALPHA = 0.1  # share of the newest batch in the moving statistics


class ConvolutionLayer(lasagne.layers.Layer):
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


class BatchNormLayer(lasagne.layers.Layer):
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


class FirstPoolLayer(lasagne.layers.Layer):
    """Max pooling 3x3 with stride 2, in the two variants of `Architecture.pool`."""

    def __init__(self, incoming: Any, pool: str) -> None:
        super().__init__(incoming, name="pool1")
        self.pad = {"ceil": 0, "pad1": 1}[pool]

    def get_output_shape_for(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        # ceil((n - 3) / 2) + 1 unpadded; floor((n + 2 - 3) / 2) + 1 padded by one.
        rows, columns = (n // 2 if self.pad == 0 else (n + 1) // 2 for n in input_shape[2:])
        return (*input_shape[:2], rows, columns)

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return first_max_pool(input, self.pad)


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
