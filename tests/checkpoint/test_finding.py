"""Anything that people give for a checkpoint: it is found, or the true reason is said."""

import itertools
import os
import shutil
from pathlib import Path

import pytest

from conus_widgets.checkpoint import members
from conus_widgets.checkpoint.files import CheckpointError, read
from conus_widgets.loading import load_predictor


def test_the_same_checkpoint_by_every_kind_of_path(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.chdir(folder)
    for given in (
        folder,
        str(folder),
        os.fsencode(folder),
        f"{folder}/",
        folder / "random.npz",
        os.fsencode(folder / "random.npz"),
        "~/damaged",
        Path("~/damaged/random.npz"),
        b"~/damaged",
        ".",
        "random.npz",
    ):
        assert read(given).name == "random"
    for given in (os.fsencode(folder), "~/damaged", "random.npz"):
        assert load_predictor(given).name == "random"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "https://user:pw@museum.example/conus/?key=1",
            "^https://museum.example/conus/ is an address, and only folders can be loaded: fetch "
            "it first with 'python -m conus_widgets fetch https://museum.example/conus/', then "
            "give the folder that it prints.$",
        ),
        ("HTTP://museum.example/a.npz", "is an address, .* fetch it first"),
        (Path("https://museum.example/a.npz"), "https://museum.example/a.npz is an address"),
        ("s3://bucket/a.npz", "is an address"),
        ("file:///data/conus", "give the path alone, without file://"),
        ("", "The path is empty"),
        ("  ", "The path is empty"),
        (b"", "The path is empty"),
        ("nowhere/at all", "nowhere/at all does not exist: give the folder of a checkpoint"),
        ("deep-oc-conu", "does not exist: .* or the known name deep-oc-conus"),
        ("~nobody-of-this-name/x", "~nobody-of-this-name/x: there is no such user"),
        ("a\0b", "does not exist"),
        ("x" * 300, "x{20}... has 300 bytes, and a name may have at most 255 here"),
        ("a/" * 3000, "longer than this system takes"),
    ],
)
def test_what_leads_to_no_checkpoint(given, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=words) as caught:
        load_predictor(given)
    assert "pw" not in str(caught.value) and "key" not in str(caught.value)


@pytest.mark.parametrize("given", [0, 3, True, 1.5, ["a"], {"a": 1}, object()])
def test_what_is_no_path_is_a_type_error(given):
    with pytest.raises(TypeError, match="given by its folder, by its .npz or by a known name, not"):
        load_predictor(given)
    with pytest.raises(TypeError, match=type(given).__name__):
        read(given)


def test_a_loaded_network_is_not_loaded_again(folder):
    with pytest.raises(TypeError, match="<Predictor random: 5 classes> is loaded already: use it"):
        load_predictor(load_predictor(folder))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("random.json", r"random.json is not a .npz file; beside it lies random.npz: give"),
        ("synsets.txt", r"synsets.txt is not a .npz file; beside it lies random.npz: give"),
        ("net.h5", "net.h5 is of Keras; only Lasagne's .npz can be used here"),
        ("net.PT", "net.PT is of PyTorch; only"),
        ("net.pkl", "pickle, which is never opened"),
        ("net.zip", "net.zip is packed, and must be unpacked first"),
        ("net.tar.gz", "net.tar.gz is packed"),
        ("net", "net is not a .npz file; beside it lies random.npz"),
    ],
)
def test_another_file_is_called_what_it_is(folder, name, words):
    (folder / name).touch()
    with pytest.raises(CheckpointError, match=words):
        load_predictor(folder / name)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], r"holds 0 \(none; it is empty\)"),
        (["._random.npz", ".DS_Store"], r"holds 0 \(none\)"),
        (["random.npz.part"], r"holds 0 \(none; random.npz.part did not come whole: fetch it"),
        (["inner/random.npz", "__MACOSX/._random.npz"], "its folder inner holds random.npz"),
        (["model.pth", "notes.txt"], "model.pth is of PyTorch"),
        (["conus.zip"], "conus.zip is packed, and must be unpacked first"),
        (["a.npz", "b.npz"], r"holds 2 \(a.npz, b.npz\): give the path of the .npz itself"),
    ],
)
def test_a_folder_says_what_it_holds_instead(tmp_path, names, words):
    for name in names:
        (tmp_path / "given" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "given" / name).touch()
    (tmp_path / "given").mkdir(exist_ok=True)
    with pytest.raises(CheckpointError, match=words):
        load_predictor(tmp_path / "given")


def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "link").symlink_to("gone.npz")
    with pytest.raises(CheckpointError, match="link is a link to gone.npz, which does not exist"):
        load_predictor(tmp_path / "link")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read_is_not_called_empty_or_damaged(folder):
    for path in (folder / "random.npz", folder / "random.json", folder):
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            with pytest.raises(CheckpointError, match="Permission denied"):
                read(folder)
        finally:
            path.chmod(mode)


@pytest.mark.parametrize("after", [0, 20])
def test_a_disk_that_fails_is_not_called_damage(folder, monkeypatch, after):
    """In the list of what the file holds, or in an array."""
    reads, works = itertools.count(), os.preadv

    def fails(*given):
        if next(reads) < after:
            return works(*given)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "preadv", fails)
    with pytest.raises(CheckpointError, match=r"random.npz cannot be read \(Input/output error\)"):
        read(folder)


def test_too_little_memory_is_not_called_damage(folder, monkeypatch):
    def fails(*given):
        raise MemoryError

    monkeypatch.setattr(members.mmap, "mmap", fails)
    with pytest.raises(MemoryError):
        read(folder)


def test_a_known_name_that_was_not_fetched_whole(tmp_path, monkeypatch):
    from conus_widgets.checkpoint import download

    monkeypatch.setattr(download.platformdirs, "user_data_path", lambda application: tmp_path)
    with pytest.raises(CheckpointError, match="not on this machine yet. 'python -m conus_widgets"):
        load_predictor("deep-oc-conus")
    folder = tmp_path / "models" / "deep-oc-conus"
    folder.mkdir(parents=True)
    (folder / f"{download.STEM}.npz.part").touch()
    with pytest.raises(CheckpointError, match="did not come whole: fetch it again"):
        load_predictor("deep-oc-conus")
    shutil.rmtree(folder)
