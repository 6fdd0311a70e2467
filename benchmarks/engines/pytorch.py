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

    def signs(self, x):
        """Return what `Engine.signs` says; the weights may be float32 or float64."""
        found = {}
        with torch.inference_mode():
            self._walk(x, lambda name, y: found.setdefault(name, y.relu()), functional.max_pool2d)
        values = found["conv1"].permute(0, 2, 3, 1).numpy()
        signs = {name: (y > 0).permute(0, 2, 3, 1).numpy() for name, y in found.items()}
        return {**signs, "values": values}

    def exact(self, x, target, signs):
        """Return what `Engine.exact` says; the weights must be float64."""
        flips = count = 0

        def rectify(name, y):
            nonlocal flips, count
            given = torch.from_numpy(signs[name]).permute(0, 3, 1, 2)
            step = -(-y.shape[2] // given.shape[2])  # cells that nobody reads may be left out
            kept = torch.ones(y.shape, dtype=bool)
            kept[:, :, ::step, ::step] = given
            flips += int(((y > 0) != kept)[:, :, ::step, ::step].sum())
            count += given.numel()
            return y * kept

        values = torch.from_numpy(signs["values"]).permute(0, 3, 1, 2).contiguous()

        def pool(y, *arguments, **options):
            _, places = functional.max_pool2d(values, *arguments, **options, return_indices=True)
            return y.flatten(2).gather(2, places.flatten(2)).view(places.shape)

        x.requires_grad_()
        logits = self._walk(x, rectify, pool)
        (by_x,) = torch.autograd.grad(logits[:, target].sum(), x)
        return by_x.contiguous().numpy(), flips, count

    def _walk(self, x, rectify, pool):
        alive = {"x": x}
        for step in self.steps:
            y = alive[step["input"]]
            if step["op"] == "pool":
                y = pool(y, 3, 2, step["pad"], ceil_mode=step["ceil"])
            else:
                weights, bias = (self.weights[f"{step['name']}_{kind}"] for kind in "Wb")
                y = functional.conv2d(y, weights, bias, step["stride"], step["pad"])
                if step["residual"]:
                    y = y + alive[step["residual"]]
                y = rectify(step["name"], y) if step["relu"] else y
            alive[step["name"]] = y
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

    def exact(inputs, target, signs):
        return Network(folder).double().exact(tensor(inputs).double(), target, signs)

    if script:
        return Engine(lambda inputs: predict(network, inputs))
    return Engine(
        lambda inputs: predict(network, inputs),
        gradient,
        signs=lambda inputs: network.signs(tensor(inputs)),
        exact=exact,
    )
