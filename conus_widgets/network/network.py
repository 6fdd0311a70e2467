"""A compiled network: inputs in, logits, layers and gradients out, in batches, from any thread."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets import ops
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.machine.forks import ForkLock
from conus_widgets.machine.heap import give_back
from conus_widgets.machine.machine import cache_folder
from conus_widgets.network import inference, memory
from conus_widgets.network.engine import chosen_engine
from conus_widgets.network.grids import Grid, grids
from conus_widgets.network.halves import Halves
from conus_widgets.network.incremental import Variants, has_parts
from conus_widgets.network.interface import Forward, Gradients, Inside, Progress, batches
from conus_widgets.network.reach import Place

_log = logging.getLogger(__name__)


class Network:
    """A checkpoint's network, compiled.

    Parameters
    ----------
    checkpoint : Checkpoint
    precision : {"float32", "bfloat16"}
        Of what is computed on the way forward. bfloat16 is for predictions and previews, and
        gradients are refused. Whether it is faster depends on the processor: see docs/ops.md.

    Attributes
    ----------
    layers : tuple of str
        What can be looked into: "conv1", "pool1", "res2a" ... "res5c".
    grids : dict of str to Grid
        The places of each layer's cells over the input.
    batch, gradient_batch, variants_batch, together : int
        How many photographs are computed at once: as many as are fast, and as fit into memory.
        `together` of them, at most, go through the second half of the network at once.
    head : (float32 array (F, classes), float32 array (classes,))
        Weights and bias of the dense layer: ``logits = features @ weights + bias``.

    Notes
    -----
    Theano's functions are not safe to call from two threads: a lock lets one in at a time. A
    process that is forked goes on with the network, as many threads as here included.
    Gradients are compiled, or restored from disk, when they are first asked for.

    Raises
    ------
    ValueError
        For another precision, or for bfloat16 where this machine cannot compute with it.
    """

    def __init__(self, checkpoint: Checkpoint, *, precision: str = "float32") -> None:
        _check_precision(precision)
        self.precision = precision
        self.architecture = checkpoint.architecture
        self.layers = tuple(checkpoint.architecture.layers())
        self.grids: dict[str, Grid] = grids(checkpoint.architecture)
        self._weights = _folded(checkpoint)
        self.head = self._weights["logits"]
        self._lock = ForkLock()
        self._forward = inference.look_forward(
            self.architecture, self._weights, precision=precision
        )
        self._back: dict[bool, inference.Look] = {}  # by whether it is guided
        self._variants: Variants | None = None
        self._halves: Halves | None = None
        self.batch = memory.batch(self.architecture, precision=precision)
        self.gradient_batch = memory.batch(self.architecture, gradient=True)
        self.variants_batch = max(self.batch, memory.variants(self.architecture))
        self.together = max(self.batch, memory.together(self.architecture))

    def forward(
        self,
        inputs: NDArray[Any],
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
            ``progress(done, total)`` is called after each batch.
        cancelled : callable, optional
            Asked before each batch; true stops the work.

        Returns
        -------
        Forward

        Raises
        ------
        ValueError
            If the inputs have another shape.
        Cancelled
            If `cancelled` returned true.
        """
        inputs = self._inputs(inputs)
        logits = np.empty((len(inputs), self.architecture.classes), np.float32)
        features = np.empty((len(inputs), self.architecture.features), np.float32)
        together = self._goes_on_together and len(inputs) > self.batch
        first, waiting = 0, []
        for part in batches(len(inputs), self.batch, progress, cancelled):
            with self._lock:
                if not together:
                    logits[part], features[part] = self._forward(
                        inputs[part], outputs=("logits", "features")
                    )
                    continue
                waiting.append(self._in_halves().first(inputs[part]))
                end = part.stop
                if end - first >= self.together or end == len(inputs):
                    logits[first:end], features[first:end] = self._in_halves().second(waiting)
                    first, waiting = end, []
        return Forward(logits, features)

    @property
    def _goes_on_together(self) -> bool:
        """Whether several photographs go through the second half of the network at once."""
        return chosen_engine() == "onednn" and self.batch < self.together

    def _in_halves(self) -> Halves:
        if self._halves is None:
            self._halves = Halves(self.architecture, self._weights, self._forward, self.precision)
        return self._halves

    def activations(
        self,
        inputs: NDArray[Any],
        layer: str,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Inside:
        """Return what a layer holds, after its ReLU; parameters and errors as in `forward`.

        Parameters
        ----------
        layer : str
            One of `layers`; another is a ValueError that names the nearest.
        """
        inputs, layer = self._inputs(inputs), self.layer(layer)
        logits = np.empty((len(inputs), self.architecture.classes), np.float32)
        found = []
        for part in batches(len(inputs), self.batch, progress, cancelled):
            with self._lock:
                logits[part], values = self._forward(inputs[part], outputs=("logits", layer))
            found.append(values)
        return Inside(logits, np.concatenate(found))

    def variants(
        self,
        whole: NDArray[Any],
        copies: NDArray[Any],
        places: Sequence[Sequence[Place]],
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Inside:
        """Run copies of a photograph that differ from it in small places.

        They take two thirds of the time; progress, cancelling and errors as in `forward`.

        Parameters
        ----------
        whole : float32 array (1, 3, size, size)
            The photograph.
        copies : float32 array (N, 3, size, size)
        places : N lists of (rows, columns)
            Slices of pixels. **Outside them a copy must be equal to `whole`**: nothing looks there.

        Returns
        -------
        Inside
            Logits, and activations of the last layer: those of `activations`, up to rounding.
        """
        whole, copies = self._inputs(whole), self._inputs(copies)
        last = self.layers[-1]
        if not self._has_parts:
            return self.activations(copies, last, progress=progress, cancelled=cancelled)
        logits = np.empty((len(copies), self.architecture.classes), np.float32)
        found = []
        for part in batches(len(copies), self.variants_batch, progress, cancelled):
            with self._lock:
                logits[part], values = self._parts()(whole, copies[part], places[part])
            found.append(values)
        return Inside(logits, np.concatenate(found))

    def follow(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Run a picture that differs in a small place from the one before, as under a brush.

        It takes two thirds of the time.

        Parameters
        ----------
        picture : float32 array (1, 3, size, size)
            Any: where it differs is looked for.

        Returns
        -------
        float32 array (1, classes)
            Its logits: those of `forward`, up to rounding.
        """
        picture = self._inputs(picture)
        if not self._has_parts:
            return self.forward(picture).logits
        with self._lock:
            return self._parts().follow(picture)

    @property
    def _has_parts(self) -> bool:
        """Whether crops of a picture can be computed alone."""
        return self.precision == "float32" and has_parts(self.architecture)

    def _parts(self) -> Variants:
        if self._variants is None:
            self._variants = Variants(
                self.architecture, self._weights, self._forward, chosen_engine()
            )
        return self._variants

    def gradients(
        self,
        inputs: NDArray[Any],
        weighting: NDArray[Any],
        *,
        layer: str | None = None,
        guided: bool = False,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Gradients:
        """Return gradients of a weighted sum of the logits; parameters and errors as in `forward`.

        Parameters
        ----------
        weighting : float array (classes,) or (N, classes)
            Weight of each class's logit: one for all inputs, or one for each. 1 for a class alone;
            1 and -1 for one class rather than another.
        layer : str, optional
            By which layer; by the input where none is given.
        guided : bool
            Whether negative gradients are stopped at each ReLU (guided backpropagation).

        Returns
        -------
        Gradients
        """
        if self.precision != "float32":
            raise ValueError(
                "Gradients need float32: computed with bfloat16 they would be wrong by 17 %, which "
                "no map may be. Load the network with precision='float32'."
            )
        inputs = self._inputs(inputs)
        classes = self.architecture.classes
        weighting = np.asarray(weighting, np.float32)
        if weighting.shape not in ((classes,), (len(inputs), classes)):
            raise ValueError(
                f"The weighting of the classes has shape {weighting.shape}, but ({classes},) or "
                f"({len(inputs)}, {classes}) is needed."
            )
        weighting = np.broadcast_to(weighting, (len(inputs), classes))
        wanted = ["logits", "by input"]
        if layer is not None:
            layer = self.layer(layer)
            wanted = ["logits", f"by {layer}", layer]
        found = []
        for part in batches(len(inputs), self.gradient_batch, progress, cancelled):
            with self._lock:
                if guided not in self._back:
                    self._back[guided] = inference.look_back(
                        self.architecture, self._weights, guided=guided
                    )
                found.append(self._back[guided](inputs[part], weighting[part], outputs=wanted))
        return Gradients(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))

    def layer(self, name: str) -> str:
        """Return the name of a layer, or raise a ValueError that names the nearest ones."""
        if name in self.layers:
            return name
        near = difflib.get_close_matches(str(name), self.layers, 3, cutoff=0.4) or self.layers
        raise ValueError(f"No layer is called {name!r}; the nearest are {', '.join(near)}.")

    def _inputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        inputs = np.asarray(inputs, np.float32)
        size = self.architecture.size
        if inputs.ndim != 4 or inputs.shape[1:] != (3, size, size):
            raise ValueError(
                f"The inputs have shape {inputs.shape}, where (N, 3, {size}, {size}) is needed."
            )
        return inputs


def _check_precision(precision: str) -> None:
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision is {precision!r}: use 'float32' or 'bfloat16'.")
    if precision == "bfloat16":
        found = ops.bfloat16_available()
        if chosen_engine() != "onednn" or not found:
            reason = found.reason or "the engine 'theano' has none."
            raise ValueError(f"bfloat16 cannot be used here: {reason} Use precision='float32'.")


def _folded(checkpoint: Checkpoint) -> inference.Weights:
    try:
        return _fold(checkpoint)
    finally:
        give_back()  # what the plain arrays took


def _fold(checkpoint: Checkpoint) -> inference.Weights:
    architecture, arrays = checkpoint.architecture, checkpoint.arrays
    if chosen_engine() == "onednn":  # which packs weights; Theano's own convolution reads them
        try:
            return inference.fold(architecture, arrays, ops.Shelf(cache_folder()).put)
        except OSError as error:  # a full disk costs memory, no more
            _log.info("Weights stay in memory: %s", error)
    return inference.fold(architecture, arrays)
