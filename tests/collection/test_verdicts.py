"""A verdict: what it must hold, and that it comes back from its own line."""

import json
import uuid

import pytest

from conus_widgets.collection.verdicts import Verdict, VerdictError, pair_key

NAMED = {"name": "Conus textile", "rank": "species", "nature": "redetermination"}


def test_it_comes_back_from_its_line():
    verdict = Verdict(
        "wrong", "MNCN 1\n2", by='A "B" <i>', qualifier="cf.", note="é\u202e\0", **NAMED
    )
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


def test_parts_of_a_newer_version_are_kept():
    line = {**Verdict("right", "a").to_dict(), "mood": "sure", "others": [1, {"x": None}]}
    assert Verdict.from_dict(line).to_dict() == line


def test_a_line_of_an_earlier_version_is_read_and_written_as_it_was():
    line = {"kind": "right", "case": "a", "by": "Ana", "id": str(uuid.UUID(int=1))}
    line["at"] = "2026-11-01T12:00:00+01:00"
    assert Verdict.from_dict(line).to_dict() == line


def test_a_decision_of_a_blind_review_says_its_phase_and_time():
    verdict = Verdict("right", "a", name="Conus textile", phase="before", seconds=12.5)
    again = Verdict.from_dict(json.loads(json.dumps(verdict.to_dict())))
    assert again == verdict and again.seconds == 12.5


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"kind": "good"}, "kind is 'good'"),
        ({"case": ""}, "which specimen"),
        ({"case": 7}, "must be text"),
        ({"note": "x" * 10_001}, "at most 10,000"),
        ({"kind": "wrong", **NAMED, "name": " "}, "needs the new name"),
        ({"kind": "wrong", **NAMED, "rank": "kind"}, "rank is 'kind'"),
        ({"kind": "wrong", **NAMED, "nature": ""}, "nature is ''"),
        ({"kind": "note"}, "note is empty"),
        ({"kind": "undo"}, "must say the id"),
        ({"id": "7"}, "cannot be read"),
        ({"at": "yesterday"}, "cannot be read"),
        ({"at": "2026-01-01T00:00:00"}, "offset from UTC"),
        ({"orcid": "12"}, "four groups"),
        ({"phase": "during"}, "phase is 'during'"),
        ({"kind": "note", "note": "x", "phase": "after"}, "only where the label is judged"),
        ({"seconds": -1}, "seconds is -1"),
        ({"seconds": "3"}, "seconds is '3'"),
        ({"seconds": float("inf")}, "seconds is inf"),
        ({"seconds": 10**400}, "seconds is 1000"),
    ],
)
def test_what_is_wrong_is_said(parts, said):
    with pytest.raises(VerdictError, match=said):
        Verdict(**{"kind": "right", "case": "a", **parts})


def test_a_line_without_its_parts_is_no_verdict():
    with pytest.raises(VerdictError, match="case and at missing"):
        Verdict.from_dict({"kind": "right", "id": "x"})


def test_a_pair_has_one_name_in_either_order():
    assert pair_key("textile", "canonicus") == pair_key("canonicus", "textile")
