"""After a fork: the child answers as its parent does, however and whenever it was forked.

Every child is killed after `LIMIT` seconds: one that waits for ever fails its test, no more.
"""

import multiprocessing
import os
import pickle
import select
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from networks import photographs, random_checkpoint

from conus_widgets import ops
from conus_widgets.checkpoint.files import write
from conus_widgets.machine import forks
from conus_widgets.machine.runtime import T, theano
from conus_widgets.network.network import Network
from conus_widgets.photographs import photograph
from conus_widgets.worker import Worker, worker_for

LIMIT = 40.0  # seconds
FORK = multiprocessing.get_context("fork")
IN_CHILD = {}  # what a pool's children have from their parent


def start(work):
    """Fork a child that calls `work`; return its number and where its answer can be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        answer = work()
    except BaseException as error:
        answer = error
    try:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
    finally:
        os._exit(0)


def answer_of(child, reading):
    ready, _, _ = select.select([reading], [], [], LIMIT)
    if not ready:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if not data:
        pytest.fail(f"the child waited for {LIMIT} s" if not ready else "the child died")
    answer = pickle.loads(data)
    if isinstance(answer, BaseException):
        raise answer
    return answer


def in_child(work):
    return answer_of(*start(work))


@pytest.fixture(scope="module", params=["onednn", "theano"])
def network(request):
    """A network that has computed, also a gradient, with all threads."""
    if request.param == "onednn" and not ops.available():
        pytest.skip(ops.available().reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONUS_ENGINE", request.param)
        made = Network(random_checkpoint())
        everything(made)
        yield made


X = np.linspace(-90, 90, 3 * 3 * 64 * 64, dtype="float32").reshape(3, 3, 64, 64)


def everything(network):
    back = network.gradients(X[:2], np.arange(5), layer="res4a")
    return [network.forward(X).logits, back.values, back.activations]


def same(found, wanted):
    """To the last bit: a child computes with as many threads as its parent."""
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


# -- the ways to fork ---------------------------------------------------------------------------


def test_a_child_answers_as_its_parent(network):
    wanted = everything(network)
    same(in_child(lambda: everything(network)), wanted)
    same(everything(network), wanted)  # and the parent goes on


def test_a_child_of_a_child_answers(network):
    same(in_child(lambda: in_child(lambda: everything(network))), everything(network))
    # also where the one between has computed
    both = in_child(lambda: everything(network) + in_child(lambda: everything(network)))
    same(both, everything(network) * 2)


def test_a_child_that_a_thread_forked_answers(network):
    found = []

    def work():
        network.forward(X)  # so that the thread has OpenMP threads of its own
        found.append(start(lambda: everything(network)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(LIMIT)
    same(answer_of(*found[0]), everything(network))


def compute_in_pool(number):
    return number, everything(IN_CHILD["network"])


def test_a_pool_of_forked_processes_answers(network):
    IN_CHILD["network"] = network
    with FORK.Pool(2) as pool:
        for _, found in pool.map_async(compute_in_pool, range(4)).get(LIMIT):
            same(found, everything(network))


def test_a_pool_of_concurrent_futures_answers(network):
    IN_CHILD["network"] = network
    pool = ProcessPoolExecutor(2, mp_context=FORK)
    try:
        for _, found in pool.map(compute_in_pool, range(4), timeout=LIMIT):
            same(found, everything(network))
    finally:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(cancel_futures=True)


def load(network, indices, batches):
    for index in iter(indices.get, None):
        batches.put((index, network.forward(X[index : index + 1]).features))


def test_the_workers_of_a_data_loader_answer(network):
    """As PyTorch's: forked anew for each pass, while the parent computes as well."""
    wanted = [network.forward(X[i : i + 1]).features for i in range(3)]
    for _ in range(2):
        indices, batches = FORK.Queue(), FORK.Queue()
        workers = [FORK.Process(target=load, args=(network, indices, batches)) for _ in range(2)]
        for worker in workers:
            worker.start()
        try:
            for item in (0, 1, 2, None, None):
                indices.put(item)
            network.forward(X)
            found = dict(batches.get(timeout=LIMIT) for _ in range(3))
            for i in range(3):
                np.testing.assert_array_equal(found[i], wanted[i])
        finally:
            for worker in workers:
                worker.join(5)
                worker.kill()


# -- the moments to fork ------------------------------------------------------------------------


def always(work):
    """Do `work` again and again in a thread; return what stops it."""
    stopped = threading.Event()

    def run():
        while not stopped.is_set():
            work()

    thread = threading.Thread(target=run)
    thread.start()

    def stop():
        stopped.set()
        thread.join(LIMIT)
        assert not thread.is_alive()

    return stop


def test_children_that_are_forked_while_another_thread_computes_answer(network):
    wanted = everything(network)
    stop = always(lambda: network.forward(X))
    began = time.monotonic()
    try:
        for pause in np.linspace(0, 0.01, 12):
            time.sleep(pause)
            same(in_child(lambda: everything(network)), wanted)
    finally:
        stop()
    # A fork waits for a batch at most: else each would have waited until its patience ended.
    assert time.monotonic() - began < 12 * forks.PATIENCE / 2


def test_children_that_are_forked_while_an_op_computes_answer():
    """An Op's own locks, of a function that no network guards."""
    if not ops.available():
        pytest.skip(ops.available().reason)
    rng = np.random.default_rng(0)
    x = T.ftensor4()
    w = ops.frozen(rng.standard_normal((64, 64, 3, 3)).astype("float32"))
    y = ops.convolution(x, w, np.zeros(64, "float32"), pad=1)
    function = theano.function([x], [y, T.grad(y.sum(), x)])
    images = [rng.standard_normal((1, side, 20, 64)).astype("float32") for side in range(9, 21)]
    wanted = [function(image) for image in images]  # more shapes than kernels are kept

    def all_shapes():
        for image in images:
            function(image)

    stop = always(all_shapes)
    try:
        for pause in np.linspace(0, 0.01, 12):
            time.sleep(pause)
            found = in_child(lambda: [function(image) for image in images])
            for a, b in zip(found, wanted, strict=True):
                same(a, b)
    finally:
        stop()


def test_a_child_reads_photographs_while_its_parent_does():
    """The lock of the reader, and the place in the file of a checkpoint's arrays."""
    picture = photographs(1)[0].resize((900, 900))
    stop = always(lambda: photograph.read_photograph(picture))
    try:
        for _ in range(10):
            assert in_child(lambda: photograph.read_photograph(picture).size) == (900, 900)
    finally:
        stop()


def test_parent_and_child_read_a_checkpoints_arrays_at_once(tmp_path):
    from networks import SMALL

    from conus_widgets.checkpoint.arrays import ArraysOnDisk

    write(tmp_path, random_checkpoint())
    arrays = ArraysOnDisk(tmp_path / "random.npz", SMALL)
    wanted = [np.array(a) for a in arrays[:]]  # the first reading; from now on from the file

    def read():
        for _ in range(5):
            same(arrays[:], wanted)

    children = [start(read) for _ in range(3)]
    read()
    for child in children:
        answer_of(*child)


def test_a_lock_that_is_not_given_back_in_time_is_free_in_the_child(monkeypatch):
    monkeypatch.setattr(forks, "PATIENCE", 0.2)
    lock, held, done = forks.ForkLock(), threading.Event(), threading.Event()

    def hold():
        with lock:
            held.set()
            done.wait(LIMIT)

    def use():
        with lock:
            return "free"

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(LIMIT)
    try:
        assert in_child(use) == "free"
    finally:
        done.set()
        thread.join(LIMIT)
    assert use() == "free"


def test_a_thread_that_holds_a_lock_may_fork():
    lock = forks.ForkLock()

    def use():
        with lock:
            return "held by me"

    with lock:
        assert in_child(use) == "held by me"
        assert use() == "held by me"
    assert use() == "held by me"


def test_a_fork_during_a_compilation_keeps_no_lock_of_it(tmp_path, monkeypatch):
    """The child has the lock's file open, too; closing it in the parent must not be needed."""
    from conus_widgets.network import compiled

    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path)
    (tmp_path / "functions").mkdir()
    children = []
    compiled.compiled("f", 1, lambda: children.append(start(lambda: time.sleep(5))))
    began = time.monotonic()
    compiled.compiled("f", 2, lambda: None)
    assert time.monotonic() - began < 4
    os.kill(children[0][0], signal.SIGKILL)
    os.waitpid(children[0][0], 0)


# -- the worker of the widgets ------------------------------------------------------------------


class Predictor:
    """Whatever a worker may own."""


def ask(worker, seconds=LIMIT):
    found = []
    ticket = worker.submit("somebody", lambda predictor, _: found.append(type(predictor).__name__))
    assert ticket.wait(seconds), "nobody answered"
    return found or ticket.error


def test_a_worker_answers_in_a_child():
    predictor = Predictor()
    worker = worker_for(predictor, load=None)
    assert ask(worker) == ["Predictor"]
    assert in_child(lambda: ask(worker)) == ["Predictor"]
    assert in_child(lambda: ask(worker_for(predictor, load=None))) == ["Predictor"]
    assert ask(worker) == ["Predictor"]


def test_what_was_asked_before_the_fork_is_said_to_be_answered_elsewhere():
    worker, begun, go_on = Worker(Predictor), threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        go_on.wait(LIMIT)

    running = worker.submit("a", slow)
    waiting = worker.submit("b", slow)
    begun.wait(LIMIT)

    def outcomes():
        return [(t.wait(1), str(t.error)) for t in (running, waiting)] + [ask(worker)]

    first, second, new = in_child(outcomes)
    assert first == second and first[0] and "before the process was forked" in first[1]
    assert new == ["Predictor"]
    go_on.set()
    assert waiting.wait(LIMIT) and waiting.error is None  # in the parent all goes on
