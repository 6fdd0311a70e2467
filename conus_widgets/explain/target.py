"""The target of an explanation: a class, or a weighting of classes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import number, shown
from conus_widgets.equality import ByValue

#: A larger weight would be infinite as float32, and so would be a sum of products with it.
MOST = 1e18


@dataclass(frozen=True, eq=False)
class Target(ByValue):
    """A weighting of the classes' logits.

    Parameters
    ----------
    weights : float32 array (classes,)
        1 for a class alone; 1 and -1 for one class rather than another.
    words : str
        The same for a reader: "Conus A", "Conus A rather than Conus B".

    Raises
    ------
    ValueError
        For weights that are no row of finite numbers.
    """

    weights: NDArray[Any]
    words: str

    def __post_init__(self) -> None:
        try:
            weights = np.asarray(self.weights, np.float64)
        except (TypeError, ValueError):
            weights = np.empty(())
        if weights.ndim != 1 or not (np.abs(weights) <= MOST).all():
            raise ValueError(
                f"The weights of a target are {shown(self.weights)}: give one finite number for "
                "each class."
            )
        object.__setattr__(self, "weights", weights.astype(np.float32))

    def of(self, logits: NDArray[Any]) -> NDArray[Any]:
        """Return the weighted sum of logits (..., classes) along their last axis, float64."""
        return np.asarray(logits, np.float64) @ self.weights.astype(np.float64)


def resolve(target: Any, labels: Sequence[str], logits: NDArray[Any] | None = None) -> Target:
    """Return the target that a caller means.

    Parameters
    ----------
    target : None, int, str, mapping or Target
        None: the class with the highest logit. A class by number or name. A mapping of classes to
        weights: ``{"A": 1, "B": -1}`` asks why A rather than B. A list, an array or a one-hot
        vector is refused: its numbers could be classes as well as weights.
    labels : sequence of str
        Names of the classes.
    logits : array (classes,), optional
        Needed if `target` is None.

    Raises
    ------
    ValueError
        For anything else, a class that does not exist (with the nearest names), weights that are
        all zero or no finite numbers, or a Target of another number of classes.
    """
    if isinstance(target, Target):
        if target.weights.shape != (len(labels),):
            raise ValueError(
                f"The target weighs {target.weights.size} classes, but there are {len(labels)}."
            )
        return target
    if target is None:
        if logits is None:
            raise ValueError("No target was given, and no logits to find the top class in.")
        target = int(np.argmax(logits))
    weights = np.zeros(len(labels), np.float32)
    if isinstance(target, Mapping):
        for key, weight in target.items():
            found = class_number(key, labels)
            weights[found] += number(f"The weight of {shown(key)}", weight, least=-MOST, most=MOST)
    else:
        weights[class_number(target, labels)] = 1
    if not weights.any():
        raise ValueError(
            f"The target {shown(target)} weighs no class: give at least one a weight that is a "
            "finite number other than 0."
        )
    return Target(weights, _words(weights, labels))


def class_number(key: Any, labels: Sequence[str]) -> int:
    """Return the number of a class given by number or name.

    Raises
    ------
    ValueError
        If there is none; the message holds the nearest names.
    """
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        if 0 <= key < len(labels):
            return int(key)
        raise ValueError(f"There is no class {key}: they are numbered 0 to {len(labels) - 1}.")
    if isinstance(key, str):
        if key in labels:
            return list(labels).index(key)
        near = difflib.get_close_matches(key, labels, 3, cutoff=0.4)
        listed = f"the nearest are {', '.join(near)}"
        if not near:
            listed = f"there are {len(labels)}, as {', '.join(list(labels)[:5])}"
        raise ValueError(f"No class is called {key!r}; {listed}.")
    raise ValueError(
        f"A class is given by its number or its name, not by {shown(key)}; several classes by a "
        "dict of their weights, as {'A': 1, 'B': -1}."
    )


def _words(weights: NDArray[Any], labels: Sequence[str]) -> str:
    positive = [int(i) for i in np.argsort(-weights, kind="stable") if weights[i] > 0]
    negative = [int(i) for i in np.argsort(weights, kind="stable") if weights[i] < 0]

    def listed(numbers: list[int]) -> str:
        plain = len({abs(float(weights[i])) for i in [*positive, *negative]}) == 1
        return " + ".join(
            labels[i] if plain else f"{abs(weights[i]):g} x {labels[i]}" for i in numbers
        )

    if not negative:
        return listed(positive)
    if not positive:
        return f"against {listed(negative)}"
    return f"{listed(positive)} rather than {listed(negative)}"
