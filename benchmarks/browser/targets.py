"""The targets of the explorer in a browser, and whether they were reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.browser.figures import BARS, CANCEL, CHOICE, FREE, HOVER, RATE


@dataclass(frozen=True)
class Target:
    """A figure and its bound.

    Attributes
    ----------
    figure : str
    bound : float
        Milliseconds, or times a second.
    at_least : bool
        Whether the bound is a lower one.
    """

    figure: str
    bound: float
    at_least: bool = False

    @property
    def words(self) -> str:
        """The bound, to read."""
        return f"at least {self.bound:g}" if self.at_least else f"at most {self.bound:g} ms"

    def edge(self, values: Sequence[float]) -> float:
        """Return the value that counts: 95 of 100 are no worse."""
        return float(np.percentile(values, 5 if self.at_least else 95))

    def met(self, values: Sequence[float]) -> bool:
        """Whether 95 of 100 values keep the bound."""
        edge = self.edge(values)
        return edge >= self.bound if self.at_least else edge <= self.bound


TARGETS = (
    Target(HOVER, 50),
    Target(BARS, 150),
    Target(RATE, 10, at_least=True),
    Target(CHOICE, 200),
    Target(CANCEL, 300),
    Target(FREE, 300),
)
