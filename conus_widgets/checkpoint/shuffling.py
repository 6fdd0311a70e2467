"""Shuffled checkpoints: the numbers of some arrays in random order."""

from __future__ import annotations

import dataclasses

import numpy as np

from conus_widgets.checkpoint.files import Checkpoint


def shuffled(checkpoint: Checkpoint, stages: tuple[str, ...], seed: int) -> Checkpoint:
    """Return a checkpoint in which each array of some stages has its numbers in random order.

    Parameters
    ----------
    checkpoint : Checkpoint
        Left as it is.
    stages : tuple of str
        What the names of the arrays begin with, such as "res5".
    seed : int
        The same seed shuffles an array in the same way, whatever the other stages.
    """
    arrays = []
    for number, (name, _) in enumerate(checkpoint.architecture.parameters()):
        array = checkpoint.arrays[number]
        if name.startswith(stages):
            rng = np.random.default_rng([seed, number])
            array = rng.permutation(array.ravel()).reshape(array.shape)
        arrays.append(array)
    return dataclasses.replace(checkpoint, arrays=arrays)
