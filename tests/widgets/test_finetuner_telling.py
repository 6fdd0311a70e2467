"""What the page of a fine-tuner is told: what changed, and no more."""

import io
import json
import time

import pytest
from networks import photographs, random_checkpoint
from PIL import Image

from conus_widgets import FineTuner, Predictor

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browser")


class Page:
    """Speaks as the page does, and hears what is sent."""

    def __init__(self, tuner):
        self.tuner, self.heard = tuner, []
        tuner.send = lambda content, buffers=None: self.heard.append((content, buffers))

    def say(self, kind, buffers=(), **content):
        """Return the reason of a refusal, "" if there is none."""
        self.tuner._message(None, {"kind": kind, "id": 1, **content}, list(buffers))
        return self.heard.pop()[0]["error"]

    def drop(self, file, data, **place):
        part = {"upload": file, "name": file, "index": 0, "count": 1, "size": len(data)}
        return self.say("place", upload=file, **place) or self.say("file", [data], **part)

    def pictures(self, count, seconds=20):
        """Return {key: (JPEG, its problem)} when this many thumbnails have come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            heard = [one for one in self.heard if one[0]["kind"] == "picture"]
            if len(heard) == count:
                return {about["photograph"]: (*data, about["problem"]) for about, data in heard}
            time.sleep(0.02)
        raise AssertionError(f"{len(heard)} of {count} thumbnails came")

    def take(self):
        """Return what was heard since, without receipts."""
        taken, self.heard = [content for content, _ in self.heard], []
        return [content for content in taken if content["kind"] != "heard"]


@pytest.fixture
def page():
    tuner = FineTuner(start=Predictor(random_checkpoint()))
    yield Page(tuner)
    tuner.close()


@pytest.fixture(scope="module")
def shell():
    file = io.BytesIO()
    photographs(1)[0].save(file, "PNG")
    return file.getvalue()


def test_one_more_photograph_costs_the_same_however_many_there_are(page, shell):
    for name in ("tulip", "cone"):
        page.say("add", name=name)
    costs = []
    for number in range(60):
        page.take()
        assert page.drop(f"tulip-{number:02}.png", shell, box=1) == ""
        told = page.take()
        costs.append((len(told), len(json.dumps(told))))
    assert {messages for messages, _ in costs} == {1}
    sizes = [size for _, size in costs[2:]]  # when two are there another sentence is told
    assert max(sizes) - min(sizes) <= 2, "the specimen's number gets a second digit, twice"


def test_what_is_done_to_one_box_tells_nothing_of_the_other(page, shell):
    for name in ("tulip", "cone"):
        for number in range(4):
            assert page.drop(f"{name}-{number}.png", shell, name=name) == ""
    page.take()

    def told(kind, **content):
        assert page.say(kind, **content) == ""
        (news,) = page.take()
        assert news["kind"] == "changes"
        return news["boxes"]

    (box,) = told("discard", key="cone-3.png")
    assert box["name"] == "cone" and box["gone"] == ["cone-3.png"] and box["photographs"] == []
    (box,) = told("join", keys=["tulip-2.png", "tulip-3.png"])
    assert [one["key"] for one in box["photographs"]] == ["tulip-3.png"], (
        "the other keeps its number"
    )
    (box,) = told("rename", box=1, name="olive")
    assert (box["name"], box["photographs"]) == ("olive", [])
    assert told("remove", box=2) == [{"box": 2}]


def test_a_refusal_tells_no_boxes(page):
    page.say("add", name="tulip")
    page.take()
    assert page.say("add", name=" tulip ").startswith("There is a box 'tulip' already")
    assert page.say("rename", box=1, name=" ").startswith("A box needs a name")
    assert page.take() == []


def test_a_page_that_has_just_come_is_told_all(page, shell):
    for number in range(3):
        page.drop(f"{number}.png", shell, name="tulip")
    page.take()
    page.say("hello")
    (boxes,) = (one for one in page.take() if one["kind"] == "boxes")
    assert [one["key"] for one in boxes["boxes"][0]["photographs"]] == ["0.png", "1.png", "2.png"]


def test_a_box_of_a_folder_is_there_before_its_first_photograph(page):
    """Else it would not be seen at all if none of them can be read."""
    assert "bad.png" in page.drop("bad.png", b"no picture", name="tulip")
    (told,) = page.take()
    assert told["boxes"][0]["name"] == "tulip"


@pytest.fixture
def folder(tmp_path, shell):
    """A folder of two classes, in which one photograph is damaged."""
    for name in ("tulip", "cone"):
        (tmp_path / name).mkdir()
        for number in range(3):
            (tmp_path / name / f"{name}-{number}.png").write_bytes(shell)
    (tmp_path / "cone" / "cone-1.png").write_bytes(b"<b>no picture</b>")
    return tmp_path


@pytest.fixture
def page_of_folder(folder):
    tuner = FineTuner(folder, start=Predictor(random_checkpoint()))
    yield Page(tuner)
    tuner.close()


def keys_of(page):
    """{name of a photograph: its key}"""
    page.say("hello")
    (told,) = (one for one in page.take() if one["kind"] == "boxes")
    return {row["name"]: row["key"] for box in told["boxes"] for row in box["photographs"]}


def test_a_page_gets_the_thumbnails_that_it_asks_for_and_no_others(page_of_folder, shell):
    page = page_of_folder
    keys = keys_of(page)
    assert page.drop("dropped.png", shell, name="tulip") == ""
    assert {one["kind"] for one in page.take()} == {"changes"}, "the page made one itself"
    # A page that was reloaded did not: it asks for this one as for those of the folder.
    wanted = [keys["tulip-2.png"], keys["cone-1.png"], "dropped.png", "never there"]
    assert page.say("pictures", photographs=wanted) == ""
    found = page.pictures(3)
    assert list(found) == wanted[:3]
    for key in ("dropped.png", keys["tulip-2.png"]):
        jpeg, problem = found[key]
        with Image.open(io.BytesIO(jpeg)) as image:
            assert max(image.size) <= 128
        assert problem == "" and len(jpeg) < 8000
    jpeg, problem = found[keys["cone-1.png"]]
    assert jpeg == b"" and problem.startswith("cone-1.png is ")


def test_a_photograph_that_was_removed_meanwhile_has_no_thumbnail(page_of_folder):
    page = page_of_folder
    keys = keys_of(page)
    page.say("discard", key=keys["tulip-0.png"])
    assert page.say("pictures", photographs=[keys["tulip-0.png"], keys["tulip-1.png"]]) == ""
    assert list(page.pictures(1)) == [keys["tulip-1.png"]]


def test_photographs_of_a_folder_are_told_once(page_of_folder, shell):
    page = page_of_folder
    page.say("hello")
    page.take()
    assert page.drop("dropped.png", shell, name="tulip") == ""
    told = [row for news in page.take() for box in news["boxes"] for row in box["photographs"]]
    assert [row["name"] for row in told] == ["dropped.png"]


def said_of(place):
    tuner = FineTuner(place, start=Predictor(random_checkpoint()))
    page = Page(tuner)
    page.say("hello")
    tuner.close()
    (told,) = (one for one in page.take() if one["kind"] == "boxes")
    return told["left_out"]


def test_what_a_folder_holds_beside_its_classes_is_counted_with_a_way_out(folder, shell):
    assert said_of(folder) == []
    for number in range(7):
        (folder / f"loose-{number}.png").write_bytes(shell)
    (folder / "tulip" / "notes.txt").write_text("no photograph")
    (folder / "notes.csv").write_text("tables lie here")
    assert said_of(folder) == [
        f"8 left out of \u2018{folder.name}\u2019:",
        "tulip/notes.txt is text, not a photograph; it is left out.",
        "loose-0.png, loose-1.png, loose-2.png, loose-3.png, loose-4.png and 2 more: lies in no "
        "folder of a class and its name gives no label; it is left out: put it into the folder of "
        "its class.",
    ]


def test_rows_of_a_table_without_a_label_are_counted(folder):
    rows = [
        "photograph,label",
        "tulip/tulip-0.png,tulip",
        "cone/cone-0.png,",
        "cone/cone-2.png,cone",
    ]
    (folder / "shells.csv").write_text("\n".join(rows))
    assert said_of(folder / "shells.csv") == [
        "1 left out of \u2018shells.csv\u2019:",
        "cone-0.png has no label; it is left out: give it one, or drop it into the box of its "
        "class.",
    ]


def test_of_very_many_reasons_the_first_are_said(folder, shell):
    for number in range(20):
        one = folder / "tulip" / f"{number}.png"
        one.write_bytes(shell)
        one.with_name(f"twin of {number}.png").hardlink_to(one)
    said = said_of(folder)
    assert said[0] == f"20 left out of \u2018{folder.name}\u2019:" and len(said) == 10
    assert "is there twice, the first time as " in said[1]
    assert said[-1] == "And for 12 more reasons: Collection.problems lists them all."


def choose(page, shell, count=3, key="page-1", **boxes):
    """Choose a folder as the page does; return what is told before its photographs come."""
    page.take()
    left = ["1 file is left out (<b>notes.txt), since it is no photograph.", "x" * 5000]
    page.say("folder", folder=key, name="my shells", photographs=count, left_out=left)
    (told,) = page.take()
    return told


def report(told):
    return told["taken"], told["left_out"]


def told_anew(page):
    """What a page that has just come is told of folders."""
    page.take()
    page.say("hello")
    (told,) = (one for one in page.take() if one["kind"] == "boxes")
    return report(told)


def test_what_is_said_of_a_chosen_folder_is_told_to_a_page_that_comes_later(page, shell):
    assert told_anew(page) == ("", [])
    told = choose(page, shell)
    left = ["1 file is left out (<b>notes.txt), since it is no photograph.", "x" * 1000]
    stays = "as long as the page that sends them stays open."
    before = f"0 of 3 photographs of \u2018my shells\u2019 were taken; 3 are on their way, {stays}"
    assert report(told) == (before, left) and told["boxes"] == []
    assert page.drop("1.png", shell, name="tulip", folder="page-1") == ""
    one = "1 of 3 photographs of \u2018my shells\u2019 was taken"
    assert told_anew(page) == (f"{one}; 2 are on their way, {stays}", left)
    reason = page.drop("2.png", b"", name="tulip", folder="page-1")
    assert "2.png is empty" in reason
    for upload in ("2.png", "3.png"):
        page.say("failed", folder="page-1", upload=upload, reason="It is <i>empty.")
    twice = "It is <i>empty. So 2 photographs were not taken."
    assert told_anew(page) == (f"{one}.", [*left, twice])
    # What is dropped besides, or came of a folder before, counts for nothing here.
    assert page.drop("4.png", shell, name="tulip") == ""
    page.say("failed", folder="page-0", upload="5.png", reason="never mind")
    assert told_anew(page) == (f"{one}.", [*left, twice])
    assert report(choose(page, shell, 0, "page-2")) == ("", left)


def test_reasons_of_a_chosen_folder_are_bounded(page, shell):
    choose(page, shell, 20)
    for number in range(20):
        page.say("failed", folder="page-1", upload=f"{number}.png", reason=f"{number}.png is bad.")
    taken, said = told_anew(page)
    assert taken == "0 of 20 photographs of \u2018my shells\u2019 were taken."
    assert said[2:] == [
        *(f"{number}.png is bad." for number in range(8)),
        "And 12 more were not taken, for other reasons.",
    ]


def test_both_folders_are_reported_that_of_python_and_the_chosen_one(page_of_folder, shell):
    page = page_of_folder
    page.tuner._left_out = ["1 left out of \u2018photographs\u2019:", "of Python"]
    choose(page, shell)
    assert told_anew(page)[1][:2] == ["1 left out of \u2018photographs\u2019:", "of Python"]
