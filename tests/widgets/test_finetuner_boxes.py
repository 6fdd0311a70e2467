"""The boxes of the fine-tuner: classes, specimens, and what is missing, in numbers."""

import numpy as np
import pytest

from conus_widgets.widgets.finetuner import boxes as module
from conus_widgets.widgets.finetuner.boxes import Boxes, Held


def filled(**counts):
    """Boxes with so many photographs of each class, keys "tulip-0" and so on."""
    boxes = Boxes()
    for name, count in counts.items():
        number = boxes.add(name)
        for n in range(count):
            key = f"{name}-{n}"
            boxes.put(number, Held(key, f"{key}.jpg", b"12345", ("alone", key)))
    return boxes


def specimens(boxes):
    return {box["name"]: box["specimens"] for box in boxes.form()}


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "At least 2 boxes are needed to tell apart, and there are 0."),
        ({"tulip": 9}, "At least 2 boxes are needed to tell apart, and there are 1."),
        (
            {"tulip": 1, "cone": 2, "olive": 0},
            "Each class needs at least 2 specimens; "
            "\u2018tulip\u2019 has 1, \u2018olive\u2019 has 0.",
        ),
        ({"tulip": 2, "cone": 2}, ""),
    ],
)
def test_what_is_missing_is_said_with_numbers(counts, words):
    assert filled(**counts).missing() == words


def test_of_many_classes_the_first_are_named():
    """The sentence is told after each photograph: it must not hold a hundred names."""
    said = filled(**{f"c{n}": 1 for n in range(100)}, whole=2).missing()
    assert said.endswith("\u2018c4\u2019 has 1, and 95 more have fewer, too.")


def test_photographs_of_one_specimen_count_once_until_they_are_parted():
    boxes = filled(tulip=3, cone=2)
    boxes.join(["tulip-0", "tulip-2"])
    assert specimens(boxes) == {"tulip": 2, "cone": 2}
    photographs, labels, groups = boxes.examples()
    assert len(photographs) == 5 and labels == ["tulip"] * 3 + ["cone"] * 2
    assert groups[0] == groups[2] != groups[1] and len(set(groups)) == 4
    boxes.part(["tulip-0", "tulip-2"])
    assert specimens(boxes) == {"tulip": 3, "cone": 2}


def test_who_joins_one_photograph_joins_its_whole_specimen():
    """Else one shell would lie on both sides of the split."""
    boxes = filled(tulip=4, cone=2)
    boxes.join(["tulip-0", "tulip-1"])
    boxes.join(["tulip-1", "tulip-2"])
    assert specimens(boxes)["tulip"] == 2
    boxes.part(["tulip-0"])
    boxes.join(["tulip-0", "tulip-3"])  # not those that it was parted from
    groups = boxes.examples()[2]
    assert groups[0] == groups[3] != groups[1] == groups[2]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["tulip-0"], "1 chosen: choose two or more photographs"),
        (["tulip-0", "cone-0"], "The 2 photographs lie in 2 boxes, and a specimen has one class"),
    ],
)
def test_what_is_no_specimen_is_refused(keys, words):
    boxes = filled(tulip=2, cone=2)
    with pytest.raises(ValueError, match=words):
        boxes.join(keys)
    assert specimens(boxes) == {"tulip": 2, "cone": 2}


def test_names_are_told_apart_as_they_are_seen():
    boxes = filled(tulip=2)
    for name in ("tulip", "  tulip\n"):
        with pytest.raises(ValueError, match="There is a box 'tulip' already"):
            boxes.add(name)
    with pytest.raises(ValueError, match="A box needs a name"):
        boxes.add(" \n ")
    with pytest.raises(ValueError, match="aaa ...\u2019 has 101 letters.* at most 100"):
        boxes.named("a" * 101)  # with another one of 101 it would become one class
    number = boxes.named(" tulip")
    boxes.rename(number, "tulip")  # its own name
    boxes.rename(number, "cone")
    boxes.add("tulip")
    assert list(specimens(boxes)) == ["cone", "tulip"]


def test_a_box_that_is_gone_is_not_filled():
    boxes = filled(tulip=2)
    boxes.remove(1)
    with pytest.raises(ValueError, match="This box is not there any more"):
        boxes.put(1, Held("x", "x.jpg", b"", ("alone", "x")))
    assert boxes.form() == []


def test_what_is_removed_gives_its_room_back(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    boxes = filled(tulip=2)
    with pytest.raises(ValueError, match="x.jpg was not taken: all photographs together"):
        boxes.put(1, Held("x", "x.jpg", b"1", ("alone", "x")))
    boxes.discard("tulip-0")
    boxes.discard("tulip-0")
    boxes.put(1, Held("x", "x.jpg", b"12345", ("alone", "x")))
    assert specimens(boxes) == {"tulip": 2}


def rows(boxes):
    """Boxes, and the photographs in them, in their order."""
    return {
        one["box"]: (one["name"], one["specimens"], seen(one["photographs"]))
        for one in boxes.form()
    }


def seen(photographs):
    return [(one["key"], one["specimen"]) for one in photographs]


def hear(page, changes):
    """Do with changes as the page does."""
    for one in changes:
        if "name" not in one:
            page.pop(one["box"], None)
            continue
        _, _, before = page.get(one["box"], ("", 0, []))
        held = dict(before)
        for key in one["gone"]:
            held.pop(key, None)
        held.update(seen(one["photographs"]))
        page[one["box"]] = (one["name"], one["specimens"], list(held.items()))


@pytest.mark.parametrize("seed", range(10))
def test_changes_alone_tell_a_page_all_and_nothing_twice(seed):
    rng = np.random.default_rng(seed)
    boxes, page = Boxes(), {}

    def act(number):
        numbers = list(rows(boxes)) or [boxes.add("first")]
        box = int(rng.choice(numbers))
        keys = [key for key, _ in rows(boxes)[box][2]]
        some = [key for key in keys if rng.random() < 0.4]
        match rng.choice(["put", "put", "put", "discard", "join", "part", "add", "rename", "gone"]):
            case "put":
                boxes.put(box, Held(f"k{number}", "x.jpg", b"", ("alone", f"k{number}")))
            case "discard" if keys:
                boxes.discard(str(rng.choice(keys)))
            case "join" if len(some) > 1:
                boxes.join(some)
            case "part":
                boxes.part(some)
            case "add":
                boxes.add(f"class {number}")
            case "rename":
                boxes.rename(box, f"new {number}")
            case "gone" if rng.random() < 0.3:
                boxes.remove(box)

    for number in range(120):
        before = {key: n for _, _, held in page.values() for key, n in held}
        act(number)
        changes = boxes.changes()
        told = {key: n for one in changes for key, n in seen(one.get("photographs", []))}
        hear(page, changes)
        assert page == rows(boxes)
        assert all(before.get(key) != n for key, n in told.items()), "only what changed"
    assert boxes.changes() == []
