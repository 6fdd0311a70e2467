import os

import pytest
from made_files import as_nobody, names_of, put, reasons

from conus_widgets.collection.screening import oddities, screened
from conus_widgets.collection.table import Record


def looked_at(folder, *names, labels=None):
    """Names below a folder, as the lines 1, 2, ... of a table."""
    labels = labels or ["one", "another"] * len(names)
    rows = [
        (Record(os.path.join(folder, name), label=label, specimen=str(n)), f"line {n}")
        for n, (name, label) in enumerate(zip(names, labels, strict=False), 1)
    ]
    return screened(rows, source=str(folder), grouped=True, bases=(str(folder),))


def test_what_cannot_be_asked_about_costs_one_photograph_each(tmp_path):
    folder = put(tmp_path, "1.jpg", "9.jpg", "folder/x.jpg")
    put(tmp_path, "empty.jpg", content=b"")
    os.symlink("loop.jpg", tmp_path / "loop.jpg")
    os.symlink("nowhere", tmp_path / "broken.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    bad = ["gone.jpg", "empty.jpg", "loop.jpg", "broken.jpg", "pipe.jpg", "folder", "a\0b.jpg"]
    bad += ["x" * 300 + ".jpg", "1.jpg/2.jpg", "caf\udce9.jpg"]
    table = looked_at(folder, "1.jpg", *bad, "9.jpg")
    assert names_of(table) == ["1.jpg", "9.jpg"]
    said = reasons(table, kept=False)
    assert len(said) == len(bad)
    for name, words, sentence in zip(
        bad,
        [
            "is not there",
            "0 bytes",
            "leads back to itself",
            "leads nowhere",
            "pipe",
            "is a folder",
            "no file can have",
            "no file can have",
            "is not there",
            "not UTF-8",
        ],
        said,
        strict=True,
    ):
        assert words in sentence and sentence.isprintable(), (name, sentence)
    assert "gone.jpg (line 2) is not there" in said[0]


def test_what_may_not_be_read_is_listed():
    with as_nobody() as folder:
        put(folder, "1.jpg", "2.jpg")
        os.chmod(folder / "1.jpg", 0)
        table = looked_at(folder, "1.jpg", "2.jpg")
    assert names_of(table) == ["2.jpg"]
    assert "may not be read" in reasons(table, kept=False)[0]


def test_a_file_that_is_listed_twice_counts_once_by_whatever_name(tmp_path):
    folder = put(tmp_path, "1.jpg", "2.jpg")
    os.symlink("1.jpg", tmp_path / "link.jpg")
    os.link(tmp_path / "2.jpg", tmp_path / "hard.jpg")
    table = looked_at(folder, "1.jpg", "2.jpg", "./1.jpg", "link.jpg", "hard.jpg", "1.jpg")
    assert names_of(table) == ["1.jpg", "2.jpg"]
    said = reasons(table, kept=False)
    assert len(said) == 4
    assert "listed twice (line 1 and line 3), of specimen '1' and of '3'" in said[0]
    assert "the first time as 1.jpg, as 'one' and as 'another'" in said[1]


def test_a_thousand_times_the_same_file_stays_one(tmp_path):
    folder = put(tmp_path, "1.jpg")
    table = looked_at(folder, *["1.jpg"] * 1000, labels="x" * 1000)
    assert len(table) == 1 and len(reasons(table, kept=False)) == 999


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain é ö ß.jpg", []),
        ("a\nb.jpg", ["line end"]),
        ('the "big" one.jpg', ["quotation mark"]),
        ("<script>alert(1)</script>.jpg", ["markup"]),
        ("織錦芋螺.jpg", ["not Latin"]),
        ("конус \u202e'<b>.jpg", ["does not print", "quotation", "markup", "not Latin"]),
    ],
)
def test_odd_names_are_remarked_upon_and_kept(tmp_path, name, words):
    found = oddities(name)
    assert len(found) == len(words)
    assert all(word in reason for word, reason in zip(words, found, strict=True))
    if "/" in name:
        return
    table = looked_at(put(tmp_path, name, "other.jpg"), name, "other.jpg")
    assert names_of(table) == [name, "other.jpg"]
    assert len(reasons(table, kept=True)) == len(words) and not reasons(table, kept=False)


def test_labels_are_looked_at_once_each(tmp_path):
    folder = put(tmp_path, *(f"{n}.jpg" for n in range(6)))
    labels = ["<i>Conus</i>", "<i>Conus</i>", "Conus textile", "Conus textille", "", "蝸牛"]
    table = looked_at(folder, *(f"{n}.jpg" for n in range(6)), labels=labels)
    assert len(table) == 6
    said = reasons(table)
    assert sum("markup (< or >) in this label" in sentence for sentence in said) == 1
    assert sum("蝸牛 has letters in this label" in sentence for sentence in said) == 1
    assert "Conus textile and 'Conus textille' are two labels that differ by one letter" in str(
        said
    )
    assert any(sentence.startswith("4.jpg has no label") for sentence in said)


def test_one_class_none_at_all_and_no_photographs(tmp_path):
    folder = put(tmp_path, "1.jpg", "2.jpg")
    two = ("1.jpg", "2.jpg")
    assert "has one class only ('x')" in reasons(looked_at(folder, *two, labels="xx"))[0]
    assert "gives no labels" in reasons(looked_at(folder, *two, labels=["", ""]))[-1]
    assert "holds no photograph" in reasons(looked_at(folder, "gone"), kept=False)[-1]


def test_a_specimen_with_two_labels_is_told(tmp_path):
    folder = put(tmp_path, "1.jpg", "2.jpg")
    rows = [(Record(f"{folder}/{n}.jpg", label=f"label {n}", specimen="S"), "") for n in (1, 2)]
    table = screened(rows, source=folder, grouped=True, bases=(folder,))
    assert len(table) == 2
    assert "1.jpg belongs to specimen 'S', whose 2 photographs have 2 labels" in reasons(table)[-1]
