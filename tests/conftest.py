"""Fixtures of more than one file of tests."""

import shutil

import pytest
from networks import random_checkpoint


@pytest.fixture(scope="session")
def sound_checkpoint(tmp_path_factory):
    from conus_widgets.checkpoint.files import write

    folder = tmp_path_factory.mktemp("sound")
    write(folder, random_checkpoint())
    return folder


@pytest.fixture
def folder(sound_checkpoint, tmp_path):
    """A sound checkpoint of one's own, to be damaged."""
    return shutil.copytree(sound_checkpoint, tmp_path / "damaged")
