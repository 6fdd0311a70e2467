"""The network's numbers against a second implementation, in plain NumPy (numpy_resnet.py).

photographs -> resnet.forward         (Lasagne, the reference)
            -> inference, "theano"    (batch norm folded)      all equal numpy_resnet.forward
            -> inference, "onednn"    (batch norm folded)
"""

import by_numpy
import numpy as np
import numpy_resnet
import pytest
from engines import ENGINES, inputs, needs, network
from networks import random_arrays

from conus_widgets.machine.runtime import lasagne
from conus_widgets.network import resnet
from conus_widgets.network.grids import grids
from conus_widgets.network.inference import fold, look_forward
from conus_widgets.network.resnet import build, forward

#: The size of the networks with each pooling: the tests here and those of the gradients share what
#: was compiled for them.
SIZE = {"ceil": 65, "pad1": 70}
#: Odd and even sizes leave the first pooling with and without a partial window.
SIZES = [64, 65, 70, 71]


def disagreement(found, expected):
    """Largest difference of the logits, in units of their range."""
    assert found.shape == expected.shape
    return np.abs(found - expected).max() / np.ptp(expected)


def independent(architecture, arrays, x, **wrong):
    settings = {"stride_on": architecture.stride_on, "pool": architecture.pool, **wrong}
    return numpy_resnet.forward(x.astype("float64"), arrays, **settings)


@pytest.fixture(scope="module", params=[("1x1", "ceil", 65), ("3x3", "pad1", 70)], ids=str)
def lasagnes(request):
    """Architecture, arrays, inputs, layers, and what Lasagne computes in each of them."""
    architecture = network(*request.param)
    arrays, x = random_arrays(architecture, seed=1), inputs(architecture.size)
    layers = build(architecture)
    lasagne.layers.set_all_param_values(layers["logits"], arrays)
    names = [name for name in layers if name != "input"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "function", by_numpy.function)
        compute = forward(layers, *names)
    return architecture, arrays, x, layers, dict(zip(names, compute(x), strict=True))


def test_lasagne_computes_what_numpy_computes(lasagnes):
    architecture, arrays, x, _, outputs = lasagnes
    assert disagreement(outputs["logits"], independent(architecture, arrays, x)) < 1e-5


def test_the_shapes_that_lasagne_expects_are_those_that_come(lasagnes):
    *_, layers, outputs = lasagnes
    for name, output in outputs.items():
        assert output.shape[1:] == layers[name].output_shape[1:], name


@pytest.mark.parametrize("engine", ENGINES)
def test_each_layer_of_the_folded_network_is_that_of_lasagne(lasagnes, engine):
    """Not the logits alone: explanations look inside."""
    needs(engine)
    architecture, arrays, x, _, expected = lasagnes
    look = look_forward(architecture, fold(architecture, arrays), engine)
    outputs = look(x, outputs=list(expected))
    for name, output in zip(expected, outputs, strict=True):
        assert disagreement(output, expected[name]) < 1e-5, name


@pytest.mark.parametrize(
    ("engine", "stride_on", "pool"),
    [
        ("theano", "1x1", "ceil"),
        ("theano", "3x3", "pad1"),
        ("onednn", "1x1", "ceil"),
        ("onednn", "1x1", "pad1"),
        ("onednn", "3x3", "ceil"),
        ("onednn", "3x3", "pad1"),
    ],
)
def test_the_folded_network_computes_what_numpy_computes(engine, stride_on, pool):
    needs(engine)
    architecture = network(stride_on, pool, SIZE[pool])
    arrays = random_arrays(architecture, seed=2)
    look = look_forward(architecture, fold(architecture, arrays), engine)
    for size in SIZES:
        expected = independent(architecture, arrays, inputs(size))
        assert disagreement(look(inputs(size), outputs=["logits"])[0], expected) < 1e-5, size


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [64, 65, 70, 71])
def test_the_cells_that_are_read_are_those_of_the_full_layer(engine, size):
    """A layer that someone looks at is given in full; the network itself computes a quarter."""
    needs(engine)
    architecture = network("1x1", "ceil", SIZE["ceil"])
    look = look_forward(architecture, fold(architecture, random_arrays(architecture)), engine)
    for name, grid in grids(architecture).items():
        full, read = look(inputs(size), outputs=[name, f"read {name}"])
        step = 2 if grid.gaps else 1
        assert disagreement(read, full[:, :, ::step, ::step]) < 1e-6, name


def turned(x, filters, stride=1, pad=0):
    return numpy_resnet.convolve(x, filters[:, :, ::-1, ::-1], stride, pad)


def other_order(x, *four):
    beta, gamma, mean, inv_std = four
    return numpy_resnet.normalize(x, gamma, beta, inv_std, mean)


def variance_instead(x, beta, gamma, mean, inv_std):
    return numpy_resnet.normalize(x, beta, gamma, mean, inv_std**2)


def residual_branch_first(arrays):
    """The order in which res2a's last convolution stands where its projection belongs."""
    arrays = list(arrays)
    projection, last = slice(6, 11), slice(21, 26)
    assert [a.shape for a in arrays[projection]] == [a.shape for a in arrays[last]]
    arrays[projection], arrays[last] = arrays[last], arrays[projection]
    return arrays


WRONG = {
    "filters turned": {"convolve": turned},
    "gamma before beta, inv_std before mean": {"normalize": other_order},
    "variance instead of inv_std": {"normalize": variance_instead},
    "stride on the other convolution": {"stride_on": "3x3"},
    "the other pooling": {"pool": "pad1"},
}


@pytest.mark.parametrize("name", [*WRONG, "residual branch first", "red and blue exchanged"])
def test_a_wrong_network_is_told_apart(name):
    """What the other tests claim would be worth nothing if a wrong network passed them too."""
    architecture = network("1x1", "ceil")
    arrays, x = random_arrays(architecture, seed=2), inputs(65)
    expected = independent(architecture, arrays, x)
    given = residual_branch_first(arrays) if name == "residual branch first" else arrays
    seen = x[:, ::-1] if name == "red and blue exchanged" else x
    wrong = independent(architecture, given, seen, **WRONG.get(name, {}))
    assert disagreement(wrong, expected) > 1e-2
