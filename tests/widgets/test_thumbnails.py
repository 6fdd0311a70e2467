"""Thumbnails: made one after the other, the newest wish first, in bounded memory."""

import io
import threading

import pytest
from networks import photographs
from PIL import Image

from conus_widgets.widgets.live import thumbnails as module
from conus_widgets.widgets.live.thumbnails import (
    LARGE,
    SMALL,
    TINY,
    Thumbnail,
    Thumbnails,
    make_thumbnail,
)


class Desk:
    """Makes thumbnails by the name of a key, once it is let; remembers in which order."""

    def __init__(self, size=10):
        self.made, self.told, self.size = [], [], size
        self.begun, self.let = threading.Event(), threading.Event()
        self.done = threading.Semaphore(0)
        self.thumbnails = Thumbnails(self.make, self.ready)

    def make(self, key, side):
        self.begun.set()
        self.let.wait(20)
        self.made.append(key)
        if key == "bad":
            raise RuntimeError("a mistake of ours")
        return Thumbnail(b"" if key == "gone" else bytes(self.size))

    def ready(self, key, side, made):
        self.told.append((key, side, len(made.jpeg)))
        self.done.release()

    def hold_up(self):
        """Have the thread wait with one, so that all others are asked for before the next."""
        self.thumbnails.ask(["first"], TINY)
        assert self.begun.wait(20)

    def wait(self, count):
        for _ in range(count):
            assert self.done.acquire(timeout=20)


@pytest.fixture
def desk():
    one = Desk()
    yield one
    one.let.set()
    one.thumbnails.close()


def test_the_newest_wish_comes_first_and_what_nobody_waits_for_last(desk):
    desk.hold_up()
    desk.thumbnails.ask(["later"], SMALL, ahead=True)
    desk.thumbnails.ask(["a", "b"], TINY)
    desk.thumbnails.ask(["c", "d"], TINY)
    desk.let.set()
    desk.wait(6)
    assert desk.made == ["first", "c", "d", "a", "b", "later"]


def test_of_many_wishes_the_oldest_are_forgotten(desk, monkeypatch):
    monkeypatch.setattr(module, "_WAITING", 3)
    desk.hold_up()
    for key in "abcde":
        desk.thumbnails.ask([key], TINY)
    desk.let.set()
    desk.wait(4)
    desk.thumbnails.ask(["f"], TINY)
    desk.wait(1)
    assert desk.made == ["first", "e", "d", "c", "f"]


def test_what_was_made_is_held_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(module, "_HELD", 35)
    desk = Desk(size=10)
    desk.let.set()
    for key in ("a", "b", "c", "a", "d", "a", "b"):  # the fourth one sends "b" away
        desk.thumbnails.made(key, TINY)
    assert desk.made == ["a", "b", "c", "d", "b"]


def test_a_failure_is_not_held_its_file_may_come_back(desk):
    desk.let.set()
    for _ in range(2):
        assert desk.thumbnails.made("gone", TINY).jpeg == b""
    assert desk.made == ["gone", "gone"]


def test_a_mistake_costs_one_thumbnail(desk, caplog):
    desk.let.set()
    desk.thumbnails.ask(["bad", "good"], TINY)
    desk.wait(1)
    assert desk.told == [("good", TINY, 10)]
    assert "A thumbnail failed." in caplog.text


@pytest.mark.parametrize("side", [TINY, SMALL, LARGE])
def test_a_thumbnail_fits_its_side_and_knows_the_whole(side):
    file = io.BytesIO()
    photographs(1)[0].resize((1600, 800)).save(file, "PNG")
    made = make_thumbnail(file.getvalue(), side)
    assert (made.width, made.height, made.problem) == (1600, 800, "")
    with Image.open(io.BytesIO(made.jpeg)) as image:
        assert image.size == (side, side // 2) and image.format == "JPEG"


def test_what_cannot_be_read_says_why_by_its_name(tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    for source, name, words in (
        (bad, None, "bad.jpg is "),
        (b"", "<b>dropped</b>.jpg", "<b>dropped</b>.jpg is empty"),
        (tmp_path / "gone.jpg", None, "gone.jpg "),
    ):
        made = make_thumbnail(source, TINY, name=name)
        assert made.jpeg == b"" and made.problem.startswith(words)
