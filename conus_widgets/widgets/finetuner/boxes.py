"""Named boxes of photographs: a box is a class, and a photograph belongs to a specimen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conus_widgets.checkpoint.texts import as_seen, printable
from conus_widgets.widgets.finetuner.news import News

MOST_BYTES = 512 * 1024 * 1024
"""Of all photographs together that came from a page."""

LEAST = 2  # specimens of each class: one to learn from while the other is judged
LONGEST = 100  # letters of a name
_NAMED = 5  # classes in one sentence


@dataclass
class Held:
    """A photograph in a box.

    Parameters
    ----------
    key : str
        By which the page knows it.
    name : str
    data : object
        Anything that `read_photograph` takes.
    specimen : hashable
    """

    key: str
    name: str
    data: Any = field(repr=False)
    specimen: Hashable


@dataclass
class Box:
    """A class and its photographs, by their keys; its specimens are numbered as they came."""

    name: str
    photographs: dict[str, Held] = field(default_factory=dict)
    numbers: dict[Hashable, int] = field(default_factory=dict)

    def put(self, held: Held) -> None:
        """Add a photograph: no other one gets another number."""
        self.photographs[held.key] = held
        self.numbers.setdefault(held.specimen, len(self.numbers) + 1)

    def number(self, key: str) -> int:
        """Return the number of a photograph's specimen."""
        return self.numbers[self.photographs[key].specimen]

    def renumber(self) -> None:
        """Give the specimens their numbers again: photographs changed theirs, or are gone."""
        specimens = dict.fromkeys(held.specimen for held in self.photographs.values())
        self.numbers = {specimen: number for number, specimen in enumerate(specimens, 1)}


class Boxes:
    """The boxes of a page. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._boxes: dict[int, Box] = {}
        self._made = 0  # boxes and joined specimens
        self._bytes = 0
        self._news = News()
        self._lock = threading.RLock()

    def add(self, name: str) -> int:
        """Add an empty box and return its number.

        Raises
        ------
        ValueError
            If the name is empty or too long, or another box has it.
        """
        with self._lock:
            name = self._allowed(name)
            self._made += 1
            self._boxes[self._made] = Box(name)
            self._news.note(self._made)
            return self._made

    def named(self, name: str) -> int:
        """Return the number of the box of that name, which is added if it is not there."""
        with self._lock:
            for number, box in self._boxes.items():
                if as_seen(box.name) == as_seen(_plain(name)):
                    return number
            return self.add(name)

    def rename(self, number: int, name: str) -> None:
        """Give a box another name; errors as in `add`."""
        with self._lock:
            box = self._box(number)
            box.name = self._allowed(name, number)
            self._news.note(number)

    def remove(self, number: int) -> None:
        """Remove a box with all that is in it."""
        with self._lock:
            for held in self._box(number).photographs.values():
                self._bytes -= _size(held)
            del self._boxes[number]
            self._news.note(number)

    def put(self, number: int, held: Held) -> None:
        """Put a photograph into a box.

        Raises
        ------
        ValueError
            If the box is not there any more, or all photographs together become too large.
        """
        size = _size(held)
        with self._lock:
            box = self._box(number)
            if self._bytes + size > MOST_BYTES:
                raise ValueError(
                    f"{held.name} was not taken: all photographs together have "
                    f"{(self._bytes + size) / 2**20:,.0f} MB, and {MOST_BYTES // 2**20} MB are "
                    "held. Give a folder that the kernel can read: FineTuner(folder)."
                )
            self._bytes += size
            box.put(held)
            self._news.note(number, [held.key])

    def held(self, key: str) -> Held | None:
        """Return a photograph; None if it is not there."""
        with self._lock:
            boxes = self._boxes.values()
            return next((b.photographs[key] for b in boxes if key in b.photographs), None)

    def discard(self, key: str) -> None:
        """Remove a photograph; nothing happens if it is not there."""
        with self._lock:
            for number, box in self._boxes.items():
                if key in box.photographs:
                    with self._renumbered(number, box):
                        self._bytes -= _size(box.photographs.pop(key))
                    self._news.note(number, [key])

    def join(self, keys: Iterable[str]) -> None:
        """Say that photographs show one specimen, with all that were joined to them before.

        Raises
        ------
        ValueError
            For fewer than two, or if they lie in different boxes.
        """
        wanted = set(keys)
        with self._lock:
            homes = {n: box for n, box in self._boxes.items() if wanted & set(box.photographs)}
            found = [
                held
                for box in homes.values()
                for key, held in box.photographs.items()
                if key in wanted
            ]
            if len(found) < 2:
                raise ValueError(
                    f"{len(found)} chosen: choose two or more photographs of one specimen."
                )
            if len(homes) > 1:
                raise ValueError(
                    f"The {len(found)} photographs lie in {len(homes)} boxes, and a specimen has "
                    "one class: choose photographs in one box."
                )
            self._made += 1
            joined = {held.specimen for held in found}
            ((number, box),) = homes.items()
            with self._renumbered(number, box):
                for held in box.photographs.values():
                    if held.specimen in joined:
                        held.specimen = ("joined", self._made)

    def part(self, keys: Iterable[str]) -> None:
        """Say that each of these photographs shows a specimen of its own."""
        wanted = set(keys)
        with self._lock:
            for number, box in self._boxes.items():
                with self._renumbered(number, box):
                    for key in wanted & set(box.photographs):
                        box.photographs[key].specimen = ("alone", key)

    def missing(self) -> str:
        """Return what is missing before a network can learn, with numbers; "" if nothing is."""
        with self._lock:
            if len(self._boxes) < 2:
                return (
                    f"At least 2 boxes are needed to tell apart, and there are {len(self._boxes)}."
                )
            few = [box for box in self._boxes.values() if len(box.numbers) < LEAST]
            said = [f"\u2018{box.name}\u2019 has {len(box.numbers)}" for box in few[:_NAMED]]
            if len(few) > _NAMED:
                said.append(f"and {len(few) - _NAMED} more have fewer, too")
            return f"Each class needs at least {LEAST} specimens; {', '.join(said)}." if few else ""

    def examples(self) -> tuple[list[Any], list[str], list[Hashable]]:
        """Return all photographs, their labels and their specimens."""
        with self._lock:
            rows = [
                (held.data, box.name, (box.name, held.specimen))
                for box in self._boxes.values()
                for held in box.photographs.values()
            ]
        return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]

    def form(self) -> list[dict[str, Any]]:
        """Return all of it as the page wants it; specimens are numbered within their box."""
        with self._lock:
            return [self._form(number, box.photographs) for number, box in self._boxes.items()]

    def changes(self) -> list[dict[str, Any]]:
        """Return what changed since this was asked last, in the same form.

        Of a box that is there: its name, how many specimens it has, and those photographs that are
        new or have another number; "gone" has the keys of those that are not there any more. Of a
        box that was removed only its number, and no name.
        """
        with self._lock:
            return [
                self._form(number, keys) if number in self._boxes else {"box": number}
                for number, keys in self._news.take()
            ]

    def _form(self, number: int, keys: Iterable[str]) -> dict[str, Any]:
        box = self._boxes[number]
        photographs, gone = [], []
        for key in keys:
            if key in box.photographs:
                name = box.photographs[key].name
                photographs.append({"key": key, "name": name, "specimen": box.number(key)})
            else:
                gone.append(key)
        return {
            "box": number,
            "name": box.name,
            "specimens": len(box.numbers),
            "photographs": photographs,
            "gone": gone,
        }

    @contextlib.contextmanager
    def _renumbered(self, number: int, box: Box) -> Iterator[None]:
        """Give specimens their numbers again after a change; note who got another one."""
        before = {key: box.number(key) for key in box.photographs}
        yield
        box.renumber()
        self._news.note(number, [key for key in box.photographs if box.number(key) != before[key]])

    def _box(self, number: int) -> Box:
        box = self._boxes.get(number)
        if box is None:
            raise ValueError("This box is not there any more.")
        return box

    def _allowed(self, name: str, own: int | None = None) -> str:
        name = _plain(name)
        if not name:
            raise ValueError("A box needs a name: that of the class.")
        if len(name) > LONGEST:  # cut off, two of them might become one class
            raise ValueError(
                f"\u2018{name[:30]} ...\u2019 has {len(name)} letters, and the name of a class at "
                f"most {LONGEST}: give a shorter one."
            )
        for number, box in self._boxes.items():
            if number != own and as_seen(box.name) == as_seen(name):
                raise ValueError(f"There is a box {box.name!r} already: choose another name.")
        return name


def _plain(name: Any) -> str:
    return printable(" ".join(str(name).split()))


def _size(held: Held) -> int:
    return len(held.data) if isinstance(held.data, bytes) else 0
