"""Every second cell: values, gradients and errors."""

import functools

import numpy as np
import pytest
from op_cases import floats

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

SHAPES = [(1, 8, 8, 16), (3, 9, 6, 5), (2, 1, 1, 7), (9, 2, 5, 1), (0, 4, 4, 3)]


@functools.cache
def subsampling(step):
    x, dy = T.ftensor4s("x", "dy")
    y = ops.subsample(x, step)
    gradient = theano.function([x, dy], T.grad(None, x, known_grads={y: dy}))
    return theano.function([x], y), gradient, theano.function([x], y.shape)


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_keeps_the_first_of_each_row_and_column_and_pays_the_gradient_there(shape, step):
    values, gradient, shape_alone = subsampling(step)
    x = floats(shape)
    kept = x[:, ::step, ::step]
    np.testing.assert_array_equal(values(x), kept)
    assert tuple(shape_alone(x)) == kept.shape
    dy = floats(kept.shape, 1)
    expected = np.zeros_like(x)
    expected[:, ::step, ::step] = dy
    np.testing.assert_array_equal(gradient(x, dy), expected)


def test_a_view_in_another_order_is_read_right():
    x = floats((2, 3, 7, 9))
    values, *_ = subsampling(2)
    np.testing.assert_array_equal(
        values(x.transpose(0, 2, 3, 1)), x.transpose(0, 2, 3, 1)[:, ::2, ::2]
    )


def test_words_of_16_bits_are_taken_too():
    x = T.tensor4("x", dtype="uint16")
    numbers = np.arange(2 * 5 * 4 * 3, dtype="uint16").reshape(2, 5, 4, 3)
    np.testing.assert_array_equal(
        theano.function([x], ops.subsample(x, 2))(numbers), numbers[:, ::2, ::2]
    )


def test_wrong_input_is_refused_with_numbers():
    with pytest.raises(ValueError, match="step 0"):
        ops.subsample(T.ftensor4(), 0)
    with pytest.raises(TypeError, match="3 of float64"):
        ops.subsample(T.dtensor3(), 2)
    with pytest.raises(ValueError, match="1x3x4x2 where 1x3x3x2"):
        subsampling(2)[1](floats((1, 5, 6, 2)), floats((1, 3, 4, 2)))
