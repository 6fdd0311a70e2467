"""A compiled network: inputs in, logits and features out, in small batches, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conus_widgets.checkpoint import Checkpoint
from conus_widgets.inference import compile_forward

BATCH = 8  # photographs computed at once: progress and cancelling are felt between batches

Progress = Callable[[int, int], Any]


class Cancelled(Exception):
    """Somebody asked to stop; raised between two batches."""


@dataclass(frozen=True)
class Forward:
    """What the network says of N inputs: `logits` (N, classes), `features` (N, F), float32."""

    logits: np.ndarray
    features: np.ndarray


class Network:
    """A checkpoint's network, compiled.

    Parameters
    ----------
    checkpoint : Checkpoint

    Notes
    -----
    Theano's functions are not safe to call from two threads: a lock lets one in at a time.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.architecture = checkpoint.architecture
        self._lock = threading.Lock()
        self._forward = compile_forward(
            checkpoint.architecture, checkpoint.arrays, "logits", "features"
        )

    def forward(
        self,
        inputs: np.ndarray,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Forward:
        """Run the network.

        Parameters
        ----------
        inputs : float32 array (N, 3, size, size)
            BGR, the mean subtracted.
        progress : callable, optional
            ``progress(done, total)`` is called behind each batch.
        cancelled : callable, optional
            Asked before each batch; true stops the work.

        Returns
        -------
        Forward

        Raises
        ------
        ValueError
            Where the shape is another one.
        Cancelled
            Where `cancelled` returned true.
        """
        inputs = np.asarray(inputs, np.float32)
        size, classes = self.architecture.size, self.architecture.classes
        if inputs.ndim != 4 or inputs.shape[1:] != (3, size, size):
            raise ValueError(
                f"The inputs have shape {inputs.shape}, where (N, 3, {size}, {size}) is needed."
            )
        logits = np.empty((len(inputs), classes), np.float32)
        features = np.empty((len(inputs), self.architecture.features), np.float32)
        for start in range(0, len(inputs), BATCH):
            part = slice(start, min(start + BATCH, len(inputs)))
            if cancelled is not None and cancelled():
                raise Cancelled("Stopped before the end, as asked.")
            with self._lock:
                logits[part], features[part] = self._forward(inputs[part])
            if progress is not None:
                progress(part.stop, len(inputs))
        return Forward(logits, features)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, float64, from logits along the last axis.

    Notes
    -----
    In NumPy: Theano's softmax is an Op that g++ compiles anew in every process.
    """
    shifted = np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
