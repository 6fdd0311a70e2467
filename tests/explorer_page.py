"""The other end of the explorer, and what its tests need besides."""

import time

import numpy as np
import pytest
from PIL import Image
from stand_in import StandIn

from conus_widgets.widgets import Explorer
from conus_widgets.widgets.explorer import bits
from conus_widgets.widgets.explorer.kinds import FROM_PAGE, TO_PAGE


def picture(seed=0, size=(56, 42)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(size, 2)


class Page:
    """The other end of the widget: speaks as its JavaScript does, and hears what is sent.

    Every message is held against the table of kinds; `strangers` are those that do not fit.
    """

    def __init__(self, widget):
        self.widget, self.heard, self.number, self.strangers = widget, [], 0, []
        widget.send = self._hear

    def _hear(self, content, buffers=None):
        if not fits(TO_PAGE, content, buffers or []):
            self.strangers.append(content)
        self.heard.append((content, buffers))

    def say(self, buffers=(), **content):
        """Returns the error in the receipt."""
        self.number += 1
        if not fits(FROM_PAGE, content, buffers):
            self.strangers.append(content)
        self.widget._message(None, {**content, "id": self.number}, list(buffers))
        [receipt] = [m for m, _ in list(self.heard) if m.get("id") == self.number]
        return receipt["error"]

    def of(self, kind):
        return [
            (message, buffers) for message, buffers in list(self.heard) if message["kind"] == kind
        ]

    def until(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.heard[-5:]
            time.sleep(0.005)

    def choose(self, generation, pane=0, **choice):
        """Ask for a map as the page does: with all of its choice."""
        panes = self.widget._state.panes
        here = panes[min(pane, len(panes) - 1)].choice()
        if choice.get("photograph", here["photograph"]) != here["photograph"]:
            here |= {"target": None, "against": None}
        return self.say(kind="choose", pane=pane, generation=generation, **(here | choice))

    def cover(self, mask, generation, **more):
        """Cover at the end of a stroke, unless `final` is false."""
        return self.say([bits.pack(mask)], **area(generation, **more))

    def dab(self, mask, generation, **more):
        """Cover on the way of a stroke: such a message wants no receipt."""
        content = area(generation, final=False, **more)
        self.widget._message(None, content, [bits.pack(mask)])


def area(generation, **more):
    """A message that covers an area."""
    content = {"kind": "area", "generation": generation, "fill": "black", "offset": (0, 0)}
    content |= {"final": True, "photograph": 1, "lender": 0, **more}
    return {**content, "offset": list(content["offset"])}


def fits(table, content, buffers):
    """Whether a message is as the table of its kind says."""
    kind = content.get("kind")
    if kind in ("heard", "file") and kind not in table:  # receipts, and the intake's own messages
        return True
    if kind not in table:
        return False
    fields = set(content) - {"kind", "id"} - ({"page"} if table is FROM_PAGE else set())
    most = table[kind].buffers
    least = [name for name in most if not name.endswith("?")]
    return fields == set(table[kind].fields) and len(least) <= len(buffers) <= len(most)


@pytest.fixture
def linear():
    return StandIn(bend=1e-3)


@pytest.fixture
def explore(linear):
    """Make an explorer with its page; with a photograph, once that is there."""
    made, pages = [], []

    def show(photograph=None, predictor=None, **options):
        widget = Explorer(predictor or linear, photograph, **options)
        page = Page(widget)
        made.append(widget)
        pages.append(page)
        assert widget.predictor is (predictor or linear)
        if photograph is not None:
            with widget._state.changed:
                widget._wait_for_sight(1)
        return widget, page

    yield show
    for widget in made:
        widget._worker.close()
        widget.close()
    assert [page.strangers for page in pages if page.strangers] == []


def floats(buffer):
    return np.frombuffer(buffer, np.float32)
