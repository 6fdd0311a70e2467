"""Facts of a collection that no verdict changes: photographs, specimens, stored answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.labels import compare_labels
from conus_widgets.collection.specimens import number
from conus_widgets.collection.table import Record

__all__ = ["Facts"]


class _Runs(Sequence[list[int]]):
    """Numbers in order, by what they belong to; each list is made when it is asked for."""

    def __init__(self, in_order: NDArray[Any], of: NDArray[Any]) -> None:
        self._in_order = in_order
        self._ends = np.cumsum(np.bincount(of)).tolist()

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> list[int]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[list[int]]: ...
    def __getitem__(self, place: int | slice) -> Any:
        chosen = range(len(self))[place]
        if isinstance(chosen, range):
            return [self[one] for one in chosen]
        start = self._ends[chosen - 1] if chosen else 0
        return self._in_order[start : self._ends[chosen]].tolist()


class Facts:
    """N photographs of S specimens, and what the network said of them.

    Parameters
    ----------
    collection : Collection
        Evaluated, or opened.

    Attributes
    ----------
    collection : Collection
        The same one, with its labels as they were given.
    classes : tuple of str
        Of the network, C of them.
    genera : tuple of str
        The genus of each class; "" if its name tells none.
    records : sequence of Record
        N of them, each made when it is asked for.
    labels, views, paths : lists of N str
        Of the photographs.
    digests : list of str
        SHA-256 of each photograph's file when the network was asked.
    answered : bool array (N,)
    of_photograph : int array (N,)
        The specimen of each photograph, by number.
    specimens : tuple of str
        Their names.
    photographs : sequence of lists of int
        Those of each specimen.
    in_order : int array (N,)
        The photographs of the first specimen, those of the second one, and so on.
    fingerprint : str
        Of the collection and the network: what the browser keeps belongs to it.

    Raises
    ------
    StoreError
        If the collection was not evaluated.
    """

    def __init__(self, collection: Collection) -> None:
        given = collection.as_given
        answers = given.answers
        self.collection = given
        self.classes = answers.classes
        genera = given.names.genera(self.classes)
        self.genera = tuple("" if genera[name] == name else genera[name] for name in self.classes)
        self.records: Sequence[Record] = given.records
        self.labels = given.known("label")
        self.views = given.known("view")
        self.paths = given.paths
        self.digests = list(answers.digests)
        self.answered = answers.answered
        self.of_photograph, self.specimens = number(given.specimens)
        self.in_order = np.argsort(self.of_photograph, kind="stable")
        self.photographs: Sequence[list[int]] = _Runs(self.in_order, self.of_photograph)
        self._numbers = {name: place for place, name in enumerate(self.specimens)}
        self._classes = {name: place for place, name in enumerate(self.classes)}
        self.probabilities: NDArray[Any] = answers.probabilities
        self.features = answers.features
        self.class_of = answers.class_of
        self.fingerprint = self._fingerprint(collection.fingerprint)

    def __len__(self) -> int:
        return len(self.specimens)

    def _fingerprint(self, model: str) -> str:
        found = hashlib.sha256(model.encode())
        for name in sorted(self.specimens):
            found.update(f"\n{name}".encode("utf-8", "surrogateescape"))
        return found.hexdigest()[:24]

    def specimen(self, name: str) -> int:
        """Return the number of a specimen.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        if name not in self._numbers:
            raise ValueError(f"No specimen of this collection is called {name!r}.")
        return self._numbers[name]

    @property
    def all_specimens(self) -> frozenset[str]:
        """The names of all specimens."""
        return frozenset(self._numbers)

    def has(self, name: str) -> bool:
        """Whether there is a specimen of that name."""
        return name in self._numbers

    def class_number(self, label: str) -> int:
        """Return the class that a label means, -1 for none."""
        if label not in self._classes:
            self._classes[label] = int(compare_labels([label], self.classes).ids[0])
        return self._classes[label]

    def label(self, specimen: int) -> str:
        """Return the label that a specimen was given; several, if its photographs disagree."""
        labels = dict.fromkeys(self.labels[one] for one in self.photographs[specimen])
        return " | ".join(filter(None, labels))

    def photograph(self, digest: str, specimen: int) -> int:
        """Return the photograph of a specimen that has a digest, -1 if there is none."""
        for one in self.photographs[specimen]:
            if digest and self.digests[one] == digest:
                return one
        return -1

    @cached_property
    def all_views(self) -> list[str]:
        """The views that occur, in alphabetical order."""
        return sorted(set(self.views) - {""})

    @cached_property
    def all_regions(self) -> list[str]:
        """The regions that occur, in alphabetical order."""
        return sorted(set(self._regions) - {""})

    @cached_property
    def _regions(self) -> list[str]:
        return self.collection.known("region")

    @cached_property
    def specimen_views(self) -> list[frozenset[str]]:
        """The views of each specimen's photographs."""
        return [frozenset(self.views[one] for one in places) for places in self.photographs]

    @cached_property
    def specimen_regions(self) -> list[frozenset[str]]:
        """The regions of each specimen's photographs."""
        return [frozenset(self._regions[p] for p in places) for places in self.photographs]

    @property
    def without_answer(self) -> int:
        """Photographs that could not be asked about."""
        return int((~self.answered).sum())
