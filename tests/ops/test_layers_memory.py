"""The memory of layers: kept for the next photograph, aligned, given back when it is asked for."""

from __future__ import annotations

import gc
import resource
import threading

import numpy as np
import pytest
from op_cases import floats, forward_and_back, megabytes, run

from conus_widgets import ops
from conus_widgets.machine import heap
from conus_widgets.machine.runtime import T, theano

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

LARGE = (1, 112, 112, 64)  # 3.2 MB, as the largest layer of a photograph at full width


@pytest.fixture(scope="module")
def function():
    return forward_and_back(ops.frozen(floats((64, 64, 3, 3))), pad=1, relu=True)


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def test_a_layer_begins_at_a_line_of_the_cache(function):
    for array in function(floats(LARGE)):
        assert array.ctypes.data % 64 == 0


def test_memory_that_was_used_is_used_again(function):
    x = floats(LARGE)
    for _ in range(3):
        function(x)
    before = faults()
    for _ in range(20):
        function(x)
    assert faults() - before < 20 * 100, "one layer from the system is 784 pages"


def test_ops_of_all_modules_share_what_is_free(function):
    """A pooling's output takes the place of a convolution's."""
    x = T.ftensor4()
    pool = theano.function([x], ops.max_pool(x, size=2, stride=1))
    image = floats(LARGE)
    pool(image)
    outputs = function(image)
    places = {array.ctypes.data for array in outputs}
    del outputs
    assert pool(image).ctypes.data in places


def test_what_somebody_holds_stays_as_it_was(function):
    x = floats(LARGE)
    held = function(x)
    copies = [array.copy() for array in held]
    for seed in range(5):
        function(floats(LARGE, seed + 1))
        heap.give_back()
    assert all((array == copy).all() for array, copy in zip(held, copies, strict=True))


def test_memory_goes_back_when_it_is_asked_for(function):
    outputs = function(floats((8, *LARGE[1:])))  # 51 MB
    before = megabytes()
    del outputs
    gc.collect()
    assert before - megabytes() < 10, "it is kept for the next photographs"
    heap.give_back()
    assert before - megabytes() > 40
    again = function(floats(LARGE))[0]
    assert (again == function(floats(LARGE))[0]).all()


def test_an_array_may_grow_and_shrink(function):
    array = np.array(function(floats(LARGE))[0], copy=False)
    first = array[0, 0, 0].copy()
    array.resize((2, *LARGE[1:]), refcheck=False)
    assert (array[0, 0, 0] == first).all()
    assert not array[1].any(), "NumPy fills with zeros"
    array.resize((1, 8, 8, 64), refcheck=False)
    assert (array[0, 0, 0] == first).all()


def test_threads_take_and_give_at_once():
    """Arrays that are made in one thread and go in another; each has its own function."""
    weights = ops.frozen(floats((64, 64, 3, 3)))
    x = floats((1, 56, 56, 64))
    expected = forward_and_back(weights, pad=1)(x)
    wrong, left = [], []

    def work():
        function = forward_and_back(weights, pad=1)
        for _ in range(30):
            found = function(x)
            wrong.extend(a for a, b in zip(found, expected, strict=True) if not (a == b).all())
            left.append(found)
            if len(left) > 8:
                left.pop(0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and not any(thread.is_alive() for thread in threads)


NARROW = """
    import resource
    import numpy as np
    from conus_widgets import ops
    from conus_widgets.machine.runtime import T, theano
    x, weights, bias = T.ftensor4(), np.ones((64, 64, 3, 3), "float32"), np.zeros(64, "float32")
    function = theano.function([x], ops.convolution(x, ops.frozen(weights), bias, pad=1))
    one, many = (np.ones((n, 112, 112, 64), "float32") for n in (1, 60))
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 180 * 2**20,) * 2)
    print(function(one).shape[0])
    try:
        function(many)
    except MemoryError as error:
        print("MemoryError")
    print(function(one).shape[0])
"""


def test_a_narrow_address_space_gets_what_is_needed_or_an_error():
    """The heap asks for 256 MB at once; if so much is forbidden, for as much as it needs."""
    assert run(NARROW).split() == ["1", "MemoryError", "1"]
