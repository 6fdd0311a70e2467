"""Does a map look at the network at all? Parameters are shuffled, from the top down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.arguments import one_of, whole
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.target import resolve
from conus_widgets.network.interface import STAGES, Cancelled, PredictorProtocol, Progress, batches
from conus_widgets.preparation import several

#: A method fails whose maps resemble the real ones by more, in the mean over the stages. The paper
#: gives curves and no limit; this one is ours.
LIMIT = 0.5
FEWEST = 9  # cells: the ranks of fewer agree by luck


@dataclass(frozen=True)
class Randomisation:
    """How much a method's maps resemble the real ones when parameters are shuffled.

    Parameters
    ----------
    method : str
    stages : tuple of str
        What was shuffled, each together with all before it.
    correlations : tuple of float
        Mean rank correlation with the real map over the photographs.
    photographs : int
        How many were looked at.
    """

    method: str
    stages: tuple[str, ...]
    correlations: tuple[float, ...]
    photographs: int

    @property
    def resemblance(self) -> float:
        """Mean magnitude of the correlations over the stages, 0 to 1."""
        return float(np.mean(np.abs(self.correlations)))

    @property
    def passes(self) -> bool:
        """Whether the maps resemble the real ones by no more than `LIMIT`."""
        return self.resemblance <= LIMIT

    @property
    def words(self) -> str:
        """The verdict as a sentence, with its numbers."""
        verdict = "Passes" if self.passes else "FAILS"
        return (
            f"{verdict} the randomisation test on this network: while its parameters are shuffled "
            f"from the top down, the maps resemble the real ones by {self.resemblance:.2f} (mean "
            f"rank correlation; more than {LIMIT:g} fails)."
        )


def randomisation(
    predictor: PredictorProtocol,
    method: Callable[..., Explanation],
    photographs: Any,
    target: Any = None,
    *,
    where: Sequence[NDArray[Any]] | None = None,
    name: str | None = None,
    stages: Sequence[str] = STAGES,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Randomisation:
    """Shuffle the network's parameters from the top down, and compare a method's maps.

    Parameters
    ----------
    predictor : Predictor
    method : callable
        ``method(predictor, photograph, target)`` returns an Explanation.
    photographs : photograph, or list of photographs
    target : class, mapping or Target, optional
        The same before and after; by default the real network's top class for each photograph.
    where : sequence of bool arrays (height, width), optional
        For each photograph, where maps are compared: on the shell, else a method that only tells
        it from a black background resembles itself. By default everywhere.
    name : str, optional
        Of the method; by default what its explanations say.
    stages : sequence of str
        Some of ``predictor.stages``, from the top down; each is shuffled together with all before.
    seed : int
    progress, cancelled : callable, optional
        Told and asked between maps.

    Returns
    -------
    Randomisation

    Raises
    ------
    ValueError
        For no photograph, a stage that does not exist, or another number of masks.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    J. Adebayo et al., "Sanity Checks for Saliency Maps", 2018, arXiv:1810.03292, cascading
    randomisation. A map that stays the same explains the photograph, not the network. Nothing is
    compiled for the shuffled networks.
    """
    images, stages, seed = several(photographs), _known(stages, predictor), whole("seed", seed)
    if not images or not stages:
        raise ValueError(
            f"The test needs a photograph and a stage; it was given {len(images)} photographs and "
            f"{len(stages)} stages."
        )
    if where is not None and len(where) != len(images):
        raise ValueError(
            f"where holds {len(where)} masks for {len(images)} photographs: give one for each."
        )

    def stop() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled("Stopped before the end, as asked.")

    total, done = len(images) * (len(stages) + 1), 0
    real, aims = [], []  # the maps alone: an explanation holds its photograph as well
    for image in images:
        stop()
        logits = predictor.network.forward(predictor.inputs([image])).logits[0]
        aims.append(resolve(target, predictor.labels, logits))
        explanation = method(predictor, image, aims[-1])
        real.append(explanation.values)
        done += 1
        if progress is not None:
            progress(done, total)
    correlations = []
    for count in range(1, len(stages) + 1):
        other = None  # or two shuffled networks would be there at once
        other = shuffled(predictor, stages[:count], seed=seed)
        found = []
        for part in batches(len(images), 1, None, cancelled):
            number = part.start
            new = method(other, images[number], aims[number]).values
            old = real[number]
            if where is not None:
                inside = _on_grid(where[number], old.shape)
                new, old = new[inside], old[inside]
            found.append(rank_correlation(old, new))
            done += 1
            if progress is not None:
                progress(done, total)
        correlations.append(float(np.mean(found)))
    return Randomisation(name or explanation.method, stages, tuple(correlations), len(images))


def shuffled(
    predictor: PredictorProtocol, stages: Sequence[str] = STAGES, *, seed: int = 0
) -> PredictorProtocol:
    """Return a predictor with the numbers of each array in some stages in random order.

    Parameters
    ----------
    predictor : Predictor
        Left as it is.
    stages, seed
        As in `Predictor.shuffled`.

    Returns
    -------
    Predictor

    Raises
    ------
    ValueError
        For a stage that does not exist, a seed that is no whole number, or a predictor that cannot
        be shuffled.
    """
    return predictor.shuffled(_known(stages, predictor), seed=seed)


def _known(stages: Any, predictor: PredictorProtocol) -> tuple[str, ...]:
    """Return stages as a tuple; a name alone is one stage."""
    if not predictor.stages:
        raise ValueError(
            "This predictor has no parameters that can be shuffled: give one that load_predictor() "
            "returns."
        )
    several = isinstance(stages, Iterable) and not isinstance(stages, str)
    return tuple(
        one_of("stage", stage, predictor.stages) for stage in (stages if several else [stages])
    )


def _on_grid(mask: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the cells of a map that lie mostly inside a mask; all, where these are too few."""
    share = Image.fromarray(np.asarray(mask, np.float32)).resize(
        (shape[1], shape[0]), Image.Resampling.BOX
    )
    inside: NDArray[Any] = np.asarray(share) > 0.5
    return inside if inside.sum() >= FEWEST else np.ones(shape, bool)


def rank_correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return Spearman's rank correlation of two maps; 0 if one is constant."""
    from scipy.stats import rankdata  # takes half a second to load

    ranks = [rankdata(values.ravel()) for values in (a, b)]
    if any(np.ptp(values) == 0 for values in ranks):
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])
