"""Neighbours beside scikit-learn's; same view first, and never the same specimen."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from conus_widgets.collection.neighbours import cosines, neighbours


@pytest.fixture
def collection(tmp_path):
    """80 photographs of 40 specimens, 5 classes, two views; features in a file, float16."""
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, 5, 40), 2)
    features = rng.random((80, 24)) + np.eye(24)[labels]
    np.save(tmp_path / "features.npy", features.astype(np.float16))
    return {
        "features": np.load(tmp_path / "features.npy", mmap_mode="r"),
        "labels": labels,
        "specimens": [f"s{n // 2}" for n in range(80)],
        "views": ["ventral", "dorsal"] * 40,
    }


def test_the_similarities_are_those_of_scikit_learn(collection):
    """sklearn.metrics.pairwise.cosine_similarity"""
    features = collection["features"]
    expected = cosine_similarity(features.astype(np.float64))
    rows = np.array([3, 7, 40, 79])
    for one in (0, 3):
        found = cosines(np.asarray(features[one], np.float32), features, rows)
        assert found == pytest.approx(expected[one, rows], abs=1e-6)


@pytest.mark.parametrize("photograph", [0, 17, 52])
def test_the_nearest_of_each_class_in_question(collection, photograph):
    probabilities = np.random.default_rng(photograph).random(5)
    found = neighbours(photograph, probabilities=probabilities, **collection)
    labels, views = collection["labels"], collection["views"]
    expected = np.argsort(-probabilities)[:3].tolist()
    if labels[photograph] not in expected:
        expected.append(labels[photograph])
    assert list(found) == expected
    similar = cosine_similarity(collection["features"].astype(np.float64))[photograph]
    mine = collection["specimens"][photograph]
    for label, nearest in found.items():
        for same in (True, False):
            candidates = [
                n
                for n in range(80)
                if labels[n] == label
                and collection["specimens"][n] != mine
                and (views[n] == views[photograph]) == same
            ]
            some = [one.photograph for one in nearest if one.same_view == same]
            best = sorted(candidates, key=lambda n: -similar[n])
            assert some == best[: len(some)]
            if same:
                assert len(some) == min(5, len(candidates))
        assert [one.same_view for one in nearest] == sorted(
            (one.same_view for one in nearest), reverse=True
        )
    assert any(nearest for nearest in found.values())


def test_never_the_same_specimen_not_even_its_copy(collection):
    features = np.array(collection["features"])
    features[1] = features[0]  # the other photograph of the specimen is the same picture
    collection["features"] = features
    for photograph in range(80):
        found = neighbours(photograph, probabilities=np.ones(5), classes=5, count=80, **collection)
        near = [one.photograph for nearest in found.values() for one in nearest]
        assert len(near) == len(set(near)) == 78
        assert not {photograph, photograph ^ 1} & set(near)


def test_the_other_view_fills_up_what_the_same_view_lacks(collection):
    collection["views"] = ["ventral"] * 4 + ["dorsal"] * 76
    found = neighbours(0, probabilities=np.ones(5), classes=5, **collection)
    near = [one for nearest in found.values() for one in nearest]
    assert {one.photograph for one in near if one.same_view} == {2, 3}
    assert any(not one.same_view for one in near)


def test_unknown_views_are_not_the_same(collection):
    collection["views"] = [""] * 80
    found = neighbours(0, probabilities=np.ones(5), classes=5, **collection)
    assert not any(one.same_view for nearest in found.values() for one in nearest)
    assert sum(map(len, found.values())) == 25


def test_only_rows_of_the_classes_in_question_are_read(collection):
    class Watched:
        """Notes which rows are asked for."""

        def __init__(self, rows):
            self.rows, self.asked = rows, set()

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, place):
            self.asked |= set(np.atleast_1d(place).tolist())
            return self.rows[place]

    watched = Watched(collection["features"])
    labels = collection["labels"]
    probabilities = np.zeros(5)
    probabilities[labels[0]] = 1
    neighbours(0, probabilities=probabilities, classes=1, **collection | {"features": watched})
    assert watched.asked == {0} | set(np.flatnonzero(labels == labels[0]).tolist()) - {1}


def test_a_class_without_another_specimen_is_empty(collection):
    labels = collection["labels"].copy()
    labels[:2] = 4
    labels[2:][labels[2:] == 4] = 3
    probabilities = np.array([0.1, 0.1, 0.1, 0.1, 0.6])
    found = neighbours(0, probabilities=probabilities, **collection | {"labels": labels})
    assert found[4] == [] and found[0]


def test_without_a_label_only_the_probable_classes(collection):
    labels = np.where(np.arange(80) < 2, -1, collection["labels"])
    found = neighbours(0, probabilities=np.arange(5), **collection | {"labels": labels})
    assert list(found) == [4, 3, 2]


def test_features_without_length_are_similar_to_nothing():
    features = np.zeros((3, 4), np.float16)
    features[0, 0] = 1
    assert cosines(features[0].astype(np.float32), features, np.arange(3)).tolist() == [1, 0, 0]
    assert cosines(np.zeros(4, np.float32), features, np.arange(3)).tolist() == [0, 0, 0]


def test_what_does_not_fit_is_said(collection):
    with pytest.raises(ValueError, match="count is 0"):
        neighbours(0, probabilities=np.ones(5), count=0, **collection)
    with pytest.raises(ValueError, match="79 views"):
        neighbours(0, probabilities=np.ones(5), **collection | {"views": ["A"] * 79})
