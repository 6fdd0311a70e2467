"""Rules of regions.csv."""

import re

import numpy as np
import pytest

from conus_widgets.checkpoint.ranges import RegionsError, parse, text

LABELS = ["Conus ermineus", "Conus pulcher", "Conus textile", "Conus, a comma"]


@pytest.mark.parametrize(
    "first", ["", "class,region\n", "class,region,weight\n", " class , region \n"]
)
def test_listed_is_1_elsewhere_0_and_never_listed_1_everywhere(first):
    found = parse(
        first + "Conus ermineus,Panamic\nConus textile,South African\nConus textile,Panamic\n",
        LABELS,
    )
    assert list(found) == ["Panamic", "South African"]
    assert found["Panamic"].tolist() == [1, 1, 1, 1]
    assert found["South African"].tolist() == [0, 1, 1, 1]


def test_a_class_weighs_what_its_row_says():
    found = parse('Conus textile,A,0.25\n"Conus, a comma",A,3\nConus pulcher,A,0\n', LABELS)
    assert found["A"].tolist() == [1, 0, 0.25, 3]


def test_the_last_row_rules():
    assert parse("Conus textile,A,0.25\nConus textile,A,0.5", LABELS)["A"][2] == 0.5


def test_spaces_empty_rows_and_windows_line_ends_do_not_matter():
    found = parse("class,region\r\n\r\n  Conus textile ,  Panamic  , 2 \r\n,,\r\n", LABELS)
    assert list(found) == ["Panamic"] and found["Panamic"][2] == 2


@pytest.mark.parametrize(
    "given",
    [
        "class;region;weight\nConus textile;Panamic;0,25\n",  # as spreadsheets save in Europe
        'Conus textile;Panamic;"0,25"\nConus, a comma;Panamic;0.5\n',
        "class\tregion\tweight\nConus textile\tPanamic\t0.25\n",
        "\nClass,Region,Weight\nConus textile,Panamic,0.25\n",
        "Conus\u00a0 textile,Panamic,.25\n",
        "Conus textile,Panamic,0.25\rConus pulcher,Panamic\r",
    ],
)
def test_what_spreadsheets_make_of_it_is_read(given):
    assert parse(given, LABELS)["Panamic"][2] == 0.25


def test_letters_in_one_piece_or_two_are_the_same():
    assert parse("Conus n\u0303andu\u0301,A\n", ["Conus ñandú", "b"])["A"].tolist() == [1, 1]


def test_a_name_that_two_classes_share_says_which_line():
    with pytest.raises(RegionsError, match="line 2: two classes are called 'b'"):
        parse("a,A\nb,A\n", ["a", "b", "b"])


def test_a_name_may_hold_what_python_takes_for_the_end_of_a_line():
    assert parse("a\x1cb,A\x85\u2028B\n", ["a\x1cb"]).keys() == {"A\x85\u2028B"}


@pytest.mark.parametrize("given", ["", "class,region\n", "\n\n"])
def test_an_empty_file_has_no_regions(given):
    assert parse(given, LABELS) == {}


def test_what_is_written_is_read_again():
    rng = np.random.default_rng(0)
    given = {name: rng.choice([0, 1, 1 / 3, 1e-9], 4) for name in ("Panamic", 'a "b", c', "ñ")}
    found = parse(text(given, LABELS), LABELS)
    assert list(found) == list(given)
    for name, weights in given.items():
        np.testing.assert_array_equal(found[name], weights)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Conus textile", "1 cells, but class, region"),
        ("Conus textile,A,1,2", "4 cells"),
        ("Conus textil,A", "no class is called 'Conus textil'; near are Conus textile"),
        ("Xyz,A", "no class is called 'Xyz'."),
        ("Conus textile,", "the region's name is empty"),
        ("Conus textile,A,much", "'much' is no weight"),
        ("Conus textile,A,-0.5", "'-0.5' is no weight"),
        ("Conus textile,A,nan", "'nan' is no weight"),
        ("Conus textile,A,inf", "'inf' is no weight"),
        ("Conus textile,A," + "x" * 200_000, "line 3"),
    ],
)
def test_a_bad_row_is_named(row, words):
    with pytest.raises(RegionsError, match=re.escape(words)) as caught:
        parse(f"class,region\nConus pulcher,A\n{row}\n", LABELS)
    assert "line 3" in str(caught.value)
