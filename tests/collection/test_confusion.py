"""The matrix beside scikit-learn's; nothing is ever cut to "other"."""

import csv
import io

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, log_loss

from conus_widgets.collection.confusion import confusion, mistakes


@pytest.mark.parametrize("seed", range(3))
def test_the_matrix_is_that_of_scikit_learn(seed):
    """sklearn.metrics.confusion_matrix"""
    rng = np.random.default_rng(seed)
    labels, rows = rng.integers(0, 7, 90), rng.dirichlet(np.ones(8), 90)
    classes = [f"class {n}" for n in range(8)]
    found = confusion(rows, [classes[n] for n in labels], range(90), classes)
    other = confusion_matrix(labels, rows.argmax(axis=1), labels=range(8))
    assert found.given == found.classes == tuple(classes)
    assert np.array_equal(found.matrix(), other)
    wrong = other + other.T - np.diag(2 * np.diag(other))
    assert sum(pair.count for pair in found.pairs()) == wrong.sum() // 2
    counts = [pair.count for pair in found.pairs()]
    assert counts == sorted(counts, reverse=True) and counts[0] == wrong.max()


def test_four_hundred_classes_and_a_fossil_all_have_a_row():
    """coralnet#411: a matrix that ends after 50 labels."""
    classes = [f"Conus {n:03}" for n in range(401)]
    rows = np.eye(401)[[3, 399, 399, 400]]
    given = ["Conus 003", "Conus 400", "a fossil", "Conus 400"]
    found = confusion(rows, given, range(4), classes)
    assert found.matrix().shape == (402, 401)
    assert found.given[-1] == "a fossil" and found.matrix()[-1, 399] == 1
    lines = list(csv.reader(io.StringIO("\n".join(",".join(row) for row in found.table()))))
    assert len(lines) == 403 and lines[0][1:] == classes
    assert sum(int(cell) for line in lines[1:] for cell in line[1:]) == 4
    # The fossil is no mistake between two classes.
    assert [(p.first, p.second, p.count) for p in found.pairs()] == [("Conus 399", "Conus 400", 1)]


def test_a_pair_tells_both_directions():
    classes = ["a", "b", "c"]
    rows = np.eye(3)[[1, 1, 0, 2]]
    (pair, other) = confusion(rows, ["a", "a", "b", "a"], range(4), classes).pairs()
    assert (pair.first, pair.second, pair.first_as_second, pair.second_as_first) == ("a", "b", 2, 1)
    assert (other.first_as_second, other.second_as_first) == (1, 0)


def test_a_specimen_counts_once_and_contradicted_ones_not():
    rows = np.array([[0.6, 0.4], [0.1, 0.9], [1, 0], [1, 0]])
    found = confusion(rows, ["a", "a", "a", "b"], ["s", "s", "t", "t"], ["a", "b"])
    assert found.matrix().tolist() == [[0, 1], [0, 0]] and found.contradicted == 1


def test_equal_class_names_are_refused():
    with pytest.raises(ValueError, match="same name"):
        confusion(np.full((1, 2), 0.5), ["a"], [0], ["a", "a"])


def test_mistakes_come_by_loss():
    """sklearn.metrics.log_loss of one specimen is its loss."""
    rng = np.random.default_rng(0)
    labels, rows = rng.integers(0, 4, 40), rng.dirichlet(np.ones(4), 80)
    found = mistakes(rows, np.repeat(labels, 2), np.repeat(np.arange(40), 2))
    means = rows.reshape(40, 2, 4).mean(axis=1)
    assert {m.specimen for m in found} == set(np.flatnonzero(means.argmax(axis=1) != labels))
    assert [m.loss for m in found] == sorted((m.loss for m in found), reverse=True)
    for m in found:
        mean = means[m.specimen]
        assert m.loss == pytest.approx(log_loss([m.label], [mean], labels=range(4)))
        assert m.photographs == (2 * m.specimen, 2 * m.specimen + 1)
        assert m.answer == mean.argmax() and m.label == labels[m.specimen]


def test_an_impossible_label_comes_first():
    found = mistakes(np.array([[0.4, 0.6], [0.0, 1.0]]), np.array([0, 0]), range(2))
    assert [m.specimen for m in found] == [1, 0] and found[0].loss == np.inf
