"""The settings that answers depend on."""

import dataclasses

import pytest
from networks import SMALL, random_checkpoint

from conus_widgets.collection.fingerprint import Fingerprint, fingerprint


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
