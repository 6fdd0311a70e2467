"""Normalisation of a PyTorch network: order, range, mean and spread of the pixels it saw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.texts import decode
from conus_widgets.photographs.views import RESAMPLE

HIGHEST = 255.0  # of a pixel


@dataclass(frozen=True)
class Normalisation:
    """How photographs were prepared; by default as torchvision prepares ImageNet's.

    The names are those of timm's ``pretrained_cfg`` and, for the first two, of Cadene's
    ``pretrained_settings``.

    Parameters
    ----------
    input_space : {"RGB", "BGR"}
        Order of the channels, also in `mean` and `std`.
    highest : float
        Of a pixel, in the units of `mean` and `std`: 1 or 255.
    mean, std : tuple of 3 floats
        Subtracted; divided by.
    size : int
        Height and width of the input, in pixels.
    interpolation : str
        How photographs were resized: a key of `RESAMPLE`.
    crop_pct : float
        Share of the resized photograph's shorter side that the square in the middle kept. It is
        recorded only: this kit keeps the whole photograph.
    labels : dict of int to str, optional
        Names of classes.
    """

    input_space: str = "RGB"
    highest: float = 1.0
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    size: int = 224
    interpolation: str = "bilinear"
    crop_pct: float = 0.875
    labels: Mapping[int, str] | None = None

    @classmethod
    def beside(cls, file: Path) -> Normalisation:
        """Read ``NAME.json`` or ``config.json`` beside a ``NAME.safetensors``.

        It may be timm's ``config.json``, whose keys stand under "pretrained_cfg", or have the keys
        `input_space`, `input_range` (``[0, 1]`` or ``[0, 255]``), `mean`, `std`, `input_size`
        (``[3, 224, 224]``), `interpolation`, `crop_pct` and `label_names`. What is missing stays
        as torchvision has it.

        Raises
        ------
        CheckpointError
            If a value cannot be used.
        """
        for place in (file.with_suffix(".json"), file.with_name("config.json")):
            try:
                text = decode(place.read_bytes())
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                raise CheckpointError(f"{place} cannot be read ({error}).") from error
            try:
                record = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise CheckpointError(f"{place} is not JSON ({error}).") from error
            if not isinstance(record, dict):
                raise CheckpointError(f"{place} holds a {type(record).__name__}, not an object.")
            return cls._of(place, record)
        return cls()

    @classmethod
    def _of(cls, place: Path, record: dict[str, Any]) -> Normalisation:
        inner = record.get("pretrained_cfg")
        given = {**record, **(inner if isinstance(inner, dict) else {})}
        found: dict[str, Any] = {}

        def numbers(key: str, count: int, least: float) -> tuple[float, ...]:
            value = given[key]
            try:
                listed = tuple(float(one) for one in value)
            except (TypeError, ValueError, OverflowError):
                listed = ()
            if len(listed) != count or not np.isfinite(listed).all() or min(listed) < least:
                raise CheckpointError(
                    f"{place}: {key} is {value!r:.80}, but {count} numbers of at least {least:g} "
                    "are needed."
                )
            return listed

        if "input_space" in given:
            found["input_space"] = given["input_space"]
            if given["input_space"] not in ("RGB", "BGR"):
                raise CheckpointError(
                    f"{place}: input_space is {given['input_space']!r:.80}; known are RGB, BGR."
                )
        if "input_range" in given:
            low, found["highest"] = numbers("input_range", 2, 0)
            if low != 0 or found["highest"] not in (1, HIGHEST):
                raise CheckpointError(
                    f"{place}: input_range is {given['input_range']}; known are [0, 1], [0, 255]."
                )
        if "mean" in given:
            found["mean"] = numbers("mean", 3, 0)
        if "std" in given:
            found["std"] = numbers("std", 3, 1e-6)
        if "input_size" in given:
            channels, height, width = numbers("input_size", 3, 1)
            if channels != 3 or height != width or height != int(height):
                raise CheckpointError(
                    f"{place}: input_size is {given['input_size']}; a square of 3 channels is "
                    "needed, as [3, 224, 224]."
                )
            found["size"] = int(height)
        if given.get("interpolation") in RESAMPLE:  # timm also has "random": bilinear or bicubic
            found["interpolation"] = given["interpolation"]
        if isinstance(given.get("crop_pct"), (int, float)):
            found["crop_pct"] = float(given["crop_pct"])
        names = given.get("label_names")
        if isinstance(names, list):
            found["labels"] = {n: str(name) for n, name in enumerate(names)}
        return cls(**found)

    @property
    def mean_pixels(self) -> tuple[float, float, float]:
        """The mean in the order R, G, B, in units of 0 ... 255, as a checkpoint records it."""
        first, second, third = (value * HIGHEST / self.highest for value in self.mean)
        return (first, second, third) if self.input_space == "RGB" else (third, second, first)

    def folded(self, filters: NDArray[Any]) -> NDArray[Any]:
        """Return filters for inputs of this kit: B, G, R in units of 0 ... 255, minus the mean.

        Parameters
        ----------
        filters : float array (filters, 3, height, width)
            For inputs that were divided by `std`, channels in the order of `input_space`.
        """
        units = np.asarray(self.std, np.float64) * HIGHEST / self.highest
        scaled = filters / units[:, None, None]
        ordered = scaled[:, ::-1] if self.input_space == "RGB" else scaled
        return np.ascontiguousarray(ordered, np.float32)

    def record(self) -> dict[str, Any]:
        """Return what is worth keeping in a checkpoint's JSON."""
        found = asdict(self)
        found.pop("labels")
        return found
