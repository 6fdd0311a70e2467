"""The explorer without a browser: its numbers are Python's, and covering is checked by running."""

import numpy as np
import pytest

from conus_widgets import explain, load_predictor
from conus_widgets.explain.evaluate import draw_twins
from conus_widgets.widgets import Explorer


@pytest.fixture(scope="module")
def predictor():
    return load_predictor()


@pytest.fixture(scope="module")
def twins(predictor):
    return next(two for two in draw_twins(10) if two.flips(predictor))


@pytest.fixture
def explorer(predictor, twins):
    made = Explorer(predictor, twins.marked)
    yield made
    made.close()


def sight(explorer):
    explorer.explanation  # noqa: B018 - waits until the photograph is looked at
    return explorer._session.sight(explorer._session.active.photograph)


def test_the_shares_of_all_cells_and_the_bias_are_the_logits(explorer):
    seen = sight(explorer)
    total = seen.shares.astype("float64").sum(axis=(1, 2)) + seen.bias
    scale = np.abs(seen.shares).sum(axis=(1, 2))
    assert (np.abs(total - seen.logits) < 1e-5 * scale).all()


def test_its_map_is_that_of_python(explorer, predictor, twins):
    pair = {twins.pair.marked: 1, twins.pair.plain: -1}
    explorer.choose(target=twins.pair.marked, against=twins.pair.plain)
    expected = explain.cam(predictor, twins.marked, pair)
    np.testing.assert_allclose(explorer.explanation.values, expected.values, atol=1e-5)
    assert explorer.explanation.target.words == expected.target.words
    explorer.choose(method="hires_cam", layer="res4e")
    expected = explain.layer_cam(predictor, twins.marked, pair, layer="res4e", kind="hires")
    np.testing.assert_allclose(explorer.explanation.values, expected.values, atol=1e-5)
    assert explorer.explanation.layer == "res4e"


def test_a_regions_numbers_are_those_of_python(explorer, predictor, twins):
    box = (64, 96, 128, 192)  # whole pixels of the network's input
    found = explorer.cover(box, fill="black")
    expected = explain.evidence(predictor, twins.marked, box, fill="black")
    np.testing.assert_allclose(found.shares, expected.shares, atol=1e-4)
    np.testing.assert_allclose(found.changes, expected.changes, atol=1e-4)
    np.testing.assert_array_equal(explorer.evidence.changes, found.changes)


def test_covering_nothing_changes_nothing(explorer):
    found = explorer.cover(np.zeros((224, 224), bool))
    assert (found.changes == 0).all() and found.area == 0


def test_painting_the_twins_pixels_over_the_marking_flips_the_answer(explorer, twins, predictor):
    found = explorer.cover(twins.mask, fill=twins.plain)
    names = [predictor.labels[int(logits.argmax())] for logits in (found.logits, found.covered)]
    assert names == [twins.pair.marked, twins.pair.plain]
    plain = predictor.logits([twins.plain])[0]
    np.testing.assert_allclose(found.covered, plain, atol=1e-3)


def test_what_does_not_exist_is_refused_with_the_nearest(explorer, twins):
    sight(explorer)
    with pytest.raises(ValueError, match="bandid.*banded"):
        explorer.choose(target="bandid")
    with pytest.raises(ValueError, match="res9"):
        explorer.choose(method="hires_cam", layer="res9")
    with pytest.raises(ValueError, match="guess"):
        explorer.choose(method="guess")


def test_without_a_photograph_it_says_what_to_do(predictor):
    empty = Explorer(predictor)
    with pytest.raises(RuntimeError, match="no photograph on the page yet: drop one"):
        empty.explanation  # noqa: B018
    empty.close()


def test_a_saved_notebook_keeps_numbers_and_the_word_demonstration(explorer, twins):
    sight(explorer)
    text = repr(explorer)
    assert twins.pair.marked in text and "demonstration" in text
    html = explorer.picture()._repr_mimebundle_()["text/html"]
    assert "demonstration" in html and "<script" not in html
