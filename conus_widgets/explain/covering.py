"""The loss of an answer when parts of the photograph are covered, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from conus_widgets.arguments import one_of, whole
from conus_widgets.explain.covers import cover_of
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import Subject
from conus_widgets.explain.target import resolve
from conus_widgets.network.interface import Inside, PredictorProtocol
from conus_widgets.network.reach import Place

OUTPUTS = ("logit", "probability")
FIRST = 16  # runs of the network after which the first picture is shown; then at each doubling


class Covering:
    """A photograph whose parts are covered.

    Parameters
    ----------
    predictor, image, target
        As in `occlusion`.
    fill, offset, seed
        See `covers.cover`.
    output : {"logit", "probability"}
        What is measured of the answer.
    batch : int, optional
        Photographs at once; by default what the network's own limit of memory allows.
    cancelled : callable, optional
        Asked before each batch.

    Attributes
    ----------
    whole : float
        The answer to the photograph with nothing covered.
    cells : int
        Of the network's last layer, along each side.
    """

    def __init__(
        self,
        predictor: PredictorProtocol,
        image: Any,
        target: Any,
        *,
        fill: Any,
        offset: tuple[int, int],
        seed: int,
        output: str,
        batch: int | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        one_of("output", output, OUTPUTS)
        whole("batch", batch, least=1, or_none=True)
        self.subject = Subject(predictor, image)
        cover = cover_of(self.subject, fill, offset=offset, seed=seed)
        self.fill = cover.pixels.astype(np.float32)
        self.batch = batch or self.subject.network.variants_batch
        self._output, self._cancelled = output, cancelled
        network = self.subject.network
        inside = network.activations(self.subject.inputs, network.layers[-1], cancelled=cancelled)
        self.subject.logits, self._last = inside.logits[0], inside.activations[0]
        self.cells = self._last.shape[1]
        self.target = resolve(target, predictor.labels, self.subject.logits)
        self.whole = float(self._measure(self.subject.logits[None])[0])

    def covered(self, groups: Sequence[Sequence[Place]]) -> Inside:
        """Run the photograph with places covered: one run for each group of them, together.

        Returns
        -------
        Inside
            Logits (groups, classes), and the last layer.

        Raises
        ------
        Cancelled
            If `cancelled` returned true.
        """
        found = []
        for start in range(0, len(groups), self.batch):
            part = groups[start : start + self.batch]
            copies = np.repeat(self.subject.inputs, len(part), axis=0)
            for copy, places in zip(copies, part, strict=True):
                for y, x in places:
                    copy[:, y, x] = self.fill[:, y, x]
            found.append(
                self.subject.network.variants(
                    self.subject.inputs, copies, part, cancelled=self._cancelled
                )
            )
        return type(found[0])(
            np.concatenate([inside.logits for inside in found]),
            np.concatenate([inside.activations for inside in found]),
        )

    def taken(self, inside: Inside) -> NDArray[Any]:
        """Return what each cell of the last layer loses, float32 (N, cells, K).

        Summed over the cells: what the target's logit loses (K = 1), or each class's, where it is
        a probability that is asked for.
        """
        weights = self.subject.network.head[0].astype(np.float32)
        if self._output == "logit":
            weights = weights @ self.target.weights[:, None]
        lost = (self._last - inside.activations).reshape(len(inside.activations), len(weights), -1)
        found: NDArray[Any] = np.einsum("nfc,fk->nck", lost, weights, optimize=True)
        return found / lost.shape[2]

    def drops(self, taken: NDArray[Any]) -> NDArray[Any]:
        """Return what the answer loses if the cells lose this, (N, cells, K): float64 (N,)."""
        lost = taken.sum(axis=1, dtype=np.float64)
        if self._output == "logit":
            return lost[:, 0]
        return self.losses(self.subject.logits - lost)

    def losses(self, logits: NDArray[Any]) -> NDArray[Any]:
        """Return what the answer loses if the logits are these, float64 (N,)."""
        return self.whole - self._measure(logits)

    def answers(self, kept: NDArray[Any]) -> NDArray[Any]:
        """Return the answer to the photograph seen through masks (N, size, size), float64 (N,)."""
        found = []
        for start in range(0, len(kept), self.batch):
            part = kept[start : start + self.batch, None].astype(np.float32)
            inputs = part * self.subject.inputs + (1 - part) * self.fill
            logits = self.subject.network.forward(inputs, cancelled=self._cancelled).logits
            found.append(self._measure(logits))
        return np.concatenate(found)

    def explanation(self, values: NDArray[Any], method: str, **rest: Any) -> Explanation:
        """Return what was found so far."""
        return self.subject.explanation(values, self.target, method, unit=self._output, **rest)

    def _measure(self, logits: NDArray[Any]) -> NDArray[Any]:
        if self._output == "probability":
            logits = softmax(logits.astype(np.float64), axis=-1)
        return self.target.of(logits)


def moments(total: int) -> Iterator[int]:
    """Yield after how many runs a picture is shown: few at first, then at each doubling."""
    shown = FIRST
    while shown < total:
        yield shown
        shown *= 2
    yield total
