"""Copies of a photograph that differ in small places: the same answers as whole runs."""

import numpy as np
import pytest
from networks import random_checkpoint
from test_independent import ENGINES, needs

from conus_widgets.architecture import Architecture
from conus_widgets.network import Network


@pytest.fixture(
    params=[
        (engine, *form)
        for engine in ENGINES
        for form in [("1x1", "ceil", 64), ("3x3", "pad1", 72), ("1x1", "ceil", 65)]
    ],
    ids=str,
)
def network(request, monkeypatch):
    engine, stride_on, pool, size = request.param
    needs(engine)
    monkeypatch.setenv("CONUS_ENGINE", engine)
    form = Architecture(5, width=0.0625, stem=4, stride_on=stride_on, pool=pool, size=size)
    return Network(random_checkpoint(form))


def places_of(size, rng):
    """Corners, edges, one pixel, nearly everything, and places by chance; one or two a copy."""
    end = size
    found = [
        [(slice(0, 8), slice(0, 8))],
        [(slice(end - 8, end), slice(end - 8, end))],
        [(slice(0, 3), slice(end - 9, end))],
        [(slice(20, 21), slice(33, 34))],
        [(slice(1, end - 1), slice(0, end))],
        [],
    ]
    for _ in range(6):
        each = []
        for _ in range(2):
            top, left = rng.integers(0, size - 13, 2)
            each.append((slice(top, top + rng.integers(1, 13)), slice(left, left + 12)))
        found.append(each)
    return found


def test_they_are_those_of_whole_runs(network):
    size = network.architecture.size
    rng = np.random.default_rng(0)
    whole = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
    places = places_of(size, rng)
    copies = np.repeat(whole, len(places), axis=0)
    for copy, each in zip(copies, places, strict=True):
        for place in each:
            copy[(slice(None), *place)] = rng.normal(0, 60)
    expected = network.activations(copies, network.layers[-1])
    for _ in range(2):  # the second time the photograph is known already
        found = network.variants(whole, copies, places)
        assert np.abs(found.logits - expected.logits).max() < 1e-5 * np.ptp(expected.logits)
        scale = np.abs(expected.activations).max()
        assert np.abs(found.activations - expected.activations).max() < 1e-5 * scale


def test_another_photograph_is_noticed(network):
    size = network.architecture.size
    rng = np.random.default_rng(1)
    for _ in range(2):
        whole = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
        found = network.variants(whole, whole, [[]])
        expected = network.forward(whole).logits
        assert np.abs(found.logits - expected).max() < 1e-5 * np.ptp(expected)
