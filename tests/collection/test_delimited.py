import csv
import io
import random

import pytest

from conus_widgets.collection.delimited import read_delimited, split
from conus_widgets.collection.problems import ReadingError


def read(tmp_path, data, **options):
    path = tmp_path / "t.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_delimited(str(path), **options)


def cells(table):
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_python_writes_is_read_back(tmp_path, separator, ends):
    rng = random.Random(0)
    rows = [["a", "b", "c d"]]
    for _ in range(300):
        rows.append(
            ["".join(rng.choices(f'x "{separator}\né', k=rng.randrange(7))) for _ in rows[0]]
        )
    rows[5][1] = rows[6][2] = "two\nlines"
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(
        rows
    )
    table = read(tmp_path, text.getvalue())
    assert table.columns == rows[0] and not table.problems
    expected = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    assert cells(table) == expected


@pytest.mark.parametrize(
    "data",
    [
        "\ufefffile;label\nä;b\n".encode(),
        "file;label\nä;b\n".encode("utf-16"),
        "file;label\nä;b\n".encode("latin-1"),
        "sep=;\nfile;label\nä;b".encode(),
        "\n\nfile;label\r\nä;b\r\n\r\n".encode(),
        "file;label\rä;b\r".encode(),
        "file;label\nä;b;;;\n;\n".encode(),
    ],
    ids=["mark", "utf-16", "latin-1", "excel", "blank lines", "old mac", "trailing"],
)
def test_kinds_of_files(tmp_path, data):
    table = read(tmp_path, data)
    assert table.columns == ["file", "label"] and cells(table) == [["ä", "b"]]


def test_latin_1_in_a_line_of_utf8_costs_neither_and_is_told(tmp_path):
    data = "file,label\n1,ü\n".encode() + "2,ü\n".encode("latin-1") + "3,“ü”\n".encode("cp1252")
    table = read(tmp_path, data + b"4,\x81\n")
    assert cells(table) == [["1", "ü"], ["2", "ü"], ["3", "“ü”"], ["4", "\x81"]]
    assert [str(p) for p in table.problems] == [
        "t.csv is not UTF-8 in 3 lines (3, 4, 5), read as Latin-1; look at names with accents "
        "there."
    ]
    shift = read(tmp_path, "file,label\n1,芋螺\n".encode("shift-jis"), encoding="shift-jis")
    assert cells(shift) == [["1", "芋螺"]] and not shift.problems


@pytest.mark.parametrize(
    "line",
    ['2,"alone,x', '2,"alone" and more,x', '2,x,"alone', '2,"a"b","c', '2,"open and ""closed"",x'],
)
def test_a_lone_quotation_mark_ends_with_its_line(tmp_path, line):
    table = read(tmp_path, f'file,remark,label\n1,"a, b",x\n{line}\n3,c,x\n4,"d ""e""",x\n5,f,x"\n')
    files = [row[0] for row in cells(table)]
    assert files == ["1", "2", "3", "4", "5"]
    assert cells(table)[0][1] == "a, b" and cells(table)[3][1] == 'd "e"'
    assert [str(p)[:14] for p in table.problems] == ["t.csv, line 3,"]
    assert "lone quotation mark" in table.problems[0].reason and table.problems[0].kept


def test_two_lone_marks_do_not_swallow_what_lies_between(tmp_path):
    rows = [f"{n},x,y" for n in range(1, 40)]
    rows[4], rows[20] = '5,x,"open', '21,x,shut"'
    table = read(tmp_path, "file,a,b\n" + "\n".join(rows))
    assert [row[0] for row in cells(table)] == [str(n) for n in range(1, 40)]


def test_a_cell_over_several_lines_is_one(tmp_path):
    table = read(tmp_path, 'file,remark,label\n1,"first\n\nthird, with a comma",x\n2,y,z\n')
    assert cells(table) == [["1", "first\n\nthird, with a comma", "x"], ["2", "y", "z"]]
    assert [row.line for row in table.rows] == [2, 5]


def test_carriage_returns_within_cells(tmp_path):
    table = read(tmp_path, b'file,re\rmark,"la\rbel"\n1,a\rb,"c\rd"\n2,"e",f\r\n')
    assert table.columns == ["file", "re\rmark", "la\rbel"] and not table.problems
    assert cells(table) == [["1", "a\rb", "c\rd"], ["2", "e", "f"]]


def test_a_comma_without_quotes_costs_its_row(tmp_path):
    text = "file,label,view\n1,Conus ater Born, 1778,A\n2,Conus ebur,A\n3,short\n"
    table = read(tmp_path, text)
    assert cells(table) == [["2", "Conus ebur", "A"], ["3", "short", ""]]
    assert "t.csv, line 2, has 4 cells, but there are 3 columns" in str(table.problems[0])
    assert not table.problems[0].kept


def test_files_that_are_no_tables(tmp_path):
    for data in (b"", b"\n\n", b"\xef\xbb\xbf"):
        with pytest.raises(ReadingError, match="empty"):
            read(tmp_path, data)
    with pytest.raises(ReadingError, match="cannot be read as 'klingon'"):
        read(tmp_path, b"a,b", encoding="klingon")
    with pytest.raises(ReadingError, match="cannot be read"):
        read_delimited(str(tmp_path / "gone.csv"))


def test_rows_are_numbered_from_where_they_begin():
    rows = list(split(["a\tb", '"x', 'y"\tz', "1\t2"], "\t", first=10))
    assert [(row.line, row.lines, row.cells) for row in rows] == [
        (10, 1, ["a", "b"]),
        (11, 2, ["x\ny", "z"]),
        (13, 1, ["1", "2"]),
    ]
