"""The queue: the same cases for everybody, in another order for each, and nothing tells them."""

import pytest

from conus_widgets.collection.blind_queue import mixed

WRONG = [f"w{number}" for number in range(30)]
RIGHT = [f"r{number}" for number in range(100)]


def wrong_in(queue):
    return sum(case.startswith("w") for case in queue)


def test_half_of_it_is_wrong_by_default_and_all_wrong_ones_are_there():
    queue = mixed(WRONG, RIGHT)
    assert len(queue) == 60 and set(WRONG) <= set(queue) and len(set(queue)) == 60


@pytest.mark.parametrize(
    ("count", "share", "total", "wrong"),
    [
        (20, 0.5, 20, 10),
        (20, 0.0, 20, 0),
        (20, 1.0, 20, 20),
        (50, 1.0, 50, 30),  # not enough wrong ones: right ones fill it
        (125, 0.1, 125, 25),  # not enough right ones
        (999, 0.5, 130, 30),
        (None, 0.3, 100, 30),
        (None, 0.0, 100, 0),
        (None, 1.0, 30, 30),
    ],
)
def test_counts(count, share, total, wrong):
    queue = mixed(WRONG, RIGHT, count=count, share=share)
    assert (len(queue), wrong_in(queue)) == (total, wrong)


def test_reviewers_get_the_same_cases_in_another_order():
    ana, ben = (mixed(WRONG, RIGHT, count=40, seed=3, by=by) for by in ("Ana", "Ben"))
    assert set(ana) == set(ben) and ana != ben
    assert ana == mixed(WRONG[::-1], RIGHT[::-1], count=40, seed=3, by="Ana")
    assert set(ana) != set(mixed(WRONG, RIGHT, count=40, seed=4, by="Ana"))


def test_the_place_in_the_queue_says_nothing():
    """Over many seeds a case of the first half is wrong as often as one of the second."""
    halves = [wrong_in(mixed(WRONG, RIGHT, count=40, seed=seed)[:20]) for seed in range(200)]
    assert 9.5 < sum(halves) / 200 < 10.5


def test_what_must_not_be_drawn_is_replaced_and_the_rest_stays():
    before = set(mixed(WRONG, RIGHT, count=20))
    gone = sorted(before)[:3]
    after = set(mixed(WRONG, RIGHT, count=20, without=gone))
    assert len(after) == 20 and before - set(gone) <= after and not after & set(gone)


def test_of_nothing_comes_nothing():
    assert mixed([], []) == () and mixed([], RIGHT) == ()
