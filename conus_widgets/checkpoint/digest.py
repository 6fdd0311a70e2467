"""Digests of a checkpoint: whether two give the same answers."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from conus_widgets.checkpoint.files import Checkpoint


def model_digest(checkpoint: Checkpoint) -> str:
    """Return the SHA-256 of a model: its arrays, its classes and how photographs are prepared.

    A file that holds the same numbers as float16 has the same digest, and so has one with another
    name, other lines of text or other regions: its answers are the same. Which engine computes is
    no part of it either: that changes a probability by about 1e-6.

    Notes
    -----
    Takes as long as reading the checkpoint: 0.2 s for a network of full width.
    """
    architecture = checkpoint.architecture
    found = hashlib.sha256()
    prepared = {
        "width": float(architecture.width),
        "stride_on": architecture.stride_on,
        "pool": architecture.pool,
        "size": architecture.size,
        "labels": list(checkpoint.labels),
        "mean_rgb": [float(value) for value in checkpoint.mean_rgb],
        "resample": checkpoint.resample,
    }
    found.update(json.dumps(prepared, sort_keys=True).encode())
    for (name, shape), values in zip(architecture.parameters(), checkpoint.arrays, strict=True):
        found.update(f"{name} {shape}".encode())
        found.update(np.ascontiguousarray(values, "<f4").data)
    return found.hexdigest()


def whole_digest(checkpoint: Checkpoint) -> str:
    """Return the SHA-256 of all that a prediction says: the model, and its texts and regions."""
    texts = [checkpoint.name, checkpoint.notice, list(checkpoint.info), list(checkpoint.regions)]
    found = hashlib.sha256(model_digest(checkpoint).encode() + json.dumps(texts).encode())
    for weights in checkpoint.regions.values():
        found.update(np.ascontiguousarray(weights, "<f8").data)
    return found.hexdigest()
