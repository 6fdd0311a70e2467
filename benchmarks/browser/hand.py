"""The hand at the mouse: real events through the browser, and the page's own notes of them."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import Any

#: What runs in a page before anything else.
SCRIPTS = tuple(Path(__file__).with_name(name) for name in ("line.js", "probe.js"))
VIEWPORT = {"width": 1440, "height": 1000}
STEP = 1 / 60  # seconds between two places of a moving mouse
SILENCE = 1.0  # seconds after a cancel in which nothing else is asked of the network
READY = 120_000  # ms until the explorer must stand on the page

#: What the page noted: see `probe.js`. Times in milliseconds since `origin`.
Notes = dict[str, Any]


class Hand:
    """Works an explorer that stands on a page.

    Parameters
    ----------
    page : playwright.sync_api.Page
        In which `SCRIPTS` were run before anything else.
    seed : int
        Of the ways that the mouse takes.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the map.
    """

    def __init__(self, page: Any, seed: int = 0) -> None:
        self.page = page
        self._random = random.Random(seed)
        page.locator(".cw-explorer .cx-class").first.wait_for(timeout=READY)
        page.evaluate("probe.attach()")
        self.shape = page.evaluate("probe.shape()")
        canvas = page.locator(".cx-canvas").first
        canvas.scroll_into_view_if_needed()
        self.rest()
        box = canvas.bounding_box()
        side = min(box["width"], box["height"])  # the photograph is square
        self._square = (
            box["x"] + (box["width"] - side) / 2,
            box["y"] + (box["height"] - side) / 2,
            side,
        )

    def rest(self, seconds: float = 1.0) -> None:
        """Let the page come to rest."""
        self.page.wait_for_timeout(1000 * seconds)

    def press(self, name: str) -> None:
        """Click a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def hover(self, count: int) -> Notes:
        """Go from cell to cell, with short rests: each move has an answer of its own."""
        self.press("Look")
        (rows, columns), cell = self.shape, -1
        self.page.evaluate("probe.start('hover')")
        for _ in range(count):
            cell = self._random.choice([n for n in range(rows * columns) if n != cell])
            self._go((cell % columns + 0.5) / columns, (cell // columns + 0.5) / rows)
            time.sleep(self._random.uniform(0.02, 0.12))
        self.rest(0.3)
        return dict(self.page.evaluate("probe.stop()"))

    def stroke(self, seconds: float) -> Notes:
        """Brush for so long without a halt, then take the paint away."""
        self.press("Brush")
        phase, speed = self._random.uniform(0, 2 * math.pi), self._random.uniform(0.7, 1.3)

        def place(t: float) -> tuple[float, float]:
            return (
                0.5 + 0.35 * math.sin(2.1 * speed * t + phase),
                0.5 + 0.35 * math.cos(1.3 * speed * t + 2 * phase),
            )

        self._go(*place(0))
        self.page.evaluate("probe.start('brush')")
        self.page.mouse.down()
        start = due = time.monotonic()
        while (now := time.monotonic()) < start + seconds:
            self._go(*place(now - start))
            due = max(due + STEP, now)
            time.sleep(max(0.0, due - time.monotonic()))
        self.page.mouse.up()
        self.page.wait_for_function("probe.isIdle()", timeout=10_000, polling=50)
        self.rest(0.3)
        notes = dict(self.page.evaluate("probe.stop()"))
        self.press("Reset")
        self.rest(0.5)
        return notes

    def choose(self, letter: str, row: int) -> Notes:
        """Click A or B of a row of the list; also notes whether question and picture changed."""
        rows = self.page.locator(".cx-class:visible")
        button = rows.nth(row).locator(".cx-letter").nth("AB".index(letter))
        name = rows.nth(row).locator(".cx-name").inner_text()
        asked = self.page.locator(".cx-question").inner_text()
        first, _, rival = asked.removeprefix("Why ").removesuffix("?").partition(" rather than ")
        if letter == "A":
            first, rival = name, "" if rival == name else rival
        else:
            rival = "" if rival == name else name
        question = f"Why {first}{' rather than ' + rival if rival else ''}?"
        before = self.page.evaluate("probe.picture()")
        notes = self._answered("question", question, button)
        notes["redrawn"] = self.page.evaluate("probe.picture()") != before
        notes["pair"] = bool(rival)
        return notes

    def cancel(self) -> Notes:
        """Begin an occlusion, and cancel it somewhere on its way."""
        method = self.page.get_by_label("Method")
        method.select_option("occlusion")
        self.page.wait_for_function("probe.hasPart()", timeout=60_000, polling=50)
        self.rest(self._random.uniform(0.1, 1.0))
        notes = self._answered("stopped", "", self.page.get_by_role("button", name="Cancel"))
        self.rest(SILENCE)
        notes["stopped"] = "stopped" in self.page.locator(".cx-caption").first.inner_text()
        method.select_option("cam")
        self.rest(0.3)
        return notes

    def _answered(self, test: str, text: str, button: Any) -> Notes:
        box = button.bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.rest(0.15)
        self.page.evaluate("([test, text]) => probe.expect(test, text)", [test, text])
        self.page.mouse.down()
        self.page.mouse.up()
        late = (
            "new Promise((_, fail) => setTimeout(() => fail(new Error('no answer in 10 s')), 1e4))"
        )
        notes = dict(self.page.evaluate(f"Promise.race([probe.answer(), {late}])"))
        notes["origin"] = self.page.evaluate("probe.origin()")
        return notes

    def _go(self, u: float, v: float) -> None:
        x, y, side = self._square
        self.page.mouse.move(x + u * side, y + v * side)
