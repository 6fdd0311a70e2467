"""An explanation: a signed map of one photograph, and what must be known to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from conus_widgets.explain.target import Target


@dataclass(frozen=True)
class Cost:
    """What an explanation took: photographs run forward and backward through the network."""

    forward: int = 0
    backward: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Explanation:
    """A map of one photograph.

    Parameters
    ----------
    values : float32 array (rows, columns)
        Signed, on the method's own grid, which covers the whole photograph: 7x7 cells for a class
        activation map of the last layer, the network's input for gradients.
    target : Target
        What is explained.
    method : str
        Name of the function that made it.
    image : PIL.Image.Image
        The photograph, upright RGB.
    logits : float32 array (classes,)
        The network's answer that is explained.
    labels : list of str
        Names of the classes.
    unit : str
        Of `values`: "logit" where they are shares or changes of the target's logit.
    layer : str or None
        The layer looked into.
    options : dict
        Whatever else would make the same map again; keyword arguments of the function.
    cost : Cost
    remarks : tuple of str
        What a reader must be told: that the method fails a check, that it equals another.
    figures : dict of str to float
        Numbers that the method reports of itself, as a completeness residual.
    notice : str
        The checkpoint's; stands wherever the map stands.
    """

    values: np.ndarray
    target: Target
    method: str
    image: Image.Image
    logits: np.ndarray
    labels: list[str]
    unit: str = "logit"
    layer: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    cost: Cost = Cost()
    remarks: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    notice: str = ""
