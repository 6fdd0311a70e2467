"""The settings that answers depend on."""

import dataclasses

import numpy as np
import pytest
from networks import SMALL, random_arrays, random_checkpoint

from conus_widgets.checkpoint import files as checkpoints
from conus_widgets.collection.fingerprint import Fingerprint, fingerprint, model_digest


def test_the_same_model_has_the_same_digest_from_memory_and_from_disk(tmp_path):
    given = random_checkpoint()
    checkpoints.write(tmp_path, given)
    read = checkpoints.read(tmp_path)
    assert model_digest(read) == model_digest(given) == model_digest(read)


def test_how_it_is_stored_and_told_about_does_not_matter(tmp_path):
    arrays = [array.astype("float16").astype("float32") for array in random_arrays(SMALL)]
    given = random_checkpoint(arrays=arrays)
    checkpoints.write(tmp_path, given, dtype="float16")
    expected = model_digest(given)
    assert model_digest(checkpoints.read(tmp_path)) == expected
    for change in ({"name": "other"}, {"info": ["-"] * 5}, {"notice": "!"}, {"record": {"a": 1}}):
        assert model_digest(dataclasses.replace(given, **change)) == expected


def test_whatever_changes_answers_changes_the_digest():
    given = random_checkpoint()
    digests = {model_digest(given)}
    for number in (0, 7, len(given.arrays) - 1):
        arrays = [np.array(array) for array in given.arrays]
        flat = arrays[number].ravel()
        flat[-1] = np.nextafter(flat[-1], np.float32(9))  # the smallest change there is
        digests.add(model_digest(dataclasses.replace(given, arrays=arrays)))
    for change in (
        {"labels": given.labels[::-1]},
        {"mean_rgb": (110.0, 90.0, 71.0)},
        {"resample": "nearest"},
        {"architecture": dataclasses.replace(SMALL, pool="pad1")},
        {"architecture": dataclasses.replace(SMALL, stride_on="3x3")},
        {"architecture": dataclasses.replace(SMALL, size=96)},
    ):
        digests.add(model_digest(dataclasses.replace(given, **change)))
    assert len(digests) == 10


def test_a_record_comes_back_from_its_text():
    given = fingerprint(random_checkpoint(), precision="float32", views=10, seed=3)
    assert given.features == SMALL.features and given.labels[1] == "species 1"
    assert Fingerprint.from_json(given.to_json()) == given
    assert fingerprint(random_checkpoint(), precision="float32", seed=3).seed is None


def test_differences_are_told_in_words():
    given = fingerprint(random_checkpoint(), precision="float32")
    assert given.differences(given) == []
    other = dataclasses.replace(given, digest="f" * 64, views=10, seed=0)
    assert given.differences(other) == [
        f"the model is random ({given.digest[:8]}), not random of the same name (ffffffff)",
        "views is 1, not 10",
        "seed is None, not 0",
    ]


def test_a_record_of_a_newer_version_is_refused():
    text = fingerprint(random_checkpoint(), precision="float32").to_json()
    with pytest.raises(ValueError, match="format 2, and this version .* up to 1"):
        Fingerprint.from_json(text.replace('"format": 1', '"format": 2'))
