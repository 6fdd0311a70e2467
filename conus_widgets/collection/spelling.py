"""Names that are almost the same: "Ursus arctos" beside "Ursus arctus" is one class too many."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CHUNK = 256  # names that are compared with all others at a time


def folded(name: str) -> str:
    """Strip a name of what people write differently: case, spaces, underscores, hyphens, forms."""
    text = unicodedata.normalize("NFC", name).casefold()
    return " ".join(text.replace("_", " ").replace("-", " ").split())


def close_names(names: Sequence[str], *, most: int = 2) -> list[tuple[str, str, int]]:
    """Return all pairs of names that differ by few letters.

    Parameters
    ----------
    names : sequence of str
        Without repetitions.
    most : int
        Letters that may be missing, more, or others.

    Returns
    -------
    list of (str, str, int)
        Both names in the order of `names`, and how many letters differ; 0 if only case, spaces or
        signs do.

    Notes
    -----
    An edit of a letter changes the counts of letters by 2 at most. That sorts out nearly all
    pairs at once, so that 9,000 names take seconds. In short names fewer letters may differ:
    fewer than half of them.
    """
    texts = [folded(name) for name in names]
    counts = _letter_counts(texts)
    found = []
    for start in range(0, len(texts), _CHUNK):
        chunk = counts[start : start + _CHUNK]
        apart = np.zeros((len(chunk), len(texts) - start), np.int16)
        for mine, others in zip(chunk.T, counts[start:].T, strict=True):
            apart += np.abs(mine[:, None] - others[None, :])
        for row, column in np.argwhere(apart <= 2 * most):
            one, other = start + int(row), start + int(column)
            if one < other:
                # "A" and "B" differ by one letter, too, but nobody mistook them.
                limit = min(most, (min(len(texts[one]), len(texts[other])) - 1) // 2)
                distance = letters_apart(texts[one], texts[other], limit)
                if distance <= limit and not _numbered(texts[one], texts[other]):
                    found.append((names[one], names[other], distance))
    return found


def letters_apart(one: str, other: str, most: int) -> int:
    """Return the Levenshtein distance of two texts, or `most` + 1 if it is larger."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    if one == other:
        return 0
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            now.append(
                min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != against))
            )
        if min(now) > most:
            return most + 1
        before = now
    return min(before[-1], most + 1)


def _numbered(one: str, other: str) -> bool:
    """Whether two names differ by a number ("sp. 1", "sp. 2"): they are meant to differ."""
    digits = str.maketrans("", "", "0123456789")
    return one != other and one.translate(digits) == other.translate(digits)


def _letter_counts(texts: Sequence[str]) -> NDArray[Any]:
    """How often each of 32 kinds of letters occurs: int8 (names, 32)."""
    counts = np.zeros((len(texts), 32), np.int8)
    for row, text in zip(counts, texts, strict=True):
        for letter in text[:4000]:
            kind = ord(letter) % 32
            row[kind] = min(row[kind] + 1, 60)
    return counts
