"""Photographs like this one, among the classes that it could be: same view first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.specimens import NO_CLASS

CLASSES = 3  # Nguyen et al. 2024, arXiv:2308.13651: examples of the top class alone fool people
ROWS = 2048  # read and turned to float32 at a time


@dataclass(frozen=True)
class Neighbour:
    """A photograph of another specimen.

    Parameters
    ----------
    photograph : int
    similarity : float
        Cosine of the features, -1 to 1.
    same_view : bool
        Whether both views are known, and the same.
    """

    photograph: int
    similarity: float
    same_view: bool


def neighbours(
    photograph: int,
    features: NDArray[Any],
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    specimens: Sequence[Any] | NDArray[Any],
    views: Sequence[str],
    *,
    count: int = 5,
    classes: int = CLASSES,
) -> dict[int, list[Neighbour]]:
    """Find the nearest photographs of each class in question.

    Parameters
    ----------
    photograph : int
        Which one to compare.
    features : float array (N, F)
        Best a memory map of float16: only rows of the classes in question are read.
    probabilities : float array (C,)
        Of this photograph, or of its specimen.
    labels : int array (N,)
        Classes; -1 for none.
    specimens : sequence (N,)
    views : sequence of str (N,)
        "" if it is not known.
    count : int
        Neighbours of each class.
    classes : int
        How many of the most probable classes; the photograph's own label comes in addition.

    Returns
    -------
    dict of int to list of Neighbour
        The most probable class first, the own label last if it is none of them. Photographs of the
        same view come first, the nearest first among them; none is of the same specimen. A class
        without another specimen has an empty list.

    Raises
    ------
    ValueError
        For `count` or `classes` below 1, or arrays that do not fit each other.
    """
    labels = np.asarray(labels)
    if count < 1 or classes < 1:
        raise ValueError(f"count is {count} and classes is {classes}: both must be at least 1.")
    if not len(features) == len(labels) == len(specimens) == len(views):
        raise ValueError(
            f"{len(features)} features, {len(labels)} labels, {len(specimens)} specimens and "
            f"{len(views)} views do not fit: one of each is needed for each photograph."
        )
    wanted = np.argsort(-np.asarray(probabilities), kind="stable")[:classes].tolist()
    own = int(labels[photograph])
    if own != NO_CLASS and own not in wanted:
        wanted.append(own)
    listed = specimens.tolist() if isinstance(specimens, np.ndarray) else specimens
    mine = listed[photograph]
    rows = np.flatnonzero(np.isin(labels, wanted))
    rows = rows[[listed[row] != mine for row in rows.tolist()]] if len(rows) else rows
    similar = cosines(np.asarray(features[photograph], np.float32), features, rows)
    view = views[photograph]
    same = np.array([bool(view) and views[row] == view for row in rows.tolist()], bool)
    order = np.lexsort((rows, -similar, ~same))
    found: dict[int, list[Neighbour]] = {number: [] for number in wanted}
    for place in order.tolist():
        nearest = found[int(labels[rows[place]])]
        if len(nearest) < count:
            nearest.append(Neighbour(int(rows[place]), float(similar[place]), bool(same[place])))
    return found


def cosines(one: NDArray[Any], features: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """Return the cosine between `one` (F,) and some rows of `features`: (len(rows),), float32.

    It is 0 for a row without any length.
    """
    found = np.zeros(len(rows), np.float32)
    length = np.linalg.norm(one)
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        some = np.asarray(features[rows[part]], np.float32)
        lengths = np.sqrt(np.einsum("nf,nf->n", some, some)) * length
        np.divide(some @ one, lengths, out=found[part], where=lengths > 0)
    return found
