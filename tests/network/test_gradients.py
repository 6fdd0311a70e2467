"""Gradients of the folded network, on both engines.

photographs -> logits . weighting -> gradient by the input, by any layer

against Theano's gradient of the Lasagne network, and against what must hold of any gradient.
"""

import functools

import by_numpy
import numpy as np
import pytest
from engines import ENGINES, inputs, needs, network
from networks import random_arrays, random_checkpoint

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.machine.runtime import T, lasagne
from conus_widgets.network.interface import Cancelled
from conus_widgets.network.network import Network
from conus_widgets.network.resnet import build

WEIGHTING = np.array([1, 0, -0.5, 0, 0, 2, 0], "float32")


def relative(found, expected):
    assert found.shape == expected.shape
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


#: The forms whose gradients are compared with Lasagne's. Theano needs seconds to compile each, so
#: all tests here take the first one.
FORMS = [("1x1", "ceil", 65), ("3x3", "pad1", 70)]


@functools.cache
def made_once(engine, architecture):
    """Of `engine` while CONUS_ENGINE names it."""
    return Network(random_checkpoint(architecture, seed=1))


def compiled(engine, monkeypatch, architecture):
    needs(engine)
    monkeypatch.setenv("CONUS_ENGINE", engine)
    return made_once(engine, architecture)


@pytest.fixture(scope="module", params=FORMS, ids=str)
def lasagnes(request):
    """Architecture, inputs, and Lasagne's logits, layers and gradients by name."""
    architecture = network(*request.param)
    x, layers = inputs(architecture.size), build(architecture)
    lasagne.layers.set_all_param_values(layers["logits"], random_arrays(architecture, seed=1))
    names = ["input", *architecture.layers()]
    *values, logits = lasagne.layers.get_output(
        [layers[name] for name in [*names, "logits"]], deterministic=True
    )
    by = T.grad((logits * WEIGHTING).sum(), values)
    found = by_numpy.function([values[0]], [logits, *values, *by])(x)
    count = len(names)
    activations = dict(zip(names, found[1 : count + 1], strict=True))
    return architecture, x, found[0], activations, dict(zip(names, found[count + 1 :], strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_are_those_of_the_lasagne_network(lasagnes, engine, monkeypatch):
    architecture, x, logits, activations, by = lasagnes
    found = compiled(engine, monkeypatch, architecture)
    plain = found.gradients(x, WEIGHTING)
    assert np.abs(plain.logits - logits).max() < 1e-4 * np.ptp(logits)
    assert relative(plain.values, by["input"]) < 1e-3
    for name in found.layers:
        inside = found.gradients(x, WEIGHTING, layer=name)
        assert relative(inside.values, by[name]) < 1e-3, name
        assert relative(inside.activations, activations[name]) < 1e-5, name
        looked = found.activations(x, name)
        np.testing.assert_array_equal(looked.activations, inside.activations, err_msg=name)


@pytest.fixture(params=ENGINES)
def some(request, monkeypatch):
    return compiled(request.param, monkeypatch, network(*FORMS[0]))


def test_at_the_last_layer_the_gradient_is_the_head(some):
    """The head is linear on the mean of the cells."""
    weights, bias = some.head
    found = some.gradients(inputs(65), WEIGHTING, layer="res5c")
    cells = found.values[0, 0].size
    expected = (weights @ WEIGHTING / cells)[:, None, None]
    np.testing.assert_allclose(found.values, np.broadcast_to(expected, found.values.shape), 1e-5)
    means = found.activations.mean(axis=(2, 3))
    np.testing.assert_allclose(means @ weights + bias, found.logits, rtol=1e-4, atol=1e-4)


def test_a_gradient_is_linear_in_the_weighting(some):
    x = inputs(65)
    a, b = np.eye(7)[2], np.eye(7)[5]
    of = [some.gradients(x, w).values for w in (a, b, 2 * a - 3 * b)]
    assert relative(2 * of[0] - 3 * of[1], of[2]) < 1e-4


def test_each_photograph_may_have_a_weighting_of_its_own(some):
    x = inputs(65, count=3)
    weighting = np.eye(7, dtype="float32")[[6, 0, 3]]
    together = some.gradients(x, weighting).values
    for n in range(3):
        alone = some.gradients(x[n : n + 1], weighting[n]).values
        assert relative(together[n : n + 1], alone) < 1e-4


def test_a_gradient_tells_where_a_small_step_leads(some):
    """Along the gradient itself, so that the kinks of the ReLUs are small beside the step."""
    x = inputs(65, count=1)
    found = some.gradients(x, WEIGHTING)
    step = found.values / np.linalg.norm(found.values)
    size = 1e-2
    ends = some.forward(np.concatenate([x + size * step, x - size * step])).logits @ WEIGHTING
    slope = (float(ends[0]) - float(ends[1])) / (2 * size)
    assert slope == pytest.approx(np.linalg.norm(found.values), rel=0.05)


def test_guided_gradients_differ_and_stop_at_the_same_layer(some):
    x = inputs(65)
    guided = some.gradients(x, WEIGHTING, layer="res5c", guided=True).values
    np.testing.assert_array_equal(guided, some.gradients(x, WEIGHTING, layer="res5c").values)
    plain, guided = (some.gradients(x, WEIGHTING, guided=g).values for g in (False, True))
    assert relative(guided, plain) > 0.1


def test_guided_gradients_are_the_plain_ones_where_none_is_negative(monkeypatch):
    """All weights positive, so all gradients are, and guiding stops nothing."""
    needs("onednn")
    monkeypatch.setenv("CONUS_ENGINE", "onednn")
    architecture = network(*FORMS[0])
    arrays = [np.abs(array) for array in random_arrays(architecture, seed=1)]
    given = Network(random_checkpoint(architecture, arrays=arrays))
    x = np.abs(inputs(65))
    plain, guided = (given.gradients(x, np.ones(7), guided=g).values for g in (False, True))
    assert plain.min() >= 0 and plain.any()
    np.testing.assert_allclose(guided, plain, rtol=1e-6)


def test_ties_pay_the_gradient_once(some):
    """On a black photograph all maxima are tied, and both engines pay the first."""
    x = np.zeros((1, 3, 65, 65), "float32")
    by = some.gradients(x, WEIGHTING, layer="pool1").values.sum(axis=(0, 2, 3))
    seen = some.gradients(x, WEIGHTING, layer="conv1").values.sum(axis=(0, 2, 3))
    np.testing.assert_allclose(seen, by, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("shape", [(6,), (2, 6), (3, 7), (1, 1, 7)])
def test_a_weighting_of_another_shape_is_refused_with_numbers(some, shape):
    with pytest.raises(ValueError) as caught:
        some.gradients(inputs(65), np.zeros(shape))
    assert str(shape) in str(caught.value) and "(7,)" in str(caught.value)


def test_a_layer_that_does_not_exist_is_refused_with_the_nearest(some):
    for ask in (some.activations, lambda x, layer: some.gradients(x, WEIGHTING, layer=layer)):
        with pytest.raises(ValueError, match="'res5d'.*res5"):
            ask(inputs(65), "res5d")


def test_work_stops_between_two_batches(some, monkeypatch):
    monkeypatch.setattr(some, "gradient_batch", 1)
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) == 3

    done = []
    with pytest.raises(Cancelled):
        some.gradients(
            inputs(65, count=5),
            WEIGHTING,
            cancelled=cancelled,
            progress=lambda *counts: done.append(counts),
        )
    assert done == [(1, 5), (2, 5)]


def test_another_checkpoint_of_the_same_form_has_answers_of_its_own(monkeypatch):
    """Both come from the same compiled function, restored twice."""
    small = Architecture(7, width=0.0625, stem=4, size=65)
    needs("onednn")
    monkeypatch.setenv("CONUS_ENGINE", "onednn")
    first = Network(random_checkpoint(small, seed=1))
    before = first.gradients(inputs(65), WEIGHTING).values
    second = Network(random_checkpoint(small, seed=2))
    assert relative(second.gradients(inputs(65), WEIGHTING).values, before) > 0.1
    np.testing.assert_array_equal(first.gradients(inputs(65), WEIGHTING).values, before)
