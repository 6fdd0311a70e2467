"""Copies of the notebooks: whatever somebody changed stays."""

import json
import os

import pytest

from conus_widgets import copies
from conus_widgets.__main__ import main
from conus_widgets.copies import copy_notebooks

NAMES = ("00-contents.ipynb", "01-classify.ipynb")


@pytest.fixture
def sources(tmp_path, monkeypatch):
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(json.dumps({"cells": [], "name": name}))
    (folder / ".ipynb_checkpoints").mkdir()
    monkeypatch.setattr(copies, "NOTEBOOKS", folder)
    return folder


def test_the_package_has_the_notebooks_of_the_repository():
    names = [path.name for path in copies.NOTEBOOKS.glob("*.ipynb")]
    assert "00-contents.ipynb" in names and len(names) >= 6


def test_what_is_not_there_is_copied_and_what_is_the_same_is_left(sources, tmp_path):
    mine = tmp_path / "a" / "b"
    assert copy_notebooks(mine).new == NAMES
    assert sorted(path.name for path in mine.iterdir()) == list(NAMES)
    (mine / NAMES[1]).unlink()
    found = copy_notebooks(mine)
    assert (found.new, found.same, found.kept) == (NAMES[1:], NAMES[:1], ())


def test_a_changed_notebook_stays_as_it_is(sources, tmp_path, capsys):
    copy_notebooks(tmp_path / "mine")
    mine = tmp_path / "mine" / NAMES[0]
    mine.write_text("my work")
    assert main(["notebooks", str(tmp_path / "mine")]) == 0
    assert mine.read_text() == "my work"
    said = capsys.readouterr().out
    assert "1 were there and were changed by somebody" in said and NAMES[0] in said
    assert "--reset" in said


def test_a_reset_gives_fresh_notebooks_and_loses_nothing(sources, tmp_path):
    folder = tmp_path / "mine"
    copy_notebooks(folder)
    for number, ending in enumerate(("-mine", "-mine-2", "-mine-3")):
        (folder / NAMES[0]).write_text(f"work {number}")
        found = copy_notebooks(folder, reset=True)
        assert found.aside == {NAMES[0]: f"00-contents{ending}.ipynb"}
        assert (folder / NAMES[0]).read_bytes() == (sources / NAMES[0]).read_bytes()
    kept = {path.name: path.read_text() for path in folder.glob("*-mine*")}
    assert list(kept.values()) != [] and set(kept.values()) == {"work 0", "work 1", "work 2"}


@pytest.mark.parametrize("reset", [False, True])
def test_a_link_and_a_folder_under_a_notebooks_name_are_not_written_through(
    sources, tmp_path, reset
):
    folder, other = tmp_path / "mine", tmp_path / "other.txt"
    folder.mkdir()
    other.write_text("somebody's")
    (folder / NAMES[0]).symlink_to(other)
    (folder / NAMES[1]).mkdir()
    copy_notebooks(folder, reset=reset)
    assert other.read_text() == "somebody's"
    assert (folder / NAMES[0]).is_symlink() is not reset
    assert os.path.isfile(folder / NAMES[1]) is reset


def test_the_sources_themselves_are_no_target_to_be_reset(sources):
    assert copy_notebooks(sources, reset=True).same == NAMES


def test_an_error_is_a_sentence(sources, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("")
    assert main(["notebooks", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr(copies, "NOTEBOOKS", tmp_path / "nowhere")
    assert main(["notebooks", str(tmp_path / "mine")]) == 1
    assert "install the package again" in capsys.readouterr().err
