"""Square windows that slide over the network's input."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import whole


@dataclass(frozen=True)
class Windows:
    """Where windows lie.

    Parameters
    ----------
    size, window, stride : int
        Side of the network's input, side of a window, and from one window to the next, in pixels.

    Raises
    ------
    ValueError
        For a window larger than the input, or a stride that is not 1 to `window`.

    Notes
    -----
    As in captum: the first window starts at the edge, and the last one is cut off if it would
    reach beyond the other edge, so that every pixel is covered.
    """

    size: int
    window: int
    stride: int

    def __post_init__(self) -> None:
        whole("window", self.window, least=None)
        whole("stride", self.stride, least=None)
        if not 1 <= self.window <= self.size:
            raise ValueError(
                f"A window of {self.window} pixels does not fit: the network sees {self.size} x "
                f"{self.size} pixels; use 1 to {self.size}."
            )
        if not 1 <= self.stride <= self.window:
            raise ValueError(
                f"A stride of {self.stride} pixels does not suit windows of {self.window}: use 1 "
                f"to {self.window}, or pixels would be left out."
            )

    @property
    def side(self) -> int:
        """How many windows lie beside one another."""
        return -(-(self.size - self.window) // self.stride) + 1

    @property
    def count(self) -> int:
        """How many windows there are."""
        return self.side**2

    def place(self, number: int) -> tuple[slice, slice]:
        """Return rows and columns of a window, which are numbered row by row."""
        row, column = divmod(int(number), self.side)
        top, left = row * self.stride, column * self.stride
        return slice(top, top + self.window), slice(left, left + self.window)

    @functools.cached_property
    def _covers(self) -> NDArray[Any]:
        """Whether a window covers a pixel, along one axis, (side, size) of 0 and 1."""
        start = np.arange(self.side)[:, None] * self.stride
        pixel = np.arange(self.size)
        return ((start <= pixel) & (pixel < start + self.window)).astype(np.float64)

    def on_pixels(self, grid: NDArray[Any]) -> NDArray[Any]:
        """Return for each pixel the mean over the windows that cover it.

        Parameters
        ----------
        grid : array (side, side)
            A value for each window.

        Returns
        -------
        float64 array (size, size)
        """
        covers = self._covers
        number = covers.sum(axis=0)
        mean: NDArray[Any] = covers.T @ grid @ covers / np.outer(number, number)
        return mean
