"""Digests of checkpoints: equal if, and only if, the answers are."""

import dataclasses

import numpy as np
from networks import SMALL, random_arrays, random_checkpoint

from conus_widgets.checkpoint import files as checkpoints
from conus_widgets.checkpoint.digest import model_digest, whole_digest


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


def test_texts_and_regions_are_part_of_the_whole():
    given = random_checkpoint(regions={"R": np.ones(5)})
    digests = {whole_digest(given), whole_digest(random_checkpoint(regions={"R": np.ones(5)}))}
    assert len(digests) == 1
    for change in (
        {"name": "other"},
        {"info": ["-"] * 5},
        {"notice": "!"},
        {"regions": {}},
        {"regions": {"R": np.arange(5.0)}},
        {"regions": {"S": np.ones(5)}},
        {"labels": given.labels[::-1]},
    ):
        digests.add(whole_digest(dataclasses.replace(given, **change)))
    assert len(digests) == 8
