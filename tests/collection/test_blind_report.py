"""The report of a blind review: the 2 x 2 table, its intervals and its test."""

import pytest
from scipy.stats import binomtest

from conus_widgets.collection.blind_report import BlindReport, Decided, Table


def decided(right_before, right_after, model_right=True, **rest):
    changed = right_before is not right_after
    return Decided(
        changed,
        to_answer=changed and right_after is model_right,
        right_before=right_before,
        right_after=right_after,
        model_right=model_right,
        **rest,
    )


CASES = (
    *[decided(True, True)] * 20,
    *[decided(True, False, model_right=False)] * 3,
    *[decided(False, True)] * 9,
    *[decided(False, False, model_right=False)] * 8,
)
REPORT = BlindReport("Ana", CASES, {"not decided again": 2}, "expert")


def test_the_table_counts_both_ways():
    table = REPORT.table
    assert (table.stayed_right, table.became_wrong) == (20, 3)
    assert (table.became_right, table.stayed_wrong) == (9, 8)
    assert (table.before.part, table.after.part, table.whole) == (23, 29, 40)
    assert str(table.mended) == "52.9% (9 of 17; 31.0% to 73.8%)"
    assert str(table.spoilt) == "13.0% (3 of 23; 4.5% to 32.1%)"


def test_what_the_model_gave_and_cost_stands_apart():
    assert REPORT.model_right == Table(20, 0, 9, 0)
    assert REPORT.model_wrong == Table(0, 3, 0, 8)


@pytest.mark.parametrize("pair", [(0, 0), (1, 0), (5, 5), (3, 9), (9, 3), (0, 40), (12, 31)])
def test_mcnemar_is_the_exact_sign_test(pair):
    became_wrong, became_right = pair
    found = Table(7, became_wrong, became_right, 5).p_value
    changed = became_wrong + became_right
    assert found == pytest.approx(binomtest(became_right, changed).pvalue if changed else 1)


def test_the_text_holds_the_numbers():
    lines = str(REPORT).splitlines()
    assert lines[0] == "Ana decided 40 cases before and after the model's answer."
    assert "Another decision after it: 30.0% (12 of 40; 18.1% to 45.4%)." in lines
    assert "Left out, not decided again: 2." in lines
    assert "right before            20            3" in lines
    assert "Where the model is wrong (11): 0 became right, 3 became wrong." in lines
    assert "As many each way? Exact McNemar test: p = 0.146." in lines


def test_without_a_reference_nothing_is_said_of_right_and_wrong():
    cases = (Decided(True, True, 30.0, 5.0), Decided(False, False, 10.0, 7.0))
    report = BlindReport("Ana", cases, {}, None)
    assert report.table is report.model_right is report.model_wrong is None
    assert str(report.changed).startswith("50.0% (1 of 2")
    assert "Median time: 20 s before, 6 s after." in str(report)
    assert "right" not in str(report) and "wrong" not in str(report)


def test_nothing_decided_is_no_error():
    for reference in (None, "expert"):
        report = BlindReport("Ana", (), {}, reference)
        assert "decided 0 cases" in str(report) and report.changed.interval == (0, 1)
