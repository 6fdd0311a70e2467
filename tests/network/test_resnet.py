"""The layers that Lasagne 0.1 lacks, and what training starts from.

The whole network's numbers are in test_independent.py.
"""

import by_numpy
import numpy as np
import pytest
from networks import SMALL

from conus_widgets.machine.runtime import T, lasagne, theano
from conus_widgets.network.resnet import EPSILON, BatchNormLayer, FirstPoolLayer, build, rectify


@pytest.fixture(scope="module")
def layers():
    return build(SMALL)


def named(layers, **tags):
    return {p.name for p in lasagne.layers.get_all_params(layers["logits"], **tags)}


def test_only_weights_decay(layers):
    """Not biases, not batch norm's beta and gamma."""
    weights = {name for name, shape in SMALL.parameters() if len(shape) > 1}
    assert named(layers, regularizable=True) == weights


def test_all_but_the_moving_statistics_is_trained(layers):
    everything = {name for name, _ in SMALL.parameters()}
    moving = {name for name in everything if name.endswith((".mean", ".inv_std"))}
    assert named(layers, trainable=True) == everything - moving


def test_a_new_block_passes_its_shortcut_on(layers):
    """gamma is 0 at the end of each residual branch, and 1 everywhere else."""
    for p in lasagne.layers.get_all_params(layers["logits"]):
        if p.name.endswith(".gamma"):
            assert set(p.get_value()) == {0.0 if "branch2c" in p.name else 1.0}, p.name


def test_new_weights_keep_the_size_of_the_numbers(layers):
    """He et al. 2015 (arXiv:1502.01852): standard deviation sqrt(2 / inputs)."""
    for p in lasagne.layers.get_all_params(layers["logits"]):
        weights = p.get_value()
        if weights.ndim == 4 and weights.size > 2000:
            expected = np.sqrt(2 / np.prod(weights.shape[1:]))
            assert weights.std() == pytest.approx(expected, rel=0.1), p.name


def test_relu_has_slope_0_at_0_and_below_and_1_above():
    x = T.fvector()
    f = theano.function([x], [rectify(x), theano.grad(rectify(x).sum(), x)])
    values, slopes = f(np.array([-2, -0.0, 0, 1e-30, 3], "float32"))
    np.testing.assert_array_equal(values, np.array([0, 0, 0, 1e-30, 3], "float32"))
    np.testing.assert_array_equal(slopes, [0, 0, 0, 1, 1])


@pytest.mark.parametrize("pool", ["ceil", "pad1"])
def test_the_first_pooling_gives_the_shape_that_it_announces(pool):
    incoming = lasagne.layers.InputLayer((None, 1, None, None))
    layer = FirstPoolLayer(incoming, pool)
    f = by_numpy.function([incoming.input_var], lasagne.layers.get_output(layer))
    for rows in range(3, 13):
        x = np.random.default_rng(rows).normal(size=(1, 1, rows, rows + 1)).astype("float32")
        y = f(x)
        assert y.shape == layer.get_output_shape_for(x.shape)
        assert y.max() == x.max()  # no cell is left out


@pytest.fixture(scope="module")
def batch_norm():
    """A layer; its outputs in training and in prediction; its updates while training."""
    incoming = lasagne.layers.InputLayer((None, 3, 4, 5))
    layer = BatchNormLayer(incoming, alpha=0.25)
    rng = np.random.default_rng(0)
    values = [rng.uniform(0.5, 2, 3).astype("float32") for _ in range(4)]
    lasagne.layers.set_all_param_values(layer, values)
    x = incoming.input_var
    predict = by_numpy.function([x], lasagne.layers.get_output(layer, deterministic=True))
    training = lasagne.layers.get_output(layer, deterministic=False)
    statistics = [layer.mean.default_update, layer.inv_std.default_update]
    train = by_numpy.function([x], [training, *statistics], no_default_updates=True)
    return values, predict, train


def test_batch_norm_predicts_with_its_four_vectors_in_the_published_order(batch_norm):
    (beta, gamma, mean, inv_std), predict, _ = batch_norm
    x = np.random.default_rng(1).normal(5, 3, (6, 3, 4, 5)).astype("float32")
    by_formula = (x - mean[:, None, None]) * (gamma * inv_std)[:, None, None] + beta[:, None, None]
    np.testing.assert_allclose(predict(x), by_formula, rtol=1e-5, atol=1e-4)
    # What one photograph gives does not depend on the others in the batch.
    np.testing.assert_array_equal(predict(x[2:3])[0], predict(x)[2])


def test_batch_norm_trains_with_the_batchs_own_statistics_and_moves_towards_them(batch_norm):
    (beta, gamma, mean, inv_std), _, train = batch_norm
    x = np.random.default_rng(2).normal(5, 3, (6, 3, 4, 5)).astype("float32")
    y, new_mean, new_inv_std = train(x)
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), beta, atol=1e-4)
    np.testing.assert_allclose(y.std(axis=(0, 2, 3)), gamma, rtol=1e-3)
    of_batch = 1 / np.sqrt(x.var(axis=(0, 2, 3)) + EPSILON)
    np.testing.assert_allclose(new_mean, 0.75 * mean + 0.25 * x.mean(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(new_inv_std, 0.75 * inv_std + 0.25 * of_batch, rtol=1e-5)
