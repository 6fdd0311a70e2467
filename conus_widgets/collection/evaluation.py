"""A collection asked once: every photograph runs through the network, and its answer is kept.

What is there already is not asked again; what was changed is. A run that is stopped, or killed,
goes on where it was: at most one batch is lost. It runs in this process, or on a cluster of others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conus_widgets.collection import files
from conus_widgets.collection.answers import losses
from conus_widgets.collection.asking import BATCH, Asking, Entry, Given, ask, rows_of
from conus_widgets.collection.carrying import carry
from conus_widgets.collection.fingerprint import fingerprint
from conus_widgets.collection.holder import Holder
from conus_widgets.collection.labels import compare_labels
from conus_widgets.collection.merging import Gathering, join, merge
from conus_widgets.collection.parts import Rows
from conus_widgets.collection.store import Live, Store, writing
from conus_widgets.collection.table import Table
from conus_widgets.network.interface import PredictorProtocol, Progress
from conus_widgets.photographs.names import PhotographError, plain

if TYPE_CHECKING:
    from distributed import Client

SECONDS = 10.0  # after which fewer photographs than a batch are saved


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


def evaluate(
    table: Table,
    predictor: PredictorProtocol,
    folder: str | os.PathLike[str],
    *,
    views: int = 1,
    seed: int = 0,
    progress: bool | Progress = True,
    cancelled: Callable[[], bool] | None = None,
    cluster: str | Client | None = None,
    fetch: Iterable[str] = (),
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
        Asked before each batch of the network, on a cluster again and again; true stops the work.
    cluster : str or distributed.Client, optional
        The address of a Dask scheduler, as ``"tcp://host:8786"``, or a client of one: its workers
        do the work. All of them must see the photographs, the folder and the checkpoint.
    fetch : iterable of str
        Protocols, as ``["s3"]``: photographs whose paths are such addresses are fetched (by
        fsspec). Without it none is.

    Returns
    -------
    Evaluation

    Raises
    ------
    StoreError
        If the folder is not for these answers, or the disk is full. What was saved stays.
    HeldError
        If another process fills the folder.
    ValueError
        If addresses of a protocol in `fetch` cannot be fetched here.
    ClusterError
        If there is no such cluster, or it went away. What was saved stays.
    Cancelled
        If `cancelled` returned true. All that was answered is saved, as it is if the work is
        interrupted (KeyboardInterrupt).
    """
    begun = time.monotonic()
    asking = Asking(views, seed, files.validate_protocols(fetch))
    asked_for = fingerprint(
        predictor.checkpoint, precision=predictor.network.precision, views=views, seed=seed
    )
    with writing(folder, asked_for) as (store, holder):
        store.clean()
        store.write_table(table)
        live = store.live()
        for name in live.damaged:
            store.set_aside(name)
        entries = _entries(table, store, live)
        changed, missing = _compared(entries, live, asking.fetch)
        keeper = _Keeper(store, holder, asking)
        with _shown(progress, len(entries), by_dask=cluster is not None) as tell:
            there = len(entries) - len(changed)
            tell(there)
            carried = carry(live, changed, lambda rows: keeper.keep(_relabelled(rows, entries)))
            there += len(carried)
            tell(there)
            waiting = [entries[path] for path in changed if path not in carried]
            damaged = tuple(live.damaged.values())
            del live  # what was read of it is not needed any more
            if cluster is None:
                with keeper, closing(ask(predictor, waiting, asking, cancelled)) as answers:
                    for given in answers:
                        keeper.add(given)
                        tell(there + keeper.done)
            elif waiting:
                # Imported here: Dask is an extra of this package.
                from conus_widgets.collection.cluster import ask_cluster

                def beat(asked: int, failed: int) -> None:
                    keeper.count(asked, failed)
                    tell(there + keeper.done)

                ask_cluster(
                    cluster,
                    predictor,
                    store,
                    waiting,
                    asking,
                    beat=beat,
                    cancelled=cancelled,
                    bar=progress is True,
                )
        merge(store)
    return Evaluation(
        photographs=len(entries),
        asked=keeper.asked,
        runs=keeper.asked * views,
        carried=len(carried),
        failed=keeper.failed,
        seconds=time.monotonic() - begun,
        notes=(*(f"{why} Its photographs were asked again." for why in damaged), *_note(missing)),
    )


class _Keeper:
    """Answers on their way into a store, a batch at a time; the block's end saves the last ones."""

    def __init__(self, store: Store, holder: Holder, asking: Asking) -> None:
        self._store, self._holder, self._asking = store, holder, asking
        self._pending: list[Given] = []
        self._saved = self._signed = time.monotonic()
        self._gathering = Gathering(store.part_rows)
        self.asked = self.failed = 0

    def __enter__(self) -> None:
        self._saved = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self._save()

    @property
    def done(self) -> int:
        """How many photographs were answered, or failed."""
        return self.asked + self.failed

    def add(self, given: Given) -> None:
        """Keep an answer; it is saved with its batch."""
        failed = isinstance(given[1], PhotographError)
        self._pending.append(given)
        late = time.monotonic() - self._saved > SECONDS
        if len(self._pending) >= BATCH or late:
            self._save()
        self.count(self.asked + (not failed), self.failed + failed)

    def count(self, asked: int, failed: int) -> None:
        """Take note of how many were answered so far, and how many failed."""
        self.asked, self.failed = asked, failed
        if time.monotonic() - self._signed > SECONDS:
            self._holder.sign()
            self._signed = time.monotonic()

    def keep(self, rows: Rows) -> None:
        """Save whole rows."""
        name = self._store.append(rows)
        if full := self._gathering.add(name, len(rows)):
            join(self._store, full)

    def _save(self) -> None:
        rows = rows_of(self._pending, self._store.fingerprint, self._asking)
        if len(rows):
            self.keep(rows)
        self._pending.clear()
        self._saved = time.monotonic()


def _entries(table: Table, store: Store, live: Live) -> dict[bytes, Entry]:
    """Return what is asked for each file of a table; the last record of a file counts."""
    records = {os.fsencode(record.path): record for record in table.records}
    labels = [record.label for record in records.values()]
    classes = compare_labels(labels, store.fingerprint.labels).ids.tolist()
    return {
        path: Entry(path, label, class_id, _known(path, live))
        for path, label, class_id in zip(records, labels, classes, strict=True)
    }


def _relabelled(rows: Rows, entries: dict[bytes, Entry]) -> Rows:
    """Return rows that are saved now, under the labels of today."""
    given = [entries[path] for path in rows.path]
    classes = np.array([entry.class_id for entry in given], np.int64)
    return replace(
        rows,
        label=[entry.label for entry in given],
        loss=losses(rows.logits, classes),
        asked=np.full(len(rows), time.time_ns(), np.int64),
    )


def _known(path: bytes, live: Live) -> str:
    """Return what is stored as wrong with a photograph, "" for nothing."""
    part, row = live.where.get(path, (-1, -1))
    return live.parts[part].error[row] if part >= 0 else ""


def _compared(
    paths: Iterable[bytes], live: Live, fetch: Collection[str]
) -> tuple[list[bytes], list[bytes]]:
    """Return the photographs without an answer or changed since; and those that are not there now.

    A disk may not be mounted, an address may not be reached: that must not cost answers.
    """
    changed, missing = [], []
    for path in paths:
        number, row = live.where.get(path, (-1, -1))
        if number < 0 or live.parts[number].error[row]:
            changed.append(path)
            continue
        part, state = live.parts[number], files.state_of(path, fetch)
        if state is None:
            missing.append(path)
        elif state != (part.size[row], part.modified[row]):
            changed.append(path)
    return changed, missing


def _note(missing: Iterable[bytes]) -> Iterator[str]:
    """Say how many files of this machine are missing; an address may just not be asked for."""
    found = [path for path in missing if files.protocol_of(path) is None]
    if found:
        one, ask = plain(os.fsdecode(found[0])), "Is a disk not mounted?"
        if len(found) == 1:
            yield f"{one} is missing. Its answer is kept. {ask}"
        else:
            yield (
                f"{len(found):,} photographs are missing, for example {one}. Their answers are "
                f"kept. {ask}"
            )


@contextmanager
def _shown(
    progress: bool | Progress, total: int, *, by_dask: bool
) -> Iterator[Callable[[int], None]]:
    if callable(progress):
        yield lambda done: progress(done, total)
        return
    from tqdm.auto import tqdm

    with tqdm(
        total=total, unit=" photographs", disable=by_dask or not progress, smoothing=0.05
    ) as bar:

        def tell(done: int) -> None:
            bar.update(done - bar.n)

        yield tell
