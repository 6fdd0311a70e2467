"""A ResNet50 of PyTorch (keys of torchvision or timm) in safetensors, as a checkpoint here.

Nothing of PyTorch is needed, and nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.architecture import STAGES, Architecture, Convolution
from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.checkpoint.normalisation import Normalisation
from conus_widgets.checkpoint.tensors import Tensors
from conus_widgets.checkpoint.texts import as_seen, printable

EPSILON = 1e-5  # torch.nn.BatchNorm2d adds it to the variance
_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")
_BRANCH = {"branch2a": ("conv1", "bn1"), "branch2b": ("conv2", "bn2"), "branch2c": ("conv3", "bn3")}


def read(file: Path) -> Checkpoint:
    """Read a ResNet50 that was trained in PyTorch.

    Parameters
    ----------
    file : Path
        A ``.safetensors`` with the keys of torchvision's and timm's ResNet50; float32, float16 or
        bfloat16. A JSON beside it says how its photographs were prepared: see `Normalisation`.

    Returns
    -------
    Checkpoint
        With the stride in the 3x3 convolutions and a padded first pooling. Photographs are
        resized straight to the square, as everywhere in this kit; how they were resized and cropped
        in PyTorch stands in the record under "start".

    Raises
    ------
    CheckpointError
        If a key is missing, not known or of another shape, with names and numbers; or if a number
        is not finite.

    Notes
    -----
    PyTorch's input is ``(pixel / 255 - mean) / std``, this kit's ``pixel - 255 mean``. The padding
    is 0 in both, so that the factor ``1 / (255 std)`` in the first convolution's filters is exact
    to the border. An offset in its bias would not be.
    """
    prepared = Normalisation.beside(file)
    tensors = Tensors(file)
    architecture = _architecture(file, tensors, prepared)
    _require_keys(file, tensors, architecture)
    arrays: list[NDArray[Any]] = []
    for c in architecture.convolutions():
        convolution, norm = _names(c)
        filters = _taken(tensors, f"{convolution}.weight", (c.filters, c.channels, c.size, c.size))
        arrays.append(prepared.folded(filters) if c.name == "conv1" else filters)
        if c.bias:
            arrays.append(np.zeros(c.filters, np.float32))
        gamma, beta, mean, variance = (
            _taken(tensors, f"{norm}.{name}", (c.filters,)) for name in _BATCH_NORM
        )
        if (variance < 0).any():
            raise CheckpointError(
                f"{file}: {norm}.running_var has {int((variance < 0).sum())} of {len(variance)} "
                "variances below 0: the file is damaged."
            )
        inv_std = (1 / np.sqrt(variance.astype(np.float64) + EPSILON)).astype(np.float32)
        arrays += [beta, gamma, mean, inv_std]
    shape = (architecture.classes, architecture.features)
    arrays.append(np.ascontiguousarray(_taken(tensors, "fc.weight", shape).T))
    arrays.append(_taken(tensors, "fc.bias", shape[:1]))
    return Checkpoint(
        name=printable(file.stem),
        architecture=architecture,
        arrays=arrays,
        labels=_labels(prepared.labels, architecture.classes),
        info=["-"] * architecture.classes,
        mean_rgb=prepared.mean_pixels,
        resample=prepared.interpolation,
        record={
            "start": {
                "file": printable(file.name),
                "numbers": " and ".join(sorted(tensors.kinds)),
                "prepared_there": prepared.record(),
                "prepared_here": f"resized straight to {architecture.size} x {architecture.size}, "
                f"{prepared.interpolation}, nothing cropped",
            }
        },
    )


def _architecture(file: Path, tensors: Tensors, prepared: Normalisation) -> Architecture:
    """Return the architecture that the shapes of three tensors tell."""
    stem = _shape(file, tensors, "conv1.weight", 4)[0]
    middle = _shape(file, tensors, "layer1.0.conv1.weight", 4)[0]
    classes = _shape(file, tensors, "fc.weight", 2)[0]
    try:
        return Architecture(
            classes,
            width=middle / STAGES[0][1],
            stem=stem,
            stride_on="3x3",
            pool="pad1",
            size=prepared.size,
        )
    except ValueError as error:
        raise CheckpointError(f"{file}: {error}") from error


def _shape(file: Path, tensors: Tensors, key: str, axes: int) -> tuple[int, ...]:
    if key not in tensors.shapes:
        some = ", ".join(sorted(tensors.shapes)[:3]) or "none"
        raise CheckpointError(
            f"{file} has no {key}, but {len(tensors.shapes)} others ({some} ...): only a ResNet50 "
            "with the keys of torchvision or timm can be used."
        )
    shape = tensors.shapes[key]
    if len(shape) != axes:
        raise CheckpointError(
            f"{file}: {key} has shape {shape}, but {axes} numbers are needed: this is no ResNet50 "
            "of torchvision or timm."
        )
    return shape


def _names(c: Convolution) -> tuple[str, str]:
    """Return what PyTorch calls a convolution and its batch norm.

    res3b_branch2a is layer2.1.conv1 and layer2.1.bn1.
    """
    if c.name == "conv1":
        return "conv1", "bn1"
    block, branch = c.name.split("_")
    place = f"layer{int(block[3]) - 1}.{'abcdef'.index(block[4])}"
    if branch == "branch1":
        return f"{place}.downsample.0", f"{place}.downsample.1"
    convolution, norm = _BRANCH[branch]
    return f"{place}.{convolution}", f"{place}.{norm}"


def _require_keys(file: Path, tensors: Tensors, architecture: Architecture) -> None:
    expected = {"fc.weight", "fc.bias"}
    for c in architecture.convolutions():
        convolution, norm = _names(c)
        expected.add(f"{convolution}.weight")
        expected.update(f"{norm}.{name}" for name in _BATCH_NORM)
    missing = sorted(expected - set(tensors.shapes))
    if missing:
        raise CheckpointError(
            f"{file} lacks {len(missing)} of {len(expected)} tensors ({', '.join(missing[:3])}): a "
            "ResNet50 with the keys of torchvision or timm is needed, all of it."
        )
    more = sorted(set(tensors.shapes) - expected)
    if more:
        raise CheckpointError(
            f"{file} has {len(more)} tensors that a ResNet50 has not ({', '.join(more[:3])}): this "
            "is another network, as a ResNet101 or a ResNet50-D."
        )


def _taken(tensors: Tensors, key: str, shape: tuple[int, ...]) -> NDArray[Any]:
    found = tensors.shapes[key]
    if found != shape:
        raise CheckpointError(
            f"{tensors.file}: {key} has shape {found}, but {shape} is needed: this is another "
            "network than a ResNet50."
        )
    return tensors.take(key)


def _labels(given: Mapping[int, str] | None, classes: int) -> list[str]:
    """Return names that differ: ImageNet has two cranes."""
    names = [(given or {}).get(number) or f"class {number}" for number in range(classes)]
    times: dict[str, int] = {}
    taken: set[str] = set()
    labels = []
    for name in names:
        label = plain = printable(" ".join(name.split())) or "-"
        while as_seen(label) in taken:
            times[as_seen(plain)] = number = times.get(as_seen(plain), 1) + 1
            label = f"{plain} ({number})"
        taken.add(as_seen(label))
        labels.append(label)
    return labels
