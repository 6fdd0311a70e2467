"""A planted weakness comes first; where there is none, none is reported."""

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from conus_widgets.collection.slices import slices
from conus_widgets.training import last_layer

GROUNDS = np.array(["black", "grey", "sand", "cloth", "gradient"])


def photographs(each, sandy, seed):
    """Features of `each` photographs of 8 classes: a few tell the class, many the background.

    `sandy` says how many of each class lie on sand: shares, or None for all backgrounds equally.
    """
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(8), each)
    turn = np.tile(np.arange(each), 8)
    ground = turn % 5
    if sandy is not None:
        other = np.array([0, 1, 3, 4])[turn % 4]
        ground = np.where(turn < np.round(each * np.array(sandy))[labels], 2, other)
    shown = 2.0 * np.concatenate([np.eye(8)[labels], *5 * [np.eye(5)[ground]]], axis=1)
    return (shown + rng.normal(0, 0.6, shown.shape)).astype(np.float32), labels, GROUNDS[ground]


@pytest.mark.parametrize("seed", range(3))
def test_sand_comes_first_if_one_class_was_learnt_on_sand(seed):
    """The fast sister of tests/stress: one class 90 % on sand, the others 5 %."""
    features, labels, _ = photographs(40, [0.9] + [0.05] * 7, seed)
    layer = last_layer.fit(features, labels, range(len(labels)), 8, strength=0.01)
    asked, truth, ground = photographs(50, None, seed + 100)
    rng = np.random.default_rng(seed)
    known = {
        "view": rng.choice(["dorsal", "apertural"], len(truth)),
        "background": ground,
        "brightness": rng.random(len(truth)) + (ground == "sand"),
        "institution": rng.choice(["A", "B", "C", ""], len(truth)),
    }
    found = slices(known, layer.probabilities(asked), truth, range(len(truth))).found
    assert (found[0].what, found[0].value) == ("background", "sand")
    assert found[0].worse
    # Balanced training has no such slice.
    features, labels, _ = photographs(40, None, seed)
    layer = last_layer.fit(features, labels, range(len(labels)), 8, strength=0.01)
    found = slices(known, layer.probabilities(asked), truth, range(len(truth))).found
    assert not any(one.worse and one.value == "sand" for one in found)


def errors(rng, count, rate=0.3):
    """Probabilities of two classes, wrong by lot."""
    labels = np.zeros(count, int)
    wrong = rng.random(count) < rate
    return np.where(wrong[:, None], [0.2, 0.8], [0.8, 0.2]), labels, wrong


def test_by_chance_alone_hardly_ever_a_slice_is_worse():
    """Bonferroni: of collections without any weakness at most 5 % report one."""
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows, labels, _ = errors(rng, 200)
        known = {f"column {n}": rng.integers(0, 5, 200).astype(str) for n in range(6)}
        alarms += any(one.worse for one in slices(known, rows, labels, range(200)).found)
    assert alarms <= 7  # 3 expected at most; 7 or fewer in 98 % of such tests


def test_intervals_and_p_values_are_scipys_corrected():
    """scipy.stats.fisher_exact and binomtest, at the level divided by the number of slices."""
    rng = np.random.default_rng(0)
    rows, labels, wrong = errors(rng, 150)
    view = np.where(np.arange(150) % 3 == 0, "dorsal", "apertural")
    found = slices({"view": view, "none": [""] * 150}, rows, labels, range(150)).found
    assert len(found) == 2
    for one in found:
        here = view == one.value
        table = [[wrong[h].sum(), (~wrong[h]).sum()] for h in (here, ~here)]
        p = fisher_exact(table, alternative="greater")[1]
        assert one.p_value == pytest.approx(min(1, 2 * p))
        limits = binomtest(int(wrong[here].sum()), int(here.sum())).proportion_ci(
            1 - 0.05 / 2, method="wilson"
        )
        assert one.errors.interval == pytest.approx((limits.low, limits.high))
        assert one.rest.part == wrong[~here].sum()


def test_numbers_are_cut_into_quarters_and_missing_ones_left_out():
    rows, labels, wrong = errors(np.random.default_rng(0), 102)
    size = np.r_[np.arange(100.0), np.nan, np.nan]
    found = slices({"size": size}, rows, labels, range(102)).found
    assert sorted(one.errors.whole for one in found) == [25] * 4
    assert all(one.errors.whole + one.rest.whole == 100 for one in found)
    (lowest,) = (one for one in found if one.value.startswith("lowest quarter (0 to 24)"))
    assert lowest.errors.part == wrong[:25].sum()
    assert not slices({"size": np.ones(102)}, rows, labels, range(102)).found


def test_a_specimen_counts_once():
    rows, labels, _ = errors(np.random.default_rng(1), 60)
    view = np.array(["A", "B"] * 30)
    one = slices({"view": view}, rows, labels, range(60))
    twice = slices(
        {"view": np.repeat(view, 3)},
        np.repeat(rows, 3, axis=0),
        np.repeat(labels, 3),
        np.repeat(np.arange(60), 3),
    )
    assert one == twice


def test_small_slices_are_named_not_judged():
    rows, labels, _ = errors(np.random.default_rng(1), 60)
    region = np.array(["Cape Verde"] * 9 + ["Red Sea"] * 51)
    found = slices({"region": region}, rows, labels, range(60))
    assert found.too_small == (("region", "Cape Verde", 9),)
    assert not found.found  # 9 specimens are too few for the rest as well


def test_unlabelled_photographs_and_unequal_columns():
    rows, labels, _ = errors(np.random.default_rng(1), 60)
    some = np.where(np.arange(60) < 20, -1, labels)
    view = np.array(["A", "B"] * 30)
    assert slices({"view": view}, rows, some, range(60)) == slices(
        {"view": view[20:]}, rows[20:], labels[20:], range(40)
    )
    with pytest.raises(ValueError, match="view has 2 values for 60 photographs"):
        slices({"view": ["A", "B"]}, rows, labels, range(60))
