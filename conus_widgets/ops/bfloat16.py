"""bfloat16: half the memory traffic of float32, for predictions and previews.

A bfloat16 is the upper half of a float32: the same range, 8 bits of precision instead of 24. NumPy
and Theano have no such type; a tensor of 16-bit words (uint16) stands for it between convolutions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.onednn import Availability, OneDNNOp, available, image

#: What a processor must have that multiplies bfloat16 itself. With the second alone it is fast on
#: AMD, and may be slower than float32 on Intel: docs/ops.md has figures.
NEEDED = ("amx_bf16", "avx512_bf16")


def bfloat16_available(cpuinfo: Path = Path("/proc/cpuinfo")) -> Availability:
    """Return whether convolutions of bfloat16 can be computed here, and why not.

    Parameters
    ----------
    cpuinfo : Path
        The file in which the system lists the processor's features.
    """
    found = available()
    if not found:
        return found
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if limit and not limit.endswith(("BF16", "AMX", "FP16", "ALL", "DEFAULT")):
        return Availability(None, f"ONEDNN_MAX_CPU_ISA is {limit}, which has no bfloat16.")
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        lines = []
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    if not any(name in flags for name in NEEDED):
        return Availability(
            None, f"this processor does not compute with bfloat16 ({' or '.join(NEEDED)})."
        )
    return found


def to_bfloat16(x: Any) -> Any:
    """Return float32 images (N, H, W, C) as bfloat16, rounded to the nearest, ties to even.

    Raises
    ------
    TypeError
        If `x` has another dtype or number of axes.
    """
    return _ToBfloat16()(image(x, "to_bfloat16: the input"))


def from_bfloat16(x: Any) -> Any:
    """Return bfloat16 images (N, H, W, C) as float32, which is exact.

    Raises
    ------
    TypeError
        If `x` has another dtype or number of axes.
    """
    return _FromBfloat16()(image(x, "from_bfloat16: the input", dtype="uint16"))


class _Conversion(OneDNNOp):
    files = ("words.h", "bfloat16.h")
    function = ""  # of the C++ files
    dtype = ""  # of the output

    def make_node(self, x: Any) -> Any:
        return theano.graph.basic.Apply(self, [x], [T.TensorType(self.dtype, [False] * 4)()])

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]]

    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        return f"{self.function}({', '.join(inputs + outputs)})"

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> Any:
        raise NotImplementedError(
            "Gradients are not computed with bfloat16: they would be wrong by 17 %. Use float32."
        )


class _ToBfloat16(_Conversion):
    function, dtype = "to_bfloat16", "uint16"


class _FromBfloat16(_Conversion):
    function, dtype = "from_bfloat16", "float32"
