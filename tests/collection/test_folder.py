import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from made_files import names_of, put, reasons

from conus_widgets.collection import read_folder
from conus_widgets.collection.problems import ReadingError

ROOT = Path(__file__).parents[2]
PHOTOS = Path(os.environ.get("CONUS_PHOTOS", ROOT.parent / "shared" / "photos"))


def test_a_folder_a_class_and_each_photograph_a_specimen(tmp_path):
    put(tmp_path, "Conus ater/1.jpg", "Conus ater/deeper/2.png", "Bolinus brandaris/1.jpg")
    table = read_folder(tmp_path)
    assert [(r.label, r.specimen) for r in table.records] == [
        ("Bolinus brandaris", "Bolinus brandaris/1.jpg"),
        ("Conus ater", "Conus ater/1.jpg"),
        ("Conus ater", "Conus ater/deeper/2.png"),
    ]
    assert not table.grouped and not table.problems
    assert table.source == str(tmp_path) and all(os.path.isabs(r.path) for r in table.records)


@pytest.mark.parametrize(
    "case",
    json.loads((ROOT / "tests" / "folder_cases.json").read_text(encoding="utf-8")),
    ids=lambda case: case["what"],
)
def test_the_rule_is_that_of_the_fine_tuners_page(tmp_path, case):
    """The same list of cases tests the page: tests/js/finetuner-folders.test.mjs."""
    for file in case["files"]:
        head = case.get("heads", {}).get(file, "ffd8ff")
        put(tmp_path, file, content=bytes.fromhex(head))
    table = read_folder(tmp_path)
    boxes = defaultdict(list)
    for record in table.records:
        boxes[record.label].append(Path(record.path).relative_to(tmp_path).as_posix())
    assert list(boxes.items()) == list(case["boxes"].items()), "also in this order"
    for words, kind in (
        ("lies in no folder of a class", "loose"),
        ("not a photograph", "others"),
        ("is empty (0 bytes)", "empty"),
    ):
        found = [one.file for one in table.problems if not one.kept and words in one.reason]
        assert sorted(found) == case.get(kind, []), kind


def test_a_pattern_says_what_names_hold(tmp_path):
    put(tmp_path, *(f"{label}/{n}_{view}.jpg" for label in "xy" for n in (1, 2) for view in "AB"))
    table = read_folder(tmp_path, "{specimen}_{view}", views={"A": "dorsal", "B": "aperture"})
    assert table.grouped and not table.problems
    # A number counts within its label.
    assert table.specimens() == {"x/1": [0, 1], "x/2": [2, 3], "y/1": [4, 5], "y/2": [6, 7]}
    assert [(r.view, r.given_view) for r in table.records[:2]] == [
        ("dorsal", "A"),
        ("ventral", "B"),
    ]


def test_everything_a_pattern_can_say(tmp_path):
    put(tmp_path, "MNHN/IM/12/x/top-Fiji-urn1-big.jpg", "MNHN/IM/12/y/back-Fiji-urn2-big.jpg")
    rule = "{institution}/{collection}/{catalogue}/{label}/{view}-{region}-{occurrence}-{size}"
    first, second = read_folder(tmp_path, rule).records
    assert (first.label, first.view, first.region, first.occurrence) == (
        "x",
        "apical",
        "Fiji",
        "urn1",
    )
    assert (first.institution, first.catalogue) == ("MNHN", "12")
    assert first.others == {"collection": "IM", "size": "big"}
    assert first.specimen == second.specimen == "MNHN:IM:12"


def test_without_folders_the_pattern_gives_the_label(tmp_path):
    put(tmp_path, "Conus_ater_1_A.jpg", "Conus_ebur_1_A.jpg", "IMG1.jpg")
    table = read_folder(tmp_path, "{label}_{specimen}_{view}")
    assert table.labels() == ("Conus_ater", "Conus_ebur") and len(table.specimens()) == 2
    assert "IMG1.jpg lies in no folder of a class" in reasons(table, kept=False)[0]


def test_a_pattern_that_no_name_follows_tells_no_specimens(tmp_path):
    put(tmp_path, "x/1.jpg", "y/2.jpg")
    table = read_folder(tmp_path, "{specimen}_{view}")
    assert not table.grouped and len(table) == len(reasons(table, kept=True)) == 2


def test_names_that_do_not_follow_the_pattern_are_told(tmp_path):
    put(tmp_path, "x/x_1_A.jpg", "x/IMG 7.jpg", "y/x_2_A.jpg")
    table = read_folder(tmp_path, "{label}_{specimen}_{view}")
    assert [(r.label, r.specimen) for r in table.records] == [
        ("x", "x/IMG 7.jpg"),
        ("x", "x/1"),
        ("y", "y/2"),
    ]
    said = reasons(table, kept=True)
    assert "x/IMG 7.jpg does not follow the pattern" in said[0]
    assert "y/x_2_A.jpg has 'x' in its name and lies in 'y'; the folder counts" in said[1]


def test_everything_wrong_in_one_folder_and_the_rest_goes_on(tmp_path):
    put(tmp_path, "x/1.jpg", "y/2.jpg", "y/a\nb.jpg", "top.jpg", 'z/"<b>.jpg', "织/1.jpg")
    put(tmp_path, "x/empty.jpg", "all empty/1.jpg", content=b"")
    (tmp_path / "nothing").mkdir()
    os.symlink(tmp_path, tmp_path / "y" / "up")
    os.symlink("../x/1.jpg", tmp_path / "y" / "same.jpg")
    table = read_folder(tmp_path)
    assert sorted(names_of(table)) == ['"<b>.jpg', "1.jpg", "1.jpg", "2.jpg", "a\nb.jpg"]
    for words in (
        "y/up is a link to a folder that it lies in",
        "top.jpg lies in no folder of a class",
        "nothing is a folder without photographs: an empty class",
        "x/empty.jpg is empty (0 bytes)",
        "all empty has no photograph that can be used: an empty class",
        "y/same.jpg is there twice, the first time as 1.jpg, as 'x' and as 'y'",
        r"y/a\nb.jpg has a line end",
        'z/"<b>.jpg has a quotation mark',
        'z/"<b>.jpg has markup',
        "织 has letters in this label",
    ):
        assert any(words in sentence for sentence in reasons(table)), words


def test_no_folder_is_an_error_that_says_so(tmp_path):
    put(tmp_path, "file.jpg")
    for path in (tmp_path / "none", tmp_path / "file.jpg"):
        with pytest.raises(ReadingError, match="give the folder"):
            read_folder(path)
    assert "holds no photograph" in reasons(read_folder(put(tmp_path / "empty", "a/.x")))[-1]


@pytest.mark.skipif(
    not (PHOTOS / "shells").is_dir(), reason=f"no shells in {PHOTOS}: set CONUS_PHOTOS"
)
def test_the_shells_of_the_field_are_8_species_of_8_specimens_in_2_views():
    table = read_folder(PHOTOS / "shells", "{label}_{specimen}_{view}")
    assert len(table) == 128 and table.grouped and not table.problems
    assert len(table.labels()) == 8
    assert len(table.specimens()) == 64
    assert all(len(places) == 2 for places in table.specimens().values())
    assert [r.view for r in table.records] == ["ventral", "dorsal"] * 64
    assert all(Path(r.path).parent.name == r.label for r in table.records)
