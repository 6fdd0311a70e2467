"""The queue of a blind review: right and wrong answers, mixed so that nothing tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import numpy as np


def mixed(
    wrong: Sequence[str],
    right: Sequence[str],
    *,
    count: int | None = None,
    share: float = 0.5,
    seed: int = 0,
    by: str = "",
    without: Collection[str] = (),
) -> tuple[str, ...]:
    """Draw cases and shuffle them.

    Parameters
    ----------
    wrong, right : sequences of str
        Cases that the network is wrong, and right, about.
    count : int, optional
        Cases to draw. By default all wrong ones, and as many right ones as make their share.
    share : float
        Of wrong ones, as far as there are enough; right ones fill the rest, and the other way
        round.
    seed : int
        Which cases are drawn.
    by : str
        The reviewer: each gets another order of the same cases, so that being tired, or having
        learnt, does not fall on the same ones.
    without : collection of str
        Cases that must not be drawn; the next ones take their places, and all others stay.

    Returns
    -------
    tuple of str
        Fewer than `count` if there are no more.
    """
    drawn = np.random.default_rng([seed, 0])
    # In order of names: the same cases are drawn however the collection's rows are sorted.
    parts = [
        [case for case in drawn.permutation(sorted(cases)).tolist() if case not in without]
        for cases in (wrong, right)
    ]
    if count is None:
        count = round(len(parts[0]) / share) if share else len(parts[1])
    count = min(count, len(parts[0]) + len(parts[1]))
    wanted = round(share * count)
    of_wrong = min(max(wanted, count - len(parts[1])), len(parts[0]))
    cases = sorted([*parts[0][:of_wrong], *parts[1][: count - of_wrong]])
    reviewer = int.from_bytes(hashlib.sha256(by.encode()).digest()[:8], "big")
    return tuple(np.random.default_rng([seed, 1, reviewer]).permutation(cases).tolist())
