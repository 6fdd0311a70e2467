"""Fine-tuning of the last stages, after the last layer: trained in Theano, stopped in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.network.interface import PredictorProtocol, Progress, softmax
from conus_widgets.training.finetuning import FineTuned
from conus_widgets.training.last_layer import fit, split, weights_of
from conus_widgets.training.seen_inside import seen_inside
from conus_widgets.training.tail import Tail


@dataclass(frozen=True)
class Recipe:
    """How to train the last stages.

    Parameters
    ----------
    views : int
        Random views of each photograph that are learnt from, as the published procedure draws them.
    epochs : int
        At most; in each, every photograph is seen once, in one of its views.
    batch : int
    learning_rate : float
        Of Adam.
    patience : int
        Epochs without a better loss on the specimens held out, after which training stops.
    held_out : int
        One in so many specimens is held out.
    seed : int
    """

    views: int = 8
    epochs: int = 30
    batch: int = 16
    learning_rate: float = 2e-4
    patience: int = 6
    held_out: int = 5
    seed: int = 0


@dataclass(frozen=True)
class Point:
    """One epoch of a curve; epoch 0 is the last layer alone.

    Parameters
    ----------
    epoch : int
    loss : float
        Mean over the photographs learnt from; NaN for epoch 0.
    held_out_loss : float
        Mean over the photographs held out.
    right, specimens : int
        Of the specimens held out.
    """

    epoch: int
    loss: float
    held_out_loss: float
    right: int
    specimens: int

    def __str__(self) -> str:
        learnt = "last layer alone" if self.epoch == 0 else f"loss {self.loss:.3f}"
        return (
            f"epoch {self.epoch}: {learnt}, held out {self.held_out_loss:.3f}, "
            f"{self.right} of {self.specimens} specimens right"
        )


@dataclass(frozen=True)
class Curve:
    """A training of the last stages.

    Parameters
    ----------
    points : tuple of Point
    best : int
        The epoch that was kept: the one with the least loss on the specimens held out.
    stopped : bool
        Whether somebody stopped it.
    """

    points: tuple[Point, ...]
    best: int
    stopped: bool


@dataclass(frozen=True)
class Deeper:
    """What came of training the last stages.

    Parameters
    ----------
    stages : int
    views : int
        Of each photograph that were learnt from.
    curve : Curve
        Of the network that is kept.
    specimens, specimens_right, photographs, photographs_right : int or None
        Of as many trainings as there were folds, about specimens that they neither learnt from nor
        stopped by; None if they were not asked for, or were stopped.
    seconds : float
    """

    stages: int
    views: int
    curve: Curve
    specimens: int | None
    specimens_right: int | None
    photographs: int | None
    photographs_right: int | None
    seconds: float


def train_last_stages(
    tuned: FineTuned,
    start: PredictorProtocol,
    *,
    stages: int = 1,
    recipe: Recipe | None = None,
    judge: bool = True,
    watch: Callable[[Point], Any] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[FineTuned, Deeper]:
    """Train the last stages of a network whose last layer was fitted.

    Parameters
    ----------
    tuned : FineTuned
        What `finetune` returned.
    start : Predictor
        That it started from.
    stages : int
        1 (res5) or 2 (res4 and res5).
    recipe : Recipe, optional
    judge : bool
        Whether to train once more for each fold of `tuned.figures`, for figures to be trusted.
    watch : callable, optional
        Called with each `Point` of the network that is kept.
    progress : callable, optional
        ``progress(done, total)``, while photographs are seen and then for each fold.
    cancelled : callable, optional
        True stops the training and keeps the best so far.

    Returns
    -------
    FineTuned, Deeper
        The network is `tuned`'s if no epoch was better than the last layer alone.

    Raises
    ------
    Cancelled
        If `cancelled` returned true before there was anything to keep.
    ValueError
        If no specimen can be held out: at least one class needs two.
    """
    begun = time.monotonic()
    work = _Work(tuned, start, stages, recipe or Recipe(), progress, cancelled)
    every = np.arange(len(work.labels))
    values, curve = work.train(every, watch)
    found: dict[str, int | None] = dict.fromkeys(
        ("specimens", "specimens_right", "photographs", "photographs_right")
    )
    if judge and not curve.stopped:
        found.update(work.judged(tuned.figures.folds, progress) or {})
    seconds = time.monotonic() - begun
    deeper = Deeper(stages, work.maps.shape[1] - 1, curve, seconds=seconds, **found)
    about = {**asdict(deeper), "recipe": asdict(work.recipe)}
    about["curve"]["points"][0]["loss"] = None  # there is none, and JSON knows no NaN
    checkpoint = tuned.checkpoint
    if values is not None:
        checkpoint = replace(checkpoint, arrays=work.tail.replaced(checkpoint.arrays, values))
        if checkpoint.notice:
            trained = "last stage" if stages == 1 else f"last {stages} stages"
            checkpoint = replace(checkpoint, notice=f"{checkpoint.notice}, then the {trained}")
    record = {**checkpoint.record, "last_stages": about}
    return replace(tuned, checkpoint=replace(checkpoint, record=record)), deeper


class _Work:
    """Maps and labels of the photographs, and the network's end that is trained on them."""

    def __init__(
        self,
        tuned: FineTuned,
        start: PredictorProtocol,
        stages: int,
        recipe: Recipe,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.recipe = recipe
        self.cancelled = cancelled or (lambda: False)
        self.arrays = tuned.checkpoint.arrays
        self.features = tuned.features
        self.classes = tuned.checkpoint.architecture.classes
        names = {label: number for number, label in enumerate(tuned.checkpoint.labels)}
        self.labels = np.array([names[label] for label in tuned.examples.labels])
        seen: dict[Any, int] = {}
        self.groups = np.array([seen.setdefault(g, len(seen)) for g in tuned.examples.groups])
        self.parts(np.arange(len(self.labels)))  # an error now, not after a minute
        self.tail = Tail(tuned.checkpoint.architecture, stages)
        self.maps = seen_inside(
            start,
            tuned.examples.photographs,
            self.tail.layer,
            self.tail.step,
            views=recipe.views,
            seed=recipe.seed,
            progress=progress,
            cancelled=cancelled,
        )

    def parts(self, rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return rows to learn from, and rows held out: of classes that are learnt, too."""
        count = min(self.recipe.held_out, len(np.unique(self.groups[rows])))
        folds = split(self.labels[rows], self.groups[rows], count, self.recipe.seed)
        inside, outside = folds[0]
        known = np.isin(self.labels[rows[outside]], self.labels[rows[inside]])
        learnt = np.concatenate([rows[inside], rows[outside[~known]]])
        if not known.any():
            raise ValueError(
                "No specimen can be held out, and training must be stopped by some: at least one "
                "class needs two or more specimens."
            )
        return learnt, rows[outside[known]]

    def train(
        self, rows: NDArray[Any], watch: Callable[[Point], Any] | None = None
    ) -> tuple[list[NDArray[Any]] | None, Curve]:
        """Train on rows; leave the tail with the best values, and return them.

        None stands for epoch 0 being the best: the last layer alone, fitted to part of the rows.
        """
        recipe, tail = self.recipe, self.tail
        learnt, held = self.parts(rows)
        layer = fit(self.features[learnt], self.labels[learnt], self.groups[learnt], self.classes)
        tail.start([*(self.arrays[n] for n in range(len(self.arrays) - 2)), *_finite(layer)])
        best, points = tail.values(), [self._point(0, float("nan"), held)]
        weight = weights_of(self.labels[learnt], self.groups[learnt], True)
        weight /= weight.mean()
        if watch is not None:
            watch(points[0])
        kept, stopped = 0, False
        for epoch in range(1, recipe.epochs + 1):
            loss = self._epoch(epoch, learnt, weight)
            if loss is None:
                stopped = True
                break
            points.append(self._point(epoch, loss, held))
            if watch is not None:
                watch(points[-1])
            if points[-1].held_out_loss < points[kept].held_out_loss:
                kept, best = epoch, tail.values()
            if epoch - kept >= recipe.patience:
                break
        tail.restore(best)
        return best if kept else None, Curve(tuple(points), kept, stopped)

    def _epoch(self, epoch: int, learnt: NDArray[Any], weight: NDArray[Any]) -> float | None:
        """Take the steps of one epoch; return the mean loss, or None if somebody stopped it."""
        recipe = self.recipe
        rng = np.random.default_rng((recipe.seed, epoch))
        rate = recipe.learning_rate * 0.5 * (1 + np.cos(np.pi * (epoch - 1) / recipe.epochs))
        order = rng.permutation(len(learnt))
        views = rng.integers(1, self.maps.shape[1], len(learnt))
        losses = []
        for place in range(0, len(order), recipe.batch):
            if self.cancelled():
                return None
            chosen = order[place : place + recipe.batch]
            rows = learnt[chosen]
            maps = self.maps[rows, views[chosen]]
            losses.append(self.tail.train(maps, self.labels[rows], weight[chosen], rate))
        mean = float(np.mean(losses))
        if not np.isfinite(mean):
            raise FloatingPointError(
                f"The loss is {mean} in epoch {epoch}: use a learning rate below "
                f"{recipe.learning_rate:g}."
            )
        return mean

    def _point(self, epoch: int, loss: float, held: NDArray[Any]) -> Point:
        probabilities = softmax(self.tail.logits(self.maps[held, 0]))
        own = np.maximum(probabilities[np.arange(len(held)), self.labels[held]], 1e-12)
        right, count = self._specimens_right(probabilities, held)
        return Point(epoch, loss, float(-np.log(own).mean()), right, count)

    def _specimens_right(self, probabilities: NDArray[Any], rows: NDArray[Any]) -> tuple[int, int]:
        numbers, places = np.unique(self.groups[rows], return_inverse=True)
        total = np.zeros((len(numbers), self.classes))
        np.add.at(total, places, probabilities)
        own = np.zeros(len(numbers), int)
        own[places] = self.labels[rows]
        return int((total.argmax(axis=1) == own).sum()), len(numbers)

    def judged(self, folds: int, progress: Progress | None) -> dict[str, int] | None:
        """Train once for each fold and ask about it; None if somebody stopped it."""
        found = np.zeros(4, int)
        for number, (inside, outside) in enumerate(
            split(self.labels, self.groups, folds, self.recipe.seed)
        ):
            known = outside[np.isin(self.labels[outside], self.labels[inside])]
            try:
                self.train(inside)
            except ValueError:
                continue  # none of the others can be held out: nothing to be stopped by
            if self.cancelled():
                return None
            if len(known):
                probabilities = softmax(self.tail.logits(self.maps[known, 0]))
                right, count = self._specimens_right(probabilities, known)
                alone = int((probabilities.argmax(axis=1) == self.labels[known]).sum())
                found += [count, right, len(known), alone]
            if progress is not None:
                progress(number + 1, folds)
        names = ("specimens", "specimens_right", "photographs", "photographs_right")
        return dict(zip(names, map(int, found), strict=True))


def _finite(layer: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return weights and bias; a class without examples in this part gets a small probability."""
    return layer.weights, np.where(layer.learnt, layer.bias, -30).astype(np.float32)
