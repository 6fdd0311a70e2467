"""Files that are moved into place when they are whole."""

import errno
import os

import pytest

from conus_widgets.machine.beside import beside, longest_name, written_whole


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    with written_whole(path, text=True) as file:
        file.write("é\n")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    with written_whole(path) as file:
        file.write(b"\0")
    assert path.read_bytes() == b"\0"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_what_was_there_stays_where_the_new_one_fails(tmp_path):
    path = tmp_path / "a"
    path.write_text("before")
    with pytest.raises(RuntimeError), written_whole(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["a"]


def test_two_writers_do_not_meet(tmp_path):
    path = tmp_path / "a"
    with written_whole(path) as first, written_whole(path) as second:
        first.write(b"first")
        second.write(b"2")
    assert path.read_bytes() == b"first" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("letter", ["x", "é", "海"])
def test_the_longest_name_that_the_disk_takes(tmp_path, letter):
    most = longest_name(tmp_path)
    stem = letter * ((most - 5) // len(letter.encode()))
    path = tmp_path / f"{stem}.json"
    with written_whole(path, text=True) as file:
        file.write("{}")
    assert path.read_text() == "{}"
    other = tmp_path / f"{stem}.text"
    assert beside(path, ".part") != beside(other, ".part")
    for file in (beside(path, ".part.json"), beside(other, ".old")):
        file.write_text("there is room for its name")


def test_an_error_speaks_of_the_file_that_was_meant(tmp_path):
    long = tmp_path / ("x" * 300)
    with pytest.raises(OSError) as caught, written_whole(long) as file:
        file.write(b"")
    assert f"{long} cannot be written: xxxxxxxxxxxxxxxxxxxx... has 300 bytes" in str(caught.value)
    assert "at most 255 here" in str(caught.value) and ".part" not in str(caught.value)
    with pytest.raises(FileNotFoundError) as caught, written_whole(tmp_path / "no" / "a") as file:
        file.write(b"")
    assert str(caught.value) == f"{tmp_path}/no/a cannot be written: No such file or directory."
    assert caught.value.errno == errno.ENOENT
