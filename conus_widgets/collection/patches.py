"""Places that match in two photographs of specimens, and speak for A rather than B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEAST_SHARE = 0.6  # of a cell's area on the specimen: a mask may reach a little into its shadow


@dataclass(frozen=True)
class Match:
    """Two cells that are each other's nearest.

    Parameters
    ----------
    first, second : (int, int)
        Row and column of the cell in either photograph.
    similarity : float
        Cosine of what the layer holds there.
    first_share, second_share : float
        What either cell adds to the logit of A minus that of B; 0 if no weights were given.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    similarity: float
    first_share: float = 0.0
    second_share: float = 0.0


def cells_inside(mask: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return the share (rows, columns), float32, of each cell's area that is in a mask (h, w).

    The photograph is taken to fill the layer: the network sees it stretched to a square.
    """
    image = Image.fromarray(np.asarray(mask, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BOX))


def matched_patches(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    first_mask: NDArray[Any] | None = None,
    second_mask: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    most: int | None = 5,
) -> list[Match]:
    """Match the cells of a layer between two photographs.

    Parameters
    ----------
    first, second : float arrays (C, H, W)
        What the layer holds for either photograph, after its ReLU.
    first_mask, second_mask : bool arrays, optional
        The specimens, of any size (`specimen_mask`). Without masks the background matches best,
        and at the same place: its border is what the network sees there.
    weights : float array (C,), optional
        Of class A minus those of class B, in the dense layer. Pairs are then ranked by the lesser
        share of their two cells, so that both must speak for A rather than B; otherwise by
        similarity.
    most : int, optional
        How many pairs; None for all.

    Returns
    -------
    list of Match
        The best first; empty if no cell lies on a specimen.

    Raises
    ------
    ValueError
        For layers that do not fit each other or the weights.
    """
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    if first.ndim != 3 or second.ndim != 3 or len(first) != len(second):
        raise ValueError(
            f"Layers of shape {first.shape} and {second.shape} do not fit: (C, H, W) is needed, "
            "with the same C."
        )
    if weights is not None and np.shape(weights) != (len(first),):
        raise ValueError(f"{np.shape(weights)} weights do not fit {len(first)} channels.")
    one, other = _cells(first, first_mask), _cells(second, second_mask)
    if not len(one) or not len(other):
        return []
    left, right = _directions(first, one), _directions(second, other)
    cosine = left @ right.T
    there, back = cosine.argmax(axis=1), cosine.argmax(axis=0)
    mutual = np.flatnonzero(back[there] == np.arange(len(one)))
    shares = [_shares(first, one, weights), _shares(second, other, weights)]
    found = [
        Match(
            (int(one[n, 0]), int(one[n, 1])),
            (int(other[there[n], 0]), int(other[there[n], 1])),
            float(cosine[n, there[n]]),
            float(shares[0][n]),
            float(shares[1][there[n]]),
        )
        for n in mutual
    ]

    def rank(match: Match) -> tuple[float, float]:
        return -min(match.first_share, match.second_share), -match.similarity

    return sorted(found, key=rank)[:most]


def _cells(layer: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any]:
    """Return rows and columns (n, 2) of the cells on the specimen that hold anything."""
    usable = (layer != 0).any(axis=0)
    if mask is not None:
        usable &= cells_inside(mask, usable.shape) >= LEAST_SHARE
    return np.argwhere(usable)


def _directions(layer: NDArray[Any], cells: NDArray[Any]) -> NDArray[Any]:
    values = layer[:, cells[:, 0], cells[:, 1]].T.astype(np.float64)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def _shares(layer: NDArray[Any], cells: NDArray[Any], weights: NDArray[Any] | None) -> NDArray[Any]:
    if weights is None:
        return np.zeros(len(cells))
    area = layer.shape[1] * layer.shape[2]  # the dense layer sees the mean over cells
    return np.asarray(weights, np.float64) @ layer[:, cells[:, 0], cells[:, 1]] / area
