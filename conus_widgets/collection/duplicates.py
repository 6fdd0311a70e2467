"""Photographs that are there twice: the same file, or one that looks the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DISTANCE = 20  # bits of 256
_ONES = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)
_CANDIDATES = 2_000_000  # pairs that are compared at once


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Pairs of photographs that are the same, or look the same.

    Pairs of different labels stand first, then those of different specimens, then the others; the
    nearest first among each.

    Attributes
    ----------
    pairs : int array (P, 2)
        Their places. A file that is there many times is paired with its first place only.
    distances : int array (P,)
        Bits in which their hashes differ.
    exact : bool array (P,)
        Whether the files are the same, byte by byte.
    across_labels, across_specimens : bool array (P,)
        Whether the two have different labels, and whether they are of different specimens.
    groups : int array (N,)
        The same number for photographs that are connected by pairs: these belong on the same side
        of every split.
    """

    pairs: NDArray[Any]
    distances: NDArray[Any]
    exact: NDArray[Any]
    across_labels: NDArray[Any]
    across_specimens: NDArray[Any]
    groups: NDArray[Any]

    def __len__(self) -> int:
        return len(self.pairs)


def find_duplicates(
    digests: Sequence[str],
    hashes: NDArray[Any],
    *,
    labels: Sequence[str],
    specimens: Sequence[str],
    distance: int = DISTANCE,
) -> Duplicates:
    """Find the same photograph under two names, most of all under two labels.

    Parameters
    ----------
    digests : sequence of str
        Of the N files; "" for one that could not be read, which is a duplicate of none.
    hashes : uint8 array (N, 32)
        Perceptual hashes of 256 bits.
    labels, specimens : sequences of str
        Of the N photographs.
    distance : int
        Bits in which the hashes of two photographs that look the same may differ.

    Raises
    ------
    ValueError
        If the lengths differ, or `distance` is below 0.
    """
    count = len(digests)
    if not count == len(hashes) == len(labels) == len(specimens):
        raise ValueError(
            f"There are {count} digests, {len(hashes)} hashes, {len(labels)} labels and "
            f"{len(specimens)} specimens: one of each is needed for each photograph."
        )
    if distance < 0:
        raise ValueError(f"distance is {distance}: it must be 0 or more.")
    first: dict[str, int] = {}
    same = [(first.setdefault(digest, n), n) for n, digest in enumerate(digests) if digest]
    same = [(one, other) for one, other in same if one != other]
    alone = np.array(sorted(first.values()), np.int64)
    near, apart = near_pairs(np.asarray(hashes, np.uint8)[alone], distance)
    pairs = np.concatenate([np.array(same, np.int64).reshape(-1, 2), alone[near].reshape(-1, 2)])
    distances = np.concatenate([np.zeros(len(same), np.int64), apart])
    exact = np.arange(len(pairs)) < len(same)
    label, specimen = (
        np.unique(list(given), return_inverse=True)[1] for given in (labels, specimens)
    )
    labels_differ = label[pairs[:, 0]] != label[pairs[:, 1]]
    specimens_differ = specimen[pairs[:, 0]] != specimen[pairs[:, 1]]
    order = np.lexsort((distances, ~exact, ~specimens_differ, ~labels_differ))
    return Duplicates(
        pairs[order],
        distances[order],
        exact[order],
        labels_differ[order],
        specimens_differ[order],
        _connected(count, pairs),
    )


def near_pairs(hashes: NDArray[Any], distance: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the pairs (P, 2) of hashes that differ in at most `distance` bits, and by how many.

    Parameters
    ----------
    hashes : uint8 array (N, B)
    distance : int
        0 or more.

    Notes
    -----
    The bits are dealt out to ``distance + 1`` bands: two hashes that differ in at most `distance`
    bits agree in all bits of one band. So only those are compared that share a band, and not all
    pairs. A band takes its bits from everywhere, because bits side by side often go together.
    """
    bits = np.unpackbits(hashes, axis=1)
    bands = min(distance + 1, bits.shape[1])
    found = [np.zeros(0, np.int64)]
    for band in range(bands):
        _, key = np.unique(np.packbits(bits[:, band::bands], axis=1), axis=0, return_inverse=True)
        for first, second in _sharing(key.ravel()):
            apart = _apart(hashes, first, second)
            close = apart <= distance
            found.append(first[close] * len(hashes) + second[close])
    numbers = np.unique(np.concatenate(found))
    pairs = np.stack(np.divmod(numbers, max(1, len(hashes))), axis=1)
    return pairs, _apart(hashes, pairs[:, 0], pairs[:, 1])


def _sharing(key: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield all pairs of places with the same key, the smaller place first."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    left = np.arange(len(key))
    for step in range(1, len(key)):
        left = left[: np.searchsorted(left, len(key) - step)]
        left = left[key[left] == key[left + step]]
        if not len(left):
            return
        yield order[left], order[left + step]


def _apart(hashes: NDArray[Any], first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    found = np.empty(len(first), np.int64)
    for start in range(0, len(first), _CANDIDATES):
        part = slice(start, start + _CANDIDATES)
        differing = hashes[first[part]] ^ hashes[second[part]]
        found[part] = _ONES[differing].sum(axis=1, dtype=np.int64)
    return found


def _connected(count: int, pairs: NDArray[Any]) -> NDArray[Any]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), bool)
    graph = coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)
