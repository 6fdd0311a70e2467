"""Photographs of a specimen count together."""

import numpy as np
import pytest

from conus_widgets.collection.specimens import by_specimen, mean_by, number


def test_means_over_photographs_in_any_order():
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(4), 30)
    names = [f"specimen {n}" for n in rng.integers(0, 7, 30)]
    found = by_specimen(rows, np.zeros(30, int), names)
    assert found.names == tuple(dict.fromkeys(names))
    for name, mean in zip(found.names, found.probabilities, strict=True):
        mine = [row for row, other in zip(rows, names, strict=True) if other == name]
        assert mean == pytest.approx(np.mean(mine, axis=0))
    order = rng.permutation(30)
    again = by_specimen(rows[order], np.zeros(30, int), [names[n] for n in order])
    first = dict(zip(found.names, found.probabilities.tolist(), strict=True))
    assert all(
        first[n] == pytest.approx(p)
        for n, p in zip(again.names, again.probabilities.tolist(), strict=True)
    )


def test_specimens_of_one_photograph_stay_as_they_are():
    rows = np.random.default_rng(1).dirichlet(np.ones(3), 5)
    found = by_specimen(rows, np.array([0, 1, 2, -1, 0]), range(5))
    assert np.array_equal(found.probabilities, rows)
    assert found.labels.tolist() == [0, 1, 2, -1, 0] and not found.contradicted.any()


def test_different_labels_contradict_each_other():
    rows = np.full((5, 2), 0.5)
    found = by_specimen(rows, np.array([0, 1, 1, 0, -1]), ["a", "a", "b", "c", "c"])
    assert found.contradicted.tolist() == [True, False, True]
    assert found.labels.tolist() == [-1, 1, -1]


def test_numbers_follow_appearance():
    numbers, names = number(["b", "a", "b", "c"])
    assert numbers.tolist() == [0, 1, 0, 2] and names == ("b", "a", "c")
    assert mean_by(numbers, np.array([1.0, 5, 3, 7])).tolist() == [2, 5, 7]


def test_an_empty_collection_has_no_specimen():
    found = by_specimen(np.empty((0, 3)), np.empty(0, int), [])
    assert found.names == () and found.probabilities.shape == (0, 3)


def test_what_does_not_fit_is_said_with_numbers():
    rows = np.full((3, 2), 0.5)
    with pytest.raises(ValueError, match=r"\(3, 2\) and labels of shape \(2,\)"):
        by_specimen(rows, np.array([0, 1]), "abc")
    with pytest.raises(ValueError, match="3 photographs have 2 specimens"):
        by_specimen(rows, np.array([0, 1, 1]), "ab")
    with pytest.raises(ValueError, match="-1 to 2, but the network has 2 classes"):
        by_specimen(rows, np.array([0, -1, 2]), "abc")
    with pytest.raises(ValueError, match="1 of 3 rows .* first row 1"):
        by_specimen(np.array([[0.5, 0.5], [np.nan, 1], [1, 0]]), np.array([0, 1, 1]), "abc")
    with pytest.raises(ValueError, match="float64"):
        by_specimen(rows, np.array([0.0, 1, 1]), "abc")
