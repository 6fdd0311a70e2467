"""The gradient of ReLU, where it was fused into a convolution."""

from __future__ import annotations

from typing import Any

from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.onednn import GradientOp, image, integers


class ReluGradient(GradientOp):
    """From y = ReLU(...) and the gradient by y: the gradient by what went in, 0 where y is 0.

    With `inplace` it overwrites the gradient by y; Theano's optimiser asks for that where nothing
    else reads it, which spares a third of the memory traffic.
    """

    __props__ = ("inplace",)
    params_type = integers(*__props__)
    files = ("relu.h",)

    def __init__(self, *, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = int(inplace)
        if inplace:
            self.destroy_map = {0: [1]}

    def make_node(self, y: Any, dy: Any) -> Any:
        return theano.graph.basic.Apply(self, [y, image(dy, "dy")], [T.ftensor4()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        return f"relu_gradient({', '.join(inputs + outputs)}, {params}->inplace)"


@theano.graph.opt.local_optimizer([ReluGradient])
def _use_inplace(fgraph: Any, node: Any) -> Any:
    if isinstance(node.op, ReluGradient) and not node.op.inplace:
        return [ReluGradient(inplace=True)(*node.inputs)]
    return False


theano.compile.mode.optdb.register(
    "conus_relu_gradient_inplace",
    theano.graph.opt.TopoOptimizer(
        _use_inplace, failure_callback=theano.graph.opt.TopoOptimizer.warn_inplace
    ),
    70.0,  # after all optimisers that look at values, where Theano's own go in place
    "fast_run",
    "inplace",
)
