"""Sources: text that means the same checkpoint in every process."""

import os
from pathlib import Path

import pytest

from conus_widgets.checkpoint.files import CheckpointError, read
from conus_widgets.checkpoint.sources import EMBEDDED, folder_of, source_of


def test_a_relative_path_means_the_same_in_another_folder(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    found = {source_of(given) for given in ("model", b"model", Path("model"), "./model")}
    assert found == {str(tmp_path / "model")}
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert folder_of(found.pop()) == tmp_path / "model"


def test_nothing_is_the_embedded_demonstration():
    assert source_of(None) is None
    assert read(folder_of(None)).name == read(EMBEDDED).name


def test_a_known_name_stays_a_name_and_is_looked_up_on_each_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_data_path", lambda app: tmp_path / app)
    assert source_of("deep-oc-conus") == "deep-oc-conus"
    with pytest.raises(CheckpointError, match="deep-oc-conus is not on this machine yet"):
        folder_of("deep-oc-conus")
    fetched = tmp_path / "conus_widgets" / "models" / "deep-oc-conus"
    fetched.mkdir(parents=True)
    assert folder_of("deep-oc-conus") == fetched
    os.mkdir("deep-oc-conus")
    assert source_of("deep-oc-conus") == str(tmp_path / "deep-oc-conus")
