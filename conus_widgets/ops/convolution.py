"""Convolution of channels-last images, fused with bias, residual sum and ReLU; its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.onednn import (
    GradientOp,
    OneDNNOp,
    image,
    image_or_words,
    integers,
    like,
    tensor,
)
from conus_widgets.ops.pooling import MaxPoolGradient
from conus_widgets.ops.relu import ReluGradient


def convolution(
    x: Any,
    weights: Any,
    bias: Any,
    *,
    residual: Any = None,
    stride: int = 1,
    pad: int = 0,
    relu: bool = False,
) -> Any:
    """Return ``conv(x, weights) + bias``, plus `residual`, through ReLU, in one pass.

    Parameters
    ----------
    x : float32 variable (N, H, W, C)
        Images, channels last. A view in another order (`dimshuffle`) is copied first. Or bfloat16,
        as uint16: see `bfloat16.py`.
    weights : float32 variable (F, C, h, w)
        Filters, applied unflipped (cross-correlation). Packed once: see `frozen`.
    bias : float32 variable (F,)
    residual : variable (N, H', W', F), of the dtype of `x`, optional
        Added before ReLU.
    stride, pad : int
        The same along both axes; `pad` zeros stand on each side.
    relu : bool
        Whether negative results become 0. Its slope at 0 is 0.

    Returns
    -------
    variable (N, H', W', F), of the dtype of `x`, ``H' = (H + 2 * pad - h) // stride + 1``
        With gradients by all inputs, in float32.

    Raises
    ------
    TypeError
        If an input has another dtype or number of axes.
    ValueError
        For a stride below 1 or a pad below 0; when called, if shapes do not fit.
    """
    x = image_or_words(x, "convolution: the input")
    inputs = [
        x,
        image(weights, "convolution: the weights"),
        tensor(bias, 1, "convolution: the bias"),
    ]
    if residual is None:
        # An empty array instead of a missing input: then all convolutions are one C++ module.
        inputs.append(T.constant(np.zeros((0, 0, 0, 0), x.dtype)))
    else:
        inputs.append(image(residual, "convolution: the residual", x.dtype))
    op = FusedConvolution if x.dtype == "float32" else ConvolutionOfWords
    return op(stride=stride, pad=pad, relu=relu, residual=residual is not None)(*inputs)


def _files(*more_vectors: str) -> tuple[str, ...]:
    return (
        *("weights.h", "kernels.h", "geometry.h", "words.h", "vectors.h", "tiling.h"),
        *("avx512.h", "tiles.h", *more_vectors, "avx2.h", "tiles.h"),
        *("algorithm.h", "winograd.h", "pointwise.h", "polyphase.h", "choice.h"),
        *("relu.h", "convolution.h"),
    )


class _Convolution(OneDNNOp):
    """What the three directions share. Each node keeps its plans in a C++ object."""

    files = _files()

    def c_support_code_struct(self, node: Any, name: str) -> str:
        return f"conus::Convolution plans_{name};"


class FusedConvolution(_Convolution):
    """The Op behind `convolution`; its inputs are x, weights, bias, residual (empty: none)."""

    __props__ = ("stride", "pad", "relu", "residual")
    params_type = integers(*__props__)

    def __init__(self, *, stride: int, pad: int, relu: bool, residual: bool) -> None:
        super().__init__()
        if stride < 1 or pad < 0:
            raise ValueError(f"convolution: stride {stride} and pad {pad} cannot be used.")
        self.stride, self.pad = int(stride), int(pad)
        self.relu, self.residual = int(relu), int(residual)

    def make_node(self, *inputs: Any) -> Any:
        output = T.TensorType(inputs[0].dtype, [False] * 4)()
        return theano.graph.basic.Apply(self, list(inputs), [output])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        (batch, height, width, _), (filters, _, *kernel) = shapes[:2]
        rows, columns = (
            (length + 2 * self.pad - size) // self.stride + 1
            for length, size in zip((height, width), kernel, strict=True)
        )
        return [(batch, rows, columns, filters)]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        options = ", ".join(f"{params}->{name}" for name in self.__props__)
        return f"convolve(plans_{name}, {', '.join(inputs + outputs)}, {options})"

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        return [[True], [True], [True], [bool(self.residual)]]

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Any]:
        x, weights, bias, residual = inputs
        (dy,) = output_gradients
        if self.relu:
            dy = ReluGradient()(outputs[0], dy)
        dx = ConvolutionInputGradient(stride=self.stride, pad=self.pad)(x, weights, dy)
        dw, db = ConvolutionWeightGradients(stride=self.stride, pad=self.pad)(x, weights, dy)
        pairs = [(dx, x), (dw, weights), (db, bias)]
        gradients = [like(gradient, variable) for gradient, variable in pairs]
        missing = theano.gradient.DisconnectedType()()
        return [*gradients, like(dy, residual) if self.residual else missing]


class ConvolutionOfWords(FusedConvolution):
    """The same for bfloat16. Its kernels are compiled here only: each Op would wait a second."""

    files = _files("avx512_bf16.h", "tiles.h")


class _Gradient(_Convolution, GradientOp):
    __props__: tuple[str, ...] = ("stride", "pad")
    params_type = integers(*__props__)
    function = ""  # of the C++ files

    def __init__(self, *, stride: int, pad: int) -> None:
        super().__init__()
        self.stride, self.pad = stride, pad

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        arguments = ", ".join([f"plans_{name}", *inputs, *outputs])
        options = ", ".join(f"{params}->{name}" for name in self.__props__)
        return f"{self.function}({arguments}, {options})"


class ConvolutionInputGradient(_Gradient):
    """From x, weights and the gradient by the output: the gradient by x.

    Another gradient by x (empty: none) is added to it.
    Of x only the shape is used, unless it is `masked`: then x comes from a ReLU, and the gradient
    is that by what went into it, 0 where x is 0. Theano's optimiser asks for both if it can.
    """

    __props__ = ("stride", "pad", "masked", "sum")
    params_type = integers(*__props__)
    function = "convolution_input_gradient"

    def __init__(self, *, stride: int, pad: int, masked: bool = False, sum: bool = False) -> None:
        super().__init__(stride=stride, pad=pad)
        self.masked, self.sum = int(masked), int(sum)

    def make_node(self, x: Any, weights: Any, dy: Any, other: Any = None) -> Any:
        other = T.constant(np.zeros((0, 0, 0, 0), "float32")) if other is None else other
        inputs = [x, weights, image(dy, "dy"), image(other, "the other gradient")]
        return theano.graph.basic.Apply(self, inputs, [T.ftensor4()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]]


class ConvolutionWeightGradients(_Gradient):
    """From x, weights (for their shape) and the gradient by the output: those by weights, bias."""

    function = "convolution_weight_gradients"

    def make_node(self, x: Any, weights: Any, dy: Any) -> Any:
        outputs = [T.ftensor4(), T.fvector()]
        return theano.graph.basic.Apply(self, [x, weights, image(dy, "dy")], outputs)

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[1], (shapes[1][0],)]


@theano.graph.opt.local_optimizer([T.elemwise.Elemwise])
def _use_sum(fgraph: Any, node: Any) -> Any:
    """Let the gradient of a convolution's input be added to another before it is written."""
    if node.op != T.add or len(node.inputs) != 2:
        return False
    for gradient, other in (node.inputs[::-1], node.inputs):
        made = gradient.owner
        if not made or not isinstance(made.op, ConvolutionInputGradient):
            continue
        if made.op.masked or made.op.sum or other.type != gradient.type or other is gradient:
            continue
        if len(fgraph.clients[gradient]) == 1:
            op = ConvolutionInputGradient(stride=made.op.stride, pad=made.op.pad, sum=True)
            return [op(*made.inputs[:3], other)]
    return False


def _masked(node: Any) -> Any:
    """Return what a ReLU's gradient masks, if that can be done before it is written."""
    if not isinstance(node.op, ReluGradient):
        return None
    y, dy = node.inputs
    made = dy.owner
    kinds = (ConvolutionInputGradient, MaxPoolGradient)
    possible = made and isinstance(made.op, kinds) and made.inputs[0] is y and not made.op.masked
    return made if possible else None


def _use_masked(node: Any, made: Any) -> Any:
    props = {name: getattr(made.op, name) for name in made.op.__props__}
    return [type(made.op)(**{**props, "masked": True})(*made.inputs)]


@theano.graph.opt.local_optimizer([ReluGradient])
def _mask_alone(fgraph: Any, node: Any) -> Any:
    """Let a gradient that nothing else reads be masked before it is written."""
    made = _masked(node)
    if made is None or len(fgraph.clients[node.inputs[1]]) > 1:
        return False
    return _use_masked(node, made)


@theano.graph.opt.local_optimizer([ReluGradient])
def _mask_beside(fgraph: Any, node: Any) -> Any:
    """Let it be masked also if others read it, but only to show it: they are computed apart."""
    made = _masked(node)
    if made is None or not all(
        _shows(fgraph, client) for client, _ in fgraph.clients[node.inputs[1]] if client is not node
    ):
        return False
    return _use_masked(node, made)


def _shows(fgraph: Any, node: Any) -> bool:
    """Whether all that comes of a node are outputs of the function."""
    if node == "output":
        return True
    return all(_shows(fgraph, c) for y in node.outputs for c, _ in fgraph.clients[y])


def _register(name: str, rewrite: Any, place: float, *tags: str) -> None:
    optimiser = theano.graph.opt.TopoOptimizer(
        rewrite, failure_callback=theano.graph.opt.TopoOptimizer.warn_inplace
    )
    theano.compile.mode.optdb.register(name, optimiser, place, *tags)


# After Theano's own rewriting, before what goes in place (relu.py).
_register("conus_summed_gradient", _use_sum, 60.0, "fast_run")
_register("conus_masked_gradient", _mask_alone, 60.1, "fast_run")
#: For functions of which only some outputs are computed: see `inference._function`.
PARTIAL = "conus_partial"
_register("conus_gradient_masked_beside", _mask_beside, 60.2, PARTIAL)
