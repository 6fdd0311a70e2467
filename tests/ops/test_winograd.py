"""Winograd's algorithm: against float64, for every shape that it is chosen for and some others.

Most shapes have channels in multiples of 32, as the kernels for AVX-512 want them; for others the
direct way must be taken, with the same laws.
"""

import functools

import numpy as np
import pytest
from op_cases import floats, processor_has, run

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

NEAR = 1e-5  # of a layer's range
NEAR_OF_WORDS = 6e-3  # half of that is the rounding of outputs to 8 bits

#: batch, rows, columns, channels, filters, padding
SHAPES = [
    (1, 1, 1, 32, 32, 1),
    (1, 1, 9, 32, 64, 1),
    (2, 2, 3, 64, 32, 1),
    (1, 4, 4, 32, 32, 0),
    (3, 5, 7, 96, 32, 1),
    (1, 7, 7, 64, 64, 1),
    (2, 8, 13, 32, 96, 2),
    (9, 6, 11, 32, 32, 0),
    (4, 14, 14, 64, 64, 1),
    (1, 33, 30, 32, 32, 1),
    (5, 28, 28, 32, 32, 1),
    (8, 7, 7, 128, 128, 1),
    (1, 14, 14, 256, 256, 1),
    (2, 9, 9, 33, 32, 1),
    (2, 9, 9, 32, 17, 1),
    (1, 10, 10, 3, 5, 2),
    (6, 9, 9, 16, 48, 1),
]


@functools.cache
def fused(pad, relu=True):
    """x, weights, bias, residual, gradient by the output -> output, gradients by x and residual."""
    x, w, r, dy = T.ftensor4s("x", "w", "r", "dy")
    b = T.fvector("b")
    y = ops.convolution(x, w, b, residual=r, pad=pad, relu=relu)
    return theano.function([x, w, b, r, dy], [y, *T.grad(None, [x, r], known_grads={y: dy})])


@functools.cache
def fused_words(pad):
    """x, weights, bias, residual -> output, with images of bfloat16."""
    x, w, r = T.ftensor4s("x", "w", "r")
    b = T.fvector("b")
    y = ops.convolution(ops.to_bfloat16(x), w, b, residual=ops.to_bfloat16(r), pad=pad, relu=True)
    return theano.function([x, w, b, r], ops.from_bfloat16(y))


@functools.cache
def chain():
    """Two convolutions with ReLU: the gradient by the first is masked where its output is 0."""
    x, w, dy = T.ftensor4s("x", "w", "dy")
    b = T.zeros((w.shape[0],), "float32")
    inner = ops.convolution(x, w, b, pad=1, relu=True)
    y = ops.convolution(inner, w, b, pad=1)
    return theano.function([x, w, dy], [inner, y, T.grad(None, x, known_grads={y: dy})])


def convolved(x, weights, pad):
    """In float64, as nine products of matrices."""
    x = np.pad(x.astype("float64"), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows, columns = x.shape[1] - 2, x.shape[2] - 2
    return sum(
        x[:, i : i + rows, j : j + columns] @ weights[:, :, i, j].T.astype("float64")
        for i in range(3)
        for j in range(3)
    )


def turned(weights):
    """Of the convolution that is the gradient by the input."""
    return weights[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)


def given(batch, rows, columns, channels, filters, pad):
    out = (batch, rows + 2 * pad - 2, columns + 2 * pad - 2, filters)
    x = np.maximum(floats((batch, rows, columns, channels), 1), 0)  # half of it 0, as after ReLU
    weights = floats((filters, channels, 3, 3), 2) * np.sqrt(2 / (9 * channels), dtype="float32")
    return x, weights, floats(filters, 3), floats(out, 4), floats(out, 5)


def near(found, expected, scale=None):
    assert found.shape == expected.shape and np.isfinite(found).all()
    scale = np.ptp(expected) if scale is None else scale
    assert np.abs(found - expected).max() <= NEAR * max(scale, 1e-30)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_output_and_gradients_are_those_of_float64(shape):
    x, w, b, r, dy = given(*shape)
    pad = shape[-1]
    y, dx, dr = fused(pad)(x, w, b, r, dy)
    plain = convolved(x, w, pad) + b + r
    near(y, np.maximum(plain, 0), np.ptp(plain))
    masked = np.where(y > 0, dy, 0)
    np.testing.assert_array_equal(dr, masked)
    expected = convolved(np.pad(masked, ((0, 0), (2, 2), (2, 2), (0, 0))), turned(w), 0)
    end = [-pad or None] * 2
    near(dx, expected[:, pad : end[0], pad : end[1]])


def rounded(x):
    """The same in float32 that bfloat16 can hold, for numbers that are no ties."""
    bits = np.ascontiguousarray(x, "float32").view("uint32")
    return ((bits + 0x8000) & 0xFFFF0000).view("float32")


words_are_computed = pytest.mark.skipif(
    not ops.bfloat16_available(), reason=f"NO BFLOAT16 HERE: {ops.bfloat16_available().reason}"
)


@words_are_computed
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_words_are_computed_nearly_as_float64(shape):
    x, w, b, r, _ = given(*shape)
    x, r = rounded(x), rounded(r)
    plain = convolved(x, w, shape[-1]) + b + r
    found = fused_words(shape[-1])(x, w, b, r)
    assert found.shape == plain.shape
    assert np.abs(found - np.maximum(plain, 0)).max() <= NEAR_OF_WORDS * np.ptp(plain)


@words_are_computed
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_small_whole_numbers_of_words_are_exact(shape):
    """All that is added up on the way is a whole number below 2^8, or below 2^24 as a float32."""
    rng = np.random.default_rng(0)
    x, w, b, r, _ = (rng.integers(-1, 2, part.shape).astype("float32") for part in given(*shape))
    expected = np.maximum(convolved(x, 4 * w, shape[-1]) + b + r, 0)
    found = fused_words(shape[-1])(x, 4 * w, b, r)
    exact = expected < 256
    assert exact.mean() > 0.9
    np.testing.assert_array_equal(found[exact], expected[exact])
    assert np.abs(found - expected).max() <= 2**-8 * expected.max()


@pytest.mark.parametrize("shape", [s for s in SHAPES if s[3] == s[4] and s[5] == 1], ids=str)
def test_a_gradient_is_masked_where_relu_gave_nothing(shape):
    x, w, _, _, dy = given(*shape)
    w = w - w.mean()  # so that about half of the inner cells are 0
    inner, y, dx = chain()(x, w, dy)
    near(y, convolved(inner, w, 1))
    back = np.where(inner > 0, convolved(dy, turned(w), 1), 0)
    near(dx, convolved(back, turned(w), 1))


def test_the_mask_is_part_of_the_gradient():
    names = [type(node.op).__name__ for node in chain().maker.fgraph.toposort()]
    assert "ReluGradient" not in names and names.count("ConvolutionInputGradient") == 2


def test_zeros_ties_and_what_is_no_number():
    shape = (2, 12, 12, 32, 32, 1)
    x, w, b, r, dy = given(*shape)
    nothing = np.zeros_like(x)
    y, dx, _ = fused(1)(nothing, w, 0 * b, 0 * r, dy)
    assert not y.any() and not dx.any()  # ReLU's slope at 0 is 0
    same = np.ones_like(x)
    y, *_ = fused(1, relu=False)(same, w, 0 * b, 0 * r, dy)
    near(y, convolved(same, w, 1))
    x[1, 5, 6, 7] = np.nan
    y, *_ = fused(1)(x, w, b, r, dy)
    assert np.isnan(y[1, 4:7, 5:8]).all() and np.isfinite(y[0]).all()


def test_numbers_do_not_depend_on_the_threads():
    from conus_widgets.ops import onednn

    before = onednn.thread_count
    try:
        for shape in SHAPES:
            found = []
            for count in (1, 2, 3, 7):
                ops.use_threads(count)
                found.append(fused(shape[-1])(*given(*shape))[:2])
            if shape[3] % 32 == shape[4] % 32 == 0:
                for y, dx in found[1:]:
                    np.testing.assert_array_equal(y, found[0][0])
                    np.testing.assert_array_equal(dx, found[0][1])
    finally:
        ops.use_threads(before)


def test_a_change_of_the_weights_is_noticed():
    x, w, b, r, dy = given(1, 12, 12, 32, 32, 1)
    first = fused(1)(x, w, b, r, dy)[0]
    other = fused(1)(x, 2 * w, b, r, dy)[0]
    near(other, np.maximum(2 * convolved(x, w, 1) + b + r, 0), np.ptp(other))
    w[3, 4, 1, 2] += 5
    changed = fused(1)(x, w, b, r, dy)[0]
    assert np.abs(changed[..., 3] - first[..., 3]).max() > 0.1
    np.testing.assert_array_equal(np.delete(changed, 3, 3), np.delete(first, 3, 3))


LAYERS = """
    import sys
    sys.path.insert(0, "tests"); sys.path.insert(0, "tests/ops")
    import hashlib, os, numpy as np
    from test_winograd import fused, given
    for shape in [(1, 28, 28, 64, 64, 1), (2, 7, 7, 64, 64, 1)]:
        print("layer", flush=True)
        y, dx, _ = fused(1)(*given(*shape))
        print("sum", hashlib.sha256(y.tobytes() + dx.tobytes()).hexdigest(), flush=True)
"""


def direct_and_sums(isa):
    """How many convolutions oneDNN computed, and the answers' digests."""
    lines = run(LAYERS, ONEDNN_VERBOSE="1", ONEDNN_MAX_CPU_ISA=isa).splitlines()
    direct = [line for line in lines if ",exec,cpu,convolution," in line]
    return len(direct), [line.split()[1] for line in lines if line.startswith("sum ")]


@pytest.mark.skipif(not processor_has("avx2"), reason="a processor without AVX2")
def test_it_is_taken_only_where_the_processor_may_be_used_so_far():
    """ONEDNN_MAX_CPU_ISA holds for these kernels as for oneDNN's. The same sums in the same order:
    AVX2 and AVX-512 give the same bits."""
    count, narrow = direct_and_sums("AVX2")
    assert count == 0
    count, wide = direct_and_sums("ALL")
    assert count == 0 and wide == narrow
    count, _ = direct_and_sums("SSE41")
    assert count == 4


def test_a_forked_process_computes_the_same():
    answer = run(
        """
        import sys
        sys.path.insert(0, "tests"); sys.path.insert(0, "tests/ops")
        import os, numpy as np
        from conus_widgets import ops
        from test_winograd import fused, given
        ops.use_threads(3)
        arguments = given(2, 14, 14, 64, 64, 1)
        before = fused(1)(*arguments)
        for _ in range(3):
            child = os.fork()
            if not child:
                after = fused(1)(*arguments)
                os._exit(0 if all(map(np.array_equal, before, after)) else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert all(map(np.array_equal, before, fused(1)(*arguments)))
        print("same")
        """
    )
    assert answer.split()[-1] == "same"
