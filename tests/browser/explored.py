"""The explorer on a page, as a user has it: by its words, buttons and keys."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

#: Two drawings that differ in one marking, and what goes wrong in the kernel meanwhile.
TWINS = """\
import logging
import numpy as np
from conus_widgets import Explorer, explain, load_predictor
from conus_widgets.explain.evaluate import draw_twins
predictor = load_predictor()
twins = next(two for two in draw_twins(10) if two.flips(predictor))
explorer = Explorer(predictor, [twins.marked, twins.plain],
                    target=twins.pair.marked, against=twins.pair.plain)
complaints = []
listener = logging.Handler(logging.WARNING)
listener.emit = lambda record: complaints.append(record.getMessage())
logging.getLogger().addHandler(listener)
explorer"""

#: A network of a moment, with names of one's own; `more` goes on with `predictor`.
STAND_IN = """\
import sys; sys.path.insert(0, {tests!r})
from PIL import Image
import numpy as np
from stand_in import StandIn
from conus_widgets import Explorer, explain
def picture(seed):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize((160, 120), 2)
{more}"""

# Nothing is under way: no map, no check, no answer of the network; and all of it is drawn.
REST = """() => {
    const { app } = document.querySelector(".cw-explorer");
    const idle = app.panes.every(({ state }) => !["waiting", "running"].includes(state));
    return idle && !app.isAwaiting() && app.checking === null;
}"""

PLAIN = """([target, against]) => {
    const { app } = document.querySelector(".cw-explorer");
    const search = document.querySelector(".cx-search");
    search.value = "";
    search.dispatchEvent(new Event("input"));
    app.cancel();
    app.reset();
    app.setFill("black");
    app.source = null;
    app.useTool("look");
    app.holdScale(false);
    app.draw({ style: "grey", opacity: 0.75 });
    app.setBrush(14);
    app.point(null, 0);
    while (app.panes.length > 1) app.dropPane(app.panes.length - 1);
    for (const pin of app.pins) app.pin(pin);
    app.choose(0, { photograph: 1 });
    app.choose(0, { method: "cam", layer: null, target, against });
    app.zoom(0);
}"""


def stand_in(more):
    return STAND_IN.format(tests=str(TESTS), more=more)


def number(text):
    """The number that a text begins with, as the page writes it."""
    return float(re.match(r"[<>]?\s*([+−-]?[\d.e−-]+)", text.strip())[1].replace("−", "-"))


class Explored:
    """An explorer on the page of a notebook."""

    def __init__(self, notebook, which=0):
        self.notebook, self.page = notebook, notebook.page
        self.root = self.page.locator(".cw-explorer").nth(which)
        self.status = self.root.locator(".cw-status")
        self.verdict = self.root.locator(".cx-verdict")
        self.python, self.quiet = notebook.python, notebook.quiet

    def run(self):
        """Run all cells, and wait for the ranked list."""
        self.notebook.command("notebook:run-all-cells")
        self.root.locator(".cx-class").first.wait_for(timeout=60_000)
        return self

    def rest(self, timeout=30_000):
        """Wait until nothing is under way, and two frames more, so that it is drawn."""
        self.page.wait_for_function(REST, timeout=timeout)
        self.page.evaluate(
            "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"
        )

    def do(self, code):
        """Run statements in the kernel."""
        self.python(f"exec({code!r}, globals())")

    def app(self, expression):
        """Plain data of what the page holds."""
        return self.page.evaluate(
            f"() => {{ const {{ app }} = document.querySelector('.cw-explorer'); "
            f"return {expression}; }}"
        )

    def drawn(self):
        """The pictures on the page; and the same once more, with nothing kept of a drawing."""
        script = "[...document.querySelectorAll('.cx-canvas')].map((one) => one.toDataURL())"
        first, opacity = self.app(script), self.app("app.opacity")
        for other in (opacity / 2 + 0.1, opacity):
            self.app(f"app.draw({{ opacity: {other} }})")
            self.rest()
        return first, self.app(script)

    def canvas(self, index=0):
        return self.root.locator(".cx-canvas").nth(index)

    def box(self, index=0):
        """Where a photograph stands on the screen: (x, y, width, height)."""
        box = self.canvas(index).bounding_box()
        shape = self.app(f"(({{ width, height }}) => [width, height])(app.sight({index}))")
        fit = min(box["width"] / shape[0], box["height"] / shape[1])
        width, height = shape[0] * fit, shape[1] * fit
        x, y = box["x"] + (box["width"] - width) / 2, box["y"] + (box["height"] - height) / 2
        return x, y, width, height

    def at(self, u, v, index=0):
        """The place on the screen of a place (0 to 1) in an unzoomed photograph."""
        x, y, width, height = self.box(index)
        return x + u * width, y + v * height

    def drag(self, start, end, steps=4):
        """With the button of the mouse down, from one place in the photograph to another."""
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=steps)
        self.page.mouse.up()

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def menu(self, name):
        return self.root.get_by_label(name, exact=True)

    def row(self, label):
        """A class in the ranked list."""
        return self.root.locator(".cx-class").filter(
            has=self.page.get_by_role("button", name=label, exact=True)
        )

    def bars(self):
        """{label: [percent, logit, share, change]} as texts of the list."""
        script = """(rows) => rows.filter((row) => !row.hidden).map((row) => [
            row.querySelector(".cx-name").textContent,
            [...row.querySelectorAll("td.cx-number")].map((cell) => cell.textContent)])"""
        return dict(self.root.locator(".cx-class").evaluate_all(script))

    def plain(self):
        """One map, CAM, nothing covered, nothing pinned: as it began, whatever was done."""
        marked, against = self.python(
            "[predictor.labels.index(name) for name in (twins.pair.marked, twins.pair.plain)]"
        )
        self.page.mouse.move(0, 0)
        self.page.evaluate(PLAIN, [marked, against])
        self.rest()
        return self


@pytest.fixture(scope="session")
def twins(lab, browser):
    """The twins' page, once for all tests."""
    from conftest import Notebook

    context = {"viewport": {"width": 1500, "height": 1700}}
    notebook = Notebook(lab, browser, "twins", [TWINS], **context).open()
    yield Explored(notebook).run()
    notebook.close()


@pytest.fixture
def page(twins):
    """The twins' page as it began; at the end nothing has gone wrong, here or in the kernel."""
    yield twins.plain()
    twins.quiet()
    assert twins.python("complaints") == []
