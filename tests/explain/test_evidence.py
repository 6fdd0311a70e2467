"""A region's two numbers: the exact share, and the checked change."""

import tracemalloc

import numpy as np
import pytest
from engines import ENGINES, needs
from explain_cases import PAIR, picture, small
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain.area import coverage

IMAGE = picture()
WIDTH, HEIGHT = IMAGE.size
WHOLE = (0, 0, WIDTH, HEIGHT)


@pytest.fixture(params=["stand-in", *ENGINES])
def predictor(request):
    if request.param == "stand-in":
        return StandIn()
    needs(request.param)
    return small(request.param)


def close(found, expected, evidence):
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(evidence.logits).max())


def test_the_whole_photograph_gives_the_logits_without_their_bias(predictor):
    found = explain.evidence(predictor, IMAGE, WHOLE)
    close(found.shares, found.logits.astype(float) - found.bias, found)
    assert found.fraction == pytest.approx(1)
    mean = predictor.forward(predictor.inputs([IMAGE]) * 0).logits[0]
    close(found.covered, mean, found)
    close(found.changes, found.logits.astype(float) - mean, found)


def test_covering_nothing_changes_nothing(predictor):
    found = explain.evidence(predictor, IMAGE, np.zeros((HEIGHT, WIDTH), bool))
    assert not found.shares.any() and found.fraction == 0
    close(found.changes, np.zeros(len(found.labels)), found)


def test_shares_of_parts_add_up_to_the_whole(predictor):
    """Parts that cut through cells and pixels."""
    x, y = 0.37 * WIDTH, 0.61 * HEIGHT
    parts = [(0, 0, x, y), (x, 0, WIDTH, y), (0, y, x, HEIGHT), (x, y, WIDTH, HEIGHT)]
    each = [explain.evidence(predictor, IMAGE, part) for part in parts]
    whole = explain.evidence(predictor, IMAGE, WHOLE)
    close(sum(part.shares for part in each), whole.shares, whole)
    assert sum(part.fraction for part in each) == pytest.approx(1)
    if isinstance(predictor, StandIn):  # a linear network also adds up what is checked
        close(sum(part.changes for part in each), whole.changes, whole)


@pytest.mark.parametrize("fill, pixels", [("black", 0), ((12, 34, 56), (12, 34, 56))])
def test_the_checked_answer_is_the_networks_own(predictor, fill, pixels):
    """A region of whole input pixels is the same as painting the photograph there."""
    size = predictor.size
    image = IMAGE.resize((size, size))
    region = (5, 9, 30, 31)
    found = explain.evidence(predictor, image, region, fill=fill)
    painted = np.array(image)
    painted[9:31, 5:30] = pixels
    expected = predictor.forward(predictor.inputs([painted])).logits[0]
    close(found.covered, expected, found)
    close(found.changes, found.logits.astype(float) - expected, found)
    assert (found.cost.forward, found.cost.backward) == (2, 0)


def test_a_pair_of_classes_reads_off_both_numbers(predictor):
    found = explain.evidence(predictor, IMAGE, (10, 10, 40, 40))
    share, change = found.of(PAIR)
    assert share == pytest.approx(found.shares[1] - found.shares[3])
    assert change == pytest.approx(found.changes[1] - found.changes[3])
    contrast = explain.cam(predictor, IMAGE, PAIR).values
    parts = coverage((10, 10, 40, 40), IMAGE.size, contrast.shape)
    scale = np.abs(contrast).sum()
    assert share == pytest.approx((contrast * parts).sum(dtype=float), abs=1e-5 * scale)


def test_the_table_starts_with_both_answers_and_the_text_says_both_numbers(predictor):
    found = explain.evidence(predictor, IMAGE, (10, 10, 40, 40))
    rows = found.table()
    best = [max(row["logit"], row["logit"] - row["change"]) for row in rows]
    assert best == sorted(best, reverse=True)
    assert {row["label"] for row in rows} == set(predictor.labels)
    text = str(found)
    assert f"{rows[0]['share']:+.2f}" in text and f"{rows[0]['change']:+.2f}" in text
    assert rows[0]["label"] in text
    assert predictor.notice[1:] in text


def test_costs_are_counted():
    counting = StandIn()
    explain.evidence(counting, IMAGE, WHOLE)
    assert (counting.network.counted_forward, counting.network.counted_backward) == (2, 0)


def by_sampling(inside, grid, times=40):
    """The share of points of each cell that lie inside, for comparison."""
    rows, columns = grid
    y = (np.arange(rows * times) + 0.5) * HEIGHT / (rows * times)
    x = (np.arange(columns * times) + 0.5) * WIDTH / (columns * times)
    found = inside(x[None, :], y[:, None])
    return found.reshape(rows, times, columns, times).mean((1, 3))


def test_coverage_of_a_polygon_is_its_area_in_each_cell():
    """A triangle and a chevron (which is not convex), in both senses of rotation."""
    a, b, c, d = (12.3, 5.1), (60.7, 30.2), (20.4, 70.9), (31, 33)

    def left_of(p, q):
        return lambda x, y: (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) > 0

    def triangle(p, q, r):
        sides = [left_of(p, q), left_of(q, r), left_of(r, p)]
        return lambda x, y: sides[0](x, y) & sides[1](x, y) & sides[2](x, y)

    outer, notch = triangle(a, b, c), triangle(a, d, c)
    for points, inside in (
        ([a, b, c], outer),
        ([a, b, c, d], lambda x, y: outer(x, y) & ~notch(x, y)),
    ):
        expected = by_sampling(inside, (7, 7))
        assert 0.05 < expected.mean() < 0.95
        for given in (points, points[::-1], np.array(points)):
            found = coverage(given, IMAGE.size, (7, 7))
            np.testing.assert_allclose(found, expected, atol=0.02)
            np.testing.assert_allclose(found.sum(), expected.sum(), rtol=2e-3)


def test_rectangle_polygon_and_mask_of_the_same_place_agree():
    left, top, right, bottom = 11, 7, 40, 60
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for grid in ((7, 7), (56, 56), (3, 200)):
        found = [coverage(r, IMAGE.size, grid) for r in ((left, top, right, bottom), corners, mask)]
        np.testing.assert_allclose(found[0], found[2], atol=1e-9)
        np.testing.assert_allclose(found[1], found[2], atol=1e-9)
        expected = (right - left) * (bottom - top) / (WIDTH * HEIGHT)
        assert found[0].mean() == pytest.approx(expected)


def test_coverage_of_any_mask_keeps_its_area_and_stays_between_0_and_1():
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (3, 500), (40, 60)):
        mask = rng.random(shape) < 0.4
        found = coverage(mask, shape[::-1], (7, 7))
        assert found.mean() == pytest.approx(mask.mean())
        assert found.min() >= 0 and found.max() <= 1


def test_a_region_may_reach_over_the_edge():
    part = coverage((-50, -50, 10, 10), IMAGE.size, (7, 7))
    np.testing.assert_allclose(part, coverage((0, 0, 10, 10), IMAGE.size, (7, 7)))


@pytest.mark.parametrize(
    "region, words",
    [
        ((30, 10, 10, 40), "left < right"),
        ((WIDTH, 0, WIDTH + 5, 9), f"beside the photograph.*{WIDTH} x {HEIGHT}"),
        ([(1, 2), (3, 4)], "at least three points"),
        ("shoulder", "str.* is no area"),
        (None, "is no area"),
        ([(0, 0), (9, float("nan")), (4, 4)], "not numbers"),
        (np.zeros((5, 6), bool), rf"\(5, 6\).*\({HEIGHT}, {WIDTH}\)"),
        (np.zeros((HEIGHT, WIDTH)), "a bool array"),
    ],
    ids=str,
)
def test_what_is_no_region_is_refused(region, words):
    stand_in = StandIn()
    with pytest.raises(ValueError, match=words):
        explain.evidence(stand_in, IMAGE, region)
    assert stand_in.network.counted_forward == 0


def test_a_mask_of_a_large_photograph_takes_no_copy_of_it():
    """12 megapixels: sums of all pixels took 8 bytes each, more than once."""
    mask = np.random.default_rng(0).random((3000, 4000), "float32") < 0.4
    tracemalloc.start()
    found = coverage(mask, (4000, 3000), (8, 16))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
    blocks = mask.reshape(8, 375, 16, 250).mean(axis=(1, 3))
    np.testing.assert_allclose(found, blocks, atol=1e-12)
