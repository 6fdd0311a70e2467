"""Distances and AUROC beside scikit-learn's."""

import numpy as np
import pytest
from scipy.stats import percentileofscore
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import euclidean_distances

from conus_widgets.collection.outlying import outlying


def made_up(count=60, classes=4, seed=0, apart=2.0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.integers(0, classes, count // 2), 2)
    features = rng.random((count, 12)) + apart * np.eye(12)[labels]
    return features.astype(np.float16), labels, np.repeat(np.arange(count // 2), 2)


def by_hand(features, specimens, rows, references, neighbour):
    directions = features.astype(np.float64)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    apart = euclidean_distances(directions)
    found = []
    for row in rows:
        some = [apart[row, other] for other in references if specimens[other] != specimens[row]]
        found.append(sorted(some)[neighbour - 1])
    return np.array(found)


@pytest.mark.parametrize("neighbour", [1, 5])
def test_the_distance_goes_to_the_kth_of_other_specimens(neighbour):
    """sklearn.metrics.pairwise.euclidean_distances of scaled features."""
    features, labels, specimens = made_up()
    found = outlying(features, labels, specimens, neighbour=neighbour)
    expected = by_hand(features, specimens, range(60), range(60), neighbour)
    assert found.distance == pytest.approx(expected, abs=1e-4)
    shares = [percentileofscore(found.distance, d, kind="mean") for d in found.distance]
    assert found.percentile == pytest.approx(shares)


@pytest.mark.parametrize("seed", range(2))
def test_the_auroc_is_that_of_scikit_learn(seed):
    """sklearn.metrics.roc_auc_score, a class left out at a time."""
    features, labels, specimens = made_up(seed=seed, apart=0.5)
    found = outlying(features, labels, specimens, neighbour=3)
    for name in np.unique(labels):
        references = np.flatnonzero(labels != name)
        distance = by_hand(features, specimens, range(60), references, 3)
        assert found.auroc_of_class[name] == pytest.approx(
            roc_auc_score(labels == name, distance), abs=1e-3
        )
    assert found.auroc == pytest.approx(np.mean(list(found.auroc_of_class.values())))
    assert f"{found.auroc:.2f}" in found.sentence


def test_large_classes_are_left_out_exactly():
    """More photographs of a class than are sorted first."""
    features, labels, specimens = made_up(count=240, classes=2, apart=3.0)
    found = outlying(features, labels, specimens, neighbour=3)
    for name in (0, 1):
        distance = by_hand(features, specimens, range(240), np.flatnonzero(labels != name), 3)
        assert found.auroc_of_class[name] == pytest.approx(roc_auc_score(labels == name, distance))


def test_a_stranger_lies_farthest():
    features, labels, specimens = made_up()
    features[7] = 0
    features[7, -1] = 1
    found = outlying(features, labels, specimens)
    assert found.percentile.argmax() == 7 and found.percentile[7] > 99


def test_meaningless_features_have_an_auroc_of_chance():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 16)).astype(np.float32)
    labels = np.repeat(rng.integers(0, 4, 200), 2)
    found = outlying(features, labels, np.repeat(np.arange(200), 2))
    # A class left out has no near ones of its own either way.
    assert found.auroc == pytest.approx(0.5, abs=0.06)


def test_one_class_only_cannot_be_measured():
    features, labels, specimens = made_up()
    for none in (np.zeros(60, int), np.full(60, -1)):
        found = outlying(features, none, specimens)
        assert found.auroc is None and "could not be measured" in found.sentence


def test_too_few_photographs_are_said():
    features, labels, specimens = made_up()
    with pytest.raises(ValueError, match="only 4 of other specimens"):
        outlying(features[:6], labels[:6], specimens[:6])
    with pytest.raises(ValueError, match="59 labels"):
        outlying(features, labels[1:], specimens)
