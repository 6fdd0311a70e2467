"""ResNet50s of PyTorch in safetensors, against the network in plain NumPy (numpy_resnet.py).

pixels -> (pixels / highest - mean) / std -> numpy_resnet.forward, stride in the 3x3
pixels -> Predictor of `pytorch.read`                                    both the same logits
"""

import json

import numpy as np
import numpy_resnet
import pytest
import pytorch_files
from safetensors.numpy import save_file

from conus_widgets import load_predictor
from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.loading import load

SIZE = 64
STATE = pytorch_files.state()
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
CAFFE = {
    "input_space": "BGR",
    "input_range": [0, 255],
    "mean": [104.0, 117.0, 123.0],
    "std": [1, 1, 1],
}


def written(folder, settings=None, dtype="float32", state=None):
    """Write network and JSON; return the file and its numbers."""
    file = folder / "resnet.safetensors"
    numbers = pytorch_files.write(file, STATE if state is None else state, dtype)
    about = {"input_size": [3, SIZE, SIZE], **(settings or {})}
    (folder / "config.json").write_text(json.dumps({"pretrained_cfg": about}))
    return file, numbers


def expected(numbers, pixels, *, input_space="RGB", input_range=(0, 1), mean, std):
    x = pixels.astype("float64") / 255 * input_range[1]
    x = x[..., ::-1] if input_space == "BGR" else x
    x = ((x - mean) / std).transpose(0, 3, 1, 2)
    return numpy_resnet.forward(x, pytorch_files.in_order(numbers), stride_on="3x3", pool="pad1")


@pytest.mark.parametrize(
    ("settings", "dtype"),
    [(IMAGENET, "float32"), (IMAGENET, "float16"), (IMAGENET, "bfloat16"), (CAFFE, "float32")],
)
def test_logits_are_those_of_the_network_in_pytorch(tmp_path, settings, dtype):
    """A bias instead of a factor in the first convolution would fail here: its border differs."""
    file, numbers = written(tmp_path, settings, dtype)
    pixels = np.random.default_rng(3).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)
    reference = expected(numbers, pixels, **settings)
    found = load_predictor(file).logits(list(pixels))
    assert np.abs(found - reference).max() < 1e-5 * np.ptp(reference)


def test_without_a_json_it_is_taken_for_torchvisions(tmp_path):
    file, _ = written(tmp_path)
    (tmp_path / "config.json").unlink()
    checkpoint = load(tmp_path)  # the folder will do
    assert checkpoint.mean_rgb == pytest.approx((123.675, 116.28, 103.53))
    assert checkpoint.architecture.size == 224 and checkpoint.resample == "bilinear"
    assert checkpoint.labels[:2] == ["class 0", "class 1"]
    start = checkpoint.record["start"]
    assert start["file"] == file.name and start["prepared_there"]["crop_pct"] == 0.875
    assert "224 x 224" in start["prepared_here"]


def test_keys_of_dataparallel_and_names_of_classes(tmp_path):
    state = {f"module.{key}": value for key, value in STATE.items()}
    names = ["crane", "crane", "a\nb", "", "crane (2)"]
    file, _ = written(tmp_path, {"label_names": names, "interpolation": "bicubic"}, state=state)
    checkpoint = load(file)
    assert checkpoint.labels == ["crane", "crane (2)", "a b", "class 3", "crane (2) (2)"]
    assert checkpoint.resample == "bicubic"


def changed(**arrays):
    state = {**STATE, **{key.replace("__", "."): value for key, value in arrays.items()}}
    return {key: value for key, value in state.items() if value is not None}


NAN = STATE["layer2.0.bn1.bias"].copy()
NAN[:2] = np.nan


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (changed(fc__weight=None), r"has no fc.weight, but \d+ others .*torchvision or timm"),
        (changed(layer4__2__bn3__bias=None), r"lacks 1 of 267 tensors \(layer4.2.bn3.bias\)"),
        (
            changed(layer3__6__conv1__weight=np.zeros((1, 1), "f4")),
            r"has 1 tensors that a ResNet50 has not \(layer3.6.conv1.weight\)",
        ),
        (
            changed(layer1__0__conv2__weight=np.zeros((8, 8, 3, 3), "f4")),
            r"layer1.0.conv2.weight has shape \(8, 8, 3, 3\), but \(4, 4, 3, 3\) is needed",
        ),
        (changed(conv1__weight=np.zeros(3, "f4")), r"conv1.weight has shape \(3,\), but 4 numbers"),
        (changed(layer2__0__bn1__bias=NAN), "layer2.0.bn1.bias: 2 of 8 numbers are NaN"),
        (
            changed(bn1__running_var=-np.ones(4, "f4")),
            "bn1.running_var has 4 of 4 variances below 0",
        ),
        (changed(fc__bias=np.zeros(5, "f8")), "fc.bias holds F64, but float32, float16, bfloat16"),
    ],
)
def test_another_network_is_refused_with_names_and_numbers(tmp_path, state, words):
    file = tmp_path / "resnet.safetensors"
    save_file(state, str(file))
    with pytest.raises(CheckpointError, match=words):
        load(file)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "it is empty"), (b"PK\x03\x04" + b"x" * 90, "it is a zip file"), (b"x" * 99, "header")],
)
def test_a_damaged_file_is_refused(tmp_path, content, words):
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"damaged or was not copied whole \(.*{words}"):
        load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "holds a list, not an object"),
        ("{", "is not JSON"),
        ('{"mean": [1, 2]}', r"mean is \[1, 2\], but 3 numbers of at least 0 are needed"),
        ('{"std": [1, 0, 1]}', r"std is \[1, 0, 1\], but 3 numbers of at least 1e-06"),
        ('{"input_space": "GBR"}', "input_space is 'GBR'; known are RGB, BGR"),
        ('{"input_range": [0, 2]}', r"input_range is \[0, 2\]; known are"),
        ('{"input_size": [3, 224, 200]}', "a square of 3 channels is needed"),
        ('{"input_size": [3, 16, 16]}', "size from 32 to 2048 are needed"),
    ],
)
def test_a_preparation_that_cannot_be_used_is_refused(tmp_path, text, words):
    file, _ = written(tmp_path)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match=words):
        load(file)
