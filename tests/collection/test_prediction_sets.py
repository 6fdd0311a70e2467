"""Sets hold the right class as often as was asked; the p-values are counted by hand."""

import numpy as np
import pytest

from conus_widgets.collection.prediction_sets import least_specimens, prediction_sets


def made_up(specimens, classes, seed, each=2):
    """Two alike photographs of each specimen; labels drawn from the probabilities, sharpened."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(classes, 0.5), specimens)
    labels = (rng.random((specimens, 1)) > rows.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    sure = rows**3  # a network that is too sure of itself
    sure = np.maximum(sure, 1e-9)
    sure /= sure.sum(axis=1, keepdims=True)
    return (
        np.repeat(sure, each, axis=0),
        np.repeat(labels, each),
        np.repeat(np.arange(specimens), each),
    )


@pytest.mark.parametrize("confidence", [0.8, 0.9])
def test_coverage_is_at_least_what_was_asked(confidence):
    covered, asked, held = 0, 0, np.zeros((3, 2))
    for seed in range(12):
        rows, labels, specimens = made_up(150, 3, seed)
        found = prediction_sets(rows, labels, specimens, confidence=confidence)
        covered, asked = covered + found.covered.part, asked + found.covered.whole
        for c in range(3):
            mine = labels[::2] == c
            held[c] += found.members[mine, c].sum(), mine.sum()
        assert not found.few and not found.sentence
    # Never much more either: a set of everything would be right, and of no use.
    assert confidence - 0.02 <= covered / asked <= confidence + 0.06
    # And in each class, not only in the mean over classes.
    assert (held[:, 0] / held[:, 1] >= confidence - 0.03).all()


def test_photographs_are_not_specimens():
    """Each photograph twice: calibrated by photograph, n would be twice what it is."""
    rows, labels, specimens = made_up(60, 3, 0, each=1)
    one = prediction_sets(rows, labels, specimens)
    double = prediction_sets(
        np.repeat(rows, 2, axis=0), np.repeat(labels, 2), np.repeat(specimens, 2)
    )
    assert np.array_equal(one.members, double.members)
    assert one.p_values == pytest.approx(double.p_values)


def test_p_values_are_counted():
    """Vovk et al.: (1 + how many calibration scores are at least as strange) / (n + 1)."""
    rows, labels, specimens = made_up(90, 3, 1, each=1)
    asked = np.concatenate([labels, [-1]])
    new = np.array([[0.5, 0.3, 0.2]])
    found = prediction_sets(np.concatenate([rows, new]), asked, np.arange(91), confidence=0.8)
    # The last specimen has no label: all others calibrate it.
    for c in range(3):
        scores = 1 - rows[labels == c, c]
        expected = (1 + (scores >= 1 - new[0, c]).sum()) / (len(scores) + 1)
        assert found.p_values[-1, c] == pytest.approx(expected)
        assert found.members[-1, c] == (expected > 0.2)


def test_classes_with_few_specimens_are_named():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2, 3], [40, 40, 3, 2])
    rows = rng.dirichlet(np.ones(4), 85) + 2 * np.eye(4)[labels]
    rows /= rows.sum(axis=1, keepdims=True)
    found = prediction_sets(rows, labels, range(85))
    assert found.few == (2, 3)
    assert "2 of 4 classes have fewer than 9" in found.sentence
    # Five specimens cannot rule anything out at 90 %: p is 1/6 at least.
    assert found.undecided == (2, 3) and found.members[:, 2:].all()
    assert "every set" in found.sentence
    assert not found.members[:, :2].all()


def test_small_classes_together_rule_out_what_each_alone_cannot():
    """Eight classes of eight specimens, as the shells in the project's photographs."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(8), 8)
    rows = rng.dirichlet(np.ones(8), 64) + 3 * np.eye(8)[labels]
    found = prediction_sets(rows / rows.sum(axis=1, keepdims=True), labels, range(64))
    assert len(found.few) == 8 and not found.undecided
    assert found.size < 4 and found.covered.value >= 0.85


def test_how_many_specimens_a_class_needs():
    """n >= (1 - a) / a, FIELD.md: nine at 90 %."""
    assert [least_specimens(c) for c in (0.5, 0.8, 0.9, 0.95, 0.99)] == [1, 4, 9, 19, 99]


def test_a_surer_network_has_smaller_sets():
    rows, labels, specimens = made_up(200, 4, 3)
    sharp = 0.2 * rows + 0.8 * np.eye(4)[labels]
    assert (
        prediction_sets(sharp, labels, specimens).size
        < prediction_sets(rows, labels, specimens).size
    )


def test_more_confidence_needs_larger_sets():
    rows, labels, specimens = made_up(200, 4, 4)
    small, large = (prediction_sets(rows, labels, specimens, confidence=c) for c in (0.7, 0.95))
    assert (small.members <= large.members).all() and small.size < large.size


def test_the_same_question_has_the_same_answer_and_chance_is_left_alone():
    rows, labels, specimens = made_up(50, 3, 5)
    np.random.seed(7)
    before = np.random.random()
    np.random.seed(7)
    one = prediction_sets(rows, labels, specimens)
    assert np.random.random() == before
    assert np.array_equal(one.members, prediction_sets(rows, labels, specimens).members)


def test_impossible_questions_are_refused():
    rows, labels, specimens = made_up(5, 3, 0)
    with pytest.raises(ValueError, match="confidence is 1"):
        prediction_sets(rows, labels, specimens, confidence=1)
    with pytest.raises(ValueError, match="0 specimens have a label"):
        prediction_sets(rows, np.full(10, -1), specimens)
