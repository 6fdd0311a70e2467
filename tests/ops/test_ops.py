"""The convolution Op: values, gradients and errors, against Theano's own and NumPy."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from op_cases import close, first, floats, last

from conus_widgets import ops
from conus_widgets.machine.runtime import SetupError, T, theano
from conus_widgets.ops import onednn

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)


# ---- convolution -------------------------------------------------------------------------------


@functools.cache
def ours(stride, pad, relu, residual):
    """(x, w, b, r, dy) -> y, dx, dw, db[, dr], all channels last; one function for all shapes."""
    x, w, r, dy = T.ftensor4s("x", "w", "r", "dy")
    b = T.fvector("b")
    options = {"stride": stride, "pad": pad, "relu": relu}
    y = ops.convolution(x, w, b, residual=r if residual else None, **options)
    wrt = [x, w, b, r] if residual else [x, w, b]
    gradients = T.grad(None, wrt, known_grads={y: dy})
    return theano.function([x, w, b, r, dy], [y, *gradients], on_unused_input="ignore")


@functools.cache
def theanos(stride, pad):
    """(x, w, dy) -> y, dx, dw of Theano's convolution, channels first."""
    x, w, dy = T.ftensor4s("x", "w", "dy")
    y = T.nnet.conv2d(x, w, border_mode=pad, subsample=(stride, stride), filter_flip=False)
    return theano.function([x, w, dy], [y, *T.grad(None, [x, w], known_grads={y: dy})])


def expected(x, w, b, r, dy, stride, pad, relu):
    """What `ours` should return; bias, residual and ReLU by NumPy."""
    y = last(theanos(stride, pad)(first(x), w, first(dy))[0]) + b + (0 if r is None else r)
    if relu:
        dy = np.where(y > 0, dy, np.float32(0))
        y = np.maximum(y, 0)
    _, dx, dw = theanos(stride, pad)(first(x), w, first(dy))
    return [y, last(dx), dw, dy.sum((0, 1, 2), dtype="float64").astype("float32"), dy]


SHAPES = [  # kernel, stride, pad, batch, height, width, channels, filters
    (7, 2, 3, 1, 33, 30, 3, 64),
    (7, 2, 3, 2, 31, 31, 3, 16),
    (1, 1, 0, 1, 14, 14, 64, 32),
    (1, 1, 0, 5, 7, 9, 5, 3),
    (1, 2, 0, 3, 15, 14, 32, 64),
    (1, 2, 0, 1, 9, 9, 17, 9),
    (3, 1, 1, 2, 14, 13, 32, 32),
    (3, 1, 1, 1, 7, 7, 20, 33),
    (3, 1, 0, 4, 8, 6, 1, 1),
    (3, 2, 1, 3, 15, 16, 24, 40),
    (3, 2, 1, 1, 5, 5, 13, 7),
    (3, 2, 0, 1, 3, 3, 8, 8),
]


@pytest.mark.parametrize("relu", [False, True], ids=["linear", "relu"])
@pytest.mark.parametrize("residual", [False, True], ids=["alone", "residual"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_convolution_and_gradients_agree_with_theano(shape, residual, relu):
    kernel, stride, pad, batch, height, width, channels, filters = shape
    rows, columns = ((n + 2 * pad - kernel) // stride + 1 for n in (height, width))
    x = floats((batch, height, width, channels), 1)
    w = floats((filters, channels, kernel, kernel), 2) / kernel
    b, r = floats(filters, 3), floats((batch, rows, columns, filters), 4)
    dy = floats(r.shape, 5)
    results = ours(stride, pad, relu, residual)(x, w, b, r, dy)
    wanted = expected(x, w, b, r if residual else None, dy, stride, pad, relu)
    if relu:  # where rounding decides which side of 0 a result is on, the gradients may differ
        assert np.abs(wanted[0][wanted[0] > 0]).min() > 1e-6
    for result, want in zip(results, wanted, strict=False):
        close(result, want)


@pytest.mark.parametrize("kernel, stride, pad", [(1, 2, 0), (3, 1, 1), (7, 2, 3)])
def test_gradients_agree_with_finite_differences(kernel, stride, pad):
    x, w, b = floats((2, 9, 8, 3), 1), floats((5, 3, kernel, kernel), 2), floats(5, 3)
    rows, columns = ((n + 2 * pad - kernel) // stride + 1 for n in (9, 8))
    r, dy = floats((2, rows, columns, 5), 4), floats((2, rows, columns, 5), 5)
    f = ours(stride, pad, True, True)
    inputs = [x, w, b, r]
    for i in range(4):
        direction, step = floats(inputs[i].shape, 6 + i), np.float32(1e-3)
        there, back = (
            f(*inputs[:i], inputs[i] + move * direction, *inputs[i + 1 :], dy)[0]
            for move in (step, -step)
        )
        smooth = dy * ((there > 0) == (back > 0))  # without the results that went through the kink
        assert (smooth != 0).mean() > 0.9
        gradient = f(*inputs, smooth)[1 + i]
        slope = (smooth * (there.astype("float64") - back)).sum() / (2 * step)
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
        assert abs(slope - (gradient * direction).sum()) < 2e-4 * scale


def test_slope_of_relu_at_zero_is_zero():
    zeros = [np.zeros(s, "float32") for s in ((1, 4, 4, 8), (8, 8, 3, 3), 8, (1, 4, 4, 8))]
    zeros[0] += 1  # so that a gradient by the weights would show
    y, *gradients = ours(1, 1, True, True)(*zeros, floats((1, 4, 4, 8)))
    assert not y.any() and not any(gradient.any() for gradient in gradients)


def test_views_give_what_their_copies_give():
    x, w, dy = T.ftensor4s("x", "w", "dy")
    b = T.fvector("b")
    views = [x.dimshuffle(0, 2, 3, 1), w[:, :, ::-1, ::-1], b[::2], dy.dimshuffle(0, 2, 3, 1)]
    y = ops.convolution(*views[:3], residual=views[3], pad=1, relu=True)
    pooled = ops.mean_pool(ops.max_pool(y.dimshuffle(0, 2, 1, 3)))
    gradients = T.grad(None, [x, w, b], known_grads={y: views[3]})
    f = theano.function([x, w, b, dy], [y, pooled, *gradients])
    X, W, B = floats((2, 6, 9, 7), 1), floats((4, 6, 3, 3), 2), floats(8, 3)
    D = floats((2, 4, 9, 7), 4)
    y, pooled, dx, dw, db = f(X, W, B, D)
    flipped, d = np.ascontiguousarray(W[:, :, ::-1, ::-1]), last(D)
    want = ours(1, 1, True, True)(last(X), flipped, B[::2].copy(), d, d)
    close(y, want[0], 1e-6)
    close(dx, first(want[1]), 1e-6)
    close(dw, want[2][:, :, ::-1, ::-1], 1e-6)
    close(db[::2], want[3], 1e-6)
    pool = T.ftensor4()
    again = theano.function([pool], ops.mean_pool(ops.max_pool(pool)))
    close(pooled, again(y.transpose(0, 2, 1, 3).copy()), 1e-6)


def test_gradients_add_up_where_an_input_is_used_twice():
    # Overwriting a gradient in place must not reach its other reader.
    #     x -> convolution -> ReLU -> y -> convolution -> + -> ReLU -> sum
    #                                  `------------------'
    x, w = T.ftensor4s("x", "w")
    b = T.zeros((4,), "float32")
    y = ops.convolution(x, w, b, relu=True)
    z = ops.convolution(y, w, b, residual=y, relu=True)
    dy, dx = T.grad(z.sum(), [y, x])
    X, W = np.abs(floats((1, 3, 3, 4), 1)), np.abs(floats((4, 4, 1, 1), 2))
    dy, dx = theano.function([x, w], [dy, dx])(X, W)
    matrix = W[:, :, 0, 0]
    close(dy, np.ones_like(dy) @ (matrix + np.eye(4, dtype="float32")))
    close(dx, dy @ matrix)


# ---- errors ------------------------------------------------------------------------------------


def call(x=(1, 5, 5, 3), w=(4, 3, 3, 3), b=(4,), r=(1, 3, 3, 4), dy=(1, 3, 3, 4)):
    return ours(1, 0, False, True)(*(np.zeros(shape, "float32") for shape in (x, w, b, r, dy)))


@pytest.mark.parametrize(
    "shapes, numbers",
    [
        ({"x": (0, 5, 5, 3)}, ["input", "empty", "0x5x5x3"]),
        ({"w": (0, 3, 3, 3)}, ["weights", "empty", "0x3x3x3"]),
        ({"x": (1, 5, 5, 2)}, ["2 channels", "1x5x5x2", "4x3x3x3", "take 3"]),
        ({"x": (1, 2, 5, 3)}, ["1x2x5x3", "smaller", "3x3"]),
        ({"b": (5,)}, ["bias", "5", "4"]),
        ({"r": (1, 3, 2, 4)}, ["residual", "1x3x2x4", "1x3x3x4"]),
        ({"dy": (2, 3, 3, 4)}, ["gradient", "2x3x3x4", "1x3x3x4"]),
    ],
    ids=str,
)
def test_shape_errors_carry_the_numbers(shapes, numbers):
    call()  # the shapes left out fit
    with pytest.raises(ValueError) as caught:
        call(**shapes)
    assert all(number in str(caught.value).split("\n")[0] for number in numbers)
    call()  # and an error leaves the function usable


def test_a_stride_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="stride 0"):
        ops.convolution(T.ftensor4(), T.ftensor4(), T.fvector(), stride=0)


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="4 axes of float32, not 4 of float64"):
        ops.convolution(T.dtensor4(), T.ftensor4(), T.fvector())
    with pytest.raises(TypeError, match="bias .* 1 axes of float32, not 2 of float32"):
        ops.convolution(T.ftensor4(), T.ftensor4(), T.fmatrix())
    with pytest.raises(TypeError, match="not 3 of float32"):
        ops.max_pool(T.ftensor3())
    with pytest.raises(TypeError, match="not 4 of int64"):
        ops.mean_pool(T.ltensor4())


def test_second_derivatives_are_refused():
    x, w = T.ftensor4s("x", "w")
    y = ops.mean_pool(ops.max_pool(ops.convolution(x, w, T.zeros((4,), "float32"), relu=True)))
    slope = T.grad((y**2).sum(), x)
    with pytest.raises(NotImplementedError, match="second derivatives"):
        T.grad(slope.sum(), x)


def test_a_missing_engine_says_what_to_do(monkeypatch):
    monkeypatch.setattr(onednn.platform, "machine", lambda: "aarch64")
    missing = ops.available.__wrapped__()
    assert not missing and "aarch64" in missing.reason
    monkeypatch.setattr(onednn, "available", lambda: missing)
    with pytest.raises(SetupError, match="CONUS_ENGINE=theano"):
        ops.mean_pool(T.ftensor4())
