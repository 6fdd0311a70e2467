"""One thread that owns a network.

Theano's functions are not safe to call from two threads, and JupyterLab runs the callbacks of
widgets in a second thread of the kernel. So callbacks only enqueue; the work is done here.
"""

import atexit
import contextlib
import logging
import os
import threading
import weakref
from collections.abc import Callable, Hashable
from queue import Empty, SimpleQueue

from conus_widgets.machine.forks import ForkLock
from conus_widgets.machine.heap import give_back
from conus_widgets.network.interface import PredictorProtocol

__all__ = ["Ticket", "Worker", "worker_for"]

_log = logging.getLogger(__name__)

Source = str | os.PathLike[str] | None
"""What a predictor is loaded from; None is the demonstration."""

Task = Callable[[PredictorProtocol, "Ticket"], None]

REST = 2.0  # seconds without work, behind which memory is given back


class Ticket:
    """One piece of work that was asked for.

    Attributes
    ----------
    generation : int
        How many pieces of work its owner had asked for when it was made, this one included.
    error : BaseException or None
        What the task, or the loading of the network before it, raised.
    """

    def __init__(self, core: "_Core", owner: Hashable, generation: int, task: Task) -> None:
        self.generation = generation
        self.error: BaseException | None = None
        self._core = core
        self._owner = owner
        self._task: Task | None = task
        self._failed: Callable[[BaseException], None] | None = None
        self._cancelled = False
        self._done = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop; it does so between two small batches."""
        self._cancelled = True

    def cancelled(self) -> bool:
        """True once the answer is no longer wanted: stopped, or replaced by a newer request."""
        newest = self._core.generations.get(self._owner)
        return self._cancelled or self._core.stopping or self.generation != newest

    @property
    def done(self) -> bool:
        """Whether the work has ended, in whichever way."""
        return self._done.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the work, at most `timeout` seconds; return `done`."""
        return self._done.wait(timeout)


class Worker:
    """One thread that loads a network and does one piece of work at a time with it.

    Parameters
    ----------
    load : callable
        Returns the predictor. It is called in the thread, before the first piece of work, and again
        before the next one where it failed.

    Notes
    -----
    Pieces of work are done in the order they were asked for, but a newer one of the same owner
    replaces an older one: that is dropped where it waits, and asked to stop where it runs.
    The thread ends when nobody holds the worker any more, and when Python exits.
    """

    def __init__(self, load: Callable[[], PredictorProtocol]) -> None:
        # The thread knows the core only, so that a forgotten worker can be collected.
        self._core = _Core(load, weakref.ref(self))
        self._finalizer = weakref.finalize(self, self._core.stop)
        self._finalizer.atexit = False  # _stop_all waits for the thread as well
        _cores.add(self._core)

    @property
    def predictor(self) -> PredictorProtocol | None:
        """The loaded predictor, or None before that."""
        return self._core.predictor

    def submit(
        self,
        owner: Hashable,
        task: Task,
        *,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Ticket:
        """Enqueue a piece of work and return at once.

        Parameters
        ----------
        owner : hashable
            Whoever asks; only its newest request counts.
        task : callable
            Called in the thread as ``task(predictor, ticket)``. It should ask
            ``ticket.cancelled()`` between small batches.
        failed : callable, optional
            Called in the thread with whatever the task or the loading raised, unless the answer is
            no longer wanted.

        Raises
        ------
        RuntimeError
            If the worker was closed.
        """
        return self._core.submit(owner, task, failed)

    def close(self, timeout: float = 5.0) -> None:
        """End the thread after the running batch, and wait for that at most `timeout` seconds."""
        self._core.stop()
        self._core.join(timeout)


class _Core:
    """What the thread works on."""

    def __init__(
        self, load: Callable[[], PredictorProtocol], worker: "weakref.ref[Worker]"
    ) -> None:
        self.predictor: PredictorProtocol | None = None
        self.stopping = False
        self.generations: dict[Hashable, int] = {}
        self._load = load
        self._worker = worker
        # A SimpleQueue, because a finalizer may put into it in any thread at any moment.
        self._waiting: SimpleQueue[Ticket | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked: weakref.WeakSet[Ticket] = weakref.WeakSet()

    def submit(
        self, owner: Hashable, task: Task, failed: Callable[[BaseException], None] | None
    ) -> Ticket:
        with self._lock:
            if self.stopping:
                raise RuntimeError("This worker was closed; make a new one.")
            generation = self.generations.get(owner, 0) + 1
            self.generations[owner] = generation
            ticket = Ticket(self, owner, generation, task)
            ticket._failed = failed
            self._asked.add(ticket)
            self._waiting.put(ticket)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="conus-worker", daemon=True)
                self._thread.start()
        return ticket

    def stop(self) -> None:
        self.stopping = True
        self._waiting.put(None)

    def start_over(self) -> None:
        """In a forked process, where the thread does not exist: the next request starts another."""
        self._waiting, self._lock, self._thread = SimpleQueue(), threading.Lock(), None
        for ticket in list(self._asked):
            if not ticket.done:
                ticket.error = RuntimeError(
                    "This was asked for before the process was forked, and is answered in the "
                    "other one only; ask again here."
                )
                ticket.cancel()
                ticket._done = threading.Event()
                ticket._done.set()

    def join(self, timeout: float) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while (ticket := self._next()) is not None:
            self._do(ticket)
            del ticket  # or an idle thread would keep the last task, and what it refers to, alive
        while not self._waiting.empty():  # submitted in the moment of stopping
            late = self._waiting.get()
            if late is not None:
                late._done.set()
        self.predictor = None

    def _next(self) -> Ticket | None:
        try:
            return self._waiting.get(timeout=REST)
        except Empty:
            with contextlib.suppress(Exception):  # the thread must live on
                give_back()
            return self._waiting.get()

    def _do(self, ticket: Ticket) -> None:
        try:
            if ticket.cancelled():
                return
            if self.predictor is None:
                with _loading:
                    self.predictor = self._load()
                worker = self._worker()
                if worker is not None:
                    _remember(self.predictor, worker)
            assert ticket._task is not None
            ticket._task(self.predictor, ticket)
        except BaseException as error:  # also SystemExit of a task: the thread must live on
            ticket.error = error
            if not ticket.cancelled():
                self._report(ticket, error)
        finally:
            ticket._task = None
            ticket._failed = None
            ticket._done.set()

    @staticmethod
    def _report(ticket: Ticket, error: BaseException) -> None:
        if ticket._failed is None:
            _log.error("A task of the worker failed.", exc_info=error)
            return
        try:
            ticket._failed(error)
        except Exception:
            _log.exception("The report of a failed task failed itself.")


_cores: "weakref.WeakSet[_Core]" = weakref.WeakSet()
_loading = ForkLock()  # a child could not import what was half imported when it was forked
_registry = threading.RLock()
# The workers are held weakly in both: a worker holds its predictor, so a strong reference here
# would keep both for ever.
_by_predictor: "weakref.WeakKeyDictionary[PredictorProtocol, weakref.ref[Worker]]" = (
    weakref.WeakKeyDictionary()
)
_by_source: "weakref.WeakValueDictionary[str, Worker]" = weakref.WeakValueDictionary()


def _remember(predictor: PredictorProtocol, worker: Worker) -> None:
    with _registry:
        _by_predictor.setdefault(predictor, weakref.ref(worker))


def worker_for(
    predictor: PredictorProtocol | Source = None, *, load: Callable[[Source], PredictorProtocol]
) -> Worker:
    """Return the one worker of a predictor.

    Parameters
    ----------
    predictor : Predictor, str, os.PathLike or None
        A loaded predictor, or what `load` makes one from.
    load : callable
        Called in the worker's thread with `predictor` where that is not a loaded one.

    Returns
    -------
    Worker
        The same one for the same predictor, as long as anybody holds it.
    """
    with _registry:
        if predictor is None or isinstance(predictor, str | os.PathLike):
            worker = _by_source.get(repr(predictor))
            if worker is None or worker._core.stopping:
                worker = Worker(lambda: load(predictor))
                _by_source[repr(predictor)] = worker
            return worker
        reference = _by_predictor.get(predictor)
        worker = reference() if reference is not None else None
        if worker is None or worker._core.stopping:
            worker = Worker(lambda: predictor)
            _by_predictor[predictor] = weakref.ref(worker)
        return worker


@atexit.register
def _stop_all() -> None:
    """End every thread between two batches: a thread killed inside C code can crash the exit."""
    cores = list(_cores)
    for core in cores:
        core.stop()
    for core in cores:
        core.join(5.0)


def _start_over() -> None:
    global _registry
    _registry = threading.RLock()
    for core in list(_cores):
        core.start_over()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
