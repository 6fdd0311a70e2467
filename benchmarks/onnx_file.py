"""Writes the network as ONNX, from the same table and weights.

Run in the peers' environment, which has the package `onnx`: ``python -m benchmarks.onnx_file
FOLDER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 17
IR_VERSION = 8  # the one of that opset: older runtimes refuse newer ones


def write(folder: Path) -> Path:
    """Write ``network.onnx`` from ``steps.json`` and ``weights.npz``, and return its path.

    Notes
    -----
    The number of photographs stays open. Convolution, sum and ReLU are nodes of their own, as every
    exporter writes them: each runtime fuses them in its own way.
    """
    steps = json.loads((folder / "steps.json").read_text())
    with np.load(folder / "weights.npz") as file:
        weights = {name: file[name] for name in file.files}
    nodes = []

    def node(op: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    made = {"x": "x"}
    for step in steps:
        name, y = step["name"], made[step["input"]]
        strides, pads = [step.get("stride", 2)] * 2, [step["pad"]] * 4
        if step["op"] == "pool":
            window = {"kernel_shape": [3, 3], "strides": strides, "pads": pads}
            y = node("MaxPool", [y], name, ceil_mode=int(step["ceil"]), **window)
        else:
            inputs = [y, f"{name}_W", f"{name}_b"]
            window = {"kernel_shape": [step["size"]] * 2, "strides": strides, "pads": pads}
            y = node("Conv", inputs, f"{name}_conv", **window)
            if step["residual"]:
                y = node("Add", [y, made[step["residual"]]], f"{name}_sum")
            if step["relu"]:
                y = node("Relu", [y], f"{name}_relu")
        made[name] = y
    y = node("GlobalAveragePool", [y], "mean")
    y = node("Flatten", [y], "features")
    node("Gemm", [y, "logits_W", "logits_b"], "logits")

    size = int(np.load(folder / "inputs.npy", mmap_mode="r").shape[-1])
    number = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "resnet50",
        [helper.make_tensor_value_info("x", number, ["N", 3, size, size])],
        [helper.make_tensor_value_info("logits", number, ["N", len(weights["logits_b"])])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(
        graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    onnx.checker.check_model(model)
    path = folder / "network.onnx"
    onnx.save(model, str(path))
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]))
