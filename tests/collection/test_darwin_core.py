import socket

import pytest
from made_archives import OCCURRENCES, archive, zipped
from made_files import names_of, put, reasons

from conus_widgets.collection import read_darwin_core
from conus_widgets.collection.problems import ReadingError

HOST = "https://host.example/photos"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """An address is printed, never fetched."""

    def refuse(*arguments, **options):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def occurrence(number, label="Conus ater", *, catalogue=None):
    catalogue = str(number) if catalogue is None else catalogue
    return [str(number), f"urn:{number}", "MNHN", "IM", catalogue, label]


def medium(number, identifier, *, kind="StillImage", mime="image/jpeg", title=""):
    return [str(number), kind, mime, identifier, title]


def test_an_archive_of_two_specimens(tmp_path):
    photographs = put(tmp_path / "photos", "1/original.jpg", "2/original.jpg", "b/3.jpg", "4.jpg")
    folder = archive(
        tmp_path / "a",
        [occurrence(1, "Conus ater Born, 1778"), occurrence(2, "Conus ebur"), occurrence(3)],
        [
            medium(1, f"{HOST}/1/original.jpg", title="shell, apertural view"),
            medium(1, f"{HOST}/2/original.jpg", title="dorsal"),
            medium(2, f"{HOST}/b/3.jpg"),
        ],
    )
    table = read_darwin_core(zipped(folder, tmp_path / "a.zip"), photographs)
    first, second, third = table.records
    assert (first.label, third.label) == ("Conus ater Born, 1778", "Conus ebur")
    assert first.specimen == second.specimen == "MNHN:IM:1" != third.specimen
    assert [r.view for r in table.records] == ["ventral", "dorsal", ""]
    assert (first.institution, first.occurrence, first.catalogue) == ("MNHN", "urn:1", "1")
    assert first.others["collectionCode"] == "IM" and first.others["gbifID"] == "1"
    assert first.others["address"] == f"{HOST}/1/original.jpg"
    assert first.path.endswith("1/original.jpg") and table.grouped
    assert reasons(table) == [
        "occurrence.txt has 1 occurrences without a photograph; they are passed over.",
        f"{photographs} holds 1 of 4 photographs that no row names, such as '4.jpg'.",
    ]


def test_input_5_bare_missing_and_strayed_identifiers(tmp_path):
    """gbif/pipelines#713, portal-feedback#5006 and #1209: every row says what became of it."""
    photographs = put(tmp_path / "photos", *(f"{n}.jpg" for n in range(1, 9)), "654355.jpg")
    labels = ("Conus ater", "Conus ebur")
    folder = archive(
        tmp_path / "a",
        [occurrence(n, labels[n % 2]) for n in range(1, 11)],
        [
            medium(1, "654355.jpg"),
            medium(2, ""),
            medium(3, f"{HOST}/3.jpg", kind="image/jpeg", mime="StillImage"),
            medium(4, f"{HOST}/4.jpg", kind="", mime=""),
            medium(5, "image/jpeg", mime=f"{HOST}/5.jpg"),
            medium(6, f"{HOST}/6.jpg", mime=f"{HOST}/no-mime"),
            medium(7, f"{HOST}/song.mp3", kind="Sound", mime="audio/mpeg"),
            medium(8, f"{HOST}/not-downloaded.jpg"),
            medium(99, f"{HOST}/8.jpg"),
            ["7"],
            medium(10, f"{HOST}/7.jpg", kind="InteractiveResource", mime="text/html"),
        ],
    )
    table = read_darwin_core(folder, photographs)
    assert names_of(table) == ["654355.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg", "7.jpg"]
    said = "\n".join(reasons(table))
    for words in (
        "654355.jpg (multimedia.txt, line 2) is the bare name of a file, no address",
        "multimedia.txt, line 3, has no identifier of a photograph",
        "multimedia.txt, line 6, has its identifier in the column 'format'",
        "multimedia.txt, line 8, is no photograph but 'Sound audio/mpeg'",
        f"{HOST}/not-downloaded.jpg (multimedia.txt, line 9) is not in the folder",
        "multimedia.txt, line 10, belongs to occurrence '99', which is not in occurrence.txt",
        "multimedia.txt, line 11, is too short",
    ):
        assert words in said, words


def test_input_5_many_that_end_in_original_jpg_are_never_guessed(tmp_path):
    photographs = put(tmp_path / "photos", "a/1/original.jpg", "b/1/original.jpg", "3/original.jpg")
    media = [medium(n, f"{HOST}/{n}/original.jpg") for n in (1, 2, 3)]
    folder = archive(tmp_path / "a", [occurrence(n) for n in (1, 2, 3)], media)
    table = read_darwin_core(folder, photographs)
    assert [r.catalogue for r in table.records] == ["3"]
    said = reasons(table, kept=False)
    assert "could be any of 2 files that end in '1/original.jpg'" in said[0]
    assert "could be any of 3 files that end in 'original.jpg'" in said[1]


def test_input_6_lone_quotation_marks_and_latin_1(tmp_path):
    """python-dwca-reader#117: neither costs a row of this archive."""
    photographs = put(tmp_path / "photos", *(f"{n}.jpg" for n in range(1, 7)))
    rows = [[*occurrence(n, "Conus Röckel"), "fine"] for n in range(1, 7)]
    rows[1][-1] = '"the big one'
    rows[4][-2:] = ["Conus ebur", "'small\""]
    media = [medium(n, f"{HOST}/{n}.jpg", title='a "lone') for n in range(1, 7)]
    for stated in ("UTF-8", "ISO-8859-1"):
        for real in ("utf-8", "latin-1"):
            folder = archive(
                tmp_path / (stated + real),
                rows,
                media,
                columns=f"{OCCURRENCES} occurrenceRemarks",
                encoding=stated,
                bytes_encoding=real,
            )
            table = read_darwin_core(folder, photographs)
            assert [r.label for r in table.records] == ["Conus Röckel"] * 4 + [
                "Conus ebur",
                "Conus Röckel",
            ]
            assert table.records[1].others["occurrenceRemarks"] == '"the big one'
            assert len(reasons(table)) == (stated == "UTF-8" and real == "latin-1")


def test_input_7_two_photographs_of_a_specimen_in_one_cell(tmp_path):
    """portal-feedback#5405 and #6569: one of them shows a clam. A specimen with both, for a person
    to say so; reading cannot."""
    photographs = put(tmp_path / "photos", "snail.jpg", "clam.jpg", "other.jpg")
    rows = [
        [*occurrence(1), f"{HOST}/snail.jpg | {HOST}/clam.jpg"],
        [*occurrence(2, "Conus ebur"), f"{HOST}/other.jpg"],
        [*occurrence(3), ""],
    ]
    columns = f"{OCCURRENCES} associatedMedia"
    table = read_darwin_core(archive(tmp_path / "a", rows, columns=columns), photographs)
    assert names_of(table) == ["snail.jpg", "clam.jpg", "other.jpg"]
    assert table.specimens() == {"MNHN:IM:1": [0, 1], "MNHN:IM:2": [2]}
    # The same photograph in both tables is one, and no reproach.
    folder = archive(tmp_path / "b", rows, [medium(1, f"{HOST}/clam.jpg")], columns=columns)
    table = read_darwin_core(folder, photographs)
    assert sorted(names_of(table)) == ["clam.jpg", "other.jpg", "snail.jpg"]
    assert not reasons(table, kept=False)


def test_input_8_names_stay_verbatim(tmp_path):
    photographs = put(tmp_path / "photos", *(f"{n}.jpg" for n in range(5)))
    labels = [
        "Conus cf. textile",
        "Conus sp.",
        "Conus (Cylinder) textile Linnaeus, 1758",
        "\u2020Conus tarbellianus Grateloup, 1840",
        "<i>Conus</i> textile",
    ]
    folder = archive(
        tmp_path / "a",
        [occurrence(n, label) for n, label in enumerate(labels)],
        [medium(n, f"{HOST}/{n}.jpg") for n in range(5)],
    )
    table = read_darwin_core(folder, photographs)
    assert [record.label for record in table.records] == labels


def test_a_csv_of_media_with_its_occurrences_beside(tmp_path):
    photographs = put(tmp_path / "photos", "abc.jpg", "def.jpg", "ghi.jpg")
    (tmp_path / "multimedia.csv").write_text(
        "coreid,ac:accessURI,dcterms:format,ac:subjectOrientation\n"
        f"u1,{HOST}/media/abc,image/jpeg,dorsal\n"
        f"u1,{HOST}/media/def?size=full,image/jpeg,http://rs.tdwg.org/acorient/values/r0007\n"
        f'u2,"{HOST}/media/ghi",,\n'
    )
    table = read_darwin_core(tmp_path / "multimedia.csv", photographs)
    assert len(table) == 3 and table.labels() == ()
    (tmp_path / "occurrence.csv").write_text(
        "coreid,dwc:institutionCode,dwc:catalogNumber,dwc:scientificName,dwc:country\n"
        "u1,FLMNH,7,Conus ater,Fiji\nu2,FLMNH,8,Conus ebur,\n"
    )
    table = read_darwin_core(tmp_path / "multimedia.csv", photographs)
    assert names_of(table) == ["abc.jpg", "def.jpg", "ghi.jpg"]
    assert [r.label for r in table.records] == ["Conus ater", "Conus ater", "Conus ebur"]
    assert [r.view for r in table.records] == ["dorsal", "ventral", ""]
    assert table.records[0].region == "Fiji"
    assert [r.specimen for r in table.records] == ["FLMNH::7", "FLMNH::7", "FLMNH::8"]
    assert not reasons(table, kept=False)


def test_terms_that_a_person_asks_for(tmp_path):
    photographs = put(tmp_path / "photos", "1.jpg", "x.jpg")
    columns = "gbifID scientificName species waterBody country myFile sex"
    rows = [["1", "Conus ater Born", "Conus ater", "Pacific", "Fiji", "x.jpg", "female"]]
    folder = archive(tmp_path / "a", rows, columns=columns)
    options = {
        "label": "species",
        "region": "waterBody",
        "file": "myFile",
        "keep": ["sex", "myFile"],
    }
    (record,) = read_darwin_core(folder, photographs, **options).records
    assert (record.label, record.region) == ("Conus ater", "Pacific")
    assert record.path.endswith("x.jpg") and record.others["myFile"] == "x.jpg"
    assert record.specimen == "1"


def test_two_rows_of_one_identifier(tmp_path):
    photographs = put(tmp_path / "photos", "1.jpg", "2.jpg")
    rows = [occurrence(1), occurrence(1, "Conus ebur"), occurrence(2)]
    media = [medium(1, "x/1.jpg"), medium(2, "x/2.jpg")]
    table = read_darwin_core(archive(tmp_path / "a", rows, media), photographs)
    assert table.labels() == ("Conus ater",) and len(table) == 2
    assert "occurrence.txt, line 3, has the same identifier" in reasons(table, kept=False)[0]


def test_nothing_there(tmp_path):
    with pytest.raises(ReadingError, match="not there"):
        read_darwin_core(tmp_path / "gone.zip", tmp_path)
    folder = archive(tmp_path / "a", [occurrence(1)], [medium(1, f"{HOST}/1.jpg")])
    table = read_darwin_core(folder, tmp_path / "no photographs")
    assert len(table) == 0
    assert "is no folder; give the one" in " ".join(reasons(table))
