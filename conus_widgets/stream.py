"""Answers in a stream: photographs are decoded ahead in threads, and the network follows in order.

One bad photograph costs itself, and what is held does not grow with the number of photographs.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets import preparation
from conus_widgets.machine.allowance import limit, resident
from conus_widgets.machine.machine import threads
from conus_widgets.network.interface import PredictorProtocol, Progress, softmax
from conus_widgets.photographs import blocks
from conus_widgets.photographs.names import PhotographError, name_of
from conus_widgets.photographs.photograph import Photograph, claimed_pixels
from conus_widgets.prediction import Answer

AT_ONCE = 16  # views of a photograph that are made ahead; further ones are made when it is run
AHEAD = 8  # photographs that are decoded before the network asks for them, at least
BYTES = 12  # a pixel, while it is decoded: as Pillow keeps it, copied, and made smaller
PIXELS = 32_000_000  # that may always be decoded at once, by all threads together


@dataclass(frozen=True)
class Reading:
    """A photograph as it was read.

    Attributes
    ----------
    photograph : Photograph
    rng : callable
        Returns the source of chance of its random views.
    about : object
        Goes into the `Answer`.
    """

    photograph: Photograph
    rng: Callable[[], np.random.Generator]
    about: Any = None


Reader = Callable[[int, Any, str], Reading]
"""``read(number, photograph, name)``; called in several threads at once."""


def stream(
    predictor: PredictorProtocol,
    photographs: Sequence[Any],
    *,
    views: int = 1,
    seed: int | None = None,
    features: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    read: Reader | None = None,
) -> Generator[Answer | PhotographError, None, None]:
    """Answer photographs one after the other, while the next ones are decoded.

    Parameters
    ----------
    predictor : Predictor
    photographs : sequence of photographs
        Whatever `read` takes.
    views, seed
        See `Predictor.predict`.
    features : bool
        Whether answers carry their features.
    progress : callable, optional
        ``progress(done, total)`` is called after each batch, in views.
    cancelled : callable, optional
        Asked before each batch; true stops the work.
    read : callable, optional
        Reads a photograph; by default with `open_photograph`.

    Yields
    ------
    Answer or PhotographError
        In the order of `photographs`; one that cannot be used is an error in its place.

    Raises
    ------
    ValueError
        For `views` below 1 or `seed` below 0, at once.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    Threads, not processes: decoders leave Python's lock while they work, and Theano takes it for
    one photograph at a time. They begin none while the network computes, and all processors decode
    in between. A stream that is not read to its end is stopped by its ``close()``.
    """
    if views < 1:
        raise ValueError(f"views is {views}: it must be at least 1.")
    preparation.generators(seed, 0)  # says what is wrong with a seed
    read = read or _plain_reader(predictor.preparation, seed)
    made = _Ahead(predictor, photographs, views, read)
    return _answers(predictor, made, len(photographs), views, features, progress, cancelled)


def _plain_reader(preparation: preparation.Preparation, seed: int | None) -> Reader:
    entropy = np.random.SeedSequence(seed).entropy

    def read(number: int, photograph: Any, name: str) -> Reading:
        def rng() -> np.random.Generator:
            # The child that SeedSequence.spawn would give; most photographs never ask for theirs.
            child = np.random.SeedSequence(entropy, spawn_key=(number,))
            return np.random.default_rng(child)

        return Reading(preparation.open(photograph, name), rng)

    return read


def _answers(
    predictor: PredictorProtocol,
    made: _Ahead,
    count: int,
    views: int,
    features: bool,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> Generator[Answer | PhotographError, None, None]:
    network, total = predictor.network, count * views
    done = told = 0  # views
    most = network.batch  # views that run together: few at first, so that answers come soon
    batch: list[tuple[_Sum, NDArray[Any]]] = []
    waiting: deque[_Sum | PhotographError] = deque()  # of which the first is not answered yet

    def tell(now: int) -> None:
        nonlocal told
        if progress is not None and now > told:
            told = now
            progress(now, total)

    def run() -> None:
        nonlocal done, most
        with made.paused():
            forward = network.forward(
                np.stack([view for _, view in batch]),
                progress=lambda ran, _: tell(done + ran),
                cancelled=cancelled,
            )
        for row, (found, _) in enumerate(batch):
            found.add(forward.logits[row], forward.features[row])
        done += len(batch)
        batch.clear()
        tell(done)
        most = min(network.together, 2 * most)

    def finished() -> Iterator[Answer | PhotographError]:
        while waiting:
            first = waiting[0]
            if isinstance(first, _Sum):
                if first.runs < views:
                    return
                yield first.answer(features)
            else:
                yield first
            waiting.popleft()

    try:
        for number, prepared in enumerate(made):
            if isinstance(prepared, PhotographError):
                waiting.append(prepared)
                done += views
            else:
                found = _Sum(number, prepared)
                waiting.append(found)
                given = 0
                try:
                    for view in prepared.views:
                        batch.append((found, view))
                        given += 1
                        if len(batch) >= most:
                            run()
                except PhotographError as error:  # a further view could not be made
                    waiting[-1] = error
                    done += views - given
            yield from finished()
        if batch:
            run()
        yield from finished()
        tell(total)
    finally:
        made.close()


@dataclass(eq=False)
class _Prepared:
    """A photograph on its way to the network; `views` are inputs (3, size, size)."""

    name: str
    views: Iterator[NDArray[Any]]
    remarks: tuple[str, ...]
    about: Any


class _Sum:
    """What the network said so far of the views of one photograph."""

    def __init__(self, number: int, prepared: _Prepared) -> None:
        self._number, self._prepared = number, prepared
        self.runs = 0
        self._logits: NDArray[Any] | None = None
        self._probabilities: NDArray[Any] = np.zeros(())
        self._features: NDArray[Any] = np.zeros(())

    def add(self, logits: NDArray[Any], features: NDArray[Any]) -> None:
        self._probabilities = self._probabilities + softmax(logits)
        self._features = self._features + features.astype(np.float64)
        self._logits = np.array(logits)
        self.runs += 1

    def answer(self, features: bool) -> Answer:
        probabilities = self._probabilities / self.runs
        logits = self._logits
        if logits is None or self.runs > 1:
            smallest = np.finfo(np.float64).tiny
            logits = np.log(np.maximum(probabilities, smallest)).astype(np.float32)
        mean = (self._features / self.runs).astype(np.float32) if features else None
        prepared = self._prepared
        return Answer(
            self._number,
            prepared.name,
            probabilities,
            logits,
            mean,
            prepared.remarks,
            prepared.about,
        )


class _Ahead:
    """Photographs in order, decoded in threads before they are asked for.

    Parameters
    ----------
    predictor, photographs, views, read
        As in `stream`.
    """

    def __init__(
        self, predictor: PredictorProtocol, photographs: Sequence[Any], views: int, read: Reader
    ) -> None:
        self._preparation = predictor.preparation
        self._photographs = photographs
        self._views = views
        self._read = read
        self._shared = threading.Lock()  # around what may be open in two places of the list
        self._free = threading.Event()  # while the network does not compute
        self._free.set()
        self._workers = workers = max(2, threads())
        self._room = _Room(_pixels(workers))
        # One photograph alone is decoded by who asks: a thread for it would only cost time.
        self._pool = ThreadPoolExecutor(workers, "decoding") if len(photographs) > 1 else None
        # While some run together, the next are decoded.
        inputs = max(workers, AHEAD, 2 * predictor.network.together)
        self._ahead = max(workers, inputs // min(views, AT_ONCE))

    def __iter__(self) -> Iterator[_Prepared | PhotographError]:
        if self._pool is None:
            yield from map(self._prepare, range(len(self._photographs)))
            return
        numbers = iter(range(len(self._photographs)))
        waiting: deque[Future[_Prepared | PhotographError]] = deque()
        with blocks.kept(self._workers):
            for number in itertools.islice(numbers, self._ahead):
                waiting.append(self._pool.submit(self._prepare, number))
            while waiting:
                prepared = waiting.popleft().result()
                for number in itertools.islice(numbers, 1):
                    waiting.append(self._pool.submit(self._prepare, number))
                yield prepared

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Begin no further photograph meanwhile.

        The network shares its work evenly among the processors. A decoder that takes one of them
        away for a moment makes all others wait.
        """
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def close(self) -> None:
        """Decode nothing more."""
        self._free.set()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _prepare(self, number: int) -> _Prepared | PhotographError:
        try:
            photograph = self._photographs[number]  # which may have to be fetched
            self._free.wait()
            name = name_of(photograph, number + 1)
            shared = hasattr(photograph, "read") or isinstance(photograph, Image.Image)
            with self._shared if shared else self._room.taken(photograph, name):
                reading = self._read(number, photograph, name)
                views = self._preparation.views(reading.photograph, name, self._views, reading.rng)
                made = list(itertools.islice(views, AT_ONCE))
        except PhotographError as error:
            return error
        # What still waits to be made keeps the photograph in memory.
        rest = views if self._views > AT_ONCE else iter(())
        remarks = tuple(f"{name}: {remark}" for remark in reading.photograph.remarks)
        return _Prepared(name, itertools.chain(made, rest), remarks, reading.about)


def _pixels(workers: int) -> float:
    """Return how many pixels may be decoded at once: at most half of the free memory."""
    free = (limit() - resident()) / 2 / BYTES
    return max(PIXELS, min(workers * PIXELS, free))


class _Room:
    """Room for so many pixels at once; a larger photograph waits until it is alone."""

    def __init__(self, pixels: float) -> None:
        self._pixels = pixels
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, photograph: Any, name: str) -> Iterator[None]:
        """Wait for room for a photograph, and take it.

        Raises
        ------
        PhotographError
            If the photograph cannot be opened.
        """
        pixels = claimed_pixels(photograph, name=name)
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + pixels <= self._pixels)
            self._taken += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()
