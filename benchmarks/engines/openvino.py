"""OpenVINO: its CPU plugin with the hint for latency."""

from functools import cache

import openvino

from benchmarks.engines import Engine


def load(folder, threads, *, precision="float32"):
    """Load ``network.onnx``; it is compiled for each number of photographs, which is its best."""
    core = openvino.Core()
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
    }

    @cache
    def compiled(count):
        model = core.read_model(folder / "network.onnx")
        _, *rest = model.input().partial_shape
        model.reshape([count, *rest])
        return core.compile_model(model, "CPU", settings)

    def forward(inputs):
        # The answer is copied: the next call writes over what is shared.
        return compiled(len(inputs))([inputs], share_inputs=True)[0].copy()

    return Engine(forward)
