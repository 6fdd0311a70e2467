"""A ResNet50 in PyTorch with torchvision's keys, asked about photographs, in the peers' Python.

``python -m benchmarks.pytorch_start FOLDER`` reads ``state.npz`` and ``pixels.npy`` and writes
``logits.npy``. Written after torchvision's table, which the peers' environment does not have.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut; the stride stands in the 3x3."""

    def __init__(self, channels, middle, stride, project):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, middle, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, 4 * middle, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * middle)
        self.downsample = None
        if project:
            shortcut = nn.Conv2d(channels, 4 * middle, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * middle))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        return torch.relu(self.bn3(self.conv3(y)) + shortcut)


class ResNet50(nn.Module):
    """torchvision's ResNet50."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for layer, (middle, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 1):
            made = []
            for block in range(blocks):
                stride = 2 if layer > 1 and block == 0 else 1
                made.append(Bottleneck(channels, middle, stride, block == 0))
                channels = 4 * middle
            setattr(self, f"layer{layer}", nn.Sequential(*made))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(x.mean((2, 3)))


def main(folder):
    """Write the logits of the photographs."""
    with np.load(folder / "state.npz") as file:
        state = {key: torch.from_numpy(file[key]) for key in file.files}
    network = ResNet50(len(state["fc.bias"])).eval()
    network.load_state_dict(state)
    pixels = torch.from_numpy(np.load(folder / "pixels.npy")).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    with torch.inference_mode():
        np.save(folder / "logits.npy", network((pixels / 255 - mean) / std).numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
