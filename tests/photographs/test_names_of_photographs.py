"""Names of photographs that no terminal, page or JSON takes as they are."""

import io
import json
import os

import pytest
from PIL import Image

from conus_widgets.photographs.names import name_of, plain
from conus_widgets.photographs.photograph import PhotographError, open_photograph, read_photograph

LATIN = "M\udcfcller.png"  # what Python makes of b"M\xfcller.png"


@pytest.fixture
def latin(tmp_path):
    path = os.fsencode(tmp_path) + b"/M\xfcller.png"
    file = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(file, "PNG")
    try:
        with open(path, "wb") as out:
            out.write(file.getvalue())
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    return path


def test_a_name_that_is_no_utf_8_is_read_and_can_be_printed(latin):
    for path in (os.fsdecode(latin), _Path(latin)):
        opened = open_photograph(path)
        assert opened.whole().size == (4, 3)
        assert opened.name == r"M\udcfcller.png"
        opened.name.encode("utf-8")
        json.dumps(opened.name)
    with open(latin, "rb") as file:
        assert name_of(file) == r"M\udcfcller.png"
    assert name_of(open(latin, "rb").raw) == r"M\udcfcller.png"


class _Path:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


def test_errors_can_be_printed_whatever_the_names(tmp_path):
    folder = tmp_path / "gr\udcfcn"
    for path in (tmp_path / LATIN, folder / LATIN, os.fspath(folder / LATIN)):
        with pytest.raises(PhotographError) as caught:
            read_photograph(path)
        str(caught.value).encode("utf-8")
        assert str(caught.value).startswith(r"M\udcfcller.png ")
    with pytest.raises(PhotographError, match=r"^M\\udcfcller.png is empty"):
        read_photograph(b"", name=LATIN)


def test_plain_text_stays():
    assert plain("Müller ☃ 2.jpg") == "Müller ☃ 2.jpg"
    assert plain("a\nb\u202ec") == r"a\nb\u202ec"
