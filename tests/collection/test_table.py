import pytest

from conus_widgets.collection.table import Record, Table, specimen_key


def test_labels_and_specimens_of_a_table():
    records = (
        Record("1", label="b", specimen="x"),
        Record("2", label="", specimen="y"),
        Record("3", label="a", specimen="x"),
    )
    table = Table(records, (), "here", True)
    assert len(table) == 3
    assert table.labels() == ("a", "b")
    assert table.specimens() == {"x": [0, 2], "y": [1]}


@pytest.mark.parametrize(
    ("known", "key"),
    [
        (("MNHN", "IM", "12", "urn:1", "me"), "MNHN:IM:12"),
        (("", "IM", "12", "urn:1", "me"), ":IM:12"),
        (("", "", "12", "urn:1", "me"), "urn:1"),  # two museums may both have a number 12
        (("", "", "12", "", "me"), "me"),
        (("", "", "12", "", ""), "12"),
        (("MNHN", "IM", "", "", ""), ""),
    ],
)
def test_the_key_of_a_specimen(known, key):
    institution, collection, catalogue, occurrence, other = known
    assert key == specimen_key(
        institution=institution,
        collection=collection,
        catalogue=catalogue,
        occurrence=occurrence,
        other=other,
    )


def test_parts_of_a_key_cannot_run_into_each_other():
    keys = {
        specimen_key(institution=i, collection=c, catalogue="1", occurrence="")
        for i, c in (("A", "B"), ("AB", ""), ("", "AB"))
    }
    assert len(keys) == 3
