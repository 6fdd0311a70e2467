"""The gradient by a photograph: of strided convolutions with few channels, against float64."""

import functools

import numpy as np
import pytest
from op_cases import floats, run

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

#: kernel, stride, pad, batch, rows, columns, channels, filters
SHAPES = [
    (7, 2, 3, 1, 33, 30, 3, 64),
    (7, 2, 3, 3, 16, 17, 3, 16),
    (7, 2, 3, 9, 7, 7, 3, 5),
    (7, 2, 0, 2, 8, 11, 3, 8),
    (7, 2, 6, 1, 9, 4, 3, 8),
    (7, 2, 3, 1, 1, 1, 3, 7),
    (3, 2, 1, 4, 9, 10, 2, 33),
    (3, 2, 0, 2, 6, 7, 1, 4),
    (2, 2, 0, 2, 7, 6, 4, 3),
    (1, 2, 0, 2, 5, 6, 3, 9),
    (5, 3, 2, 2, 13, 10, 3, 6),
    (3, 4, 1, 1, 12, 15, 1, 6),
]


@functools.cache
def gradient(stride, pad):
    x, w, dy = T.ftensor4s("x", "w", "dy")
    y = ops.convolution(x, w, T.zeros((w.shape[0],), "float32"), stride=stride, pad=pad)
    return theano.function([x, w, dy], T.grad(None, x, known_grads={y: dy}))


def given(kernel, stride, pad, batch, rows, columns, channels, filters):
    out = [(n + 2 * pad - kernel) // stride + 1 for n in (rows, columns)]
    weights = floats((filters, channels, kernel, kernel), 2)
    return floats((batch, rows, columns, channels), 1), weights, floats((batch, *out, filters), 3)


def scattered(x, w, dy, stride, pad):
    """In float64: each output pays to the pixels of its window."""
    kernel = w.shape[-1]
    batch, rows, columns, channels = x.shape
    padded = np.zeros((batch, rows + 2 * pad + kernel, columns + 2 * pad + kernel, channels))
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            window = np.einsum("nf,fcyx->nyxc", dy[:, i, j].astype("float64"), w)
            padded[:, i * stride :, j * stride :][:, :kernel, :kernel] += window
    return padded[:, pad : pad + rows, pad : pad + columns]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_that_of_float64(shape):
    _, stride, pad, *_ = shape
    x, w, dy = given(*shape)
    found, expected = gradient(stride, pad)(x, w, dy), scattered(x, w, dy, stride, pad)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


def test_numbers_do_not_depend_on_the_threads():
    from conus_widgets.ops import onednn

    before, (_, stride, pad, *_) = onednn.thread_count, SHAPES[1]
    try:
        found = []
        for count in (1, 2, 3, 7):
            ops.use_threads(count)
            found.append(gradient(stride, pad)(*given(*SHAPES[1])))
        for dx in found[1:]:
            np.testing.assert_array_equal(dx, found[0])
    finally:
        ops.use_threads(before)


SCRIPT = """
    import sys
    sys.path.insert(0, "tests"); sys.path.insert(0, "tests/ops")
    from test_polyphase import SHAPES, gradient, given, scattered
    import numpy as np
    x, w, dy = given(*SHAPES[0])
    found, expected = gradient(2, 3)(x, w, dy), scattered(x, w, dy, 2, 3)
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()
"""


def direct(isa):
    """How many gradients by a photograph oneDNN computed."""
    lines = run(SCRIPT, ONEDNN_VERBOSE="1", ONEDNN_MAX_CPU_ISA=isa).splitlines()
    return sum(",exec,cpu,convolution," in line and "backward_data" in line for line in lines)


@pytest.mark.skipif(" avx2 " not in open("/proc/cpuinfo").read(), reason="a processor without AVX2")
def test_it_is_taken_only_where_the_processor_may_be_used_so_far():
    assert [direct(isa) for isa in ("ALL", "AVX2", "SSE41")] == [0, 0, 1]
