"""The compiled network: batches of the right shape, one thread at a time, probabilities."""

import threading

import numpy as np
import pytest
import threadpoolctl
from engines import ENGINES, needs
from networks import SMALL, random_checkpoint

from conus_widgets.machine.machine import threads
from conus_widgets.network.interface import softmax
from conus_widgets.network.network import Network


@pytest.fixture(scope="module")
def network():
    return Network(random_checkpoint())


def test_softmax_neither_overflows_nor_depends_on_a_constant():
    logits = np.array([[1e4, 1e4 - 1, -1e4], [0, 0, 0]], "float32")
    found = softmax(logits)
    e = np.exp(-1.0)
    np.testing.assert_allclose(found, [[1 / (1 + e), e / (1 + e), 0], [1 / 3] * 3], rtol=1e-12)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 3, 64, 63), (1, 64, 64, 3), (2, 1, 64, 64)])
def test_inputs_of_another_shape_are_refused_with_numbers(network, shape):
    with pytest.raises(ValueError) as caught:
        network.forward(np.zeros(shape))
    assert str(shape) in str(caught.value) and "(N, 3, 64, 64)" in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_blas_has_the_threads_that_the_engine_needs(engine, monkeypatch):
    """More of them would spin behind each product, on the processors that oneDNN computes with."""
    needs(engine)
    monkeypatch.setenv("CONUS_ENGINE", engine)
    monkeypatch.setenv("CONUS_THREADS", "2")
    before = threadpoolctl.threadpool_info()
    try:
        Network(random_checkpoint())
        found = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
        expected = threads() if engine == "theano" else 1
        assert found and {one["num_threads"] for one in found} == {expected}
    finally:
        threadpoolctl.threadpool_limits({one["prefix"]: one["num_threads"] for one in before})


def test_only_one_thread_at_a_time_is_inside_theano(network, monkeypatch):
    """Theano's functions share their storage: a stand-in for one looks how many are inside."""
    inside, most = [0], [0]
    pause = threading.Event()

    def slow(x, outputs):
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        pause.wait(0.01)
        inside[0] -= 1
        return np.zeros((len(x), 5)), np.zeros((len(x), SMALL.features))

    monkeypatch.setattr(network, "_forward", slow)
    x = np.zeros((3 * network.batch, 3, 64, 64), "float32")
    threads = [threading.Thread(target=network.forward, args=(x,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1
