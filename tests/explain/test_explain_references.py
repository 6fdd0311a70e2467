"""Maps of captum 0.9.0 and pytorch-grad-cam 1.5.7, of the same network: see references/make.py."""

from pathlib import Path

import numpy as np
import pytest
from engines import ENGINES, needs
from explain_cases import small

from conus_widgets import explain

TARGETS = {"class": {1: 1}, "pair": {1: 1, 3: -1}}
TOLERANCE = 1e-3  # relative, of the whole map


@pytest.fixture(scope="module")
def references():
    with np.load(Path(__file__).parents[1] / "references" / "references.npz") as file:
        return dict(file)


@pytest.fixture(params=ENGINES)
def predictor(request):
    needs(request.param)
    return small(request.param)


def assert_same(found, expected):
    assert found.shape == expected.shape
    assert np.linalg.norm(found - expected) <= TOLERANCE * np.linalg.norm(expected)


def test_the_networks_are_the_same(predictor, references):
    found = predictor.logits([references["picture"]])[0]
    np.testing.assert_allclose(found, references["logits"], rtol=1e-4)


@pytest.mark.parametrize("word", TARGETS)
@pytest.mark.parametrize("name", ["gradient", "gradient_times_input", "guided_backprop"])
def test_gradients(predictor, references, name, word):
    found = getattr(explain, name)(predictor, references["picture"], TARGETS[word])
    assert_same(found.values, references[f"{name}_{word}"])


@pytest.mark.parametrize("word", TARGETS)
@pytest.mark.parametrize("baseline", ["black", "mean"])
def test_integrated_gradients(predictor, references, baseline, word):
    found = explain.integrated_gradients(
        predictor, references["picture"], TARGETS[word], baseline=baseline, steps=32, most=32
    )
    assert_same(found.values, references[f"integrated_gradients_{baseline}_{word}"])


@pytest.mark.parametrize("word", TARGETS)
@pytest.mark.parametrize("kind", ["hires", "layer", "grad", "grad++"])
@pytest.mark.parametrize("layer", ["res2c", "res4f", "res5c"])
def test_layers(predictor, references, layer, kind, word):
    factor = 1000 if kind == "grad++" else 1  # the scale at which its reference was made
    target = {number: factor * weight for number, weight in TARGETS[word].items()}
    found = explain.layer_cam(predictor, references["picture"], target, layer=layer, kind=kind)
    assert_same(found.values, references[f"{kind}_{layer}_{word}"])


@pytest.mark.parametrize("word", TARGETS)
@pytest.mark.parametrize("window", [16, 32])
def test_occlusion(predictor, references, window, word):
    found = explain.occlusion(
        predictor, references["picture"], TARGETS[word], window=window, stride=8, fill="black"
    )
    assert_same(found.values, references[f"occlusion_{window}_8_{word}"])
