"""The pooling Ops: values, gradients and errors, against plain loops and Theano's own."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from op_cases import close, first, floats, last

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.pooling import MaxPoolGradient
from conus_widgets.ops.relu import ReluGradient

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)


def windows(x, size, stride, pad, partial):
    """Maxima of x, and for each the place of its first maximum, by plain loops."""

    def spans(length):
        starts = range(-pad, length + pad if partial else length + pad - size + 1, stride)
        spans = [(max(s, 0), min(s + size, length)) for s in starts if s < length]
        # the last partial window is the first that reaches the end of the padded row
        whole = [i for i, s in enumerate(starts) if s + size >= length + pad]
        return spans[: whole[0] + 1] if whole else spans

    rows, columns = spans(x.shape[1]), spans(x.shape[2])
    maxima = np.zeros((x.shape[0], len(rows), len(columns), x.shape[3]), "float32")
    places = np.zeros((*maxima.shape, 2), int)
    for n, i, j, c in np.ndindex(*maxima.shape):
        (top, bottom), (left, right) = rows[i], columns[j]
        cells = x[n, top:bottom, left:right, c]
        place = np.unravel_index(np.argmax(cells), cells.shape)
        maxima[n, i, j, c] = cells[place]
        places[n, i, j, c] = place[0] + top, place[1] + left
    return maxima, places


@functools.cache
def pooling(size, stride, pad, partial):
    x, dy = T.ftensor4s("x", "dy")
    y = ops.max_pool(x, size=size, stride=stride, pad=pad, partial=partial)
    values = theano.function([x], y)
    gradient = theano.function([x, dy], T.grad(None, x, known_grads={y: dy}))
    return values, gradient, theano.function([x], y.shape)


POOLS = [(3, 2, 0, True), (3, 2, 0, False), (3, 2, 1, False), (3, 2, 1, True), (2, 2, 0, False)]
POOLS += [(3, 1, 1, False), (2, 3, 1, True), (5, 3, 2, True)]


@pytest.mark.parametrize("pool", POOLS, ids=str)
@pytest.mark.parametrize("shape", [(1, 8, 8, 16), (2, 9, 6, 5), (3, 5, 7, 33)], ids=str)
@pytest.mark.parametrize("kind", ["floats", "ties", "zeros"])
def test_first_maximum_gets_the_gradient(kind, shape, pool):
    x = floats(shape)
    x = {"floats": x, "ties": x.round(), "zeros": 0 * x}[kind]
    values, gradient, shape_alone = pooling(*pool)
    maxima, places = windows(x, *pool)
    np.testing.assert_array_equal(values(x), maxima)
    np.testing.assert_array_equal(shape_alone(x), maxima.shape)
    dy = floats(maxima.shape, 1)
    want = np.zeros(x.shape, "float32")
    for n, i, j, c in np.ndindex(*maxima.shape):
        want[(n, *places[n, i, j, c], c)] += dy[n, i, j, c]
    close(gradient(x, dy), want, 1e-6)


@pytest.mark.parametrize("channels", [5, 16, 37])
def test_a_maximum_that_relu_did_not_let_pass_gets_no_gradient(channels):
    """The mask is looked at while the gradient is written."""
    x, dy = T.ftensor4s("x", "dy")
    by_x = MaxPoolGradient(size=3, stride=2, pad=0, partial=True)(x, dy)
    masked = theano.function([x, dy], ReluGradient()(x, by_x))
    (node,) = [n for n in masked.maker.fgraph.toposort() if isinstance(n.op, MaxPoolGradient)]
    assert node.op.masked and len(masked.maker.fgraph.apply_nodes) == 1
    X = np.maximum(floats((2, 9, 8, channels)) - 1, 0)
    D = floats((2, 4, 4, channels), 1)
    maxima, _ = windows(X, 3, 2, 0, True)
    assert (maxima == 0).any() and (maxima > 0).any()
    found = masked(X, D)
    np.testing.assert_array_equal(found, np.where(X > 0, pooling(3, 2, 0, True)[1](X, D), 0))
    assert found.any()


@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("height, width", [(8, 9), (5, 6), (13, 3)])
def test_pooling_agrees_with_theano_where_nothing_ties(height, width, partial):
    from theano.tensor.signal.pool import pool_2d

    x = T.ftensor4("x")
    y = pool_2d(x, (3, 3), stride=(2, 2), ignore_border=not partial)
    X = floats((2, 5, height, width))
    want, slope = theano.function([x], [y, T.grad((y**2).sum(), x)])(X)
    values, gradient, _ = pooling(3, 2, 0, partial)
    np.testing.assert_array_equal(first(values(last(X))), want)
    close(first(gradient(last(X), 2 * last(want))), slope, 1e-6)


#: Two forms of NaN: x86 makes the negative one.
NANS = np.array([0x7FC00000, 0xFFC00000], "uint32").view("float32")


@pytest.mark.parametrize("place", list(np.ndindex(3, 3)), ids=str)
@pytest.mark.parametrize("nan", NANS, ids=["positive", "negative"])
@pytest.mark.parametrize("channels", [3, 16, 21])
def test_nan_stays_visible_in_max_pooling(channels, nan, place):
    """Wherever it stands in its window, and whatever stands beside it."""
    x = floats((1, 7, 7, channels))
    x[0, 2:5, 2:5, 1] = np.inf
    x[0, 2 + place[0], 2 + place[1], 1] = nan
    seen = np.isnan(pooling(3, 2, 0, True)[0](x))
    assert seen[0, 1, 1, 1] and not np.delete(seen, 1, axis=3).any()
    words = pooling_of_words(3, 2, 0, True)((x.view("uint32") >> 16).astype("uint16"))
    np.testing.assert_array_equal(np.isnan(widened(words)), seen)


@functools.cache
def pooling_of_words(size, stride, pad, partial):
    x = T.TensorType("uint16", [False] * 4)()
    return theano.function([x], ops.max_pool(x, size=size, stride=stride, pad=pad, partial=partial))


def widened(words):
    return (words.astype("uint32") << 16).view("float32")


@pytest.mark.parametrize("pool", POOLS, ids=str)
@pytest.mark.parametrize("shape", [(1, 8, 8, 16), (2, 9, 6, 5), (3, 5, 7, 33)], ids=str)
def test_maxima_of_bfloat16_are_those_of_the_same_numbers(shape, pool):
    """Negative numbers, zeros of both signs and infinities included."""
    words = np.random.default_rng(0).integers(0, 2**16, shape).astype("uint16")
    words[np.isnan(widened(words))] = 0x8000
    words[..., 0] = np.where(words[..., 0] & 1, 0xFF80, 0x7F80)
    found = pooling_of_words(*pool)(words)
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(widened(found), pooling(*pool)[0](widened(words)))


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="4 axes of float32, not 4 of float64"):
        ops.max_pool(T.dtensor4())


@pytest.mark.parametrize("shape", [(1, 7, 7, 64), (3, 5, 2, 70), (2, 1, 1, 1)], ids=str)
def test_mean_pooling_is_the_mean(shape):
    x, dy = T.ftensor4("x"), T.fmatrix("dy")
    y = ops.mean_pool(x)
    f = theano.function([x, dy], [y, T.grad(None, x, known_grads={y: dy}), y.shape])
    X, D = floats(shape, 1), floats((shape[0], shape[3]), 2)
    mean, gradient, its_shape = f(X, D)
    close(mean, X.mean((1, 2), dtype="float64").astype("float32"), 1e-6)
    close(gradient, np.broadcast_to(D[:, None, None] / (shape[1] * shape[2]), shape), 1e-6)
    assert tuple(its_shape) == mean.shape


def test_pooling_errors_carry_the_numbers():
    with pytest.raises(ValueError, match="0x8x8x3"):
        pooling(3, 2, 0, True)[0](np.zeros((0, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="1x2x8x3.*3x3 window"):
        pooling(3, 2, 0, False)[0](np.zeros((1, 2, 8, 3), "float32"))
    with pytest.raises(ValueError, match="1x8x8x3.*1x3x3x3"):
        pooling(3, 2, 0, False)[1](*np.zeros((2, 1, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="pad 3"):
        ops.max_pool(T.ftensor4(), pad=3)
