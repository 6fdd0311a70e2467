"""Fine-tuning of the last layer: a network learns somebody's own classes from its own features."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint import files
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.network.interface import PredictorProtocol, Progress
from conus_widgets.photographs.names import PhotographError
from conus_widgets.predictor import Predictor
from conus_widgets.training.last_layer import (
    NOT_LABELLED,
    STRENGTH,
    LastLayer,
    fit,
    out_of_fold,
)
from conus_widgets.training.place import validate
from conus_widgets.training.refitted import refitted

FOLDS = 8
NAME = "finetuned"


@dataclass(frozen=True)
class Examples:
    """Photographs with their labels.

    Parameters
    ----------
    photographs : sequence of photographs
        Anything `read_photograph` takes.
    labels : sequence of str
        One for each photograph; "" for a photograph that must not be learnt from.
    groups : sequence of hashable
        The specimen of each photograph. What is learnt from one photograph of a specimen is never
        judged on another one.
    """

    photographs: Sequence[Any]
    labels: Sequence[str]
    groups: Sequence[Hashable]

    def __post_init__(self) -> None:
        counts = len(self.photographs), len(self.labels), len(self.groups)
        if len(set(counts)) > 1:
            raise ValueError(
                "{} photographs, {} labels and {} groups: each photograph needs one label and one "
                "group.".format(*counts)
            )
        classes = sorted(set(self.labels) - {""})
        if len(classes) < 2:
            known = f"only {classes[0]!r}" if classes else "none"
            raise ValueError(
                f"At least 2 labels are needed to tell apart, and there is {known}: give "
                "photographs of another class, too."
            )


@dataclass(frozen=True)
class Figures:
    """How many answers of fitted layers were right, about specimens that they never saw.

    Parameters
    ----------
    folds : int
        Into which the specimens were split.
    specimens, specimens_right : int
        A specimen's answer is the mean over its photographs.
    photographs, photographs_right : int
    split_by_photograph_right : int
        Photographs that would have been right had they been split without regard to specimens: a
        figure to distrust, as a layer then knows the same shell from another photograph.
    alone : tuple of str
        Classes with one specimen. They are learnt, but cannot be judged, and do not count above.
    """

    folds: int
    specimens: int
    specimens_right: int
    photographs: int
    photographs_right: int
    split_by_photograph_right: int
    alone: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A network with a last layer of its own, and how good it is.

    Parameters
    ----------
    checkpoint : Checkpoint
        In the published format.
    figures : Figures
    failed : tuple of PhotographError
        Photographs that could not be used.
    seconds : float
        That it took, features included.
    examples : Examples
        Those of `examples` that were learnt from.
    features : float array (N, F)
        What the network that it started from sees in them.
    """

    checkpoint: Checkpoint
    figures: Figures
    failed: tuple[PhotographError, ...]
    seconds: float
    examples: Examples
    features: NDArray[Any]

    def predictor(self) -> Predictor:
        """Return a predictor that answers with the new classes."""
        return Predictor(self.checkpoint)

    def write(self, folder: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the four files of a checkpoint into a folder, and return the path of the .npz.

        Raises
        ------
        ValueError
            If it holds another checkpoint, or, without `force`, files that this did not write.
        OSError
            If the folder cannot be written.
        """
        return files.write(checked_folder(folder, force=force), self.checkpoint)


def checked_folder(folder: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Return the folder that a network is to be written into; errors as `FineTuned.write`."""
    place = Path(folder)
    validate(place, NAME, is_ours=lambda record: "last_layer" in record, force=force)
    return place


def finetune(
    examples: Examples,
    start: PredictorProtocol,
    *,
    features: NDArray[Any] | None = None,
    folds: int = FOLDS,
    seed: int = 0,
    balance: bool = True,
    strength: float = STRENGTH,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FineTuned:
    """Fit a last layer for other classes to what a network sees in photographs.

    Parameters
    ----------
    examples : Examples
    start : Predictor
        The network whose features are used. It does not change.
    features : float array (N, F), optional
        Its features of the photographs, if they are known already; rows of NaN for photographs
        that cannot be used. By default the network runs once for each photograph.
    folds : int
        For the figures: as many layers are fitted, each to all specimens but those of one fold.
    seed : int
        Decides which specimens are in one fold.
    balance : bool
        Whether every class counts the same, however many specimens it has.
    strength : float
        How closely to fit: the inverse of the penalty on squared weights.
    progress : callable, optional
        ``progress(done, total)`` is called after each batch, in photographs.
    cancelled : callable, optional
        Asked before each batch; true stops the work.

    Returns
    -------
    FineTuned
        Its layer was fitted to all specimens; its figures come from layers that were not.

    Raises
    ------
    ValueError
        If fewer than two classes have a photograph that can be used, or for fewer than two folds.
    Cancelled
        If `cancelled` returned true.
    """
    begun = time.monotonic()
    failed: list[PhotographError] = []
    if features is None:
        features = _features(examples, start, failed, progress, cancelled)
    usable = np.isfinite(features).all(axis=1) & (np.array(examples.labels, object) != "")
    used = np.flatnonzero(usable)
    kept = Examples(
        [examples.photographs[n] for n in used],
        [examples.labels[n] for n in used],
        [examples.groups[n] for n in used],
    )
    labels = sorted(set(kept.labels))
    classes = np.array([labels.index(label) for label in kept.labels])
    rows = features[used]

    def judge(groups: Sequence[Hashable]) -> tuple[NDArray[Any], NDArray[Any]]:
        found = out_of_fold(
            rows,
            classes,
            groups,
            len(labels),
            folds=folds,
            seed=seed,
            balance=balance,
            strength=strength,
        )
        return found.probabilities, found.judged

    probabilities, judged = judge(kept.groups)
    figures = replace(
        _figures(probabilities, judged, classes, kept.groups),
        folds=min(folds, len(set(kept.groups))),
        split_by_photograph_right=int(
            (judge(range(len(rows)))[0].argmax(axis=1) == classes)[judged].sum()
        ),
        alone=tuple(labels[n] for n in sorted(set(classes[~judged].tolist()))),
    )
    layer = fit(rows, classes, kept.groups, len(labels), balance=balance, strength=strength)
    made = _checkpoint(start.checkpoint, layer, labels, kept, figures, seed, strength)
    return FineTuned(made, figures, tuple(failed), time.monotonic() - begun, kept, rows)


def _features(
    examples: Examples,
    start: PredictorProtocol,
    failed: list[PhotographError],
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> NDArray[Any]:
    found = np.full((len(examples.photographs), start.checkpoint.architecture.features), np.nan)
    answers = start.stream(
        examples.photographs, features=True, progress=progress, cancelled=cancelled
    )
    for number, answer in enumerate(answers):
        if isinstance(answer, PhotographError):
            failed.append(answer)
        else:
            found[number] = answer.features
    return found


def _figures(
    probabilities: NDArray[Any],
    judged: NDArray[Any],
    classes: NDArray[Any],
    groups: Sequence[Hashable],
) -> Figures:
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    specimen = np.array([numbers[group] for group in groups])
    of_specimen = np.zeros((len(numbers), probabilities.shape[1]))
    np.add.at(of_specimen, specimen[judged], probabilities[judged])
    own = np.full(len(numbers), NOT_LABELLED)
    own[specimen[judged]] = classes[judged]
    counted = own != NOT_LABELLED
    return Figures(
        folds=0,
        specimens=int(counted.sum()),
        specimens_right=int((of_specimen.argmax(axis=1) == own)[counted].sum()),
        photographs=int(judged.sum()),
        photographs_right=int((probabilities.argmax(axis=1) == classes)[judged].sum()),
        split_by_photograph_right=0,
    )


def _checkpoint(
    start: Checkpoint,
    layer: LastLayer,
    labels: list[str],
    kept: Examples,
    figures: Figures,
    seed: int,
    strength: float,
) -> Checkpoint:
    specimens = set(zip(kept.labels, kept.groups, strict=True))
    counts = {label: sum(1 for one, _ in specimens if one == label) for label in labels}
    about = {
        "start": start.record.get("start", {"checkpoint": start.name}),
        "specimens_of_each_class": counts,
        "split": {"by": "specimen", "folds": figures.folds, "seed": seed},
        "strength": strength,
        "figures": {
            "specimens": figures.specimens,
            "specimens_right": figures.specimens_right,
            "photographs": figures.photographs,
            "photographs_right": figures.photographs_right,
            "split_by_photograph_right": figures.split_by_photograph_right,
        },
    }
    made = refitted(start, layer, labels, name=NAME, about=about)
    if start.notice:
        made = replace(
            made, notice=f"{start.notice}; last layer fitted to {len(specimens):,} specimens"
        )
    return made
