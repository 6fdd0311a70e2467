"""Wrong labels come first, by probabilities that never saw them; in-sample they hide."""

import numpy as np
import pytest
from drawn_features import drawn_features, found_among, mislabel

from conus_widgets.collection.suggestions import Provenance, suggest
from conus_widgets.training import last_layer


@pytest.fixture(scope="module")
def drawn():
    return drawn_features(64, kinds=4, size=112)


@pytest.mark.parametrize("seed", range(3))
def test_wrong_labels_are_found_out_of_fold_and_not_in_sample(drawn, seed):
    """The small sister of tests/stress: of 64 specimens 4 are labelled wrongly."""
    features, truth, specimens = drawn
    labels, planted = mislabel(truth, specimens, 4, 4, seed)
    # Fitted until it gets nearly all its labels right, as a trained network does.
    close = {"strength": 100.0}
    apart = last_layer.out_of_fold(features, labels, specimens, 4, **close)
    out = suggest(
        apart.probabilities, labels, specimens, Provenance.OUT_OF_FOLD, judged=apart.judged
    )
    assert found_among(out, planted, 8) == 4
    layer = last_layer.fit(features, labels, specimens, 4, **close)
    seen = layer.probabilities(features)
    marked = suggest(seen, labels, specimens, Provenance.IN_SAMPLE, accept_in_sample=True)
    # It repeats what it learnt, wrong labels as well.
    assert (seen.argmax(axis=1) == labels).mean() > 0.98
    wrong = np.isin(specimens, list(planted))
    assert np.median(marked.quality[wrong]) > 5 * np.median(out.quality[wrong])
    # And the label suggested in their place is the true one.
    for place, specimen in enumerate(out.specimens[:8]):
        if specimen in planted:
            assert out.suggested[place] == truth[specimens == specimen][0]


def made_up(count=40, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    rows = rng.dirichlet(np.ones(classes), count) + np.eye(classes)[labels]
    return rows / rows.sum(axis=1, keepdims=True), labels


def test_in_sample_is_refused_or_marked():
    rows, labels = made_up()
    with pytest.raises(ValueError, match="out_of_fold.*accept_in_sample"):
        suggest(rows, labels, range(40), Provenance.IN_SAMPLE)
    marked = suggest(rows, labels, range(40), Provenance.IN_SAMPLE, accept_in_sample=True)
    assert marked.sentence.startswith("MARKED") and marked.provenance is Provenance.IN_SAMPLE
    sentences = {suggest(rows, labels, range(40), p).sentence for p in list(Provenance)[:2]}
    assert len(sentences) == 2 and not any("MARKED" in s for s in sentences)


def test_quality_is_the_probability_of_the_label():
    """Northcutt et al. 2021, self-confidence: P[label]."""
    rows, labels = made_up()
    found = suggest(rows, labels, range(40), Provenance.HELD_OUT)
    assert found.quality == pytest.approx(rows[np.arange(40), labels])
    assert found.quality[found.order].tolist() == sorted(found.quality.tolist())
    assert len(found.order) == 40  # all of them: nothing is cut off


def test_a_specimen_ranks_by_the_mean_of_its_photographs():
    rows = np.array([[0.1, 0.9], [0.9, 0.1], [0.3, 0.7], [0.4, 0.6]])
    found = suggest(rows, np.zeros(4, int), list("aabb"), Provenance.HELD_OUT)
    assert found.specimens == ("b", "a")
    assert found.specimen_quality == pytest.approx([0.35, 0.5])
    assert found.suggested.tolist() == [1, 0]


def test_what_cannot_be_judged_is_not_suggested():
    """A class with one specimen has probability 0 out-of-fold: that accuses nobody."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1] * 6 + [2, -1], 2)
    specimens = np.repeat(np.arange(14), 2)
    features = np.eye(3)[labels] * 4 + rng.normal(0, 0.3, (28, 3))
    apart = last_layer.out_of_fold(features, labels, specimens, 3)
    lone = specimens == 12
    assert (apart.probabilities[lone, 2] == 0).all()
    found = suggest(
        apart.probabilities, labels, specimens, Provenance.OUT_OF_FOLD, judged=apart.judged
    )
    assert not set(found.specimens) & {12, 13} and len(found.specimens) == 12
    assert (found.unlearnt, found.unnamed) == (2, 2)
    assert np.isnan(found.quality[lone]).all()
    # Without `judged` it would come first.
    naive = suggest(apart.probabilities, labels, specimens, Provenance.OUT_OF_FOLD)
    assert naive.specimens[0] == 12


def test_labels_that_contradict_each_other_need_no_network():
    rows = np.full((4, 2), 0.5)
    found = suggest(rows, np.array([0, 1, 1, 1]), list("ccdd"), Provenance.HELD_OUT)
    assert found.contradicted == ("c",)


def test_nobody_is_labelled():
    found = suggest(np.full((2, 2), 0.5), np.full(2, -1), range(2), Provenance.HELD_OUT)
    assert found.specimens == () and found.unnamed == 2 and not len(found.order)
