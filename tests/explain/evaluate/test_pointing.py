"""The pointing game: a perfect map wins, baselines are what they claim, only fair pairs count."""

import dataclasses

import numpy as np
import pytest

from conus_widgets import explain, load_predictor, shells
from conus_widgets.explain import evaluate
from conus_widgets.explain.evaluate.pointing import CENTRE, CHANCE, TOLERANCE, centre, chance, point
from conus_widgets.network.interface import Cancelled


@pytest.fixture(scope="module")
def predictor():
    return load_predictor()


@pytest.fixture(scope="module")
def twins():
    return list(evaluate.draw_twins(10))


def truth(twins):
    """A method that knows where the marking is."""

    def method(predictor, image, target):
        two = next(two for two in twins if two.marked is image)
        made = explain.cam(predictor, image, target)
        return dataclasses.replace(made, values=two.mask.astype("float32"))

    return method


def test_twins_differ_inside_the_mask_only(twins):
    assert {two.pair for two in twins} == set(shells.PAIRS)
    for two in twins:
        differ = (np.asarray(two.marked) != np.asarray(two.plain)).any(axis=2)
        assert differ.any() and not (differ & ~two.mask).any()
        assert two.question == {two.pair.marked: 1, two.pair.plain: -1}


def test_a_map_of_the_marking_itself_wins(predictor, twins):
    game = evaluate.pointing_game(predictor, {"truth": truth(twins)}, twins=twins)
    assert game.scores["truth"] == evaluate.Score(1, 1, 1)
    assert set(game.by_marking["truth"].values()) == {1}
    assert game.counted <= game.drawn == 10
    for baseline in (CENTRE, CHANCE):
        assert game.scores[baseline].hit < 1


def test_the_demonstrations_cam_points_better_than_the_baselines(predictor, twins):
    """Of 200 pairs docs/trust.md tells the figures."""
    game = evaluate.pointing_game(predictor, {"cam": explain.cam}, twins=twins)
    best = max(game.scores[name].hit for name in (CENTRE, CHANCE))
    assert game.scores["cam"].hit >= best + 0.2
    text = str(game)
    assert f"{game.counted} of 10 pairs count" in text and "emonstration" in text


def test_a_hit_beside_the_marking_counts_up_to_the_tolerance(twins):
    two = twins[0]
    values = np.zeros(two.mask.shape)
    rows, columns = np.nonzero(two.mask)
    row = rows.min()
    column = columns[rows == row][0]
    for away, hit in ((0, 1), (TOLERANCE, 1), (TOLERANCE + 1, 0)):
        if row - away < 0:
            continue
        values[:] = 0
        values[row - away, column] = 2
        score = point(values, two)
        assert score.hit == hit and score.exact == (away == 0)
        assert score.share == (away == 0)


def test_a_map_without_positive_evidence_hits_nothing(twins):
    shape = twins[0].mask.shape
    for values in (np.zeros(shape), -np.ones(shape)):
        assert point(values, twins[0]) == evaluate.Score(0, 0, 0)


def test_chance_is_what_random_points_score(twins):
    two = twins[1]
    rng = np.random.default_rng(0)
    places = np.argwhere(two.shell)
    hits = []
    for row, column in places[rng.integers(len(places), size=1500)]:
        values = np.zeros(two.mask.shape)
        values[row, column] = 1
        hits.append((point(values, two).hit, point(values, two).exact))
    found = chance(two)
    np.testing.assert_allclose(np.mean(hits, axis=0), [found.hit, found.exact], atol=0.04)


def test_the_centre_lies_in_the_middle_of_the_shell(twins):
    square = dataclasses.replace(twins[0], shell=np.ones((224, 224), bool))
    middle = np.zeros((224, 224), bool)
    middle[110:115, 110:115] = True
    assert centre(dataclasses.replace(square, mask=middle)).exact == 1
    assert centre(dataclasses.replace(square, mask=np.roll(middle, 60, 0))).hit == 0


def test_large_markings_and_answers_that_do_not_flip_are_left_out(predictor, twins):
    fair = [two for two in twins if two.small and two.flips(predictor)]
    assert fair
    large = dataclasses.replace(fair[0], mask=fair[0].shell)
    same = dataclasses.replace(fair[0], plain=fair[0].marked)
    game = evaluate.pointing_game(predictor, {}, twins=[fair[0], large, same])
    assert (game.counted, game.drawn) == (1, 3)
    with pytest.raises(ValueError, match="Not one of 2 pairs counts"):
        evaluate.pointing_game(predictor, {}, twins=[large, same])


def test_it_stops_when_asked(predictor, twins):
    with pytest.raises(Cancelled):
        evaluate.pointing_game(predictor, {}, twins=twins, cancelled=lambda: True)
