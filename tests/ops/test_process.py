"""The effects of the oneDNN Ops on a process: memory, threads, kernels, compilers."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from op_cases import everything, floats, forward_and_back, megabytes, run

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops import onednn

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)


def convolve(x, w, **options):
    return ops.convolution(x, w, T.zeros((w.shape[0],), "float32"), **options)


# ---- memory ------------------------------------------------------------------------------------


def test_packed_weights_are_shared_among_functions():
    w = theano.shared(floats((1024, 512, 3, 3)))  # 19 MB
    x = floats((1, 3, 3, 512))
    functions = [theano.function([x_], convolve(x_, w)) for x_ in T.ftensor4s(6)]
    functions[0](x)
    before = megabytes()
    results = [function(x) for function in functions]
    assert megabytes() - before < 25  # five copies would be 95
    assert all((result == results[0]).all() for result in results)


@pytest.fixture
def one_thread():
    """Small convolutions in two threads mostly wait for each other."""
    before = onednn.thread_count
    ops.use_threads(1)
    yield
    ops.use_threads(before)


def test_memory_stays_level_over_two_thousand_calls(one_thread):
    w = theano.shared(floats((16, 16, 3, 3)))
    function = everything(w)

    def calls(count):
        for i in range(count):
            if i % 50 == 0:
                w.set_value(floats((16, 16, 3, 3), i))
            size = 5 + i % 3 if i % 20 else 5 + i // 20 % 12  # more than are kept, now and then
            function(np.ones((1, size, size, 16), "float32"))
            if i % 50 == 0:
                with pytest.raises(ValueError):
                    function(np.ones((1, 8, 8, 15), "float32"))

    calls(400)
    before = megabytes()
    calls(2000)
    assert megabytes() - before < 6


def test_memory_stays_level_over_two_hundred_functions(one_thread):
    x, w = floats((1, 8, 8, 64)), theano.shared(floats((64, 64, 3, 3)))

    def builds(count):
        for _ in range(count):
            y = convolve(T.TensorConstant(T.ftensor4().type, x), w)
            function = theano.function([], y)
            function()
            w.set_value(w.get_value() + 1)  # each with packed weights of its own, 147 kB

    builds(40)
    before = megabytes()
    builds(200)
    assert megabytes() - before < 12


# ---- threads -----------------------------------------------------------------------------------


def test_functions_in_two_threads_do_not_disturb_each_other():
    w = ops.frozen(floats((32, 32, 3, 3)))
    functions = [forward_and_back(w, pad=1) for _ in range(2)]
    inputs = [floats((1 + i, 20, 20 + i, 32), i) for i in range(2)]
    wanted = [f(x) for f, x in zip(functions, inputs, strict=True)]

    def repeat(i):
        for _ in range(100):
            for result, want in zip(functions[i](inputs[i]), wanted[i], strict=True):
                np.testing.assert_array_equal(result, want)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(repeat, range(2)))


def test_a_function_made_in_one_thread_works_in_another():
    # oneDNN's own scratch memory belongs to the thread that made a kernel; ours must not.
    function = everything(theano.shared(floats((16, 16, 3, 3))))
    x = floats((2, 24, 24, 16))
    here = function(x)
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(function, x).result()
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_python_runs_on_while_a_convolution_computes():
    w = ops.frozen(floats((512, 512, 3, 3)))
    function = theano.function([], convolve(T.TensorConstant(T.ftensor4().type, IMAGES), w, pad=1))
    function()
    worker = threading.Thread(target=function)
    begin = time.perf_counter()
    worker.start()
    turns = 0
    while worker.is_alive():
        time.sleep(0.001)
        turns += 1
    assert turns > 5, f"{turns} turns in {time.perf_counter() - begin:.3f} s"


IMAGES = floats((8, 28, 28, 512))


def test_the_number_of_threads_holds_in_every_thread():
    printed = run("""
        import sys, threading
        import numpy as np
        from conus_widgets import ops
        from conus_widgets.machine.runtime import T, theano

        x, w = np.ones((2, 16, 16, 64), "float32"), ops.frozen(np.ones((64, 64, 3, 3), "float32"))
        image = T.ftensor4()
        y = ops.mean_pool(ops.convolution(image, w, T.zeros((64,), "float32")))
        function = theano.function([image], y)

        def started(count):
            ops.use_threads(count)
            def work():
                function(x)
                counts.append(int(open("/proc/self/status").read().split("Threads:")[1].split()[0]))
            counts = []
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
            return counts[0]

        print(started(1), started(3))
    """)
    one, three = map(int, printed.split()[-2:])
    assert three == one + 2


def test_no_threads_is_an_error():
    with pytest.raises(ValueError, match="0 threads"):
        ops.use_threads(0)


# ---- kernels and compilers ---------------------------------------------------------------------


def test_no_reference_kernel_runs_and_none_is_made_twice():
    printed = run(
        """
        import numpy as np
        from conus_widgets import ops
        from conus_widgets.machine.runtime import T, theano

        def network(width, stem, stride_on):
            yield 3, stem, 7, 2, 3, 224, False  # channels, filters, kernel, stride, pad, size, sum
            channels, size = stem, 56
            for filters, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
                f = int(filters * width)
                first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
                yield channels, 4 * f, 1, stride, 0, size, False
                yield channels, f, 1, first, 0, size, False
                yield f, f, 3, second, 1, size // first, False
                size //= stride
                yield f, 4 * f, 1, 1, 0, size, True
                yield 4 * f, f, 1, 1, 0, size, False
                channels = 4 * f

        networks = [(1, 64, "1x1"), (1, 64, "3x3"), (0.5, 32, "1x1")]
        geometries = {g: None for n in networks for g in network(*n)}
        functions = {}
        for channels, filters, kernel, stride, pad, size, residual in geometries:
            key = stride, pad, residual
            if key not in functions:
                x, w, r, b = T.ftensor4(), T.ftensor4(), T.ftensor4(), T.fvector()
                seen = x.dimshuffle(0, 2, 3, 1)  # a view, as the first convolution gets it
                y = ops.convolution(seen, w, b, residual=r if residual else None, stride=stride,
                                    pad=pad, relu=True)
                gradients = T.grad(y.sum(), [x, w, b])
                functions[key] = theano.function([x, w, b, r], [y, *gradients],
                                                 on_unused_input="ignore")
            out = (size + 2 * pad - kernel) // stride + 1
            functions[key](np.ones((1, channels, size, size), "f"),
                           np.ones((filters, channels, kernel, kernel), "f"),
                           np.ones(filters, "f"), np.ones((1, out, out, filters), "f"))

        image, w = T.ftensor4(), ops.frozen(np.ones((32, 32, 3, 3), "f"))
        y = ops.convolution(image, w, np.ones(32, "f"), stride=2, pad=1)
        function = theano.function([image], [y, T.grad(y.sum(), image)])
        for turn in range(3):
            if turn == 1:
                print("again", flush=True)
            for batch in (1, 8, 32, 2):
                function(np.ones((batch, 9, 9, 32), "f"))
        """,
        ONEDNN_VERBOSE="2",
    )
    lines = [line.split(",") for line in printed.splitlines() if line.startswith("onednn_verbose")]
    ran = [line for line in lines if line[1] == "exec"]
    convolutions = [line for line in ran if line[3] == "convolution"]
    assert {line[5] for line in convolutions} == {
        "forward_inference",
        "backward_data",
        "backward_weights",
    }
    assert len(convolutions) > 3 * 30
    slow = [line for line in ran if "ref" in line[4].split(":")[0]]
    assert not slow, slow
    again = printed[printed.index("again") :]
    assert again.count(",exec,") == 2 * 4 * 2 and "create" not in again


def test_a_warm_process_calls_no_compiler():
    """Theano finds every module in its cache. It does ask the compiler for its version."""
    everything(theano.shared(floats((16, 16, 3, 3))))
    printed = run(f"""
        import sys
        calls = []
        sys.addaudithook(lambda event, args: event == "subprocess.Popen" and calls.append(args[1]))
        sys.path.insert(0, {os.fspath(Path(__file__).parents[1])!r})
        from op_cases import everything, floats, theano
        means, *gradients = everything(theano.shared(floats((16, 16, 3, 3))))(floats((2, 9, 9, 16)))
        assert means.shape == (2, 16) and gradients[0].any()
        assert calls  # they are seen
        print([call for call in calls if any(".cpp" in argument for argument in call)])
    """)
    assert printed.strip() == "[]"


def test_where_openmp_gives_fewer_threads_nothing_is_left_out():
    """oneDNN shares its work among the threads that were agreed on, and does not look who comes."""
    printed = run(
        """
        import ctypes
        import numpy as np
        from conus_widgets import ops
        from conus_widgets.machine.runtime import T, theano

        rng, calls = np.random.default_rng(0), []
        for channels, filters, size, side in ((64, 64, 3, 20), (256, 512, 1, 7), (3, 32, 7, 64)):
            x, w = T.ftensor4(), T.ftensor4()
            y = ops.convolution(x, w, np.ones(filters, "f"), pad=size // 2, relu=True)
            function = theano.function([x, w], [y, *T.grad((y ** 2).sum(), [x, w])])
            images = rng.standard_normal((2, side, side, channels)).astype("f")
            filters = rng.standard_normal((filters, channels, size, size)).astype("f") / channels
            calls.append((function, images, filters))

        def sums(count, of=lambda array: float(np.abs(array.astype("d")).sum())):
            ops.use_threads(count)
            return [of(array) for function, *given in calls for array in function(*given)]

        wanted, openmp = sums(1), ctypes.CDLL("libgomp.so.1")
        assert openmp.omp_get_thread_limit() == 3
        np.testing.assert_allclose(sums(4), wanted, rtol=1e-5)
        openmp.omp_set_max_active_levels(0)
        np.testing.assert_allclose(sums(3), wanted, rtol=1e-5)
        openmp.omp_set_max_active_levels(1)
        openmp.omp_set_dynamic(1)  # as many as the machine has idle
        np.testing.assert_allclose(sums(3), wanted, rtol=1e-5)
        assert openmp.omp_get_dynamic() == 1 and openmp.omp_get_max_active_levels() == 1
        print("well")
        """,
        OMP_THREAD_LIMIT="3",
    )
    assert printed == "well\n"
