"""Loading: from the source of a checkpoint to its predictor, and again in another process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.loading import load
from conus_widgets.checkpoint.sources import folder_of, source_of
from conus_widgets.machine.forks import ForkLock
from conus_widgets.predictor import Predictor


def load_predictor(
    source: str | bytes | os.PathLike[Any] | None = None,
    *,
    precision: str = "float32",
    max_megapixels: float | None = None,
) -> Predictor:
    """Load a checkpoint and compile its network.

    Parameters
    ----------
    source : path or str, optional
        The folder of a checkpoint, its ``.npz``, a ResNet50 of PyTorch in ``.safetensors``, or a
        known name (``"deep-oc-conus"``, which must have been fetched). By default the embedded
        demonstration, which knows drawn shells only.
    precision : {"float32", "bfloat16"}
        bfloat16 predicts less exactly, and on some processors faster: see `Network`.
    max_megapixels : float, optional
        Larger photographs are refused. By default 250; telephones have 200.

    Returns
    -------
    Predictor

    Raises
    ------
    CheckpointError
        If the checkpoint cannot be used, or `source` leads to none.
    TypeError
        If `source` is no path at all: a number, a loaded Predictor.
    ValueError
        If the precision cannot be used here, or `max_megapixels` is not a number above 0.
    runtime.SetupError
        If this machine lacks a compiler, or room.
    """
    if isinstance(source, Predictor):
        raise TypeError(f"{source!r} is loaded already: use it as it is.")
    place = source_of(source)
    return Predictor(
        load(folder_of(place)),
        precision=precision,
        max_megapixels=max_megapixels,
        origin=Origin(place, precision, max_megapixels),
    )


@dataclass(frozen=True)
class Origin:
    """How a predictor was loaded: plain values, with which another process loads the same one.

    Parameters
    ----------
    source : str or None
        As `source_of` returns it.
    precision : str
    max_megapixels : float or None
        Both as in `load_predictor`.
    """

    source: str | None
    precision: str = "float32"
    max_megapixels: float | None = None

    def __call__(self, digest: str) -> Predictor:
        """Load in this process what another one pickled; the last one is kept.

        Parameters
        ----------
        digest : str
            Of the predictor that was pickled.

        Raises
        ------
        CheckpointError
            If the files are not there, or have changed since the other process loaded them.
        """
        with _again:
            if (self, digest) not in _latest:
                found = load_predictor(
                    self.source, precision=self.precision, max_megapixels=self.max_megapixels
                )
                if found.digest != digest:
                    raise CheckpointError(
                        f"{folder_of(self.source)} is not what the process that sent the "
                        "predictor loaded: the files differ, or were changed since. Load the "
                        "predictor there again, then send it."
                    )
                _latest.clear()
                _latest[self, digest] = found
            return _latest[self, digest]


_again = ForkLock()
_latest: dict[tuple[Origin, str], Predictor] = {}  # at most one: the last that was unpickled
