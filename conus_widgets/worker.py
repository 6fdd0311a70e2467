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
"""The source of a predictor; None is the demonstration."""

Task = Callable[[PredictorProtocol, "Ticket"], None]

REST = 2.0  # seconds without work after which memory is given back


class Ticket:
    """One piece of work that was asked for.

    Attributes
    ----------
    urgent : bool
        Whether it may run between two batches of other work.
    error : BaseException or None
        What the task, or the loading of the network before it, raised.
    """

    def __init__(self, core: "_Core", owner: Hashable, task: Task, urgent: bool) -> None:
        self.urgent = urgent
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
        """Tell if the answer is no longer wanted: stopped, or replaced by a newer request."""
        return self._cancelled or self._core.stopping

    def checkpoint(self) -> bool:
        """Let urgent work pass, then return whether to stop: see `cancelled`.

        Long work asks this once before each of its batches, in the worker's thread.

        Notes
        -----
        At most one piece of urgent work runs here, whichever widget asked for it, so that the long
        work gets at least every second batch. Urgent work lets nothing pass.
        """
        self._core.let_pass(self)
        return self.cancelled()

    @property
    def done(self) -> bool:
        """Whether the work has ended, in whichever way."""
        return self._done.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the work, at most `timeout` seconds; return `done`."""
        return self._done.wait(timeout)

    def _end(self) -> None:
        self._task = self._failed = None  # and all that they refer to
        self._done.set()


class Worker:
    """One thread that loads a network and does one piece of work at a time with it.

    Parameters
    ----------
    load : callable
        Returns the predictor. It is called in the thread, before the first piece of work, and again
        before the next one if it failed.

    Notes
    -----
    Pieces of work are done in the order they were asked for, but a newer one of the same owner
    replaces an older one: that is dropped while it waits, and asked to stop while it runs.
    Urgent work goes first, and between two batches of what runs. Of urgent work the newest request
    takes the place of the one that it replaces, so that no owner waits for ever.
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
        urgent: bool = False,
    ) -> Ticket:
        """Enqueue a piece of work and return at once.

        Parameters
        ----------
        owner : hashable
            Whoever asks; only its newest request counts. It is forgotten once that has ended.
        task : callable
            Called in the thread as ``task(predictor, ticket)``. It should ask
            ``ticket.checkpoint()`` before each small batch.
        failed : callable, optional
            Called in the thread with whatever the task or the loading raised, unless the answer is
            no longer wanted.
        urgent : bool
            For work that somebody waits for with a pointer in the hand. It takes at most one batch
            of the network.

        Raises
        ------
        RuntimeError
            If the worker was closed.
        """
        return self._core.submit(owner, task, failed, urgent)

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
        self._load = load
        self._worker = worker
        # A SimpleQueue, because a finalizer may put into it in any thread at any moment. An entry
        # is a ticket; the bell, which says that urgent work waits; or None, the end.
        self._waiting: SimpleQueue[Ticket | object | None] = SimpleQueue()
        self._urgent: dict[Hashable, Ticket] = {}  # first come, first served
        self._rung = False  # the bell is among what waits
        self._passed = False  # urgent work was the last that ran
        self._newest: dict[Hashable, Ticket] = {}  # of each owner, while it waits or runs
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked: weakref.WeakSet[Ticket] = weakref.WeakSet()

    def submit(
        self,
        owner: Hashable,
        task: Task,
        failed: Callable[[BaseException], None] | None,
        urgent: bool,
    ) -> Ticket:
        with self._lock:
            if self.stopping:
                raise RuntimeError("This worker was closed; make a new one.")
            ticket = Ticket(self, owner, task, urgent)
            ticket._failed = failed
            older, self._newest[owner] = self._newest.get(owner), ticket
            if older is not None:
                older.cancel()
            self._asked.add(ticket)
            if urgent:
                self._enqueue_urgent(ticket)
            else:
                self._waiting.put(ticket)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="conus-worker", daemon=True)
                self._thread.start()
        return ticket

    def _enqueue_urgent(self, ticket: Ticket) -> None:
        replaced = self._urgent.get(ticket._owner)
        self._urgent[ticket._owner] = ticket  # in the place of the older one
        if replaced is not None:
            replaced._end()
        self._ring()

    def _ring(self) -> None:
        """Wake the thread; one bell is enough."""
        if not self._rung:
            self._rung = True
            self._waiting.put(_BELL)

    def stop(self) -> None:
        self.stopping = True
        self._waiting.put(None)

    def start_over(self) -> None:
        """In a forked process the thread does not exist: the next request starts another."""
        self._waiting, self._lock, self._thread = SimpleQueue(), threading.Lock(), None
        self._urgent, self._newest, self._rung, self._passed = {}, {}, False, False
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

    def let_pass(self, ticket: Ticket) -> None:
        """Run one piece of urgent work, if one waits and the last that ran was not urgent."""
        if ticket.urgent or threading.current_thread() is not self._thread:
            return
        if self._passed:
            self._passed = False  # now it is the other one's turn
            return
        self._run_urgent()

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            if entry is _BELL:
                self._rung = False
                self._passed = self._run_urgent()
                with self._lock:
                    if self._urgent:
                        self._ring()
            elif isinstance(entry, Ticket):
                self._passed = self._passed or self._run_urgent()
                self._do(entry)
                self._passed = False
            del entry  # or an idle thread would keep the last task, and what it refers to, alive
        self._drop_what_waits()
        self.predictor = None

    def _drop_what_waits(self) -> None:
        """End what was submitted in the moment of stopping, and what waits."""
        with self._lock:
            late, self._urgent = list(self._urgent.values()), {}
        while not self._waiting.empty():
            entry = self._waiting.get()
            if isinstance(entry, Ticket):
                late.append(entry)
        for ticket in late:
            ticket._end()

    def _next(self) -> Ticket | object | None:
        try:
            return self._waiting.get(timeout=REST)
        except Empty:
            with contextlib.suppress(Exception):  # the thread must live on
                give_back()
            return self._waiting.get()

    def _run_urgent(self) -> bool:
        """Run the urgent work that has waited longest; return whether there was any."""
        with self._lock:
            if not self._urgent or self.stopping:
                return False
            ticket = self._urgent.pop(next(iter(self._urgent)))
        self._do(ticket)
        return True

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
            with self._lock:
                if self._newest.get(ticket._owner) is ticket:
                    del self._newest[ticket._owner]
            ticket._end()

    @staticmethod
    def _report(ticket: Ticket, error: BaseException) -> None:
        if ticket._failed is None:
            _log.error("A task of the worker failed.", exc_info=error)
            return
        try:
            ticket._failed(error)
        except Exception:
            _log.exception("The report of a failed task failed itself.")


_BELL = object()
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
        Called in the worker's thread with `predictor` if that is not a loaded one.

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
