"""The fitted layer beside scikit-learn's; folds that never split a specimen."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from conus_widgets.training import last_layer


def clouds(classes=4, specimens=10, each=2, spread=1.0, seed=0, dimensions=6):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 2, (classes, dimensions))
    labels = np.repeat(np.arange(classes), specimens * each)
    features = centres[labels] + rng.normal(0, spread, (len(labels), dimensions))
    return features.astype(np.float32), labels, np.repeat(np.arange(classes * specimens), each)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_probabilities_are_those_of_scikit_learn(classes):
    """sklearn.linear_model.LogisticRegression on scaled features."""
    features, labels, groups = clouds(classes)
    layer = last_layer.fit(features, labels, groups, classes, strength=0.5)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    # Two photographs of a specimen weigh as much as one.
    other = LogisticRegression(C=0.5, max_iter=5000, tol=1e-8)
    other.fit(scaled, labels, sample_weight=np.full(len(labels), 0.5))
    expected = other.predict_proba(scaled)
    assert layer.probabilities(features) == pytest.approx(expected, abs=5e-3)
    logits = features @ layer.weights + layer.bias
    assert layer.logits(features) == pytest.approx(logits)


def test_more_photographs_of_a_specimen_are_not_more_specimens():
    features, labels, groups = clouds(each=1, spread=2.0)
    again = np.concatenate([np.arange(len(labels)), np.zeros(30, int)])  # one photographed 31 times
    one = last_layer.fit(features, labels, groups, 4)
    other = last_layer.fit(features[again], labels[again], groups[again], 4)
    assert other.probabilities(features) == pytest.approx(one.probabilities(features), abs=5e-3)
    naive = last_layer.fit(features[again], labels[again], np.arange(len(again)), 4)
    assert np.abs(naive.probabilities(features) - one.probabilities(features)).max() > 0.1


def test_balance_makes_rare_classes_count():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [190, 10])
    features = (labels * 1.0 + rng.normal(0, 1, 200))[:, None].astype(np.float32)
    middle = np.array([[0.5]])  # as likely for either class, were they equally common
    balanced = last_layer.fit(features, labels, range(200), 2, strength=100).probabilities(middle)
    biased = last_layer.fit(
        features, labels, range(200), 2, strength=100, balance=False
    ).probabilities(middle)
    assert balanced[0, 1] == pytest.approx(0.5, abs=0.15)
    assert biased[0, 1] < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_no_specimen_stands_on_both_sides_of_a_fold(seed):
    features, labels, groups = clouds(seed=seed, each=3)
    found = last_layer.out_of_fold(features, labels, groups, 4, folds=4, seed=seed)
    assert set(found.fold.tolist()) == set(range(4))
    for group in np.unique(groups):
        assert len(set(found.fold[groups == group])) == 1
    for place in range(4):
        inside = found.fold != place
        layer = last_layer.fit(features[inside], labels[inside], groups[inside], 4)
        assert layer.probabilities(features[~inside]) == pytest.approx(found.probabilities[~inside])
    assert found.judged.all()


def test_labels_without_meaning_are_not_learnt_out_of_fold():
    """Features and labels drawn apart: only a layer that was shown the answers gives them."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(120, 200)).astype(np.float32)
    groups = np.repeat(np.arange(60), 2)
    features = features[groups * 2] + 0.01 * features  # both photographs of a specimen are alike
    labels = rng.integers(0, 2, 60)[groups]
    apart = last_layer.out_of_fold(features, labels, groups, 2).probabilities
    split = last_layer.out_of_fold(features, labels, np.arange(120), 2).probabilities
    seen = last_layer.fit(features, labels, groups, 2).probabilities(features)
    right = [(rows.argmax(axis=1) == labels).mean() for rows in (apart, split, seen)]
    assert right[0] < 0.65 and right[1] > 0.9 and right[2] > 0.95


def test_classes_without_examples_have_no_probability():
    features, labels, groups = clouds(3)
    layer = last_layer.fit(features, np.where(labels == 2, 4, labels), groups, 6)
    rows = layer.probabilities(features)
    assert layer.learnt.tolist() == [True, True, False, False, True, False]
    assert (rows[:, ~layer.learnt] == 0).all() and rows.sum(axis=1) == pytest.approx(1)


def test_one_class_only():
    features, labels, groups = clouds(1)
    rows = last_layer.fit(features, labels + 1, groups, 3).probabilities(features)
    assert (rows == [0, 1, 0]).all()
    assert last_layer.out_of_fold(features, labels, groups, 1).judged.all()


def test_rows_without_label_are_answered_not_learnt():
    features, labels, groups = clouds()
    some = np.where(groups % 5 == 0, -1, labels)
    one = last_layer.fit(features, some, groups, 4)
    other = last_layer.fit(features[some >= 0], labels[some >= 0], groups[some >= 0], 4)
    assert one.weights == pytest.approx(other.weights)
    found = last_layer.out_of_fold(features, some, groups, 4)
    assert found.probabilities.sum(axis=1) == pytest.approx(1)
    assert (found.judged == (some >= 0)).all()


def test_half_precision_features_serve(tmp_path):
    features, labels, groups = clouds()
    np.save(tmp_path / "features.npy", features.astype(np.float16))
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    one = last_layer.fit(mapped, labels, groups, 4).probabilities(mapped)
    assert one == pytest.approx(
        last_layer.fit(features, labels, groups, 4).probabilities(features), abs=0.01
    )


def test_a_dead_feature_does_no_harm():
    features, labels, groups = clouds()
    dead = np.concatenate([features, np.full((len(features), 1), 3, np.float32)], axis=1)
    one = last_layer.fit(dead, labels, groups, 4)
    assert np.isfinite(one.weights).all()
    assert one.probabilities(dead) == pytest.approx(
        last_layer.fit(features, labels, groups, 4).probabilities(features), abs=1e-3
    )


def test_progress_is_told_after_each_fold():
    features, labels, groups = clouds()
    told = []
    last_layer.out_of_fold(features, labels, groups, 4, folds=3, progress=lambda *a: told.append(a))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_does_not_fit_is_said_with_numbers():
    features, labels, groups = clouds()
    with pytest.raises(ValueError, match="80 labels and 79 groups"):
        last_layer.fit(features, labels, groups[1:], 4)
    with pytest.raises(ValueError, match="0 to 3, but the layer has 3"):
        last_layer.fit(features, labels, groups, 3)
    with pytest.raises(ValueError, match="No row has a label"):
        last_layer.fit(features, np.full(80, -1), groups, 4)
    with pytest.raises(ValueError, match="5 folds of 1 specimens"):
        last_layer.out_of_fold(features, labels, np.zeros(80, int), 4)


@pytest.mark.parametrize("specimens, each", [(1, 1), (2, 1), (3, 1), (1, 2)])
def test_few_specimens_are_split_all_the_same(specimens, each):
    """Fewer in every class than folds: scikit-learn's stratified folds refuse that."""
    features, labels, groups = clouds(classes=3, specimens=specimens, each=each)
    found = last_layer.out_of_fold(features, labels, groups, 3, folds=8)
    assert found.judged.all() == (specimens > 1)
    for group in set(groups.tolist()):
        assert len(set(found.fold[groups == group].tolist())) == 1
