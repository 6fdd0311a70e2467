"""A checkpoint whose last layer was fitted anew: the same features, other classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.training.last_layer import LastLayer


def refitted(
    checkpoint: Checkpoint,
    layer: LastLayer,
    labels: Sequence[str],
    *,
    name: str,
    info: Sequence[str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Return a checkpoint with another last layer: `files.write` writes it, `Predictor` runs it.

    Parameters
    ----------
    checkpoint : Checkpoint
        Whose features the layer was fitted to.
    layer : LastLayer
    labels : sequence of str
        The layer's classes.
    name : str
        Of the new checkpoint.
    info : sequence of str, optional
        A line of text for each class.
    about : mapping, optional
        What is worth knowing of the fit (specimens, seed, figures); it stands in the JSON.

    Returns
    -------
    Checkpoint
        It keeps the notice: a demonstration with another last layer is still a demonstration. It
        does not keep the weights of regions, nor what the JSON says of the old training and its
        accuracy: they hold for other classes.

    Raises
    ------
    ValueError
        If layer, labels and checkpoint do not fit, or a class had no examples.
    """
    width, classes = layer.weights.shape
    features = checkpoint.architecture.features
    if width != features:
        raise ValueError(
            f"The layer takes {width} features, but {checkpoint.name} has {features}: fit it to "
            "the features of this network."
        )
    if len(labels) != classes:
        raise ValueError(f"The layer has {classes} classes, but {len(labels)} labels were given.")
    if not layer.learnt.all():
        missing = [label for label, learnt in zip(labels, layer.learnt, strict=True) if not learnt]
        raise ValueError(
            f"{len(missing)} of {classes} classes had no examples ({', '.join(missing[:3])}): fit "
            "the layer without them."
        )
    arrays = checkpoint.arrays
    kept = [arrays[number] for number in range(len(arrays) - 2)]
    kept += [np.asarray(layer.weights, np.float32), np.asarray(layer.bias, np.float32)]
    return replace(
        checkpoint,
        name=name,
        architecture=replace(checkpoint.architecture, classes=classes),
        arrays=kept,
        labels=list(labels),
        info=["-"] * classes if info is None else list(info),
        regions={},
        record={"last_layer": {"features_of": checkpoint.name, **(about or {})}},
    )
