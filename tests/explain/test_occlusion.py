"""Occlusion, drill-down, random masks: laws, on a linear stand-in that counts, and real networks.

Of a linear network a window loses what its pixels add to the logit, whatever else is covered.
"""

import numpy as np
import pytest
from engines import ENGINES, needs
from explain_cases import PAIR, picture, small
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain.windows import Windows
from conus_widgets.network.interface import Cancelled


@pytest.fixture
def predictor():
    return StandIn(size=56)


def shares(predictor, target):
    """What each pixel adds to the logit beside the mean colour, exactly."""
    return explain.gradient_times_input(predictor, picture(), target).values


@pytest.mark.parametrize("target", ["banded", PAIR])
def test_windows_that_do_not_overlap_add_up(predictor, target):
    found = explain.occlusion(predictor, picture(), target, window=14, stride=14)
    losses = found.details["windows 14"]
    expected = shares(predictor, target).reshape(4, 14, 4, 14).sum(axis=(1, 3))
    np.testing.assert_allclose(losses, expected, atol=1e-4 * np.abs(expected).max())
    covered = predictor.network.forward(np.zeros((1, 3, 56, 56), "float32")).logits[0]
    whole = found.target.of(found.logits) - found.target.of(covered)
    assert losses.sum() == pytest.approx(whole, rel=1e-3)


def test_a_pixel_is_the_mean_over_the_windows_that_cover_it(predictor):
    found = explain.occlusion(predictor, picture(), "banded", window=20, stride=12)
    each = shares(predictor, "banded")
    sums, count = np.zeros((56, 56)), np.zeros((56, 56))
    for top in (0, 12, 24, 36):
        for left in (0, 12, 24, 36):
            place = slice(top, top + 20), slice(left, left + 20)
            sums[place] += each[place].sum()
            count[place] += 1
    np.testing.assert_allclose(found.values, sums / count, atol=1e-4 * np.abs(each).sum() / 100)


def test_several_sizes_are_averaged(predictor):
    alone = [
        explain.occlusion(predictor, picture(), "banded", window=w, stride=10).values
        for w in (10, 20, 50)
    ]
    found = explain.occlusion(predictor, picture(), "banded", window=(10, 20, 50), stride=10)
    np.testing.assert_allclose(found.values, np.mean(alone, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({"window": 14, "stride": 14}, 16),
        ({"window": 16, "stride": 8}, 36),
        ({"window": 16, "stride": 8, "method": "drill-down", "share": 0.5}, 18),
        ({"window": 16, "stride": 8, "method": "drill-down", "share": 1}, 36),
    ],
)
def test_what_it_costs_is_counted_and_told(predictor, options, runs):
    before = predictor.network.counted_forward
    told = []
    found = explain.occlusion(
        predictor, picture(), progress=lambda *counts: told.append(counts), **options
    )
    assert predictor.network.counted_forward - before == found.cost.forward
    assert told[-1] == (runs, runs) and found.figures["runs"] == runs
    # One more for the photograph itself, and at most one for its logits.
    assert runs + 1 <= found.cost.forward <= runs + 2


def test_a_drill_down_with_all_runs_is_the_exact_map(predictor):
    options = {"window": 16, "stride": 8}
    exact = explain.occlusion(predictor, picture(), **options)
    found = explain.occlusion(predictor, picture(), method="drill-down", share=1, **options)
    np.testing.assert_array_equal(found.values, exact.values)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_drill_down_resembles_the_exact_map(engine):
    """Half of the runs; docs/explain.md tells how well it does with fewer on trained networks."""
    needs(engine)
    predictor = small(engine)
    options = {"window": 16, "stride": 4}
    exact = explain.occlusion(predictor, picture(), **options).details["windows 16"]
    found = explain.occlusion(predictor, picture(), method="drill-down", share=0.5, **options)
    estimate = found.details["windows 16"]
    assert np.corrcoef(estimate.ravel(), exact.ravel())[0, 1] > 0.8
    assert not np.array_equal(estimate, exact)


@pytest.mark.parametrize(
    ("explained", "options"),
    [
        (explain.occlusion, {"window": 8, "stride": 4}),
        (explain.occlusion, {"window": 8, "stride": 4, "method": "drill-down", "share": 0.4}),
        (explain.random_masks, {"masks": 70}),
    ],
)
def test_pictures_stream_and_the_last_one_is_the_result(predictor, explained, options):
    seen = []
    found = explained(predictor, picture(), "banded", preview=seen.append, **options)
    assert len(seen) >= 3
    assert seen[0].cost.forward <= 16 + 2 + predictor.network.batch
    assert [s.cost.forward for s in seen] == sorted(s.cost.forward for s in seen)
    np.testing.assert_array_equal(seen[-1].values, found.values)
    errors = [np.abs(s.values - found.values).mean() for s in seen]
    assert errors[0] > errors[-1] == 0
    assert all(s.values.shape == found.values.shape for s in seen)


@pytest.mark.parametrize("method", [explain.occlusion, explain.random_masks])
def test_work_stops_within_one_batch(predictor, method):
    asked = []

    def cancelled():
        asked.append(predictor.network.counted_forward)
        return len(asked) == 4

    with pytest.raises(Cancelled):
        method(predictor, picture(), "banded", cancelled=cancelled)
    assert predictor.network.counted_forward == asked[-1]
    assert np.diff(asked).max() <= predictor.network.batch


@pytest.mark.parametrize("method", [explain.occlusion, explain.random_masks])
def test_never_more_inputs_than_a_batch_exist(predictor, method):
    method(predictor, picture(), "banded")
    assert predictor.network.largest <= predictor.network.batch


def test_covering_with_what_is_there_changes_nothing(predictor):
    """A photograph of one colour, covered with that colour."""
    image = Image.new("RGB", (40, 30), (200, 10, 60))
    for method in (explain.occlusion, explain.random_masks):
        found = method(predictor, image, "banded", fill=(200, 10, 60))
        assert np.abs(found.values).max() < 1e-5 * np.ptp(found.logits)


@pytest.mark.parametrize("fill", ["mean", "black", "blur", "noise", (10, 200, 30)])
def test_each_fill_gives_a_map_of_its_own_again_and_again(predictor, fill):
    maps = [
        explain.occlusion(predictor, picture(), "banded", window=28, stride=14, fill=fill).values
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*maps)
    other = explain.occlusion(
        predictor, picture(), "banded", window=28, stride=14, fill=(1, 2, 3)
    ).values
    assert np.abs(other - maps[0]).max() > 0


def test_a_probability_can_be_measured_instead(predictor):
    found = explain.occlusion(
        predictor, picture(), "banded", window=28, stride=14, output="probability"
    )
    assert found.unit == "probability" and np.abs(found.values).max() <= 1


def test_random_masks_find_the_weights_of_a_linear_network(predictor):
    each = shares(predictor, "banded")
    found = explain.random_masks(predictor, picture(), "banded", masks=1500, cells=4)
    blocks = [v.reshape(4, 14, 4, 14).sum(axis=(1, 3)).ravel() for v in (found.values, each)]
    # Not nearer: a soft mask mixes each block with its neighbours.
    assert np.corrcoef(*blocks)[0, 1] > 0.65


def test_a_seed_decides_the_masks_whatever_the_batch(predictor):
    a, b, c = (
        explain.random_masks(predictor, picture(), "banded", masks=40, seed=s, batch=n).values
        for s, n in ((1, 3), (1, 4), (2, 4))
    )
    np.testing.assert_allclose(a, b, atol=1e-6)
    assert np.abs(a - c).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 57}, "window of 57 pixels does not fit: the network sees 56 x 56"),
        ({"window": 0}, "window of 0"),
        ({"window": 8, "stride": 0}, "stride of 0"),
        ({"window": 8, "stride": 9}, "stride of 9"),
        ({"window": ()}, r"window is \(\)"),
        ({"fill": "red"}, "fill is 'red'"),
        ({"fill": (0, 0, 300)}, "outside 0 to 255"),
        ({"method": "guess"}, "method is 'guess'"),
        ({"output": "logits"}, "output is 'logits'"),
        ({"share": 0}, "share is 0"),
        ({"share": 1.5}, "share is 1.5"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_bad_requests_are_refused_with_numbers(predictor, options, message):
    with pytest.raises(ValueError, match=message):
        explain.occlusion(predictor, picture(), **{"window": 16, "stride": 8, **options})


def test_an_unknown_class_is_refused_with_the_nearest(predictor):
    with pytest.raises(ValueError, match="No class is called 'bandid'; the nearest are banded"):
        explain.occlusion(predictor, picture(), "bandid")


@pytest.mark.parametrize(("masks", "keep"), [(1, 0.5), (10, 0), (10, 1)])
def test_random_masks_refuse_numbers_outside_their_bounds(predictor, masks, keep):
    with pytest.raises(ValueError, match=f"masks is 1: |keep is {keep}: "):
        explain.random_masks(predictor, picture(), masks=masks, keep=keep)


def test_the_last_window_is_cut_off_at_the_edge():
    windows = Windows(56, 20, 12)
    assert windows.side == 4 and windows.place(3)[1] == slice(36, 56)
    assert Windows(224, 32, 8).count == 625
