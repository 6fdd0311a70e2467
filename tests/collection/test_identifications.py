"""Determinations in Darwin Core: one row each, one current at most, machine and human apart."""

import csv

from conus_widgets.collection.identifications import (
    COLUMNS,
    HUMAN,
    MACHINE,
    Known,
    human_rows,
    machine_rows,
    write,
)
from conus_widgets.collection.verdicts import Verdict

SPECIMENS = {
    "MNCN:7": Known(
        "Conus canonicus",
        {"institutionCode": "MNCN", "catalogNumber": "7", "occurrenceID": "urn:7"},
    )
}


def wrong(by="Ana", name="Conus textile", nature="redetermination", **rest):
    return Verdict("wrong", "MNCN:7", by=by, name=name, rank="species", nature=nature, **rest)


def test_a_new_name_keeps_what_was_before_and_who_said_it():
    verdict = wrong(qualifier="cf.", note='tents, "fine"', model="abc", orcid="0000-0002-1825-0097")
    [row] = human_rows([verdict], SPECIMENS, {"Conus textile": "urn:lsid:1"})
    assert set(row) == set(COLUMNS)
    assert row["catalogNumber"] == "7" and row["institutionCode"] == "MNCN"
    assert (row["scientificName"], row["identificationQualifier"]) == ("Conus textile", "cf.")
    assert row["verbatimIdentification"] == row["previousIdentifications"] == "Conus canonicus"
    assert row["identificationRemarks"] == 're-determination; tents, "fine"'
    assert row["identificationID"] == f"urn:uuid:{verdict.id}"
    assert row["identifiedByID"].endswith("0000-0002-1825-0097")
    assert row["scientificNameID"] == "urn:lsid:1"
    assert (row["isCurrent"], row["identificationVerificationStatus"]) == ("true", HUMAN)


def test_a_change_of_name_is_said_to_be_one():
    [row] = human_rows([wrong(nature="nomenclatural")], SPECIMENS)
    assert row["identificationRemarks"] == "change of name"


def test_never_two_current_determinations_of_a_specimen():
    first, second = wrong(), wrong(name="Conus dalli")
    assert [row["isCurrent"] for row in human_rows([first, second], SPECIMENS)] == ["false", "true"]
    rows = human_rows([first, second, wrong(by="Ben")], SPECIMENS)  # who disagree
    assert [row["isCurrent"] for row in rows] == ["false"] * 3
    assert rows[2]["previousIdentifications"] == "Conus canonicus | Conus textile | Conus dalli"


def test_what_names_nothing_has_no_row_and_ends_an_earlier_determination():
    rows = human_rows([wrong(), Verdict("unusable", "MNCN:7", by="Ana")], SPECIMENS)
    assert [row["isCurrent"] for row in rows] == ["false"]


def test_of_a_blind_review_the_last_decision_is_the_determination():
    before = wrong(phase="before")
    [row] = human_rows([before], SPECIMENS)
    assert row["isCurrent"] == "true"
    assert row["identificationRemarks"].endswith("before the model's answer was shown")
    other = Verdict("right", "MNCN:7", by="Ben", phase="after")
    rows = human_rows([before, wrong(name="Conus dalli", phase="after"), other], SPECIMENS)
    assert [row["identifiedBy"] for row in rows] == ["Ana", "Ben"]
    assert rows[0]["previousIdentifications"] == "Conus canonicus"


def test_a_machine_is_never_current():
    [row] = machine_rows(
        [("MNCN:7", "Conus textile", 1.0)], SPECIMENS, model="demo abc", at="2026-01-01T00:00:00Z"
    )
    assert row["isCurrent"] == "false" and row["identificationVerificationStatus"] == MACHINE
    assert row["identificationRemarks"] == "classified by a machine with probability 1.000"


def test_the_file_comes_back_as_it_was(tmp_path):
    rows = human_rows([wrong(note='a\n"b",<i>é')], SPECIMENS)
    path = write(tmp_path / "identifications.csv", rows)
    with open(path, encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows
