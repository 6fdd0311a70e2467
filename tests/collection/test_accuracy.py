"""Top-1 and top-5 by specimen, beside scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, top_k_accuracy_score

from conus_widgets.collection.accuracy import accuracy, accuracy_per, place
from conus_widgets.collection.specimens import by_specimen


def made_up(specimens=60, classes=9, each=2, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.integers(0, classes, specimens), each)
    rows = rng.dirichlet(np.ones(classes), len(labels))
    rows[np.arange(len(labels)), labels] += rng.random(len(labels))
    return rows / rows.sum(axis=1, keepdims=True), labels, np.repeat(np.arange(specimens), each)


@pytest.mark.parametrize("seed", range(3))
def test_the_shares_are_those_of_scikit_learn(seed):
    """sklearn.metrics.top_k_accuracy_score on the mean of a specimen's photographs."""
    rows, labels, specimens = made_up(seed=seed)
    means = np.array([rows[specimens == s].mean(axis=0) for s in range(60)])
    found = accuracy(rows, labels, specimens)
    for share, k in ((found.top1, 1), (found.top5, 5)):
        assert share.whole == 60
        assert share.value == pytest.approx(
            top_k_accuracy_score(labels[::2], means, k=k, labels=range(9))
        )
    alone = accuracy(rows, labels, range(120))
    assert alone.top1.value == pytest.approx(accuracy_score(labels, rows.argmax(axis=1)))


def test_two_photographs_of_a_specimen_are_one_case():
    rows, labels, specimens = made_up(each=1)
    doubled = accuracy(np.repeat(rows, 2, axis=0), np.repeat(labels, 2), np.repeat(specimens, 2))
    assert doubled == accuracy(rows, labels, specimens)
    # By photograph the interval would pretend to twice as many cases.
    low, high = doubled.top1.interval
    one, other = accuracy(
        np.repeat(rows, 2, axis=0), np.repeat(labels, 2), range(120)
    ).top1.interval
    assert other - one < high - low


@pytest.mark.parametrize("seed", range(3))
def test_groups_share_out_the_photographs(seed):
    rows, labels, specimens = made_up(seed=seed, each=1)
    views = np.array(["dorsal", "apertural", ""])[np.random.default_rng(seed).integers(0, 3, 60)]
    parts = accuracy_per(views, rows, labels, specimens)
    assert set(parts) == set(views.tolist())
    whole = accuracy(rows, labels, specimens)
    assert sum(part.top1.part for part in parts.values()) == whole.top1.part
    assert sum(part.top1.whole for part in parts.values()) == 60
    by_class = accuracy_per(labels, rows, labels, specimens)
    for label, part in by_class.items():
        mine = labels == label
        assert part.top1.part == (rows[mine].argmax(axis=1) == label).sum()


def test_a_specimen_counts_in_each_of_its_views():
    rows, labels, specimens = made_up()
    parts = accuracy_per(["A", "B"] * 60, rows, labels, specimens)
    assert parts["A"] == accuracy(rows[::2], labels[::2], specimens[::2])
    assert parts["B"] == accuracy(rows[1::2], labels[1::2], specimens[1::2])


def test_contradicted_and_unnamed_are_left_out_and_counted():
    rows = np.tile([0.9, 0.1], (6, 1))
    labels = np.array([0, 1, 0, 0, -1, -1])
    found = accuracy(rows, labels, list("aabbcc"))
    assert (found.top1.part, found.top1.whole) == (1, 1)
    assert (found.contradicted, found.unnamed) == (1, 1)
    per = accuracy_per(labels, rows, labels, list("aabbcc"))
    assert per[0].top1.whole == 1 and 1 not in per and per[-1].unnamed == 1


def test_five_of_five_classes_prove_nothing():
    rows = np.random.default_rng(0).dirichlet(np.ones(5), 8)
    assert accuracy(rows, np.zeros(8, int), range(8)).top5 is None


def test_ties_go_in_class_order_as_in_a_prediction():
    from conus_widgets.prediction import rank

    rows = np.array([[0.2, 0.4, 0.4], [1 / 3] * 3])
    for row in rows:
        order = list(rank(row, 3))
        assert [place(row[None], np.array([c]))[0] for c in order] == [0, 1, 2]


def test_one_class_only_and_nobody():
    assert accuracy(np.ones((3, 1)), np.zeros(3, int), range(3)).top1.value == 1
    assert accuracy(np.empty((0, 3)), np.empty(0, int), []).top1.whole == 0
    assert by_specimen(np.ones((3, 1)), np.zeros(3, int), range(3)).probabilities.shape == (3, 1)


def test_values_must_be_one_for_each_photograph():
    with pytest.raises(ValueError, match="2 photographs have 1 values"):
        accuracy_per(["A"], np.full((2, 2), 0.5), np.array([0, 1]), range(2))
