"""A verdict: what it must hold, and that it comes back from its own line."""

import json

import pytest

from conus_widgets.collection.verdicts import Verdict, VerdictError, pair_key

NAMED = {"name": "Conus textile", "rank": "species", "nature": "redetermination"}


def test_it_comes_back_from_its_line():
    verdict = Verdict(
        "wrong", "MNCN 1\n2", by='A "B" <i>', qualifier="cf.", note="é\u202e\0", **NAMED
    )
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


def test_parts_of_a_newer_version_are_left_out():
    line = {**Verdict("right", "a").to_dict(), "mood": "sure"}
    assert Verdict.from_dict(line).kind == "right"


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
