"""A checkpoint with another last layer: the network computes what the layer computes."""

import numpy as np
import pytest
from networks import photographs, random_checkpoint

from conus_widgets.checkpoint.files import read, write
from conus_widgets.loading import load_predictor
from conus_widgets.predictor import Predictor
from conus_widgets.training.last_layer import LastLayer, fit
from conus_widgets.training.refitted import refitted

NAMES = ["left", "right", "centre"]


@pytest.fixture(scope="module")
def fitted():
    predictor = Predictor(random_checkpoint(regions={"here": np.ones(5)}, notice="demonstration"))
    images = photographs(12)
    features = predictor.features(images)
    return predictor, images, features, fit(features, np.arange(12) % 3, range(12), 3)


def test_the_network_computes_what_the_layer_computes(fitted, tmp_path):
    predictor, images, features, layer = fitted
    made = refitted(predictor.checkpoint, layer, NAMES, name="mine", about={"specimens": 12})
    write(tmp_path, made)
    again = load_predictor(tmp_path)
    assert again.labels == NAMES
    assert again.logits(images) == pytest.approx(layer.logits(features), abs=1e-3)
    assert again.features(images) == pytest.approx(features, rel=1e-4, abs=1e-4)


def test_the_notice_stays_and_what_no_longer_holds_goes(fitted, tmp_path):
    predictor, _, _, layer = fitted
    old = predictor.checkpoint
    old.record["figures"] = {"test_accuracy": 0.99}
    write(tmp_path, refitted(old, layer, NAMES, name="mine", about={"specimens": 12}))
    again = read(tmp_path)
    assert again.notice == "demonstration"
    assert again.mean_rgb == old.mean_rgb and again.resample == old.resample
    assert again.regions == {} and "figures" not in again.record
    assert again.record["last_layer"] == {"features_of": "random", "specimens": 12}
    assert old.labels == predictor.labels and len(old.regions) == 1


def test_what_does_not_fit_is_said(fitted):
    predictor, _, features, layer = fitted
    with pytest.raises(ValueError, match="3 classes, but 2 labels"):
        refitted(predictor.checkpoint, layer, NAMES[:2], name="mine")
    wide = LastLayer(np.zeros((7, 3), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ValueError, match=f"takes 7 features, but random has {features.shape[1]}"):
        refitted(predictor.checkpoint, wide, NAMES, name="mine")
    missing = fit(features, np.arange(12) % 2, range(12), 3)
    with pytest.raises(ValueError, match=r"1 of 3 classes had no examples \(centre\)"):
        refitted(predictor.checkpoint, missing, NAMES, name="mine")
