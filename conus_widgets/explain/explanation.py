"""An explanation: a signed map of one photograph, and what must be known to read it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.arguments import flag, shown
from conus_widgets.equality import ByValue
from conus_widgets.explain.target import Target

if TYPE_CHECKING:  # Matplotlib takes half a second, which not everybody needs
    from conus_widgets.explain.picture import Picture


@dataclass(frozen=True)
class Cost:
    """What an explanation took: photographs run forward and backward through the network.

    The seconds differ from run to run; they do not count when two are compared.
    """

    forward: int = 0
    backward: int = 0
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(ByValue):
    """A map of one photograph. Two are equal if all is equal, but for the seconds they took.

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
        Of `values`: "logit" if they are shares or changes of the target's logit.
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
    details : dict of str to array
        What the map was made from, where a method keeps it: the losses of each window.
    """

    values: NDArray[Any]
    target: Target
    method: str
    image: Image.Image
    logits: NDArray[Any]
    labels: list[str]
    unit: str = "logit"
    layer: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    cost: Cost = Cost()
    remarks: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    notice: str = ""
    details: dict[str, NDArray[Any]] = field(default_factory=dict)

    def on_photograph(self, *, smooth: bool = True) -> NDArray[Any]:
        """Bring the map to the photograph's own pixels. For drawing only: sums are taken on values.

        Parameters
        ----------
        smooth : bool
            Interpolate between the cells' centres; else each cell is a block of one value.

        Returns
        -------
        float32 array (height, width)
            Within the range of `values`. If the grid is finer than the photograph, its mean.
        """
        how = Image.Resampling.BILINEAR if flag("smooth", smooth) else Image.Resampling.NEAREST
        grid = Image.fromarray(np.ascontiguousarray(self.values, np.float32))
        width, height = self.image.size
        rows, columns = self.values.shape
        if smooth or (height >= rows and width >= columns):
            return np.asarray(grid.resize((width, height), how))
        return np.asarray(grid.resize((width, height), Image.Resampling.BOX))

    def plot(self, style: str = "map", *, limit: float | None = None) -> Picture:
        """Draw the photograph and the map: see `picture.plot`."""
        from conus_widgets.explain.picture import plot

        return plot(self, style, limit=limit)

    def save(self, path: str | os.PathLike[str], *, force: bool = False, **options: Any) -> Path:
        """Write a picture (``.png``) or everything (``.npz``, for `load`): see `storage.save`.

        An earlier map is replaced, another file with ``force=True`` only, the photograph never.
        """
        from conus_widgets.explain.storage import save

        return save(self, path, force=force, **options)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Explanation:
        """Read what `save` wrote to an ``.npz``: see `storage.load`."""
        from conus_widgets.explain.storage import load

        return load(path)

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        low, high = float(self.values.min()), float(self.values.max())
        layer = f" at {self.layer}" if self.layer else ""
        notice = f" ({self.notice})" if self.notice else ""
        return (
            f"<{self.method}{layer} of {self.target.words}: {rows} x {columns}, "
            f"{low:.3g} to {high:.3g} {self.unit}{notice}>"
        )

    def _repr_png_(self) -> bytes:
        return self.plot()._repr_png_()


def validated(given: Any) -> Explanation:
    """Return an explanation as it is, or raise a ValueError if it is something else."""
    if isinstance(given, Explanation):
        return given
    raise ValueError(f"{shown(given)} is no explanation: give what `cam` returns, say.")
