"""Work of a Dask worker for a collection: it loads the network once, and asks it.

Batches come as plain values. A worker writes the answers itself, so that no other process ever
holds them; what it returns is counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import platform
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple

from distributed import Worker, WorkerPlugin, get_worker

from conus_widgets.collection import parts
from conus_widgets.collection.asking import Asking, Entry, ask, rows_of
from conus_widgets.collection.merging import join
from conus_widgets.collection.store import Store, StoreError, open_store
from conus_widgets.machine import heap
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.photographs.names import PhotographError

VERSION = version("conus-widgets")
AT_ONCE = 2  # batches in one process: while one waits for the network, the other is decoded


class Done(NamedTuple):
    """What came of a batch.

    Attributes
    ----------
    asked, failed : int
        Photographs.
    rows : int
        That were saved: errors that were known are not.
    """

    asked: int
    failed: int
    rows: int


class NetworkPlugin(WorkerPlugin):
    """The network in a worker's process, loaded once, and the store that answers go into.

    Parameters
    ----------
    predictor : Predictor
        It travels as a pickle, which holds its checkpoint's path; each worker loads that.
    store : Store
    asking : Asking
    """

    def __init__(self, predictor: PredictorProtocol, store: Store, asking: Asking) -> None:
        folder = os.path.realpath(store.folder)
        # One process fills a store: who goes on after one that died replaces its plugin.
        self.name = f"conus_widgets {hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
        self._folder, self._asking = folder, asking
        self._predictor = pickle.dumps(predictor)
        self._version, self._from = VERSION, (platform.node(), os.getpid())

    async def setup(self, worker: Worker) -> None:
        """Load the network, in a thread: the worker goes on to say that it is alive.

        Raises
        ------
        RuntimeError, ValueError or OSError
            If the checkpoint or the store cannot be used on this machine.
        """
        here = f"the worker {worker.address} on {platform.node()}"
        if self._version != VERSION:
            raise RuntimeError(
                f"{here} has conus_widgets {VERSION}, and this process {self._version}: "
                "install the same version."
            )
        try:
            self._store = open_store(self._folder)
        except StoreError as error:
            raise StoreError(
                f"{here} does not see the store: {error} All machines must share that folder."
            ) from error
        if self._from != (platform.node(), os.getpid()):
            # Its share of the machine, as it was started; the person's own number comes first.
            os.environ.setdefault("CONUS_THREADS", str(worker.state.nthreads))
            heap.keep()
        self._predictor_here: PredictorProtocol = await asyncio.to_thread(
            pickle.loads, self._predictor
        )
        self._turns = threading.Semaphore(AT_ONCE)

    def ask(self, ident: str, entries: Sequence[Entry]) -> Done:
        """Ask about a batch and save its answers as the part of this name, unless it is there."""
        name = parts.BATCH + ident
        with self._turns:
            if name in parts.names(self._store.folder):  # another worker died after it was saved
                errors = self._store.part(name).error
                asked = len(errors) - sum(map(bool, errors))
                return Done(asked, len(entries) - asked, len(errors))
            given = list(ask(self._predictor_here, entries, self._asking))
            rows = rows_of(given, self._store.fingerprint, self._asking)
            if len(rows):
                self._store.append(rows, ident)
        failed = sum(isinstance(answer, PhotographError) for _, answer in given)
        return Done(len(given) - failed, failed, len(rows))

    def join(self, names: Sequence[str]) -> None:
        """Make one large part of batches."""
        join(self._store, names)


def ask_batch(plugin: str, ident: str, entries: Sequence[Entry]) -> Done:
    """Ask about a batch, in a worker; see `NetworkPlugin.ask`."""
    return _loaded(plugin).ask(ident, entries)


def join_batches(plugin: str, names: Sequence[str]) -> None:
    """Make one large part of batches, in a worker."""
    _loaded(plugin).join(names)


def _loaded(plugin: str) -> NetworkPlugin:
    found = get_worker().plugins[plugin]
    assert isinstance(found, NetworkPlugin)
    return found
