"""Drawn shells that differ in one marking only: the place that a map must find is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from conus_widgets import shells
from conus_widgets.arguments import whole
from conus_widgets.equality import ByValue
from conus_widgets.network.interface import PredictorProtocol

FIRST_SEED = 970_000_000  # of drawings that nothing else uses, and no training saw
LARGEST = 0.25  # of the shell: a larger marking is hit by chance


@dataclass(frozen=True, eq=False)
class Twins(ByValue):
    """Two drawings that are equal to the bit but for one marking.

    Parameters
    ----------
    pair : Pair
        Names of both kinds and of the marking.
    marked, plain : PIL.Image.Image
        With the marking and without it.
    mask, shell : bool array (height, width)
        The pixels that differ, blur included; the shell.
    """

    pair: shells.Pair
    marked: Image.Image
    plain: Image.Image
    mask: NDArray[Any]
    shell: NDArray[Any]

    @property
    def question(self) -> dict[str, float]:
        """Why the marked kind rather than the plain one, as a target."""
        return {self.pair.marked: 1.0, self.pair.plain: -1.0}

    @property
    def small(self) -> bool:
        """Whether the marking covers at most a quarter of the shell."""
        return bool(self.mask.sum() <= LARGEST * self.shell.sum())

    def flips(self, predictor: PredictorProtocol) -> bool:
        """Whether swapping just these pixels turns the network's answer from one kind to the other.

        Then the answer hangs on the marking, and a map that does not show it is wrong.
        """
        logits = predictor.network.forward(predictor.inputs([self.marked, self.plain])).logits
        names = [predictor.labels[int(row.argmax())] for row in logits]
        return names == [self.pair.marked, self.pair.plain]


def draw_twins(count: int, *, first: int = FIRST_SEED) -> Iterator[Twins]:
    """Yield so many twins, of all pairs in turn, from consecutive seeds."""
    first = whole("first", first)
    for number in range(whole("count", count)):
        pair = shells.PAIRS[number % len(shells.PAIRS)]
        marked, plain = (shells.draw(k, first + number) for k in (pair.marked, pair.plain))
        yield Twins(
            pair,
            Image.fromarray(marked.image),
            Image.fromarray(plain.image),
            marked.masks[pair.marking],
            marked.masks["shell"],
        )
