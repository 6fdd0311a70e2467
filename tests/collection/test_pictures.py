import os

import pytest
from made_files import put

from conus_widgets.collection.pictures import find, is_address, is_bare, locate

HOST = "https://museum.example/photos"


def files_of(identifiers, files):
    return [match.file for match in find(identifiers, files)]


def test_the_longest_tail_wins():
    files = ["original.jpg", "7/original.jpg", "photos/8/original.jpg", "x/photos/8/original.jpg"]
    found = find([f"{HOST}/7/original.jpg", "x/photos/8/original.jpg"], files)
    assert [(m.file, m.parts) for m in found] == [
        ("7/original.jpg", 2),
        ("x/photos/8/original.jpg", 4),
    ]


def test_as_good_as_each_other_is_a_collision_not_a_guess():
    files = ["a/8/original.jpg", "b/8/original.jpg"]
    (match,) = find([f"{HOST}/8/original.jpg"], files)
    assert not match.file
    assert "any of 2 files that end in '8/original.jpg', such as 'a/8/original.jpg'" in match.reason


def test_a_file_belongs_to_the_identifier_with_the_longest_tail():
    """Ten photographs are called original.jpg; only one was downloaded."""
    wanted = [f"{HOST}/{n}/original.jpg" for n in range(10)]
    assert files_of(wanted, ["3/original.jpg"]) == [""] * 3 + ["3/original.jpg"] + [""] * 6
    found = find(wanted, ["original.jpg"])
    assert not any(match.file for match in found)
    assert "ends like 9 other identifiers, but only 'original.jpg' does" in found[0].reason
    assert files_of(wanted[:1], ["original.jpg"]) == ["original.jpg"]


def test_the_same_identifier_twice_is_the_same_file_twice():
    wanted = [f"{HOST}/1.jpg", f"{HOST}/1.jpg", f"{HOST.replace('https', 'http')}/1.jpg"]
    assert files_of(wanted, ["1.jpg"]) == ["1.jpg"] * 3


@pytest.mark.parametrize(
    ("identifier", "file"),
    [
        ("654355.jpg", "x/654355.jpg"),
        ("654355.JPG", "x/654355.jpg"),
        (f"{HOST}/Conus%20ater.jpg", "Conus ater.jpg"),
        (f"{HOST}/Conus%20ater.jpg", "Conus%20ater.jpg"),
        (f"{HOST}/1.jpg?size=large", "1.jpg"),
        (f"{HOST}/media?id=12345", "12345.jpg"),
        (f"{HOST}/get?file=a/b/12.jpg", "b/12.jpg"),
        (f"{HOST}/ark:/65665/m3abc", "m3abc.jpg"),
        (f"{HOST}/no#5.jpg", "no#5.jpg"),
        (r"C:\photos\x\1.jpg", "x/1.jpg"),
        ("file:///home/me/x/1.jpg", "x/1.jpg"),
        ("./x/../x/1.jpg", "x/1.jpg"),
        ("r\u00f6ckel.jpg", "ro\u0308ckel.jpg"),
        ("织锦芋螺.jpg", "织锦芋螺.jpg"),
        ("a\nb.jpg", "a\nb.jpg"),
    ],
)
def test_ways_to_name_a_photograph(identifier, file):
    assert files_of([identifier], ["other.jpg", file]) == [file]


@pytest.mark.parametrize(
    "identifier", ["", " ", "/", "..", "https://", "http://[::1", f"{HOST}/", "12.tif", "123"]
)
def test_what_names_no_photograph_here(identifier):
    (match,) = find([identifier], ["12.jpg", "1234.jpg"])
    assert not match.file and "is not in the folder" in match.reason


def test_two_files_that_differ_by_case_are_told_apart_by_it():
    assert files_of(["A.jpg", "a.jpg"], ["a.jpg", "A.jpg"]) == ["A.jpg", "a.jpg"]
    assert files_of(["a.JPG"], ["a.jpg", "A.jpg"]) == [""]


def test_twenty_thousand_files_of_one_name_are_told_apart():
    """Comparing each with each would take an hour."""
    files = [f"{n}/original.jpg" for n in range(20_000)]
    wanted = [f"{HOST}/{n}/original.jpg" for n in range(20_000)]
    assert files_of(wanted, files) == files
    assert files_of([f"{HOST}/x{n}/original.jpg" for n in range(20_000)], files) == [""] * 20_000


def test_places_on_this_machine(tmp_path):
    folder = put(tmp_path / "here", "x/1.jpg", "2.jpg", "3.jpg", "4.jpg", "y/odd name")
    put(tmp_path, "outside.jpg")
    wanted = ["x/1.jpg", "../outside.jpg", f"{HOST}/2.jpg", "y/odd name", "gone.jpg"]
    located = locate(wanted, folder, search=True)
    assert [path for path, _ in located.found] == [
        os.path.join(folder, "x", "1.jpg"),
        str(tmp_path / "outside.jpg"),
        os.path.join(folder, "2.jpg"),
        os.path.join(folder, "y", "odd name"),
        "",
    ]
    (rest,) = located.problems
    assert (
        rest.kept and "holds 2 of 5 photographs that no row names, such as '3.jpg'" in rest.reason
    )
    near = locate(wanted, folder, search=False)
    assert [bool(path) for path, _ in near.found] == [True, True, False, True, False]
    assert "is an address; download" in near.found[2][1]
    assert "is not there" in near.found[4][1] and not near.problems


def test_a_search_does_not_leave_its_folder(tmp_path):
    folder = put(tmp_path / "here", "2.jpg")
    located = locate(["../../../../../../etc/gone.jpg"], folder, search=True)
    assert located.found[0][0] == ""


def test_addresses_and_bare_names():
    assert is_address("HTTPS://x/1.jpg") and is_address("ftp://x")
    assert not is_address("file:///x/1.jpg") and not is_address(r"C:\x.jpg")
    assert is_bare("1.jpg") and not is_bare("x/1.jpg") and not is_bare(r"x\1.jpg")
