import gc
import itertools
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest

from conus_widgets.worker import Worker, worker_for


class Net:
    """Something that can be held weakly."""


@pytest.fixture
def worker():
    worker = Worker(Net)
    yield worker
    worker.close()


def wait(ticket):
    assert ticket.wait(10), "the worker did not answer"
    return ticket


def blocked(worker, owner="one"):
    """A running task, and the event that lets it go on."""
    running, go = threading.Event(), threading.Event()

    def task(net, ticket):
        running.set()
        while not go.wait(0.01):
            if ticket.cancelled():
                raise RuntimeError("cancelled between two batches")

    ticket = worker.submit(owner, task)
    assert running.wait(10)
    return ticket, go


def test_everything_runs_in_one_thread_that_is_not_ours(worker):
    threads, nets = set(), set()

    def task(net, ticket):
        threads.add(threading.current_thread())
        nets.add(net)

    for n in range(20):
        ticket = worker.submit(n, task)
    wait(ticket)
    assert len(threads) == 1 and threading.current_thread() not in threads
    assert nets == {worker.predictor}


def test_owners_are_served_in_their_order(worker):
    _, go = blocked(worker, "first")
    order = []
    tickets = [worker.submit(n, lambda net, ticket, n=n: order.append(n)) for n in (3, 1, 2)]
    go.set()
    for ticket in tickets:
        wait(ticket)
    assert order == [3, 1, 2]


def test_a_newer_request_of_an_owner_replaces_the_older_ones(worker):
    running, _ = blocked(worker, "one")
    done = []
    waiting = worker.submit("one", lambda net, ticket: done.append("waiting"))
    other = worker.submit("two", lambda net, ticket: done.append("other"))
    newest = worker.submit("one", lambda net, ticket: done.append("newest"))
    for ticket in (running, waiting, other, newest):
        wait(ticket)
    assert done == ["other", "newest"]
    assert running.cancelled() and waiting.cancelled()
    assert not newest.cancelled() and not other.cancelled()


def test_cancel_stops_between_batches_and_says_nothing(worker):
    failures = []
    ticket, _ = blocked(worker)
    ticket._failed = failures.append
    ticket.cancel()
    wait(ticket)
    assert str(ticket.error) == "cancelled between two batches"
    assert failures == []


@pytest.mark.parametrize("error", [ValueError("bad"), MemoryError(), SystemExit(3)])
def test_an_exception_becomes_a_message_and_the_thread_lives_on(worker, error):
    failures, done = [], []

    def task(net, ticket):
        raise error

    ticket = wait(worker.submit("one", task, failed=failures.append))
    assert failures == [error] and ticket.error is error
    wait(worker.submit("one", lambda net, ticket: done.append(1)))
    assert done == [1]


def test_a_report_that_fails_does_not_kill_the_thread(worker, caplog):
    def failed(error):
        raise RuntimeError("the page is gone")

    wait(worker.submit("one", lambda net, ticket: 1 / 0, failed=failed))
    assert "the page is gone" in caplog.text
    assert wait(worker.submit("one", lambda net, ticket: None)).error is None


def test_loading_happens_in_the_thread_once_and_is_tried_again_after_a_failure():
    loads = []

    def load():
        loads.append(threading.current_thread())
        if len(loads) == 1:
            raise FileNotFoundError("resnet50.npz is missing")
        return Net()

    worker = Worker(load)
    try:
        failures = []
        wait(worker.submit("one", lambda net, ticket: None, failed=failures.append))
        assert [str(error) for error in failures] == ["resnet50.npz is missing"]
        for _ in range(3):
            assert wait(worker.submit("one", lambda net, ticket: None)).error is None
        assert len(loads) == 2 and threading.current_thread() not in loads
    finally:
        worker.close()


def test_owners_that_are_gone_are_forgotten(worker):
    class Owner:
        """Somebody who asks."""

    owners = [Owner() for _ in range(1000)]
    gone = [weakref.ref(owner) for owner in owners]
    for number, owner in enumerate(owners):
        for _ in range(2):  # the second request replaces the first
            ticket = worker.submit(owner, lambda net, ticket: None, urgent=number % 2 == 0)
        if number % 100 == 99:
            wait(ticket)
    wait(worker.submit("last", lambda net, ticket: None))
    del owners, owner, ticket
    gc.collect()
    assert [one() for one in gone if one() is not None] == []


# Urgent work, between two batches of other work


class Batches:
    """Long work of so many batches; `order` says what ran, `before(n)` what comes before one."""

    def __init__(self, count, order, before=lambda number: None):
        self.count, self.order, self.before = count, order, before

    def __call__(self, net, ticket):
        for number in range(self.count):
            self.before(number)
            if ticket.checkpoint():
                self.order.append("stopped")
                return
            self.order.append("batch")


def test_urgent_work_of_any_widget_runs_between_two_batches(worker):
    order = []

    def brush(net, ticket):
        order.append("brush")

    def before(number):
        if number in (1, 3):
            worker.submit(f"widget {number}", brush, urgent=True)

    wait(worker.submit("map", Batches(5, order, before)))
    assert order == ["batch", "brush", "batch", "batch", "brush", "batch", "batch"]


def test_long_work_gets_at_least_every_second_batch(worker):
    """Also if several widgets ask for more than the network can do."""
    order = []

    def brush(name):
        def task(net, ticket):
            order.append(name)
            if order.count("batch") < 20:
                worker.submit(name, brush(name), urgent=True)

        return task

    _, go = blocked(worker, "first")
    for name in ("a", "b", "c"):
        worker.submit(name, brush(name), urgent=True)
    ticket = worker.submit("map", Batches(20, order))
    go.set()
    wait(ticket)
    places = [at for at, name in enumerate(order) if name == "batch"]
    assert len(places) == 20 and max(b - a for a, b in itertools.pairwise(places)) == 2
    assert places[0] <= 1, "it begins after one piece of urgent work"
    counts = [order.count(name) for name in ("a", "b", "c")]
    assert max(counts) - min(counts) <= 1, "each widget has its turn"


def test_other_work_that_waits_has_its_turn_under_a_ceaseless_brush(worker):
    order = []

    def brush(net, ticket):
        order.append("brush")
        if "three" not in order and len(order) < 1000:
            worker.submit("brush", brush, urgent=True)

    _, go = blocked(worker, "first")
    worker.submit("brush", brush, urgent=True)
    for name in ("one", "two", "three"):
        ticket = worker.submit(name, lambda net, ticket, name=name: order.append(name))
    go.set()
    wait(ticket)
    assert order[:6] == ["brush", "one", "brush", "two", "brush", "three"]


def test_urgent_work_is_never_nested(worker):
    order = []

    def brush(net, ticket):
        order.append("begins")
        worker.submit("another", lambda net, ticket: order.append("another"), urgent=True)
        assert not ticket.checkpoint()
        order.append("ends")

    wait(worker.submit("brush", brush, urgent=True))
    wait(worker.submit("last", lambda net, ticket: None))
    assert order == ["begins", "ends", "another"]


def test_a_checkpoint_in_another_thread_runs_nothing(worker):
    """Photographs are decoded in threads; the network belongs to the worker's."""
    running, go = blocked(worker)
    waiting = worker.submit("brush", lambda net, ticket: None, urgent=True)
    assert not running.checkpoint() and not waiting.done
    go.set()
    wait(waiting)


def test_of_urgent_work_the_newest_takes_the_place_of_the_older(worker):
    _, go = blocked(worker, "first")
    done = []

    def task(name):
        return lambda net, ticket: done.append(name)

    older = worker.submit("a", task("a 1"), urgent=True)
    worker.submit("b", task("b 1"), urgent=True)
    newest = worker.submit("a", task("a 2"), urgent=True)
    assert older.done and older.cancelled(), "whoever waits for it does not wait in vain"
    go.set()
    wait(newest)
    wait(worker.submit("last", task("last")))
    assert done == ["a 2", "b 1", "last"]


def test_urgent_work_that_fails_does_not_end_what_it_passed(worker):
    order, failures = [], []

    def before(number):
        if number == 1:
            worker.submit("brush", lambda net, ticket: 1 / 0, failed=failures.append, urgent=True)

    ticket = wait(worker.submit("map", Batches(3, order, before)))
    assert order == ["batch"] * 3 and ticket.error is None
    assert [type(error) for error in failures] == [ZeroDivisionError]


def test_work_that_is_not_wanted_any_more_stops_at_its_checkpoint(worker):
    order = []

    def before(number):
        if number == 2:
            worker.submit("map", lambda net, ticket: order.append("newer"))

    wait(worker.submit("map", Batches(9, order, before)))
    wait(worker.submit("last", lambda net, ticket: None))
    assert order == ["batch", "batch", "stopped", "newer"]


def test_one_worker_for_one_predictor():
    def load(source):
        return Net()

    net, other = Net(), Net()
    worker = worker_for(net, load=load)
    assert worker_for(net, load=load) is worker
    assert worker_for(other, load=load) is not worker
    by_name = worker_for("folder", load=load)
    assert worker_for("folder", load=load) is by_name
    wait(by_name.submit("one", lambda net, ticket: None))
    assert worker_for(by_name.predictor, load=load) is by_name
    for each in (worker, by_name):
        each.close()
    assert worker_for(net, load=load) is not worker, "a closed worker must not be handed out"


def test_a_forgotten_worker_ends_its_thread_and_lets_the_network_go():
    net = Net()
    gone = weakref.ref(net)
    worker = worker_for(net, load=None)
    ticket = wait(worker.submit("one", lambda net, ticket: None))
    thread = worker._core._thread
    del worker, net, ticket
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()
    gc.collect()
    assert gone() is None


def test_a_closed_worker_refuses_and_drops_what_waits():
    worker = Worker(Net)
    running, _ = blocked(worker, "one")
    waiting = worker.submit("two", lambda net, ticket: None)
    worker.close()
    assert running.done and wait(waiting).cancelled()
    with pytest.raises(RuntimeError, match="closed"):
        worker.submit("one", lambda net, ticket: None)


def test_python_exits_at_once_while_work_is_running():
    """The exit waits for the batch that runs, not for the work, and not for its own patience."""
    program = """
        import time
        from conus_widgets.worker import Worker

        def task(net, ticket):
            print("begun", flush=True)
            while not ticket.cancelled():
                time.sleep(0.01)
            print("stopped", flush=True)

        worker = Worker(lambda: Worker)
        worker.submit("one", task)
        time.sleep(0.3)
    """
    begun = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "begun\nstopped\n", "")
    assert time.monotonic() - begun < 4.5
