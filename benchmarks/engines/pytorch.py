"""PyTorch: a module that walks through the same table; eager, or TorchScript, frozen."""

import json

import numpy as np
import torch
from torch.nn import functional

from benchmarks.engines import Engine


class Network(torch.nn.Module):
    """The folded network, channels last, its parameters frozen.

    Parameters
    ----------
    folder : Path
        Holds ``steps.json`` and ``weights.npz``.
    """

    def __init__(self, folder):
        super().__init__()
        self.steps = json.loads((folder / "steps.json").read_text())
        with np.load(folder / "weights.npz") as file:
            self.weights = torch.nn.ParameterDict({name: frozen(file[name]) for name in file.files})

    def forward(self, x):
        alive = {"x": x}
        for step in self.steps:
            y = alive[step["input"]]
            if step["op"] == "pool":
                y = functional.max_pool2d(y, 3, 2, step["pad"], ceil_mode=step["ceil"])
            else:
                weights, bias = (self.weights[f"{step['name']}_{kind}"] for kind in "Wb")
                y = functional.conv2d(y, weights, bias, step["stride"], step["pad"])
                if step["residual"]:
                    y += alive[step["residual"]]
                if step["relu"]:
                    y = y.relu_()
            alive[step["name"]] = y
            for name in step["done"]:  # or all activations would stay in memory
                del alive[name]
        return y.mean((2, 3)) @ self.weights["logits_W"] + self.weights["logits_b"]


def frozen(array):
    """Return a parameter that asks for no gradient, its channels last in memory."""
    tensor = torch.from_numpy(array)
    if tensor.ndim == 4:
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    return torch.nn.Parameter(tensor, requires_grad=False)


def tensor(inputs):
    """Return photographs, channels first as everybody gets them, with channels last in memory."""
    return torch.from_numpy(inputs).contiguous(memory_format=torch.channels_last)


def predict(network, inputs):
    """Return the logits, without a record for gradients."""
    with torch.inference_mode():
        return network(tensor(inputs)).numpy()


def load(folder, threads, *, script=False):
    """Load the weights into a `Network`."""
    torch.set_num_threads(threads)
    network = Network(folder).eval()
    if script:
        size = np.load(folder / "inputs.npy", mmap_mode="r").shape[-1]
        with torch.no_grad():
            traced = torch.jit.trace(network, tensor(np.zeros((1, 3, size, size), np.float32)))
            network = torch.jit.optimize_for_inference(torch.jit.freeze(traced.eval()))

    def gradient(inputs, target):
        x = tensor(inputs).requires_grad_()
        logits = network(x)
        (by_x,) = torch.autograd.grad(logits[:, target].sum(), x)
        return logits.detach().numpy(), by_x.contiguous().numpy()

    return Engine(lambda inputs: predict(network, inputs), None if script else gradient)
