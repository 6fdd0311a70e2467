"""A collection asked by the workers of a Dask cluster; the driver, this process, only counts.

Dask gives out batches, gives them again if a worker dies, and shows how far it is. This module is
imported only when a cluster was asked for: Dask is an extra of the package.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

try:
    import dask.config
    import distributed
except ImportError as error:
    raise ImportError(
        "A cluster needs Dask, which is not installed: pip install 'conus-widgets[cluster]'."
    ) from error

from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from conus_widgets.arguments import whole
from conus_widgets.collection.asking import BATCH, Asking, Entry, rows_of
from conus_widgets.collection.cluster_worker import Done, NetworkPlugin, ask_batch, join_batches
from conus_widgets.collection.merging import Gathering
from conus_widgets.collection.parts import BATCH as BATCH_NAME
from conus_widgets.collection.store import Store
from conus_widgets.machine.machine import threads
from conus_widgets.network.interface import Cancelled, PredictorProtocol
from conus_widgets.photographs.names import PhotographError, name_of

RETRIES = 2  # of a batch that ends with an error, as of a network's disk; a death is not one
BATCHES = 800  # of a large collection, about: each costs Dask and the disk some milliseconds
MOST = 128  # photographs in a batch of a large collection
MOMENT = 0.05  # seconds between two looks at what is done
CONNECTING = 30  # seconds in which a scheduler must answer

Beat = Callable[[int, int], None]
"""``beat(asked, failed)``, photographs so far; called every moment."""


class ClusterError(RuntimeError):
    """There is no such cluster, or it went away; the message says what to do."""


@contextlib.contextmanager
def local_workers(count: int) -> Iterator[Client]:
    """Workers on this machine, as processes that share its processors.

    Parameters
    ----------
    count : int

    Yields
    ------
    distributed.Client
        For ``evaluate(..., cluster=client)``.

    Notes
    -----
    In a script it stands under ``if __name__ == "__main__":``, as all that starts processes.
    """
    count = whole("workers", count, least=1)
    with (
        # Dask would look at the stacks of all threads a hundred times a second.
        dask.config.set({"distributed.worker.profile.enabled": False}),
        LocalCluster(
            n_workers=count,
            threads_per_worker=max(1, threads() // count),
            processes=True,
            # Decoding limits itself. Dask would stop a worker for good whose network alone is
            # larger than what it is given.
            memory_limit=None,
            dashboard_address="127.0.0.1:0",  # ":0" would be open to the whole network
            silence_logs=logging.ERROR,  # who stops it need not read what was cancelled
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def ask_cluster(
    cluster: str | Client,
    predictor: PredictorProtocol,
    store: Store,
    entries: Sequence[Entry],
    asking: Asking,
    *,
    beat: Beat,
    cancelled: Callable[[], bool] | None = None,
    bar: bool = False,
) -> None:
    """Ask about photographs on a cluster, whose workers save the answers.

    Parameters
    ----------
    cluster : str or distributed.Client
        A scheduler's address, or a client of it.
    predictor : Predictor
        One that was loaded from files.
    store : Store
        That this process may write.
    entries : sequence of Entry
    asking : Asking
    beat, cancelled : callables
    bar : bool
        Show Dask's own.

    Raises
    ------
    ClusterError
        If no scheduler answers, a worker cannot load the network, or the scheduler goes away.
    StoreError
        If the disk is full, say.
    TypeError
        If the predictor was made from arrays in memory.
    Cancelled
        If `cancelled` returned true. Workers that live on save the batches that they are asked.
    """
    plugin = NetworkPlugin(predictor, store, asking)
    with _client_of(cluster) as client:
        _register(client, plugin)
        run = _Run(client, plugin.name, store, asking, beat)
        try:
            run.go(entries, cancelled, bar)
        finally:
            if client.status == "running":
                with contextlib.suppress(Exception):
                    client.unregister_worker_plugin(plugin.name)


@contextlib.contextmanager
def _client_of(cluster: str | Client) -> Iterator[Client]:
    if isinstance(cluster, Client):
        yield cluster
        return
    try:
        client = Client(cluster, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a wrong address, or nobody there
        raise ClusterError(
            f"No scheduler answers at {cluster} ({error}): start one with 'dask scheduler', and "
            "workers with 'dask worker ADDRESS'."
        ) from error
    with client:
        yield client


def _register(client: Client, plugin: NetworkPlugin) -> None:
    try:
        client.register_plugin(plugin, name=plugin.name)
    except Exception as error:  # whatever a machine of the cluster lacks
        raise ClusterError(f"The network cannot be loaded: {error}") from error


def batch_of(count: int) -> int:
    """Return the size of a batch: the photographs that a worker gets at once."""
    return max(BATCH, min(MOST, count // BATCHES))


class _Run:
    """One collection on a cluster."""

    def __init__(
        self, client: Client, plugin: str, store: Store, asking: Asking, beat: Beat
    ) -> None:
        self._client, self._plugin, self._store = client, plugin, store
        self._asking, self._beat = asking, beat
        self._asked = self._failed = 0
        self._gathering = Gathering(store.part_rows)
        self._batches: dict[Any, tuple[str, Sequence[Entry]]] = {}  # by key: name and photographs

    def go(self, entries: Sequence[Entry], cancelled: Callable[[], bool] | None, bar: bool) -> None:
        """Ask about all of them."""
        size = batch_of(len(entries))
        futures = self._submit([entries[n : n + size] for n in range(0, len(entries), size)])
        # A result is fetched as soon as it is there, and its future let go: a worker that dies
        # then takes nothing with it but the batches that it was asked for.
        self._waiting = as_completed(
            futures, loop=self._client.loop, with_results=True, raise_errors=False
        )
        shown = _bar(self._client, futures) if bar else None
        try:
            while not self._waiting.is_empty():
                if cancelled is not None and cancelled():
                    raise Cancelled("Stopped before the end, as asked.")
                if shown is None or hasattr(shown, "status"):
                    futures = []  # the bar knows them now, and they may go
                for future, result in self._waiting.next_batch(block=False):
                    self._take(future, result)
                self._beat(self._asked, self._failed)
                if not self._waiting.has_ready():
                    time.sleep(MOMENT)
        except BaseException:
            if self._client.status == "running":
                with contextlib.suppress(Exception):
                    self._client.cancel(list(self._waiting.futures), force=True)
            raise

    def _submit(self, batches: Sequence[Sequence[Entry]]) -> list[Future]:
        name = f"conus-ask-{uuid.uuid4().hex}"
        keys = [(name, n) for n in range(len(batches))]
        idents = [uuid.uuid4().hex for _ in batches]
        self._batches |= dict(zip(keys, zip(idents, batches, strict=True), strict=True))
        plugins = [self._plugin] * len(batches)
        found: list[Future] = self._client.map(
            ask_batch, plugins, idents, batches, key=keys, retries=RETRIES, pure=False
        )
        return found

    def _take(self, future: Future, result: Any) -> None:
        ident, entries = self._batches.pop(future.key, ("", ()))
        if future.status == "finished":
            if entries:
                self._count(BATCH_NAME + ident, result)
        elif future.status != "error":
            raise ClusterError(
                f"The scheduler {self._client.scheduler.address} went away, or gave up this work. "
                "What was answered is saved: with a scheduler and workers, the same command goes "
                "on from there."
            )
        elif not isinstance(result[1], KilledWorker):
            raise result[1]
        elif len(entries) > 1:  # which of them was it?
            self._waiting.update(self._submit([[entry] for entry in entries]))
        elif entries:
            self._give_up(entries[0])

    def _count(self, name: str, done: Done) -> None:
        self._asked += done.asked
        self._failed += done.failed
        full = self._gathering.add(name, done.rows) if done.rows else []
        if full:
            key = f"conus-join-{uuid.uuid4().hex}"
            joined = self._client.submit(
                join_batches, self._plugin, full, key=key, retries=RETRIES, pure=False, priority=1
            )
            self._waiting.add(joined)

    def _give_up(self, entry: Entry) -> None:
        """Save that a photograph costs workers their lives."""
        error = PhotographError(
            name_of(entry.path.decode(errors="replace")),
            "ended the worker processes that read it, or was there each time when one ended; try "
            "it again alone.",
        )
        rows = rows_of([(entry, error)], self._store.fingerprint, self._asking)
        if len(rows):
            self._store.append(rows)
        self._failed += 1


def _bar(client: Client, futures: Sequence[Future]) -> Any:
    """Show Dask's bar. It is drawn in the client's thread: this one is busy."""
    from distributed.diagnostics.progressbar import ProgressWidget, TextProgressBar

    address = client.scheduler.address
    if distributed.utils.is_kernel():
        from IPython.display import display

        bar = ProgressWidget(futures, scheduler=address, complete=True)
        display(bar.widget)
    else:
        bar = TextProgressBar(futures, scheduler=address, loop=client.loop, start=False)
    client.loop.add_callback(bar.listen)
    return bar
