"""Laws of batch norm's Op: equal to its formula written with Theano's own operations."""

import by_numpy
import numpy as np
import pytest

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.normalization import batch_norm

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)


def formula(x, beta, gamma, residual, relu, epsilon):
    mean = x.mean(axis=(0, 1, 2))
    inv_std = 1 / T.sqrt(((x - mean) ** 2).mean(axis=(0, 1, 2)) + epsilon)
    y = (x - mean) * inv_std * gamma + beta
    y = y if residual is None else y + residual
    return (T.switch(y > 0, y, 0) if relu else y), mean, inv_std


SHAPES = [(1, 2, 3, 1), (2, 5, 4, 3), (3, 1, 1, 7), (4, 9, 8, 33)]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("with_residual", [False, True])
def test_values_and_gradients_are_those_of_the_formula(relu, with_residual):
    x, residual, weights = T.ftensor4(), T.ftensor4(), T.ftensor4()
    beta, gamma = T.fvector(), T.fvector()
    inputs = [x, beta, gamma, residual, weights]
    results = []
    for build in (
        lambda r: batch_norm(x, beta, gamma, residual=r, relu=relu, epsilon=0.01),
        lambda r: formula(x, beta, gamma, r, relu, 0.01),
    ):
        y, mean, inv_std = build(residual if with_residual else None)
        by = [x, beta, gamma] + [residual] * with_residual
        gradients = T.grad((y * weights).sum(), by)
        results.append(
            by_numpy.function(inputs, [y, mean, inv_std, *gradients], on_unused_input="ignore")
        )
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        images = [rng.normal(3, 2, shape).astype("float32") for _ in range(3)]
        vectors = [rng.normal(size=shape[3]).astype("float32") for _ in range(2)]
        both = (f(images[0], *vectors, images[1], images[2]) for f in results)
        for ours, expected in zip(*both, strict=True):
            scale = max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(ours, expected, atol=3e-5 * scale, rtol=0)


def test_each_channel_comes_out_with_mean_beta_and_deviation_gamma():
    x, beta, gamma = T.ftensor4(), T.fvector(), T.fvector()
    f = theano.function([x, beta, gamma], batch_norm(x, beta, gamma, epsilon=0.0)[0])
    rng = np.random.default_rng(1)
    given = rng.normal(100, 7, (5, 20, 30, 4)).astype("float32")
    b, g = np.array([[0, 1, -2, 5], [1, 2, 0.5, 3]], "float32")
    y = f(given, b, g)
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), b, atol=1e-3)
    np.testing.assert_allclose(y.std(axis=(0, 1, 2)), g, rtol=1e-3)


def test_a_shape_that_does_not_fit_is_named():
    x, beta, gamma = T.ftensor4(), T.fvector(), T.fvector()
    f = theano.function([x, beta, gamma], batch_norm(x, beta, gamma)[0])
    images = np.zeros((1, 2, 2, 3), "float32")
    with pytest.raises(ValueError, match="gamma has shape 4 where 3 is needed"):
        f(images, np.zeros(3, "float32"), np.zeros(4, "float32"))
