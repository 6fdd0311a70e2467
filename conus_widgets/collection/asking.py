"""Asking a network about photographs of a collection, and the rows that come of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection import files
from conus_widgets.collection.answers import losses
from conus_widgets.collection.digests import digest, measured
from conus_widgets.collection.fingerprint import Fingerprint
from conus_widgets.collection.parts import Rows
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.photographs.names import PhotographError
from conus_widgets.prediction import Answer
from conus_widgets.preparation import Preparation
from conus_widgets.stream import Reading, stream

BATCH = 32  # photographs that are saved together, and at most lost


class Entry(NamedTuple):
    """A photograph to be asked about: plain values, for any process.

    Attributes
    ----------
    path : bytes
    label : str
    class_id : int
        Which class of the network the label means, -1 for none.
    known : str
        What is stored as wrong with it, "" for nothing: that is not stored again.
    """

    path: bytes
    label: str
    class_id: int
    known: str = ""


class Asking(NamedTuple):
    """How photographs are asked about.

    Attributes
    ----------
    views, seed : int
    fetch : collection of str
        All as in `evaluation.evaluate`.
    """

    views: int = 1
    seed: int = 0
    fetch: Collection[str] = ()


Given = tuple[Entry, Answer | PhotographError]
"""A photograph, and its answer or what is wrong with it."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """Findings of a reading thread about one file."""

    size: int
    modified: int
    digest: str
    measures: NDArray[Any]
    hash: NDArray[Any]


def ask(
    predictor: PredictorProtocol,
    entries: Sequence[Entry],
    asking: Asking,
    cancelled: Callable[[], bool] | None = None,
) -> Generator[Given, None, None]:
    """Ask the network about photographs, in order, while the next ones are decoded.

    Raises
    ------
    Cancelled
        If `cancelled`, which is asked before each batch of the network, returned true.
    """
    answers = stream(
        predictor,
        files.Files([entry.path for entry in entries], asking.fetch),
        views=asking.views,
        features=True,
        cancelled=cancelled,
        read=_reader(predictor.preparation, asking.seed),
    )
    with closing(answers):
        yield from zip(entries, answers, strict=True)


def rows_of(given: Sequence[Given], fingerprint: Fingerprint, asking: Asking) -> Rows:
    """Return the rows of photographs with their answers, without errors that are known."""
    given = [one for one in given if not _is_known(*one)]
    rows = Rows.empty(len(given), len(fingerprint.labels), fingerprint.features)
    for n, (entry, answer) in enumerate(given):
        rows.path[n], rows.label[n] = entry.path, entry.label
        if isinstance(answer, PhotographError):
            rows.error[n] = str(answer)
            rows.size[n], rows.modified[n] = files.state_of(entry.path, asking.fetch) or (-1, -1)
            continue
        seen: _Seen = answer.about
        rows.size[n], rows.modified[n] = seen.size, seen.modified
        rows.digest[n], rows.hash[n], rows.measures[n] = seen.digest, seen.hash, seen.measures
        rows.probabilities[n], rows.logits[n] = answer.probabilities, answer.logits
        rows.features[n] = answer.features
    classes = np.array([entry.class_id for entry, _ in given], np.int64)
    rows.loss[:] = losses(rows.logits, classes)
    rows.asked[:] = time.time_ns()
    return rows


def _is_known(entry: Entry, answer: Answer | PhotographError) -> bool:
    return isinstance(answer, PhotographError) and entry.known == str(answer)


def _reader(preparation: Preparation, seed: int) -> Callable[[int, Any, str], Reading]:
    def read(number: int, photograph: Any, name: str) -> Reading:
        size, modified, content = files.read(photograph, name)
        found = digest(content)
        opened = preparation.open(content, name)
        image, _ = preparation.held(opened)
        measures, bits = measured(image)

        def rng() -> np.random.Generator:
            # By the content: whatever else is in the table, a photograph has the same views.
            return np.random.default_rng([seed, *bytes.fromhex(found)])

        return Reading(opened, rng, _Seen(size, modified, found, measures, bits))

    return read
