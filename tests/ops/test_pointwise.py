"""Convolutions of one pixel and their gradients: against float64, with sums and masks."""

import functools

import numpy as np
import pytest
from op_cases import floats, processor_has, run

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

NEAR = 3e-6  # of a layer's range

#: batch, rows, columns, channels, filters. Own kernels take filters in multiples of 32, and forward
#: only few cells; the others go the direct way, with the same laws.
SHAPES = [
    (1, 1, 1, 64, 64),
    (1, 1, 1, 33, 64),
    (2, 1, 3, 256, 32),
    (1, 7, 7, 512, 96),
    (3, 5, 3, 31, 160),
    (9, 2, 2, 64, 256),
    (4, 14, 14, 64, 64),
    (5, 3, 7, 128, 17),
    (6, 13, 9, 32, 32),
    (7, 1, 1, 96, 2048),
    (8, 4, 4, 1024, 64),
]


@functools.cache
def fused():
    """x, weights, bias, residual, gradient by the output -> output, gradient by x."""
    x, w, r, dy = T.ftensor4s("x", "w", "r", "dy")
    b = T.fvector("b")
    y = ops.convolution(x, w, b, residual=r, relu=True)
    return theano.function([x, w, b, r, dy], [y, T.grad(None, x, known_grads={y: dy})])


@functools.cache
def block(partial):
    """x, w, v -> y = relu(x @ w), z = y @ v + y, gradients by y and x, of which only some may be
    asked for if `partial`."""
    x, w, v, dz = T.ftensor4s("x", "w", "v", "dz")
    y = ops.convolution(x, w, T.zeros((w.shape[0],), "float32"), relu=True)
    z = ops.convolution(y, v, T.zeros((v.shape[0],), "float32"), residual=y)
    gradients = T.grad(None, [y, x], known_grads={z: dz})
    mode = None
    if partial:
        linker = theano.link.vm.VMLinker(use_cloop=True, lazy=True, allow_partial_eval=True)
        mode = theano.compile.mode.Mode(linker, "fast_run").including(ops.PARTIAL)
    return theano.function(
        [x, w, v, dz], [y, z, *(gradients if partial else gradients[1:])], mode=mode
    )


def matrix(weights):
    return weights[:, :, 0, 0].T.astype("float64")


def near(found, expected, scale=None):
    assert found.shape == expected.shape and np.isfinite(found).all()
    scale = np.ptp(expected) if scale is None else scale
    assert np.abs(found - expected).max() <= NEAR * max(scale, np.abs(expected).max(), 1e-30)


def given(batch, rows, columns, channels, filters):
    cells = (batch, rows, columns)
    weights = floats((filters, channels, 1, 1), 2) * np.sqrt(2 / channels, dtype="float32")
    out = (*cells, filters)
    return (
        floats((*cells, channels), 1),
        weights,
        floats(filters, 3),
        floats(out, 4),
        floats(out, 5),
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_output_and_gradient_are_those_of_float64(shape):
    x, w, b, r, dy = given(*shape)
    y, dx = fused()(x, w, b, r, dy)
    plain = x @ matrix(w) + b + r
    near(y, np.maximum(plain, 0), np.ptp(plain))
    near(dx, np.where(y > 0, dy, 0) @ matrix(w).T)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("shape", [s for s in SHAPES if s[4] % 32 == 0], ids=str)
def test_gradients_are_added_and_masked(shape, partial):
    x, w, *_, dz = given(*shape)
    filters = shape[-1]
    v = floats((filters, filters, 1, 1), 6) * np.sqrt(1 / filters, dtype="float32")
    y, _, *gradients = block(partial)(x, w, v, dz)
    by_y = dz @ matrix(v).T + dz.astype("float64")
    if partial:
        near(gradients[0], by_y)
    near(gradients[-1], np.where(y > 0, by_y, 0) @ matrix(w).T)


@pytest.mark.parametrize("partial", [False, True])
def test_sum_and_mask_are_part_of_the_gradient(partial):
    nodes = block(partial).maker.fgraph.toposort()
    assert "ReluGradient" not in [type(node.op).__name__ for node in nodes]
    gradients = [node.op for node in nodes if type(node.op).__name__ == "ConvolutionInputGradient"]
    assert len(gradients) == (3 if partial else 2)  # one more to be shown, without the mask
    assert sum(op.masked and op.sum for op in gradients) == 1


def test_a_part_is_computed_without_what_is_only_shown():
    shape = (2, 3, 3, 64, 64)
    x, w, *_, dz = given(*shape)
    v = floats((64, 64, 1, 1), 6)
    both = block(True)(x, w, v, dz)
    np.testing.assert_array_equal(block(True)(x, w, v, dz, output_subset=[3])[0], both[3])
    np.testing.assert_array_equal(block(True)(x, w, v, dz, output_subset=[2])[0], both[2])


def test_zeros_and_what_is_no_number():
    x, w, b, r, dy = given(2, 3, 3, 64, 256)
    y, dx = fused()(0 * x, w, 0 * b, 0 * r, dy)
    assert not y.any() and not dx.any()  # ReLU's slope at 0 is 0
    x[1, 2, 0, 5] = np.nan
    y, _ = fused()(x, w, b, r, dy)
    assert np.isnan(y[1, 2, 0]).all() and np.isfinite(np.delete(y.reshape(18, -1), 15, 0)).all()


def test_another_gradient_of_a_wrong_shape_is_an_error():
    from conus_widgets.ops.convolution import ConvolutionInputGradient

    x, w, dy, other = T.ftensor4s("x", "w", "dy", "other")
    op = ConvolutionInputGradient(stride=1, pad=0, sum=True)
    f = theano.function([x, w, dy, other], op(x, w, dy, other))
    x, w, _, _, dy = given(1, 2, 2, 32, 32)
    with pytest.raises(ValueError, match="other gradient.* 1x2x1x32 where 1x2x2x32"):
        f(x, w, dy, x[:, :, :1])


def test_numbers_do_not_depend_on_the_threads():
    from conus_widgets.ops import onednn

    before = onednn.thread_count
    try:
        for shape in [s for s in SHAPES if s[3] % 32 == s[4] % 32 == 0]:
            found = []
            for count in (1, 2, 3, 7):
                ops.use_threads(count)
                found.append(fused()(*given(*shape))[1])
            for dx in found[1:]:
                np.testing.assert_array_equal(dx, found[0])
    finally:
        ops.use_threads(before)


SUMS = """
    import sys
    sys.path.insert(0, "tests"); sys.path.insert(0, "tests/ops")
    import hashlib
    from test_pointwise import fused, given
    y, dx = fused()(*given(1, 7, 7, 128, 64))
    print(hashlib.sha256(y.tobytes() + dx.tobytes()).hexdigest())
"""


@pytest.mark.skipif(not processor_has("avx2"), reason="a processor without AVX2")
def test_avx2_gives_the_same_bits():
    assert run(SUMS, ONEDNN_MAX_CPU_ISA="AVX2") == run(SUMS, ONEDNN_MAX_CPU_ISA="ALL")
