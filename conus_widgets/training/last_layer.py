"""A last layer fitted to stored features, and its answers for specimens that it never saw."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

#: Inverse of the penalty on squared weights, for features scaled to a spread of 1.
STRENGTH = 0.1
ITERATIONS = 300
NOT_LABELLED = -1


@dataclass(frozen=True, eq=False)
class LastLayer:
    """A dense layer: ``logits = features @ weights + bias``.

    Parameters
    ----------
    weights : float32 array (F, classes)
    bias : float32 array (classes,)
        Minus infinity for a class without examples: its probability is 0.
    """

    weights: NDArray[Any]
    bias: NDArray[Any]

    @property
    def learnt(self) -> NDArray[Any]:
        """Which classes had examples, bool (classes,)."""
        return np.isfinite(self.bias)

    def logits(self, features: NDArray[Any]) -> NDArray[Any]:
        """Return the logits (N, classes), float32, of features (N, F)."""
        return np.asarray(features, np.float32) @ self.weights + self.bias

    def probabilities(self, features: NDArray[Any]) -> NDArray[Any]:
        """Return the probabilities (N, classes), float64, of features (N, F)."""
        return softmax(self.logits(features).astype(np.float64), axis=1)


def fit(
    features: NDArray[Any],
    labels: NDArray[Any],
    groups: Sequence[Any] | NDArray[Any],
    classes: int,
    *,
    balance: bool = True,
    strength: float = STRENGTH,
) -> LastLayer:
    """Fit a multinomial logistic regression.

    Parameters
    ----------
    features : float array (N, F)
        Pooled features; float16 and memory maps too.
    labels : int array (N,)
        Classes; rows with -1 are left out.
    groups : sequence (N,)
        The specimen of each row. Every specimen counts the same, however many photographs it has.
    classes : int
        Of the layer.
    balance : bool
        Whether every class counts the same, however many specimens it has.
    strength : float
        How closely to fit: the inverse of the penalty on squared weights.

    Returns
    -------
    LastLayer

    Raises
    ------
    ValueError
        If nothing is labelled, or arrays do not fit each other.
    """
    features, labels, numbers = _validated(features, labels, groups, classes)
    some = labels != NOT_LABELLED
    if not some.any():
        raise ValueError("No row has a label: a last layer needs at least one.")
    x = np.asarray(features[some], np.float32)
    weight = weights_of(labels[some], numbers[some], balance)
    centre = np.average(x, axis=0, weights=weight).astype(np.float32)
    x -= centre
    spread = np.sqrt(np.average(x * x, axis=0, weights=weight)).astype(np.float32)
    spread[spread < 1e-6] = 1
    x /= spread
    learnt = np.unique(labels[some])
    weights = np.zeros((x.shape[1], classes))
    bias = np.full(classes, -np.inf)
    bias[learnt] = 0
    if len(learnt) > 1:
        coefficients, intercepts = _regression(x, labels[some], weight, strength)
        weights[:, learnt] = coefficients.T / spread[:, None]
        bias[learnt] = intercepts - centre @ weights[:, learnt]
    return LastLayer(weights.astype(np.float32), bias.astype(np.float32))


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Probabilities of photographs whose specimen the layer was not fitted to.

    Parameters
    ----------
    probabilities : float64 array (N, classes)
    fold : int array (N,)
        In which fold each row was left out; the same for all rows of a specimen.
    judged : bool array (N,)
        False for a row whose own class had no other specimen to be learnt from: its probability is
        0 for want of examples, and says nothing of the label. False without a label as well.
    """

    probabilities: NDArray[Any]
    fold: NDArray[Any]
    judged: NDArray[Any]


def out_of_fold(
    features: NDArray[Any],
    labels: NDArray[Any],
    groups: Sequence[Any] | NDArray[Any],
    classes: int,
    *,
    folds: int = 5,
    seed: int = 0,
    balance: bool = True,
    strength: float = STRENGTH,
    progress: Callable[[int, int], Any] | None = None,
) -> OutOfFold:
    """Fit a layer to all folds but one, ask it about that one, in turn.

    Parameters
    ----------
    features, labels, groups, classes, balance, strength
        As `fit`. Rows without a label are asked about, too.
    folds : int
        At least 2; fewer are made of fewer specimens.
    seed : int
        Decides which specimens are together.
    progress : callable, optional
        ``progress(done, total)`` is called after each fold.

    Returns
    -------
    OutOfFold

    Raises
    ------
    ValueError
        For fewer than two folds or specimens, or as `fit`.
    """
    features, labels, numbers = _validated(features, labels, groups, classes)
    count = len(np.unique(numbers))
    if folds < 2 or count < 2:
        raise ValueError(
            f"{folds} folds of {count} specimens: out-of-fold needs at least 2 folds and 2 "
            "specimens."
        )
    total = min(folds, count)
    found = np.zeros((len(labels), classes))
    fold = np.zeros(len(labels), np.intp)
    judged = np.zeros(len(labels), bool)
    for place, (inside, outside) in enumerate(split(labels, numbers, total, seed)):
        if len(outside) and (labels[inside] != NOT_LABELLED).any():
            layer = fit(
                features[inside],
                labels[inside],
                numbers[inside],
                classes,
                balance=balance,
                strength=strength,
            )
            found[outside] = layer.probabilities(features[outside])
            own = labels[outside]
            judged[outside] = (own != NOT_LABELLED) & layer.learnt[own]
        fold[outside] = place
        if progress is not None:
            progress(place + 1, total)
    return OutOfFold(found, fold, judged)


def split(
    labels: NDArray[Any], groups: NDArray[Any], folds: int, seed: int
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Split rows into folds, a specimen's all into one, the classes alike in all of them.

    Parameters
    ----------
    labels, groups : int arrays (N,)
    folds : int
        At most as many as groups.
    seed : int

    Returns
    -------
    list of (rows of the others, rows of this fold)
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold  # heavy

    chosen: Any = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    if np.unique(labels, return_counts=True)[1].max() < folds:  # which it refuses
        chosen = GroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # It warns of classes with fewer specimens than folds: they are answered by `judged`.
        warnings.simplefilter("ignore", UserWarning)
        return list(chosen.split(np.zeros(len(labels)), labels, groups))


def _validated(
    features: NDArray[Any], labels: NDArray[Any], groups: Sequence[Any] | NDArray[Any], classes: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    labels = np.asarray(labels)
    if features.ndim != 2 or not len(features) == len(labels) == len(groups):
        raise ValueError(
            f"Features of shape {features.shape}, {len(labels)} labels and {len(groups)} groups do "
            "not fit: one row, label and group is needed for each photograph."
        )
    if len(labels) and (labels.min() < NOT_LABELLED or labels.max() >= classes):
        raise ValueError(
            f"Labels run from {labels.min()} to {labels.max()}, but the layer has {classes} "
            f"classes: use 0 to {classes - 1}, and {NOT_LABELLED} for none."
        )
    listed = groups.tolist() if isinstance(groups, np.ndarray) else list(groups)
    seen: dict[Any, int] = {}
    numbers = np.array([seen.setdefault(group, len(seen)) for group in listed], np.intp)
    return features, labels.astype(np.intp), numbers


def weights_of(labels: NDArray[Any], groups: NDArray[Any], balance: bool) -> NDArray[Any]:
    """Return a weight for each row: every specimen of a class counts the same.

    With `balance`, every class does, too.
    """
    pairs, row = np.unique(np.stack([labels, groups]), axis=1, return_inverse=True)
    weight = 1 / np.bincount(row)[row]
    if balance:
        specimens = np.bincount(pairs[0])
        weight = weight * pairs.shape[1] / ((specimens > 0).sum() * specimens[labels])
    return weight


def _regression(
    x: NDArray[Any], labels: NDArray[Any], weight: NDArray[Any], strength: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.exceptions import ConvergenceWarning  # heavy
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():
        # A fit that stops early is a good layer, too: what follows judges it on other specimens.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, labels, sample_weight=weight)
    if len(model.coef_) == 1:  # of two classes scikit-learn keeps the second
        half = model.coef_ / 2
        return np.concatenate([-half, half]), np.array([-0.5, 0.5]) * model.intercept_
    return model.coef_, model.intercept_
