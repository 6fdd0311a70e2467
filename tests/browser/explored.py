"""The explorer on a page, as a user has it: by its words, buttons and keys."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

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

# What is asked for is drawn with the next frame; so two frames later all of it is.
DRAWN = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"

# Nothing is under way: no map, no test, no answer of the network; and all of it is drawn.
REST = f"""(root) => ({DRAWN})().then(() => {{
    const texts = (selector) => [...root.querySelectorAll(selector)].map((one) => one.textContent);
    return !texts(".cx-caption .cx-quiet").some((text) => text.includes("working ..."))
        && !texts("button").some((text) => text.startsWith("Testing:"))
        && root.querySelector(".cx-classes table").getAttribute("aria-busy") !== "true";
}})"""

# By its own controls: one map, CAM of A rather than B, nothing covered, nothing pinned, no tool.
PLAIN = f"""async (root, [a, b]) => {{
    const drawn = {DRAWN};
    const named = (label) => root.querySelector(`[aria-label="${{label}}"]`);
    const put = async (control, value, event = "input") => {{
        if (control.value === value) return;
        control.value = value;
        control.dispatchEvent(new Event(control.matches("select") ? "change" : event));
        await drawn();
    }};
    const press = async (button) => {{
        if (!button || button.hidden || button.disabled) return;
        button.click();
        await drawn();
    }};
    const button = (text) =>
        [...root.querySelectorAll("button")].find((one) => one.textContent === text);
    const all = (selector) => [...root.querySelectorAll(selector)].filter((one) => !one.hidden);
    await drawn();
    await press(button("Cancel"));
    await put(root.querySelector(".cx-search"), "");
    await press(button("Reset"));
    await put(named("Cover with"), "mean");
    await press(button("Brush"));
    await put(named("Size of the brush"), "14");
    await press(button("Look"));
    const held = root.querySelector("[type=checkbox]");
    if (held.checked) held.click();
    await put(named("Draw"), "grey");
    await put(named("Opacity"), "75");
    for (let one; (one = all(".cx-caption .cw-remove").at(-1)); ) await press(one);
    for (const number of ["2", "1"]) {{
        await put(named("Photograph"), number);
        for (let pin; (pin = root.querySelector("[aria-label^=Unpin]")); ) await press(pin);
    }}
    await put(named("Method"), "cam");
    await put(named("Layer"), "res4e");
    for (const [at, name] of [a, b].entries()) {{
        await put(root.querySelector(".cx-search"), name);
        const row = all(".cx-class").find(
            (one) => one.querySelector(".cx-name").textContent === name);
        const letter = row.querySelectorAll(".cx-letter")[at];
        if (letter.getAttribute("aria-pressed") !== "true") await press(letter);
    }}
    await put(root.querySelector(".cx-search"), "");
    await press(button("Fit"));
}}"""


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
        self.line = self.root.get_by_label("Python that gives these numbers again")
        self.python, self.quiet = notebook.python, notebook.quiet
        self.shape = None

    def run(self):
        """Run all cells, and wait for the ranked list."""
        self.notebook.command("notebook:run-all-cells")
        self.root.locator(".cx-class").first.wait_for(timeout=60_000)
        return self

    def rest(self, timeout=90_000):
        """Wait until nothing is under way, and all of it is drawn."""
        end = time.monotonic() + timeout / 1000
        while not self.root.evaluate(REST):
            assert time.monotonic() < end, self.root.inner_text()

    def do(self, code):
        """Run statements in the kernel."""
        self.python(f"exec({code!r}, globals())")

    def see(self, expression):
        """Plain data of what stands on the page, `root` being the explorer."""
        return self.root.evaluate(f"(root) => {expression}")

    def pictures(self):
        """The photographs as they are drawn."""
        return self.see("[...root.querySelectorAll('.cx-canvas')].map((one) => one.toDataURL())")

    def drawn(self):
        """The pictures on the page; and the same once more, with nothing kept of a drawing."""
        first, style = self.pictures(), self.menu("Draw").input_value()
        for other in ("contours" if style != "contours" else "mask", style):
            self.menu("Draw").select_option(other)
            self.rest()
        return first, self.pictures()

    def canvas(self, index=0):
        return self.root.locator(".cx-canvas").nth(index)

    def box(self, index=0):
        """Where a photograph stands on the screen: (x, y, width, height)."""
        box = self.canvas(index).bounding_box()
        if self.shape is None:  # all photographs of a page here have one shape
            self.shape = self.python("list(explorer.explanation.image.size)")
        fit = min(box["width"] / self.shape[0], box["height"] / self.shape[1])
        width, height = self.shape[0] * fit, self.shape[1] * fit
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
        return self.root.locator(".cx-class:not([hidden])").filter(
            has=self.page.locator(".cx-name").and_(self.page.get_by_text(label, exact=True))
        )

    def bars(self):
        """{label: [percent, logit, share, change]} as texts of the list."""
        script = """(rows) => rows.filter((row) => !row.hidden).map((row) => [
            row.querySelector(".cx-name").textContent,
            [...row.querySelectorAll("td.cx-number")].map((cell) => cell.textContent)])"""
        return dict(self.root.locator(".cx-class").evaluate_all(script))

    def plain(self):
        """One map, CAM, nothing covered, nothing pinned: as it began, whatever was done."""
        self.page.mouse.move(0, 0)
        a, b = pair = self.python("[twins.pair.marked, twins.pair.plain]")
        self.root.evaluate(PLAIN, pair)
        self.rest()
        expect(self.root.locator(".cx-question")).to_have_text(
            "Why {} rather than {}?".format(*pair)
        )
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
