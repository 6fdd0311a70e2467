import tarfile
import zipfile

import pytest
from made_archives import archive, zipped

from conus_widgets.collection.archive import opened
from conus_widgets.collection.problems import ReadingError

ROWS = [["1", "o1", "MNHN", "IM", "7", "Conus ater"], ["2", "o2", "MNHN", "IM", "8", "Röckel"]]
MEDIA = [
    ["1", "StillImage", "image/jpeg", "http://h/1.jpg", "x"],
    ["2", "", "", "http://h/2.jpg", ""],
]


def read(path):
    """Kinds and names of the tables, all their rows, and what is wrong as sentences."""
    problems = []
    with opened(str(path), problems) as sources:
        tables = [(s.kind, s.name, list(s.rows(problems))) for s in sources]
    return tables, [str(problem) for problem in problems]


def labels(tables):
    return [terms.get("scientificname") for _, _, terms in tables[0][2]]


def test_a_folder_a_zip_and_a_tape_say_the_same(tmp_path):
    folder = archive(tmp_path / "a", ROWS, MEDIA)
    tables, problems = read(folder)
    assert [table[:2] for table in tables] == [
        ("occurrence", "occurrence.txt"),
        ("multimedia", "multimedia.txt"),
    ]
    line, key, terms = tables[0][2][1]
    assert (line, key, terms["scientificname"], terms["catalognumber"]) == (3, "2", "Röckel", "8")
    assert tables[1][2][1] == (3, "2", {"gbifid": "2", "identifier": "http://h/2.jpg"})
    assert not problems
    assert read(zipped(folder, tmp_path / "a.zip")) == (tables, problems)
    assert read(zipped(folder, tmp_path / "b.zip", within="deep/er/")) == (tables, problems)
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tape:
        tape.add(folder, "whatever")
    assert read(tmp_path / "a.tgz") == (tables, problems)


def test_only_tables_leave_the_archive_and_nothing_leaves_the_folder(tmp_path):
    path = zipped(archive(tmp_path / "a", ROWS), tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as pack:
        pack.writestr("../outside.txt", "x")
        pack.writestr("dataset/1.xml", "<broken")
        pack.writestr("rights.txt", "all")
        pack.writestr("photographs/1.jpg", "x")
    problems = []
    with opened(str(path), problems) as sources:
        assert len(sources) == 1 and not problems
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize("ends", ["\\n", "\\r\\n", "\\r"])
@pytest.mark.parametrize("real", [b"\n", b"\r\n", b"\r"])
def test_line_ends_need_not_be_those_that_are_stated(tmp_path, ends, real):
    folder = archive(tmp_path / "a", ROWS, ends=ends)
    path = folder / "occurrence.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", real))
    tables, problems = read(folder)
    assert labels(tables) == ["Conus ater", "Röckel"] and not problems


@pytest.mark.parametrize(
    "stated", ["UTF-8", "ISO-8859-1", "utf8", "windows-1252", "", "base64", "klingon", "UTF-16"]
)
@pytest.mark.parametrize("real", ["utf-8", "latin-1"])
def test_input_6_the_encoding_need_not_be_the_one_that_is_stated(tmp_path, stated, real):
    if stated == "UTF-16":
        real = "utf-16"
    folder = archive(tmp_path / "a", ROWS, encoding=stated, bytes_encoding=real)
    if real == "utf-16":
        lines = ["header", *("\t".join(row) for row in ROWS)]
        (folder / "occurrence.txt").write_bytes("\n".join(lines).encode("utf-16"))
    tables, problems = read(folder)
    assert labels(tables) == ["Conus ater", "Röckel"]
    wrong = real == "latin-1" and stated in ("UTF-8", "utf8", "", "base64", "klingon")
    assert len(problems) == wrong
    assert not wrong or "occurrence.txt is not UTF-8 in 1 line (3), read as Latin-1" in problems[0]


def test_other_encodings_are_believed(tmp_path):
    rows = [["1", "", "", "", "", "芋螺"], ["2", "", "", "", "", "конус"]]
    for encoding in ("gbk", "utf-8"):
        folder = archive(tmp_path / encoding, rows, encoding="GBK", bytes_encoding=encoding)
        assert labels(read(folder)[0]) == ["芋螺", "конус"]


def test_input_6_a_lone_quotation_mark_swallows_nothing(tmp_path):
    """python-dwca-reader#117: files without a quote character, and a lone mark in the remarks."""
    columns = "gbifID scientificName occurrenceRemarks"
    rows = [[str(n), f"Conus {n}", "x"] for n in range(1, 8)]
    rows[2][2], rows[4][2] = '"the big one', 'the small one"'
    tables, problems = read(archive(tmp_path / "plain", rows, columns=columns))
    assert labels(tables) == [f"Conus {n}" for n in range(1, 8)] and not problems
    assert tables[0][2][2][2]["occurrenceremarks"] == '"the big one'
    # And where the description says that cells stand in quotation marks.
    rows[0][2] = '"a\ttab and\na line"'
    rows[5][1] = '"Conus 6"'
    tables, problems = read(archive(tmp_path / "quoted", rows, columns=columns, quote='"'))
    assert labels(tables) == [f"Conus {n}" for n in range(1, 8)]
    assert tables[0][2][0][2]["occurrenceremarks"] == "a\ttab and\na line"
    assert [row[0] for row in tables[0][2]] == [2, 4, 5, 6, 7, 8, 9]
    assert len(problems) == 1 and "occurrence.txt, line 5, has a lone quotation mark" in problems[0]


def test_a_short_row_costs_itself(tmp_path):
    rows = [ROWS[0], ["9"], "", b"\x81\xff", ROWS[1]]
    tables, problems = read(archive(tmp_path / "a", rows))
    assert labels(tables) == ["Conus ater", "Röckel"]
    assert "occurrence.txt, line 3, is too short" in problems[0]
    assert "occurrence.txt, line 5, is too short" in problems[1]


def test_values_that_the_description_gives_to_all_rows(tmp_path):
    country = '<field term="http://rs.tdwg.org/dwc/terms/country" default="Fiji"/>'
    tables, _ = read(archive(tmp_path / "a", ROWS, extra=country))
    assert [terms["country"] for _, _, terms in tables[0][2]] == ["Fiji", "Fiji"]


def test_a_field_without_a_term_is_passed_over(tmp_path):
    tables, problems = read(archive(tmp_path / "a", ROWS, extra='<field index="4"/>'))
    assert labels(tables) == ["Conus ater", "Röckel"] and not problems


def test_carriage_returns_within_cells(tmp_path):
    rows = [[*ROWS[0][:5], "Conus\rater"], [*ROWS[1][:4], '"7\r"', '"x\ry"']]
    assert labels(read(archive(tmp_path / "a", rows))[0]) == ["Conus\rater", '"x\ry"']
    assert labels(read(archive(tmp_path / "b", rows, quote='"'))[0]) == ["Conus\rater", "x\ry"]


def test_a_table_that_is_named_and_not_there_costs_itself(tmp_path):
    folder = archive(tmp_path / "a", ROWS, MEDIA)
    (folder / "multimedia.txt").unlink()
    tables, problems = read(folder)
    assert [table[0] for table in tables] == ["occurrence"]
    assert "multimedia.txt is named in meta.xml, but not in the archive" in problems[0]


@pytest.mark.parametrize(
    "meta",
    [None, b"<broken", b"", b"<archive/>", b'<archive><core rowType="x"/></archive>', "lines"],
)
def test_without_a_description_the_first_lines_say_what_is_what(tmp_path, meta):
    folder = archive(tmp_path / "a", ROWS, MEDIA)
    sound = (folder / "meta.xml").read_bytes()
    (folder / "meta.xml").unlink()
    if meta == "lines":
        meta = sound.replace(b'ignoreHeaderLines="1"', b'ignoreHeaderLines="one"')
    if meta is not None:
        (folder / "meta.xml").write_bytes(meta)
    tables, problems = read(folder)
    assert [table[:2] for table in tables] == [
        ("occurrence", "occurrence.txt"),
        ("multimedia", "multimedia.txt"),
    ]
    assert labels(tables) == ["Conus ater", "Röckel"] and tables[1][2][0][1] == "1"
    assert problems[0].startswith("meta.xml ")


def test_what_is_no_archive(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.zip").write_bytes(b"")
    path = zipped(archive(tmp_path / "a", ROWS * 200), tmp_path / "a.zip")
    data = path.read_bytes()
    (tmp_path / "bad.zip").write_bytes(data[:60] + b"\0" * 40 + data[100:])
    for name in ("empty", "bad.zip", "gone.zip"):
        with pytest.raises(ReadingError):
            read(tmp_path / name)
    tables, problems = read(tmp_path / "cut.zip")
    assert tables[0][2] == [] and "cut.zip cannot be read" in problems[0]
