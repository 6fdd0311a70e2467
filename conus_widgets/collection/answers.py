"""The answers for a collection, in the order of its table: what derivations and pages read."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.digests import HASH_BYTES, MEASURES
from conus_widgets.collection.parts import Part, Rows
from conus_widgets.collection.store import Live

ANSWERED, FAILED, WAITING = "answered", "failed", "waiting"
_ROWS = 1024  # of which logarithms are taken at once, in double precision


class Answers:
    """The stored answers to N photographs; large arrays are read when they are first asked for.

    Parameters
    ----------
    live : Live
    paths : sequence of bytes
        Of the photographs.
    class_of : int array (N,)
        See below; as labels are today, and losses follow.
    classes : sequence of str
        Of the model.
    width : int
        How many features there are.

    Attributes
    ----------
    classes : tuple of str
    class_of : int array (N,)
        For each photograph the class that its label means, -1 for none.
    status : list of str
        "answered"; "failed" if it cannot be used; "waiting" if it was not asked yet.
    errors : list of str
        What is wrong with the photographs that failed, "" for all others.
    digests : list of str
        SHA-256 of the files, "" for what was never read.
    answered : bool array (N,)
    features : Features
    damaged : list of str
        What is wrong with the store itself: sentences.
    """

    def __init__(
        self,
        live: Live,
        paths: Sequence[bytes],
        class_of: NDArray[Any],
        classes: Sequence[str],
        width: int,
    ) -> None:
        self.classes = tuple(classes)
        self.class_of = np.asarray(class_of, np.int64)
        self.damaged = list(live.damaged.values())
        self._live = live
        self._places = Places(live, paths)
        self.errors = self._places.texts(lambda part: part.error)
        self.digests = self._places.texts(lambda part: part.digest)
        failed = np.array([bool(error) for error in self.errors], bool)
        self.answered = self._places.asked & ~failed
        status = np.where(self.answered, ANSWERED, np.where(failed, FAILED, WAITING))
        self.status: list[str] = status.tolist()
        self.features = Features(self._places, width)

    def __len__(self) -> int:
        return len(self.status)

    @cached_property
    def probabilities(self) -> NDArray[Any]:
        """float32 (N, C); not numbers for photographs without an answer."""
        return self._column(lambda part: part.probabilities, len(self.classes))

    @cached_property
    def logits(self) -> NDArray[Any]:
        """float32 (N, C), whose softmax is `probabilities`."""
        return self._column(lambda part: part.logits, len(self.classes))

    @cached_property
    def losses(self) -> NDArray[Any]:
        """Minus the logarithm of the label's probability, float32 (N,).

        NaN without an answer, or if the model has no such class.
        """
        return losses(self.logits, self.class_of)

    @cached_property
    def hashes(self) -> NDArray[Any]:
        """uint8 (N, 32): perceptual hashes."""
        return self._column(lambda part: part.hash, HASH_BYTES, np.uint8)

    @cached_property
    def measures(self) -> Mapping[str, NDArray[Any]]:
        """For each of `digests.MEASURES` its values, float32 (N,)."""
        found = self._column(lambda part: part.measures, len(MEASURES))
        return {name: found[:, n] for n, name in enumerate(MEASURES)}

    def row(self, number: int) -> Rows:
        """Return the row of one photograph, whole; no other part of the store is read for it."""
        for part, _, rows in self._places.by_part(np.array([number])):
            return self._live.parts[part].rows(rows)
        return Rows.empty(1, len(self.classes), self.features.shape[1])

    def _column(
        self, of: Callable[[Part], NDArray[Any]], width: int, dtype: Any = np.float32
    ) -> Any:
        found = np.full((len(self), width), np.nan if dtype == np.float32 else 0, dtype)
        for number, here, rows in self._places.by_part(np.arange(len(self))):
            found[here] = of(self._live.parts[number])[rows]
        return found


class Features:
    """The features of N photographs, float16 (N, F), left on the disk: index it for some of them.

    Rows of photographs without an answer are not numbers. `numpy.asarray` reads them all.
    """

    dtype = np.dtype(np.float16)
    ndim = 2

    def __init__(self, places: Places, width: int) -> None:
        self._places = places
        self._width = width

    @property
    def shape(self) -> tuple[int, int]:
        """(N, F)."""
        return len(self._places), self._width

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return one row (F,) for a number, else rows (M, F)."""
        chosen = np.arange(len(self))[index]
        rows = np.atleast_1d(chosen)
        found = np.full((len(rows), self._width), np.nan, np.float16)
        for number, here, there in self._places.by_part(rows):
            found[here] = self._places.parts[number].features[there]
        return found if np.ndim(chosen) else found[0]

    def of(self, chosen: NDArray[Any]) -> Features:
        """Return the features of some of the photographs, left on the disk as well."""
        return Features(self._places.take(chosen), self._width)

    def __array__(self, dtype: Any = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.float16, copy=False)


class Places:
    """Where the rows of N photographs stand.

    Parameters
    ----------
    live : Live
    paths : sequence of bytes
        Of the photographs.
    """

    def __init__(self, live: Live, paths: Sequence[bytes]) -> None:
        self.parts = live.parts
        found = itertools.chain.from_iterable(live.where.get(path, (-1, -1)) for path in paths)
        places = np.fromiter(found, np.int64, 2 * len(paths)).reshape(-1, 2)
        self._part, self._row = places.T

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Which photographs have a row: bool (N,)."""
        found: NDArray[np.bool_] = self._part >= 0
        return found

    def texts(self, of: Callable[[Part], list[str]]) -> list[str]:
        """Return what a part's list says of each photograph, "" for those without a row."""
        found = np.full(len(self), "", object)
        for number, here, rows in self.by_part(np.arange(len(self))):
            found[here] = np.array(of(self.parts[number]), object)[rows]
        listed: list[str] = found.tolist()
        return listed

    def take(self, chosen: NDArray[Any]) -> Places:
        """Return the places of some of the photographs."""
        found = copy.copy(self)
        found._part, found._row = self._part[chosen], self._row[chosen]
        return found

    def __len__(self) -> int:
        return len(self._part)

    def by_part(self, chosen: NDArray[Any]) -> list[tuple[int, NDArray[Any], NDArray[Any]]]:
        """Return where the chosen photographs stand, part by part.

        For each part that has some: its number, which of the chosen, and their rows there.
        """
        part = self._part[chosen]
        found = []
        for number in np.unique(part[part >= 0]):
            here = np.flatnonzero(part == number)
            found.append((int(number), here, self._row[chosen[here]]))
        return found


def losses(logits: NDArray[Any], class_of: NDArray[Any]) -> NDArray[Any]:
    """Return minus the logarithm of each label's probability, float32 (N,).

    Parameters
    ----------
    logits : float array (N, C)
    class_of : int array (N,)
        The class of each label; -1, for none, gives a loss that is not a number.
    """
    found = np.empty(len(logits), np.float32)
    for start in range(0, len(logits), _ROWS):
        part = slice(start, start + _ROWS)
        shifted = logits[part].astype(np.float64)
        shifted -= shifted.max(axis=1, keepdims=True)
        of_label = shifted[np.arange(len(shifted)), np.maximum(class_of[part], 0)]
        found[part] = np.log(np.exp(shifted).sum(axis=1)) - of_label
    found[class_of < 0] = np.nan
    return found
