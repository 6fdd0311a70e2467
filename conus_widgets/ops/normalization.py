"""Batch norm with the batch's own statistics, as training needs it, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.onednn import GradientOp, OneDNNOp, image, integers, like, tensor
from conus_widgets.ops.relu import ReluGradient


def batch_norm(
    x: Any, beta: Any, gamma: Any, *, residual: Any = None, relu: bool = False, epsilon: Any = 1e-4
) -> tuple[Any, Any, Any]:
    """Normalise each channel over the batch; then scale, shift, add `residual`, apply ReLU.

    Parameters
    ----------
    x : float32 variable (N, H, W, C)
        Images, channels last.
    beta, gamma : float32 variables (C,)
        Shift and scale.
    residual : float32 variable (N, H, W, C), optional
        Added before ReLU.
    relu : bool
        Whether negative results become 0. Its slope at 0 is 0.
    epsilon : float
        Added to the variance.

    Returns
    -------
    y : float32 variable (N, H, W, C)
        ``relu((x - mean) * inv_std * gamma + beta + residual)``, with gradients by all inputs.
    mean, inv_std : float32 variables (C,)
        Statistics of this batch, for the moving ones. They have no gradients.

    Raises
    ------
    TypeError
        If an input has another dtype or number of axes.
    ValueError
        When called, where shapes do not fit.

    References
    ----------
    Ioffe and Szegedy 2015, arXiv:1502.03167.
    """
    given = T.constant(np.zeros((0, 0, 0, 0), "float32")) if residual is None else residual
    return BatchNorm(relu=relu, residual=residual is not None)(
        image(x, "batch norm: the input"),
        tensor(beta, 1, "batch norm: beta"),
        tensor(gamma, 1, "batch norm: gamma"),
        image(given, "batch norm: the residual"),
        T.constant(np.float64(epsilon)),
    )


class BatchNorm(OneDNNOp):
    """The Op behind `batch_norm`; its inputs are x, beta, gamma, residual (empty: none), epsilon.

    It uses nothing of oneDNN but the frame that all Ops here share.
    """

    __props__ = ("relu", "residual")
    params_type = integers(*__props__)
    files = ("normalization.h",)

    def __init__(self, *, relu: bool, residual: bool) -> None:
        super().__init__()
        self.relu, self.residual = int(relu), int(residual)

    def make_node(self, *inputs: Any) -> Any:
        outputs = [T.ftensor4(), T.fvector(), T.fvector()]
        return theano.graph.basic.Apply(self, list(inputs), outputs)

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0], shapes[1], shapes[1]]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        *arrays, epsilon = inputs
        value = f"*static_cast<double*>(PyArray_DATA({epsilon}))"
        options = [value, f"{params}->relu", f"{params}->residual"]
        return f"batch_norm({', '.join([*arrays, *outputs, *options])})"

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        through = [True, True, True, bool(self.residual), False]
        return [[connected, False, False] for connected in through]

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Any]:
        x, beta, gamma, residual, _ = inputs
        y, mean, inv_std = outputs
        dy = output_gradients[0]
        if self.relu:
            dy = ReluGradient()(y, dy)
        dx, dbeta, dgamma = BatchNormGradients()(x, gamma, mean, inv_std, dy)
        missing = theano.gradient.DisconnectedType()
        return [
            like(dx, x),
            like(dbeta, beta),
            like(dgamma, gamma),
            like(dy, residual) if self.residual else missing(),
            missing(),
        ]


class BatchNormGradients(GradientOp):
    """From x, gamma, mean, inv_std and the gradient by the output: those by x, beta and gamma."""

    files = ("normalization.h",)

    def make_node(self, x: Any, gamma: Any, mean: Any, inv_std: Any, dy: Any) -> Any:
        inputs = [x, gamma, mean, inv_std, image(dy, "dy")]
        return theano.graph.basic.Apply(self, inputs, [T.ftensor4(), T.fvector(), T.fvector()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0], shapes[1], shapes[1]]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        return f"batch_norm_gradients({', '.join(inputs + outputs)})"
