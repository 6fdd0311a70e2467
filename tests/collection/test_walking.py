import os

import pytest
from made_files import JPEG, as_nobody, put

from conus_widgets.collection.walking import walk


def test_a_walk_has_a_stable_order_and_passes_litter_over(tmp_path):
    put(tmp_path, "b/2.jpg", "b/10.JPG", "a/z.tiff", ".git/x.jpg", "b/.x.jpg", "b/Thumbs.db")
    put(tmp_path, "a/c/1.png")
    found = walk(str(tmp_path))
    assert found.files == ["a/c/1.png", "a/z.tiff", "b/10.JPG", "b/2.jpg"]
    assert found.folders == ["a", "a/c", "b"]
    assert found.problems == []


def test_a_photograph_is_known_by_its_first_bytes_as_well(tmp_path):
    put(tmp_path, "a/scan", "a/scan.jpg_1")
    put(tmp_path, "a/notes.txt", content=b"my notes")
    put(tmp_path, "a/label.pdf", content=b"%PDF-1.4")
    put(tmp_path, "a/nothing", content=b"")
    put(tmp_path, "table.csv", content=b"file,label")
    found = walk(str(tmp_path))
    assert found.files == ["a/scan", "a/scan.jpg_1"]
    assert [str(problem) for problem in found.problems] == [
        "a/label.pdf is a PDF document, not a photograph; it is left out.",
        "a/notes.txt is text, not a photograph; it is left out.",
        "a/nothing is empty (0 bytes); it is left out.",
    ]


def test_a_circle_of_links_is_walked_once(tmp_path):
    put(tmp_path, "a/1.jpg")
    os.symlink(tmp_path, tmp_path / "a" / "up")
    os.symlink("self", tmp_path / "a" / "self")
    os.symlink("nowhere", tmp_path / "a" / "gone")
    put(tmp_path / "elsewhere", "2.jpg")
    os.symlink(tmp_path / "elsewhere", tmp_path / "a" / "link")
    found = walk(str(tmp_path))
    assert found.files == ["a/1.jpg", "a/link/2.jpg", "elsewhere/2.jpg"]
    said = {problem.file: problem.reason for problem in found.problems}
    assert "not followed a second time" in said["a/up"]
    assert "leads back to itself" in said["a/self"]
    assert "no ordinary file" in said["a/gone"]


def test_a_pipe_is_not_waited_for(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "pipe")
    found = walk(str(tmp_path))
    assert found.files == [] and "no ordinary file" in found.problems[0].reason


def test_names_that_are_not_utf8_are_listed(tmp_path):
    (tmp_path / "a").mkdir()
    try:
        with open(os.path.join(os.fsencode(tmp_path), b"a", b"r\xf6ckel.jpg"), "wb") as file:
            file.write(JPEG)
    except OSError:
        pytest.skip("this file system wants UTF-8")
    found = walk(str(tmp_path))
    assert found.files == []
    assert str(found.problems[0]).isprintable() and "not UTF-8" in found.problems[0].reason


def test_a_folder_that_may_not_be_read_costs_itself():
    with as_nobody() as folder:
        put(folder, "a/1.jpg", "b/2.jpg")
        os.chmod(folder / "a", 0)
        found = walk(str(folder))
        os.chmod(folder / "a", 0o700)
    assert found.files == ["b/2.jpg"]
    assert "may not be read" in found.problems[0].reason
