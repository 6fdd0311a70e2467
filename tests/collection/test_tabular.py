import socket

import pytest
from made_files import names_of, put, reasons

from conus_widgets.collection import read_table
from conus_widgets.collection.problems import ReadingError
from conus_widgets.collection.tabular import several


def table(tmp_path, text, *photographs, **options):
    put(tmp_path, *(photographs or ("1.jpg", "2.jpg", "3.jpg")))
    (tmp_path / "t.csv").write_text(text, "utf-8", newline="")
    return read_table(tmp_path / "t.csv", **options)


FULL = (
    "File name;Species;Specimen;View;Country;institutionCode;catalogNumber;collector\n"
    "1.jpg;Conus ater;S1;apertural;Fiji;MNHN;7;Ann\n"
    "2.jpg;Conus ater;S1;dorsal;Fiji;MNHN;7;\n"
    "3.jpg;Conus ebur;S2;;;;;Bob\n"
)


def test_columns_are_known_by_their_names(tmp_path):
    found = table(tmp_path, FULL)
    first, second, third = found.records
    assert (first.label, first.view, first.given_view) == ("Conus ater", "ventral", "apertural")
    assert (first.region, first.institution, first.catalogue) == ("Fiji", "MNHN", "7")
    assert dict(first.others) == {"collector": "Ann"} and second.others == {}
    assert first.specimen == second.specimen == "MNHN::7" and third.specimen == "S2"
    assert found.grouped and not found.problems


def test_columns_that_a_person_names_come_first(tmp_path):
    found = table(tmp_path, FULL, specimen="Specimen", label="collector")
    assert [r.specimen for r in found.records] == ["S1", "S1", "S2"]
    assert found.labels() == ("Ann", "Bob")
    with pytest.raises(ValueError, match="no column 'Kollektor'"):
        table(tmp_path, FULL, label="Kollektor")
    with pytest.raises(ValueError, match="'labels' is none of file, label"):
        table(tmp_path, FULL, labels="Species")


def test_without_specimens_each_photograph_is_its_own(tmp_path):
    found = table(tmp_path, "file,label\n1.jpg,a\n2.jpg,b\n")
    assert not found.grouped and len(found.specimens()) == 2


def test_parquet_is_read_like_csv(tmp_path):
    import pyarrow
    import pyarrow.parquet

    put(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    columns = {
        "file": ["1.jpg", "2.jpg", "gone.jpg", None],
        "label": ["a", None, "c", "d"],
        "catalogNumber": [7.0, float("nan"), 9.5, 1.0],
        "institution": ["M"] * 4,
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert [(r.label, r.catalogue) for r in found.records] == [("a", "7"), ("", "")]
    said = " ".join(reasons(found))
    assert "t.parquet, row 4, names no photograph" in said and "gone.jpg (row 3)" in said
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(ReadingError, match="no sound Parquet"):
        read_table(tmp_path / "bad.parquet")


def test_photographs_lie_elsewhere_and_addresses_are_never_fetched(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    put(tmp_path / "photos", "x/7/original.jpg", "x/8/original.jpg")
    text = "url,label\nhttps://h.example/7/original.jpg,a\nhttps://h.example/9/original.jpg,b\n"
    found = table(tmp_path, text, photographs=tmp_path / "photos")
    (record,) = found.records
    assert record.path.endswith("7/original.jpg")
    assert record.others == {"address": "https://h.example/7/original.jpg"}
    assert any("https://h.example/9/original.jpg (line 3)" in reason for reason in reasons(found))
    assert "is an address; download" in reasons(table(tmp_path, text), kept=False)[0]


def test_several_photographs_in_a_cell(tmp_path):
    text = "associatedMedia,scientificName,occurrenceID\n1.jpg | 2.jpg,a,o1\n3.jpg,b,o2\n,c,o3\n"
    found = table(tmp_path, text)
    assert [r.specimen for r in found.records] == ["o1", "o1", "o2"]
    assert "t.csv, line 4, names no photograph" in reasons(found, kept=False)[0]
    assert several("a; b;") == ["a", "b"] and several("a, b") == ["a", "b"]
    assert several(" ") == [] and several("a,b.jpg") == ["a,b.jpg"]


def test_bad_rows_cost_themselves(tmp_path):
    put(tmp_path, 'a "b".jpg', "<b>.jpg", "织.jpg", "c\nd.jpg")
    text = (
        "file,label,remark\n"
        "1.jpg,a,\n"
        '"a ""b"".jpg",a,\n'
        "<b>.jpg,<i>a</i>,\n"
        "织.jpg,织,\n"
        '"c\nd.jpg",b,\n'
        '2.jpg,"b,lone\n'
        "3.jpg,Conus ater Born, 1778,x\n"
        "1.jpg,b,\n"
        "gone.jpg,b\n"
        ",b,\n"
        "3.jpg,,\n"
    )
    found = table(tmp_path, text)
    assert names_of(found) == [
        "1.jpg",
        'a "b".jpg',
        "<b>.jpg",
        "织.jpg",
        "c\nd.jpg",
        "2.jpg",
        "3.jpg",
    ]
    assert [r.label for r in found.records][-2:] == ['"b', ""]
    said = "\n".join(reasons(found))
    for words in (
        "t.csv, line 8, has a lone quotation mark",
        "t.csv, line 9, has 4 cells, but there are 3 columns",
        "1.jpg is listed twice (line 2 and line 10), as 'a' and as 'b'",
        "gone.jpg (line 11) is not there",
        "t.csv, line 12, names no photograph",
        "3.jpg has no label",
    ):
        assert words in said, words


def test_columns_of_one_name_keep_apart(tmp_path):
    found = table(tmp_path, "file,label,note,note,\n1.jpg,a,x,y,z\n2.jpg,b,,,\n")
    assert found.records[0].others == {"note": "x", "note (4)": "y", "column (5)": "z"}


def test_files_that_are_no_tables(tmp_path):
    for name, data, words in (
        ("x.xlsx", b"PK\3\4...", "export the table as CSV"),
        ("x.csv", b"", "empty"),
        ("y.csv", b"colour,size\nred,1", "'colour', 'size'; say which one it is"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ReadingError, match=words):
            read_table(tmp_path / name)
    with pytest.raises(ReadingError, match="cannot be read"):
        read_table(tmp_path / "gone.csv")
