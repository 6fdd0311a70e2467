"""The pace of a review: exact at an even pace, unmoved by breaks, and silent at the start."""

from datetime import UTC, datetime, timedelta

import pytest

from conus_widgets.collection.pace import Progress, in_words, progress
from conus_widgets.collection.verdicts import Verdict

CASES = [f"case {number}" for number in range(120)]
START = datetime(2026, 11, 27, 9, tzinfo=UTC)


def judged(cases, seconds, by="Ana", **parts):
    """Verdicts on cases, each some seconds after the one before."""
    moments = [START + timedelta(seconds=sum(seconds[: n + 1])) for n in range(len(cases))]
    return [
        Verdict("right", case, by=by, at=moment.isoformat(), **parts)
        for case, moment in zip(cases, moments, strict=True)
    ]


def test_at_an_even_pace_the_time_left_is_exact():
    for done in (4, 43, 119):
        found = progress(judged(CASES[:done], [15.5] * done), CASES, "Ana")
        assert found == Progress(done, 120, pytest.approx((120 - done) * 15.5))


def test_a_break_for_lunch_does_not_move_it():
    even = [16.0] * 43
    lunch = [*even[:30], 3600.0, *even[31:]]
    assert progress(judged(CASES[:43], lunch), CASES, "Ana") == progress(
        judged(CASES[:43], even), CASES, "Ana"
    )


def test_it_follows_a_reviewer_who_gets_faster():
    seconds = [60.0] * 40 + [10.0] * 21
    assert progress(judged(CASES[:61], seconds), CASES, "Ana").seconds_left == 59 * 10


def test_the_first_cases_say_nothing_of_the_time():
    assert str(progress(judged(CASES[:3], [9.0] * 3), CASES, "Ana")) == "3 of 120 reviewed"
    assert progress([], [], "Ana") == Progress(0, 0)


def test_what_does_not_count():
    said = judged(CASES[:5], [9.0] * 5)
    others = [
        *judged(CASES[5:9], [1.0] * 4, by="Ben"),
        *judged(CASES[9:14], [1.0] * 5, phase="before"),
        *judged(["elsewhere"], [1.0]),
        *judged(CASES[:5], [2.0] * 5),  # each once more
        Verdict("note", CASES[20], by="Ana", note="worn"),
    ]
    found = progress(said, CASES, "Ana")
    assert found.done == 5
    assert progress([*said, *others], [*CASES, *CASES], "Ana") == found


def test_in_words():
    assert str(Progress(43, 120, 1210)) == "43 of 120 reviewed, about 20 minutes left"
    assert str(Progress(1199, 2000, 9 * 3600)) == "1,199 of 2,000 reviewed, about 9 hours left"
    assert str(Progress(120, 120, 0.0)) == "all 120 reviewed"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (60, "about 1 minute"),
        (599, "about 10 minutes"),
        (1500, "about 25 minutes"),
        (3599, "about 1 hour"),
        (4500, "about 1 hour 15 minutes"),
        (7300, "about 2 hours"),
    ],
)
def test_times_are_said_as_people_say_them(seconds, said):
    assert in_words(seconds) == said
