"""Places for results: over no input, whatever it is called, and over nobody's work."""

import os
import unicodedata

import pytest

from conus_widgets.outputs import is_our_png, place_for


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A photograph in a folder that is the working folder and the home folder, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sub").mkdir()
    path = tmp_path / "shell.png"
    path.write_bytes(b"a photograph")
    return path


SPELLINGS = {
    "name": "shell.png",
    "dot": "./shell.png",
    "double slash": ".//shell.png",
    "up and down": "sub/../shell.png",
    "home": "~/shell.png",
    "symbolic link": "link.png",
    "link to a link": "link2.png",
    "hard link": "hard.png",
    "linked folder": "folder/shell.png",
    "case": "SHELL.png",
    "case of the ending": "shell.PNG",
    "case in a linked folder": "folder/Shell.png",
    "link to another case": "other-case.png",
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("absolute", [False, True])
def test_an_input_is_met_under_every_name(shell, name, force, absolute):
    folder = shell.parent
    os.symlink("shell.png", folder / "link.png")
    os.symlink("link.png", folder / "link2.png")
    os.link(shell, folder / "hard.png")
    os.symlink(folder, folder / "folder")
    os.symlink("Shell.png", folder / "other-case.png")  # leads to nothing where case matters
    for given in (SPELLINGS[name], folder / SPELLINGS[name]):
        if "~" in str(given) and given != SPELLINGS[name]:
            continue
        for source in ("shell.png", shell) if absolute else ("./sub/../shell.png", "link.png"):
            with pytest.raises(ValueError, match="would be written over .*give another name"):
                place_for(given, inputs=[source], is_ours=lambda _: True, force=force)


def test_accents_stored_in_another_way_are_the_same_name(tmp_path):
    composed, apart = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    (tmp_path / composed).write_bytes(b"")
    with pytest.raises(ValueError, match="would be written over"):
        place_for(tmp_path / apart, inputs=[tmp_path / composed])


def test_another_name_is_free(shell):
    for given in ("shell2.png", "sub/shell.png", "../shell.png", "shell.npz"):
        place = place_for(given, inputs=[shell])
        assert place.is_absolute() and os.path.realpath(given) == str(place)
    assert place_for("new.png", inputs=["not there.png", "http://a/b.png"])


def test_another_file_is_replaced_only_if_asked(shell):
    with pytest.raises(ValueError, match=r"^shell.png is there already .* kit: rename it\.$"):
        place_for("shell.png", way="rename it")
    assert place_for("shell.png", force=True) == shell
    assert place_for("shell.png", is_ours=lambda path: path == shell) == shell


def test_a_link_stays_a_link(shell):
    os.symlink(shell.parent / "sub" / "kept.png", "latest.png")
    assert place_for("latest.png") == shell.parent / "sub" / "kept.png"


def test_what_is_no_place_for_a_file_is_said(shell):
    os.mkfifo("pipe.png")
    os.symlink("round.png", "round.png")
    for given, words in (
        ("sub", "Is a directory"),
        ("pipe.png", "device or a pipe"),
        ("", "cannot be the path"),
        ("a\0b.png", "cannot be the path"),
        (b"a.png", "path, not by a bytes"),
        (5, "path, not by a int"),
        (None, "path, not by a NoneType"),
        ("x" * 300 + ".png", "name too long"),
        ("shell.png/a.png", "Not a directory"),
        ("round.png", "symbolic links"),
    ):
        with pytest.raises((ValueError, OSError), match=words):
            place_for(given, force=True)


def test_a_mark_beyond_the_head_or_in_another_format_does_not_count(tmp_path):
    mark = b"tEXtSoftware\0conus_widgets"
    contents = {
        "ours": (b"\x89PNG\r\n\x1a\n" + b"x" * 50 + mark, True),
        "late": (b"\x89PNG\r\n\x1a\n" + b"x" * 5000 + mark, False),
        "jpeg": (b"\xff\xd8\xff" + mark, False),
        "empty": (b"", False),
    }
    for name, (content, ours) in contents.items():
        (tmp_path / name).write_bytes(content)
        assert is_our_png(tmp_path / name) is ours, name
    assert not is_our_png(tmp_path / "none")
