"""The other end of the explorer, and what its tests need besides."""

import time

import numpy as np
import pytest
from PIL import Image
from stand_in import StandIn

from conus_widgets.widgets import Explorer
from conus_widgets.widgets.explorer import composing


def picture(seed=0, size=(56, 42)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(size, 2)


class Page:
    """The other end of the widget: speaks as its JavaScript does, and hears what is sent."""

    def __init__(self, widget):
        self.widget, self.heard, self.number = widget, [], 0
        widget.send = lambda content, buffers=None: self.heard.append((content, buffers))

    def say(self, buffers=(), **content):
        """Returns the error in the receipt."""
        self.number += 1
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
        return self.say(kind="choose", pane=pane, generation=generation, **choice)

    def cover(
        self, mask, generation, fill="black", offset=(0, 0), final=True, photograph=1, **more
    ):
        return self.say(
            [composing.pack(mask)],
            kind="region",
            generation=generation,
            photograph=photograph,
            fill=fill,
            offset=list(offset),
            final=final,
            **more,
        )


@pytest.fixture
def linear():
    return StandIn(bend=1e-3)


@pytest.fixture
def explore(linear):
    """Make an explorer with its page; with a photograph, once that is there."""
    made = []

    def show(photograph=None, predictor=None, **options):
        widget = Explorer(predictor or linear, photograph, **options)
        page = Page(widget)
        made.append(widget)
        assert widget.predictor is (predictor or linear)
        if photograph is not None:
            with widget._session.changed:
                widget._wait_for_sight(1)
        return widget, page

    yield show
    for widget in made:
        widget._worker.close()
        widget.close()


def floats(buffer):
    return np.frombuffer(buffer, np.float32)
