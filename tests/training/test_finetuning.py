"""Fine-tuning of the last layer: honest figures, and a network that is used like any other."""

import json

import numpy as np
import pytest
from networks import random_checkpoint

from conus_widgets import Predictor, load_predictor
from conus_widgets.network.interface import Cancelled
from conus_widgets.training.finetuning import Examples, finetune

SEEDS = range(3)


@pytest.fixture(scope="module")
def start():
    return Predictor(random_checkpoint())


def examples(labels, groups):
    return Examples([f"{n}.jpg" for n in range(len(labels))], labels, groups)


def specimens(count, each=2):
    """Groups and features (2 * count, F): photographs of a specimen look nearly alike."""
    rng = np.random.default_rng(count)
    groups = np.repeat(np.arange(count), each)
    own = rng.normal(size=(count, 128))
    return groups.tolist(), own[groups] + 0.01 * rng.normal(size=(len(groups), 128))


def test_classes_that_the_features_tell_apart_are_learnt(start):
    groups, features = specimens(30)
    labels = ["abc"[group % 3] for group in groups]
    for place, label in enumerate("abc"):
        features[np.array(labels) == label, 30 * place : 30 * (place + 1)] += 3
    tuned = finetune(examples(labels, groups), start, features=features)
    figures = tuned.figures
    assert (figures.specimens_right, figures.specimens) == (30, 30)
    assert (figures.photographs_right, figures.photographs) == (60, 60)
    assert tuned.checkpoint.labels == ["a", "b", "c"] and not tuned.failed


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_without_reason_are_not_learnt_and_a_split_by_photograph_claims_that_they_are(
    start, seed
):
    """The law that the split is for: labels at random, photographs of a specimen alike."""
    groups, features = specimens(60)
    chance = np.random.default_rng(seed).permutation(60) % 2
    labels = ["ab"[chance[group]] for group in groups]
    figures = finetune(examples(labels, groups), start, features=features, seed=seed).figures
    assert 15 < figures.specimens_right < 45  # of 60, by chance 30
    assert figures.split_by_photograph_right > 110  # of 120


def test_what_must_not_count_does_not(start):
    groups, features = specimens(8)
    labels = ["ab"[group % 2] for group in groups]
    labels[0] = ""  # not labelled
    features[2] = np.nan  # not readable
    labels[4] = labels[5] = "c"  # one specimen
    figures = finetune(examples(labels, groups), start, features=features).figures
    assert figures.photographs == 16 - 2 - 2 and figures.alone == ("c",)


def test_the_new_network_is_used_like_any_other(start, tmp_path):
    """Four files in the published format; it answers what the layer says of the features."""
    images = np.random.default_rng(1).integers(0, 256, (6, 40, 50, 3)).astype(np.uint8)
    given = Examples(list(images), list("ababab"), list(range(6)))
    tuned = finetune(given, start, folds=3)
    file = tuned.write(tmp_path / "new")
    assert sorted(path.name for path in file.parent.iterdir()) == [
        "finetuned.json",
        "finetuned.npz",
        "info.txt",
        "synsets.txt",
    ]
    again = load_predictor(tmp_path / "new")
    features = start.features(list(images))
    weights, bias = tuned.checkpoint.arrays[-2:]
    assert np.allclose(again.logits(list(images)), features @ weights + bias, atol=1e-4)
    assert again.labels == ["a", "b"]
    record = json.loads((tmp_path / "new" / "finetuned.json").read_text())["last_layer"]
    assert record["features_of"] == start.name and record["split"]["by"] == "specimen"
    tuned.write(tmp_path / "new")  # its own earlier files may be replaced


def test_nothing_else_is_replaced(start, tmp_path):
    groups, features = specimens(8)
    labels = ["ab"[group % 2] for group in groups]
    tuned = finetune(examples(labels, groups), start, features=features)
    (tmp_path / "synsets.txt").write_text("mine\n")
    with pytest.raises(ValueError, match=r"synsets\.txt is there already"):
        tuned.write(tmp_path)
    (tmp_path / "other.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"holds other\.npz; a checkpoint needs its own folder"):
        tuned.write(tmp_path, force=True)
    assert (tmp_path / "synsets.txt").read_text() == "mine\n"


def test_a_bad_photograph_costs_itself(start):
    images = np.random.default_rng(1).integers(0, 256, (4, 40, 50, 3)).astype(np.uint8)
    tuned = finetune(Examples([*images, b"no picture"], list("ababa"), list(range(5))), start)
    assert len(tuned.failed) == 1 and tuned.figures.photographs == 4


def test_it_can_be_stopped(start):
    images = np.zeros((4, 40, 50, 3), np.uint8)
    with pytest.raises(Cancelled):
        finetune(
            Examples(list(images), list("abab"), list(range(4))), start, cancelled=lambda: True
        )


def test_a_demonstration_with_another_last_layer_is_still_called_one():
    predictor = load_predictor()
    groups, features = specimens(4)
    wide = np.zeros((8, predictor.checkpoint.architecture.features))
    wide[:, :128] = features
    tuned = finetune(examples(list("aabbaabb"), groups), predictor, features=wide)
    assert "demonstration" in tuned.checkpoint.notice and "4 specimens" in tuned.checkpoint.notice


@pytest.mark.parametrize(
    "labels, groups, words",
    [
        (["a", "b"], [1], "2 photographs, 2 labels and 1 groups"),
        (["a", "a"], [1, 2], "At least 2 labels .* there is only 'a'"),
        (["", ""], [1, 2], "At least 2 labels .* there is none"),
    ],
)
def test_examples_that_teach_nothing_are_refused(labels, groups, words):
    with pytest.raises(ValueError, match=words):
        examples(labels, groups)
