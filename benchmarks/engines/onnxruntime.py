"""ONNX Runtime: its CPU provider, all optimisations."""

import onnxruntime

from benchmarks.engines import Engine


def load(folder, threads):
    """Load ``network.onnx``."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        str(folder / "network.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return Engine(lambda inputs: session.run(["logits"], {"x": inputs})[0])
