"""Max and mean pooling of channels-last images, and their gradients."""

from __future__ import annotations

from typing import Any

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

FILES = (
    *("words.h", "vectors.h", "windows.h"),
    *("avx512.h", "maxima.h"),
    *("avx2.h", "maxima.h"),
    "pooling.h",
)


def max_pool(x: Any, *, size: int = 3, stride: int = 2, pad: int = 0, partial: bool = True) -> Any:
    """Return the maxima of square windows.

    Parameters
    ----------
    x : float32 or uint16 variable (N, H, W, C)
        Images, channels last; uint16 holds bfloat16, see `bfloat16.py`.
    size, stride, pad : int
        Of the windows, the same along both axes. Padding never wins.
    partial : bool
        Whether a last window that sticks out is kept ("ceil mode"). A window is never kept that
        would hold padding only.

    Returns
    -------
    variable (N, H', W', C), of the dtype of `x`
        With a gradient in float32. Of equal maxima the first in reading order gets the gradient
        (Theano's own pooling pays it to every one of them). A NaN stays visible. Both as in
        PyTorch.

    Raises
    ------
    TypeError
        If `x` has another dtype or number of axes.
    ValueError
        If ``size``, ``stride`` < 1 or ``pad`` is not in 0 ... ``size - 1``; when called, where
        the images are smaller than a window and partial ones are not kept.
    """
    op = MaxPool(size=size, stride=stride, pad=pad, partial=partial)
    return op(image_or_words(x, "max pooling: the input"))


def mean_pool(x: Any) -> Any:
    """Return the mean over all cells.

    Parameters
    ----------
    x : float32 variable (N, H, W, C)
        Images, channels last.

    Returns
    -------
    float32 variable (N, C)

    Raises
    ------
    TypeError
        If `x` has another dtype or number of axes.
    """
    return MeanPool()(image(x, "mean pooling: the input"))


class _MaxPool(OneDNNOp):
    __props__: tuple[str, ...] = ("size", "stride", "pad", "partial")
    params_type = integers(*__props__)
    files = FILES

    def __init__(self, *, size: int, stride: int, pad: int, partial: bool) -> None:
        super().__init__()
        if size < 1 or stride < 1 or not 0 <= pad < size:
            raise ValueError(
                f"max pooling: size {size}, stride {stride} and pad {pad} cannot be used: "
                "size and stride are at least 1, pad is at least 0 and less than size."
            )
        self.size, self.stride, self.pad = int(size), int(stride), int(pad)
        self.partial = int(partial)

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        function = "max_pool_gradient" if len(inputs) == 2 else "max_pool"
        options = [f"{params}->{name}" for name in self.__props__]
        return f"{function}({', '.join([*inputs, *outputs, *options])})"


class MaxPool(_MaxPool):
    """The Op behind `max_pool`."""

    def make_node(self, x: Any) -> Any:
        return theano.graph.basic.Apply(self, [x], [T.TensorType(x.dtype, [False] * 4)()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        batch, height, width, channels = shapes[0]
        return [(batch, self._windows(height), self._windows(width), channels)]

    def _windows(self, length: Any) -> Any:
        room = length + 2 * self.pad - self.size
        if not self.partial:
            return room // self.stride + 1
        windows = T.maximum(0, room + self.stride - 1) // self.stride + 1
        beyond = T.ge((windows - 1) * self.stride, length + self.pad)
        return windows - T.cast(beyond, "int64")

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Any]:
        (x,) = inputs
        options = {name: getattr(self, name) for name in self.__props__}
        return [like(MaxPoolGradient(**options)(x, output_gradients[0]), x)]


class MaxPoolGradient(_MaxPool, GradientOp):
    """From x and the gradient by the maxima: the gradient by x.

    If it is `masked`, x comes from a ReLU, and the gradient is that by what went into it.
    """

    __props__ = (*_MaxPool.__props__, "masked")
    params_type = integers(*__props__)

    def __init__(self, *, masked: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.masked = int(masked)

    def make_node(self, x: Any, dy: Any) -> Any:
        return theano.graph.basic.Apply(self, [x, image(dy, "dy")], [T.ftensor4()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]]


class MeanPool(OneDNNOp):
    """The Op behind `mean_pool`."""

    files = FILES

    def make_node(self, x: Any) -> Any:
        return theano.graph.basic.Apply(self, [x], [T.fmatrix()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [(shapes[0][0], shapes[0][3])]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        return f"mean_pool({', '.join(inputs + outputs)})"

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Any]:
        (x,) = inputs
        return [like(MeanPoolGradient()(x, output_gradients[0]), x)]


class MeanPoolGradient(GradientOp):
    """From x (for its shape) and the gradient by the means: the gradient by x."""

    files = FILES

    def make_node(self, x: Any, dy: Any) -> Any:
        return theano.graph.basic.Apply(self, [x, tensor(dy, 2, "dy")], [T.ftensor4()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        return f"mean_pool_gradient({', '.join(inputs + outputs)})"
