"""Fine-tuning on a collection: photographs of somebody's own classes, from whatever holds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.digest import model_digest
from conus_widgets.collection.answers import WAITING
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.reading import read_collection
from conus_widgets.collection.wilson import Share
from conus_widgets.loading import load_predictor
from conus_widgets.network.interface import PredictorProtocol, Progress
from conus_widgets.photographs.names import plain
from conus_widgets.training.finetuning import FOLDS, Examples, Figures, FineTuned
from conus_widgets.training.finetuning import finetune as fit_examples
from conus_widgets.training.last_stages import Deeper


def finetune(
    source: Collection | Examples | str | os.PathLike[str],
    start: PredictorProtocol | str | os.PathLike[str] | None = None,
    *,
    pattern: str | None = None,
    folds: int = FOLDS,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FineTuned:
    """Teach a network the classes of a collection: its last layer is fitted to their photographs.

    Parameters
    ----------
    source : Collection, Examples or path
        Labelled photographs. A path is a folder with a folder for each class, a CSV or Parquet
        file. The labels of a collection follow its verdicts.
    start : Predictor, path, name or None
        The network whose features are used: as `load_predictor` takes it.
    pattern : str, optional
        For a folder, what names of files say: see `read_folder`.
    folds, seed, progress, cancelled
        See `training.finetuning.finetune`.

    Returns
    -------
    FineTuned
        ``.figures`` says how good it is, ``.predictor()`` answers, ``.write(folder)`` keeps it.

    Raises
    ------
    ValueError
        If fewer than two classes have a photograph that can be used.
    CheckpointError
        If `start` is no checkpoint.
    Cancelled
        If `cancelled` returned true.

    Examples
    --------
    >>> tuned = finetune("my-shells", pattern="{label}_{specimen}_{view}")  # doctest: +SKIP
    >>> print(describe(tuned))                                              # doctest: +SKIP
    >>> tuned.write("my-network")                                           # doctest: +SKIP
    """
    if start is None or isinstance(start, (str, os.PathLike)):
        start = load_predictor(start)
    if isinstance(source, (str, os.PathLike)):
        source = read_collection(source, pattern=pattern)
    elif pattern is not None:
        raise ValueError("pattern is for a folder: this is a collection that was read already.")
    known = None
    if isinstance(source, Collection):
        known = _known_features(source, start)
        source = examples_of(source)
    return fit_examples(
        source,
        start,
        features=known,
        folds=folds,
        seed=seed,
        progress=progress,
        cancelled=cancelled,
    )


def examples_of(collection: Collection) -> Examples:
    """Return a collection's photographs with their labels and specimens.

    Raises
    ------
    ValueError
        If there are fewer than two labels.
    """
    records = collection.table.records
    return Examples([one.path for one in records], collection.labels, collection.specimens)


def _known_features(collection: Collection, start: PredictorProtocol) -> NDArray[Any] | None:
    """Return what `start` is known to see; None if it was not asked about all photographs."""
    if not collection.evaluated or collection.fingerprint != model_digest(start.checkpoint):
        return None
    answers = collection.answers
    if WAITING in answers.status:  # it was stopped: those must be learnt from, too
        return None
    found = np.full((len(collection), start.checkpoint.architecture.features), np.nan)
    found[answers.answered] = np.asarray(answers.features, np.float64)[answers.answered]
    return found


def describe(tuned: FineTuned) -> str:
    """Return what came of a fine-tuning, as lines of text."""
    return "\n".join(_lines(tuned))


def _lines(tuned: FineTuned) -> Iterator[str]:
    figures, labels = tuned.figures, tuned.checkpoint.labels
    yield f"{len(labels)} classes, learnt in {tuned.seconds:.0f} s."
    specimens = Share(figures.specimens_right, figures.specimens)
    yield f"Right, of specimens that it never saw ({figures.folds} folds): {specimens}"
    if figures.photographs == figures.specimens:
        yield (
            "Each photograph counted as a specimen of its own. If several show one shell, this "
            "figure is too high: join them on the page, or give a pattern for the names of files."
        )
    else:
        yield from _lines_of_photographs(figures)
    if figures.alone:
        yield (
            f"One specimen only, so learnt but not judged: {', '.join(map(plain, figures.alone))}."
        )
    for error in tuned.failed:
        yield plain(str(error))


def _lines_of_photographs(figures: Figures) -> Iterator[str]:
    photographs = Share(figures.photographs_right, figures.photographs)
    yield f"Of their photographs one by one: {photographs}"
    claimed = Share(figures.split_by_photograph_right, figures.photographs)
    much = claimed.part > photographs.part
    yield (
        f"A split by photograph would have claimed {claimed.value:.1%}"
        + (", which is too much: it counts" if much else "; often it claims too much: it counts")
        + " shells that were learnt from another photograph."
    )


def describe_stages(tuned: FineTuned, deeper: Deeper) -> str:
    """Return what came of training the last stages, beside the last layer alone, as text."""
    curve = deeper.curve
    first, best = curve.points[0], curve.points[curve.best]
    lines = [
        f"Last {'stage' if deeper.stages == 1 else '2 stages'}, {deeper.seconds:.0f} s: "
        f"epoch {curve.best} of {len(curve.points) - 1} is kept"
        + ("; then it was stopped." if curve.stopped else ".")
        if curve.best
        else "No epoch was better than the last layer alone, which is kept.",
        f"Specimens held out to stop by: {best.right} of {best.specimens} right "
        f"(last layer alone {first.right}).",
    ]
    if deeper.specimens is not None and deeper.specimens_right is not None:
        share = Share(deeper.specimens_right, deeper.specimens)
        alone = Share(tuned.figures.specimens_right, tuned.figures.specimens)
        lines.append(
            f"Of specimens that it never saw ({tuned.figures.folds} folds): {share}; "
            f"last layer alone {alone}."
        )
    return "\n".join(lines)
