"""Make references.npz: maps of a small random network by captum and pytorch-grad-cam.

Run in an environment of its own, from the root of this repository:

    pip install torch==2.13.0 captum==0.9.0 grad-cam==1.5.7 opencv-python-headless scikit-learn
    PYTHONPATH=.:tests python tests/references/make.py

The network is ``networks.random_checkpoint()``; the picture is stored beside the maps, at the size
of the network's input, so that nothing is resized. "class" explains class 1, "pair" class 1 rather
than class 3. Maps are taken before the tools clip or rescale them; gradients are summed over the
channels.
"""

import sys
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from captum.attr import GuidedBackprop, InputXGradient, IntegratedGradients, Occlusion, Saliency
from networks import photographs, random_checkpoint
from torch import nn

# pytorch-grad-cam imports torchvision, which it needs for reading pictures only.
with mock.patch.dict(sys.modules):
    for name in ("", ".transforms", ".transforms.functional"):
        sys.modules.setdefault(f"torchvision{name}", mock.MagicMock())
    from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM

TARGETS = {"class": {1: 1.0}, "pair": {1: 1.0, 3: -1.0}}
LAYERS = ("res2c", "res4f", "res5c")
KINDS = {"hires": HiResCAM, "layer": LayerCAM, "grad": GradCAM, "grad++": GradCAMPlusPlus}
#: Grad-CAM++ as implemented there adds 1e-6 to squared gradients; large logits make that nothing.
LARGE = 1000.0
WINDOWS = ((16, 8), (32, 8))  # side and stride in pixels
STEPS = 32


class Normalised(nn.Module):
    """A convolution and the batch norm behind it, as a checkpoint keeps them."""

    def __init__(self, convolution, arrays):
        super().__init__()
        self.stride, self.pad = convolution.stride, convolution.pad
        self.weight = next(arrays)
        self.bias = next(arrays) if convolution.bias else None
        self.beta, self.gamma, self.mean, self.inv_std = (
            next(arrays).reshape(1, -1, 1, 1) for _ in range(4)
        )

    def forward(self, x):
        x = nn.functional.conv2d(x, self.weight, self.bias, self.stride, self.pad)
        return (x - self.mean) * self.gamma * self.inv_std + self.beta


class Bottleneck(nn.Module):
    def __init__(self, block, arrays):
        super().__init__()
        self.projection = Normalised(block.projection, arrays) if block.projection else None
        self.branch = nn.ModuleList([Normalised(c, arrays) for c in block.branch])
        self.relus = nn.ModuleList([nn.ReLU() for _ in block.branch])

    def forward(self, x):
        shortcut = self.projection(x) if self.projection else x
        for convolve, relu in zip(self.branch[:2], self.relus[:2], strict=True):
            x = relu(convolve(x))
        return self.relus[2](self.branch[2](x) + shortcut)


class Net(nn.Module):
    """Logits (N, classes), times the weights of a target where there is one: (N,)."""

    def __init__(self, checkpoint, target=None):
        super().__init__()
        arrays = (torch.from_numpy(np.array(array)) for array in checkpoint.arrays)
        architecture = checkpoint.architecture
        self.conv1 = Normalised(architecture.convolution1, arrays)
        self.relu = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.blocks = nn.ModuleDict({b.name: Bottleneck(b, arrays) for b in architecture.blocks()})
        self.weight, self.bias = nn.Parameter(next(arrays)), next(arrays)
        self.target = None
        if target is not None:
            self.target = torch.zeros(architecture.classes)
            for number, weight in target.items():
                self.target[number] = weight
        self.eval()

    def forward(self, x):
        x = self.pool1(self.relu(self.conv1(x)))
        for block in self.blocks.values():
            x = block(x)
        logits = x.mean((2, 3)) @ self.weight + self.bias
        return logits if self.target is None else logits @ self.target


def by_pixels(net, x, black):
    """Return the maps that captum makes."""
    found = {
        "gradient": Saliency(net).attribute(x, abs=False),
        "gradient_times_input": InputXGradient(net).attribute(x),
    }
    for name, start in (("black", black), ("mean", torch.zeros_like(x))):
        given = IntegratedGradients(net).attribute(
            x, start, n_steps=STEPS + 1, method="riemann_trapezoid"
        )
        # captum gives each of n points the weight 1/n, though n - 1 steps lie between them.
        found[f"integrated_gradients_{name}"] = given * (STEPS + 1) / STEPS
    for side, stride in WINDOWS:
        given = Occlusion(net).attribute(
            x, (3, side, side), (3, stride, stride), baselines=black, perturbations_per_eval=16
        )
        # Every channel of a pixel gets the whole change, as all three are covered together.
        found[f"occlusion_{side}_{stride}"] = given / 3
    found["guided_backprop"] = GuidedBackprop(net).attribute(x)  # last: it hooks into the network
    return {name: given.detach().sum(dim=1)[0].numpy() for name, given in found.items()}


def by_layers(checkpoint, target, x):
    """Return the maps that pytorch-grad-cam makes."""
    found = {}
    for layer in LAYERS:
        for kind, tool in KINDS.items():
            scale = LARGE if kind == "grad++" else 1.0
            net = Net(checkpoint)
            weights = Net(checkpoint, target).target * scale
            cam = tool(model=net, target_layers=[net.blocks[layer]])
            logits = cam.activations_and_grads(x)
            net.zero_grad()
            (logits[0] @ weights).backward()
            found[f"{kind}_{layer}"] = cam.get_cam_image(
                x,
                net.blocks[layer],
                None,
                cam.activations_and_grads.activations[0].numpy(),
                cam.activations_and_grads.gradients[0].numpy(),
                False,
            )[0]
    return found


def main():
    checkpoint = random_checkpoint()
    size = checkpoint.architecture.size
    picture = np.asarray(photographs(1, seed=7)[0].resize((size, size)))
    mean = np.array(checkpoint.mean_rgb)
    x = torch.from_numpy((picture - mean).transpose(2, 0, 1)[None, ::-1].astype("float32"))
    x.requires_grad_()
    black = torch.from_numpy(
        np.broadcast_to(-mean[::-1].reshape(1, 3, 1, 1), x.shape).astype("float32")
    )
    found = {"picture": picture, "logits": Net(checkpoint)(x)[0].detach().numpy()}
    for word, target in TARGETS.items():
        maps = {
            **by_pixels(Net(checkpoint, target), x, black),
            **by_layers(checkpoint, target, x),
        }
        found.update({f"{name}_{word}": values.astype("float32") for name, values in maps.items()})
    np.savez_compressed(Path(__file__).with_name("references.npz"), **found)
    for name, values in found.items():
        print(f"{name:32} {values.shape} {values.min():10.4g} {values.max():10.4g}")


if __name__ == "__main__":
    main()
