"""A collection asked once: every photograph runs through the network, and its answer is kept.

What is there already is not asked again; what was changed is. A run that is stopped, or killed,
goes on where it was: at most one batch is lost.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.answers import losses
from conus_widgets.collection.digests import digest, measured
from conus_widgets.collection.fingerprint import fingerprint
from conus_widgets.collection.holder import Holder
from conus_widgets.collection.labels import compare_labels
from conus_widgets.collection.parts import Rows
from conus_widgets.collection.store import Live, Store, writing
from conus_widgets.collection.table import Record, Table
from conus_widgets.machine.machine import threads
from conus_widgets.network.interface import PredictorProtocol, Progress
from conus_widgets.photographs.names import PhotographError, plain
from conus_widgets.prediction import Answer
from conus_widgets.preparation import Preparation
from conus_widgets.stream import Reading, stream

BATCH = 32  # photographs that are saved together, and at most lost
SECONDS = 10.0  # after which fewer are saved
FILE_BYTES = 2**30  # of a photograph, at most
_CARRIED = 1024  # answers that are carried over at once


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation did.

    Attributes
    ----------
    photographs : int
        In the table; a file that is listed twice counts once.
    asked : int
        That ran through the network just now.
    runs : int
        Of the network: one for each view.
    carried : int
        Whose answer was there under another name, or from before the file was touched.
    failed : int
        That cannot be used.
    seconds : float
    notes : tuple of str
        What a person should know, as that a part of the store was damaged.
    """

    photographs: int
    asked: int
    runs: int
    carried: int
    failed: int
    seconds: float
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        there = self.photographs - self.asked - self.carried - self.failed
        words = [
            f"{self.photographs:,} photographs: {self.asked:,} asked in {self.seconds:.0f} s, "
            f"{there:,} were there already"
        ]
        if self.carried:
            words.append(f"{self.carried:,} known under another name or date")
        if self.failed:
            words.append(f"{self.failed:,} cannot be used")
        return "\n".join([", ".join(words) + ".", *self.notes])


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a reading thread found out about a file."""

    size: int
    modified: int
    digest: str
    measures: NDArray[Any]
    hash: NDArray[Any]


def evaluate(
    table: Table,
    predictor: PredictorProtocol,
    folder: str | os.PathLike[str],
    *,
    views: int = 1,
    seed: int = 0,
    progress: bool | Progress = True,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Ask the network about every photograph of a table, and keep the answers in a folder.

    Parameters
    ----------
    table : Table
    predictor : Predictor
    folder : path
        New, or of an earlier evaluation by the same model with the same settings.
    views : int
        See `Predictor.predict`. The views of a photograph depend on `seed` and on its file only.
    seed : int
        Of the views, if there are several.
    progress : bool or callable
        Show a bar; or ``progress(done, total)``, in photographs.
    cancelled : callable, optional
        Asked before each batch of the network; true stops the work.

    Returns
    -------
    Evaluation

    Raises
    ------
    StoreError
        If the folder is not for these answers, or the disk is full. What was saved stays.
    HeldError
        If another process fills the folder.
    Cancelled
        If `cancelled` returned true. All that was answered is saved, as it is if the work is
        interrupted (KeyboardInterrupt).
    """
    begun = time.monotonic()
    asked_for = fingerprint(
        predictor.checkpoint, precision=predictor.network.precision, views=views, seed=seed
    )
    with writing(folder, asked_for) as (store, holder):
        store.clean()
        store.write_table(table)
        live = store.live()
        for name in live.damaged:
            store.set_aside(name)
        records = {os.fsencode(record.path): record for record in table.records}
        changed = [path for path in records if not _is_up_to_date(path, live)]
        keeper = _Keeper(store, holder, live, records)
        with _shown(progress, len(records)) as tell:
            there = len(records) - len(changed)
            tell(there)
            carried = _carry(keeper, live, changed)
            there += len(carried)
            tell(there)
            changed = [path for path in changed if path not in carried]
            damaged = tuple(live.damaged.values())
            del live  # what was read of it is not needed any more
            _ask(
                keeper,
                predictor,
                changed,
                views=views,
                seed=seed,
                tell=lambda done: tell(there + done),
                cancelled=cancelled,
            )
        store.merge()
    return Evaluation(
        photographs=len(records),
        asked=keeper.asked,
        runs=keeper.asked * views,
        carried=len(carried),
        failed=keeper.failed,
        seconds=time.monotonic() - begun,
        notes=tuple(f"{why} Its photographs were asked again." for why in damaged),
    )


class _Keeper:
    """Answers on their way into a store, a batch at a time."""

    def __init__(
        self, store: Store, holder: Holder, live: Live, records: dict[bytes, Record]
    ) -> None:
        self._store, self._holder, self._records = store, holder, records
        self._failures = dict(_failures(live))
        self._pending: list[tuple[bytes, Answer | PhotographError]] = []
        self._saved = time.monotonic()
        self._loose = sum(len(part) for part in live.parts if not part.large)
        self.asked = self.failed = 0

    def add(self, path: bytes, answer: Answer | PhotographError) -> None:
        """Keep an answer; it is saved with its batch."""
        if isinstance(answer, Answer):
            self.asked += 1
        else:
            self.failed += 1
        self._pending.append((path, answer))
        late = time.monotonic() - self._saved > SECONDS
        if len(self._pending) >= BATCH or late:
            self.save()

    def save(self) -> None:
        """Save what waits to be saved."""
        rows = self._rows(self._pending)
        if len(rows):
            self.save_rows(rows)
        self._pending.clear()
        self._saved = time.monotonic()
        self._holder.sign()

    def save_rows(self, rows: Rows) -> None:
        """Save whole rows, under the labels of today."""
        labels = [self._records[path].label for path in rows.path]
        classes = compare_labels(labels, self._store.fingerprint.labels).ids
        loss = losses(rows.logits, classes)
        now = np.full(len(rows), time.time_ns(), np.int64)
        self._store.append(replace(rows, label=labels, loss=loss, asked=now))
        self._loose += len(rows)
        if self._loose >= self._store.part_rows:
            self._store.merge()
            self._loose %= self._store.part_rows

    def _rows(self, given: list[tuple[bytes, Answer | PhotographError]]) -> Rows:
        given = [one for one in given if not self._is_known_failure(*one)]
        fingerprint = self._store.fingerprint
        rows = Rows.empty(len(given), len(fingerprint.labels), fingerprint.features)
        for n, (path, answer) in enumerate(given):
            rows.path[n] = path
            if isinstance(answer, PhotographError):
                rows.error[n] = str(answer)
                rows.size[n], rows.modified[n] = _state(path) or (-1, -1)
                continue
            seen: _Seen = answer.about
            rows.size[n], rows.modified[n] = seen.size, seen.modified
            rows.digest[n], rows.hash[n], rows.measures[n] = seen.digest, seen.hash, seen.measures
            rows.probabilities[n], rows.logits[n] = answer.probabilities, answer.logits
            rows.features[n] = answer.features
        return rows

    def _is_known_failure(self, path: bytes, answer: Answer | PhotographError) -> bool:
        return isinstance(answer, PhotographError) and self._failures.get(path) == str(answer)


def _failures(live: Live) -> Iterator[tuple[bytes, str]]:
    for path, (part, row) in live.where.items():
        if live.parts[part].error[row]:
            yield path, live.parts[part].error[row]


def _is_up_to_date(path: bytes, live: Live) -> bool:
    """Whether a photograph was answered, and its file is as it was."""
    if path not in live.where:
        return False
    number, row = live.where[path]
    part = live.parts[number]
    return not part.error[row] and _state(path) == (part.size[row], part.modified[row])


def _carry(keeper: _Keeper, live: Live, paths: list[bytes]) -> set[bytes]:
    """Keep the answers of files that were only moved, copied or touched; return which.

    A file is read for that if one of its size was answered: its content then decides.
    """
    known: dict[str, bytes] = {}
    sizes: set[int] = set()
    for path, (number, row) in live.where.items():
        part = live.parts[number]
        if not part.error[row]:
            known.setdefault(part.digest[row], path)
            sizes.add(int(part.size[row]))
    alike = [path for path in paths if (state := _state(path)) is not None and state[0] in sizes]
    carried: set[bytes] = set()
    with ThreadPoolExecutor(max(2, threads())) as pool:
        for start in range(0, len(alike), _CARRIED):
            some = alike[start : start + _CARRIED]
            found = [
                (path, *content)
                for path, content in zip(some, pool.map(_content, some), strict=True)
                if content is not None and content[0] in known
            ]
            if not found:
                continue
            rows = live.rows([known[digest] for _, digest, _, _ in found])
            same, _, sizes_now, modified = zip(*found, strict=True)
            keeper.save_rows(
                replace(
                    rows,
                    path=list(same),
                    size=np.array(sizes_now, np.int64),
                    modified=np.array(modified, np.int64),
                )
            )
            carried.update(same)
    return carried


def _ask(
    keeper: _Keeper,
    predictor: PredictorProtocol,
    paths: list[bytes],
    *,
    views: int,
    seed: int,
    tell: Callable[[int], None],
    cancelled: Callable[[], bool] | None,
) -> None:
    answers = stream(
        predictor,
        [os.fsdecode(path) for path in paths],
        views=views,
        features=True,
        cancelled=cancelled,
        read=_reader(predictor.preparation, seed),
    )
    with closing(answers):
        try:
            for done, (path, answer) in enumerate(zip(paths, answers, strict=True), 1):
                keeper.add(path, answer)
                tell(done)
        finally:
            keeper.save()


def _reader(preparation: Preparation, seed: int) -> Callable[[int, Any, str], Reading]:
    def read(number: int, photograph: Any, name: str) -> Reading:
        size, modified, content = _file(photograph, name)
        found = digest(content)
        opened = preparation.open(content, name)
        image, _ = preparation.held(opened)
        measures, bits = measured(image)

        def rng() -> np.random.Generator:
            # By the content: whatever else is in the table, a photograph has the same views.
            return np.random.default_rng([seed, *bytes.fromhex(found)])

        return Reading(opened, rng, _Seen(size, modified, found, measures, bits))

    return read


def _file(path: str, name: str) -> tuple[int, int, bytes]:
    """Return a file's size, when it was changed, and its content, which belong together."""
    try:
        with open(path, "rb") as file:
            state = os.fstat(file.fileno())
            if state.st_size > FILE_BYTES:
                raise PhotographError(
                    name,
                    f"has {state.st_size:,} bytes, and a photograph may have {FILE_BYTES:,}; scale "
                    "it down.",
                )
            content = file.read()
    except OSError as error:
        raise PhotographError(
            name, f"cannot be read ({plain(error.strerror or str(error))}); check the disk."
        ) from error
    except MemoryError as error:
        raise PhotographError(name, "does not fit into the free memory; scale it down.") from error
    return state.st_size, state.st_mtime_ns, content


def _content(path: bytes) -> tuple[str, int, int] | None:
    """Return a file's digest, its size and when it was changed; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            state = os.fstat(file.fileno())
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
    return found, state.st_size, state.st_mtime_ns


def _state(path: bytes) -> tuple[int, int] | None:
    """Return a file's size and when it was changed; None if there is no such file."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return (state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None


@contextmanager
def _shown(progress: bool | Progress, total: int) -> Iterator[Callable[[int], None]]:
    if callable(progress):
        yield lambda done: progress(done, total)
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit=" photographs", disable=not progress, smoothing=0.05) as bar:

        def tell(done: int) -> None:
            bar.update(done - bar.n)

        yield tell
