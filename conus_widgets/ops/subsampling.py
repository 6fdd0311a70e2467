"""Every second cell of channels-last images, or every third ..., and the gradient."""

from __future__ import annotations

from typing import Any

from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.onednn import GradientOp, OneDNNOp, image, image_or_words, integers, like


def subsample(x: Any, step: int) -> Any:
    """Return every `step`-th cell of each row and column, from the first on.

    Parameters
    ----------
    x : float32 or uint16 variable (N, H, W, C)
        Images, channels last; uint16 holds bfloat16, see `bfloat16.py`.
    step : int

    Returns
    -------
    variable (N, H', W', C), of the dtype of `x`, ``H' = (H + step - 1) // step``
        The same numbers as ``x[:, ::step, ::step]``, one after another. With a gradient in float32.

    Raises
    ------
    TypeError
        If `x` has another dtype or number of axes.
    ValueError
        For a step below 1.
    """
    return Subsampling(step=step)(image_or_words(x, "subsampling: the input"))


class _Subsampling(OneDNNOp):
    __props__ = ("step",)
    params_type = integers(*__props__)
    files = ("subsampling.h",)
    function = ""  # of the C++ file

    def __init__(self, *, step: int) -> None:
        super().__init__()
        if step < 1:
            raise ValueError(f"subsampling: step {step} cannot be used: at least 1 is needed.")
        self.step = int(step)

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        return f"{self.function}({', '.join(inputs + outputs)}, {params}->step)"


class Subsampling(_Subsampling):
    """The Op behind `subsample`."""

    function = "subsample"

    def make_node(self, x: Any) -> Any:
        return theano.graph.basic.Apply(self, [x], [T.TensorType(x.dtype, [False] * 4)()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        batch, height, width, channels = shapes[0]
        rows, columns = ((length + self.step - 1) // self.step for length in (height, width))
        return [(batch, rows, columns, channels)]

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Any]:
        (x,) = inputs
        return [like(SubsamplingGradient(step=self.step)(x, output_gradients[0]), x)]


class SubsamplingGradient(_Subsampling, GradientOp):
    """From x (for its shape) and the gradient by the kept cells: the gradient by x."""

    function = "subsampling_gradient"

    def make_node(self, x: Any, dy: Any) -> Any:
        return theano.graph.basic.Apply(self, [x, image(dy, "dy")], [T.ftensor4()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]]
