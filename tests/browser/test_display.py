"""Widgets in all places: in another widget, twice, after their end, in a page without a kernel."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pictures
import pytest
from explored import Explored, stand_in
from playwright.sync_api import expect

pytest_plugins = ["explored"]  # its fixtures

MAKE = stand_in("""\
import ipywidgets
from IPython.display import display
from stand_in import StandIn
from conus_widgets import Classifier
from conus_widgets.widgets import DropZone
named, explained = StandIn(), StandIn()
def make(kind):
    if kind == "Classifier":
        widget = Classifier(named)
        widget.classify(picture(1))
        return widget
    if kind == "DropZone":
        return DropZone()
    widget = Explorer(explained, picture(1), target="banded")
    widget.explanation
    return widget""")

CONVERSION = Path(__file__).with_name("conversion.py")

# Each shows `make(kind)` after a line that must stay readable.
WAYS = {
    "with out": """\
out = ipywidgets.Output()
print("said before")
display(out)
with out:
    print("said inside")
    display(make(kind))""",
    "capture": """\
out = ipywidgets.Output()
@out.capture()
def shown():
    print("said inside")
    display(make(kind))
print("said before")
shown()
display(out)""",
    "interact": """\
print("said before")
def shown(number):
    print("said inside")
    return make(kind)
ipywidgets.interact(shown, number=(1, 3));""",
    "boxes": """\
print("said before")
out, text = ipywidgets.Output(), ipywidgets.HTML("said inside")
display(ipywidgets.VBox([text, ipywidgets.HBox([out])]))
with out:
    display(make(kind))""",
    "output in output": """\
print("said before")
outer, inner = ipywidgets.Output(), ipywidgets.Output()
display(outer)
with outer:
    print("said inside")
    display(inner)
with inner:
    display(make(kind))""",
    "child": """\
print("said before")
display(ipywidgets.VBox([ipywidgets.HTML("said inside"), make(kind)]))""",
    "tab": """\
print("said before")
tab = ipywidgets.Tab([ipywidgets.HTML("said inside"), make(kind)], titles=["first", "second"])
display(tab)""",
    "accordion": """\
print("said before")
folded = ipywidgets.Accordion([make(kind)], titles=["second"])
display(ipywidgets.HTML("said inside"), folded)""",
}
ROOTS = {"Classifier": ".cw-classifier", "Explorer": ".cw-explorer", "DropZone": ".cw-zone"}


def lives(place, kind):
    """The tool of a kind is there, ready, and has a size; its saved picture is hidden."""
    root = place.locator(ROOTS[kind]).locator("visible=true")
    expect(root).to_have_count(1, timeout=30_000)
    if kind == "Classifier":
        expect(root.locator(".cw-row").first).to_be_visible()
    if kind == "Explorer":
        expect(root.locator(".cx-class").first).to_be_visible()
        size = root.locator(".cx-canvas").evaluate(
            "(c) => [c.clientWidth, c.clientHeight, c.width]"
        )
        assert min(size) > 150, size
    box = root.bounding_box()
    assert box["width"] > 300 and box["height"] > 60, box
    expect(place.locator(".conus-saved >> visible=true")).to_have_count(0)
    return root


class Cells:
    """A notebook whose cells are run one after another."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page

    def run(self, number):
        """Run a cell; returns it."""
        select = """(n) => {
            const { content } = window.jupyterapp.shell.currentWidget;
            content.activeCellIndex = n;
            content.deselectAll();
        }"""
        self.page.evaluate(select, number)
        self.notebook.command("notebook:run-cell")
        cell = self.page.locator(f".jp-Cell[data-windowed-list-index='{number}']")
        expect(cell.locator(".jp-InputPrompt")).to_contain_text(re.compile(r"\[\d+\]"))
        return cell


@pytest.fixture(scope="module", params=["Classifier", "Explorer"])
def shown(request, bench):
    """A kind of widget, and a notebook with a cell for each way to show it."""
    cells = Cells(bench.begin([f"{MAKE}\nkind = {request.param!r}", *WAYS.values()]))
    cells.run(0)
    return request.param, cells


@pytest.mark.parametrize("way", WAYS)
def test_a_widget_is_seen_wherever_it_is_shown(shown, way, tmp_path):
    kind, cells = shown
    page = cells.page
    cell = cells.run(1 + list(WAYS).index(way))
    if way == "tab":
        cell.get_by_role("tab", name="second").click()
    if way == "accordion":
        cell.get_by_text("second", exact=True).click()
    root = lives(cell, kind)
    for text in ("said before", *(["said inside"] if way != "tab" else [])):
        expect(cell.locator(".jp-OutputArea").get_by_text(text).first).to_be_visible()
    if kind == "Classifier":  # and it works
        file = tmp_path / f"{way}.png"
        file.write_bytes(pictures.encoded(pictures.shell(1), "PNG"))
        root.locator(".cw-zone").drop({"files": [str(file)]})
        expect(cells.notebook.card(file.name).locator(".cw-row").first).to_be_visible()
    if way == "interact":
        cell.locator(".noUi-handle").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)
        lives(cell, kind)
    cells.notebook.quiet()


TWICE = stand_in("""\
from IPython.display import display
from stand_in import StandIn
from conus_widgets import Classifier
classifier = Classifier(StandIn())
predictor = StandIn()
explorer = Explorer(predictor, picture(1), target="banded")
display(classifier, classifier, explorer, explorer)""")


def verdict_on(explored, share):
    """The answer to the whole stroke, which covers `share` percent; it comes after the share."""
    for _ in range(400):
        text = explored.verdict.inner_text()
        found = re.match(r"([\d.]+) % .*(still|became)", text)
        awaited = explored.root.locator("table[aria-busy=true]").count()
        if found and abs(float(found[1]) - share) < 1 and not awaited:
            return explored.verdict.inner_text()
        explored.page.wait_for_timeout(50)
    raise AssertionError(f"{text!r} does not become a verdict on {share:.1f} %")


def test_two_views_of_one_widget_show_the_same(bench, files):
    notebook = bench.begin([TWICE], width=1400)
    cell = Cells(notebook).run(0)
    classifiers = cell.locator(".cw-classifier")
    expect(classifiers).to_have_count(2, timeout=60_000)
    expect(cell.locator(".conus-saved >> visible=true")).to_have_count(0)
    [path] = files({"both.png": pictures.encoded(pictures.shell(1), "PNG")})
    classifiers.nth(1).locator(".cw-zone").drop({"files": [path]})
    for view in classifiers.all():
        expect(view.locator(".cw-row")).to_have_count(5)
    classifiers.nth(0).get_by_label("Views").select_option("10")
    for view in classifiers.all():
        expect(view).to_contain_text("mean of 10 random views")
        expect(view.get_by_label("Views")).to_have_value("10")

    first, second = Explored(notebook, 0), Explored(notebook, 1)
    verdicts = []
    for here, there in ((first, second), (second, first), (first, second)):
        here.root.scroll_into_view_if_needed()
        here.canvas().scroll_into_view_if_needed()
        here.button("Rectangle").click()
        corner = 0.4 + 0.1 * len(verdicts)
        x, y, width, height = within(here)
        mouse = notebook.page.mouse
        mouse.move(x + 0.2 * width, y + 0.2 * height)
        mouse.down()
        mouse.move(x + corner * width, y + corner * height, steps=5)
        mouse.up()
        verdict = verdict_on(here, share=100 * (corner - 0.2) ** 2)
        expect(there.verdict).to_have_text(verdict)
        assert here.bars() == there.bars()
        assert verdict not in verdicts
        verdicts.append(verdict)
        changes = here.python("dict(zip(predictor.labels, map(float, explorer.evidence.changes)))")
        for label, (*_, change) in there.bars().items():
            assert float(change.replace("\u2212", "-")) == pytest.approx(changes[label], abs=0.0051)

    for here, there in ((first, second), (second, first)):
        here.button("Map beside").click()
        expect(there.root.locator(".cx-canvas")).to_have_count(2)
        there.root.get_by_role("button", name="Take map 2 away").click()
        expect(here.root.locator(".cx-canvas")).to_have_count(1)
    with notebook.page.expect_download():
        first.button("PNG").click()
    with pytest.raises(Exception, match="Timeout"), notebook.page.expect_download(timeout=1500):
        pass  # the other view saves nothing
    # A view that is taken away leaves the other one, and the picture stays hidden.
    notebook.quiet()


def within(explored):
    """Where the photograph of one of several explorers stands: (x, y, width, height)."""
    box = explored.canvas().bounding_box()
    width = min(box["width"], box["height"] * 4 / 3)
    return box["x"] + (box["width"] - width) / 2, box["y"], width, width * 3 / 4


def test_a_widget_that_was_closed_says_so_in_words(bench):
    kinds = "('Classifier', 'Explorer', 'DropZone')"
    cells = [
        MAKE,
        f"widgets = [make(kind) for kind in {kinds}]\ndisplay(*widgets)",
        "for widget in widgets: widget.close()",
        "display(*widgets)",
        "ipywidgets.VBox([widgets[0]])",
    ]
    cells = Cells(bench.begin(cells))
    cells.run(0)
    shown = cells.run(1)
    for root in ROOTS.values():
        expect(shown.locator(root).first).to_be_visible()
    cells.run(2)
    for root in ROOTS.values():
        expect(shown.locator(root)).to_have_count(0)
    # The pictures of what is gone come out.
    expect(shown.locator(".conus-saved >> visible=true")).to_have_count(2)
    again = cells.run(3)
    for kind in ROOTS:
        expect(again).to_contain_text(f"This {kind} was closed, so it has no page any more.")
    expect(again.locator(".conus-saved >> visible=true")).to_have_count(2)
    expect(again).not_to_contain_text("Error")
    boxed = cells.run(4)
    expect(boxed).to_contain_text("This Classifier was closed and cannot be shown again")
    bench.quiet()


SAVED = """\
print("said before")
display(make("Classifier"))
display(make("Explorer"))
out = ipywidgets.Output()
with out:
    print("said inside")
    display(make("Explorer"))
out"""


@pytest.fixture(scope="module")
def executed(lab):
    """A notebook as nbconvert runs and saves it, with the state of its widgets."""
    path = lab[1] / "executed.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in (MAKE, SAVED)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    convert(path, "--to", "notebook", "--inplace", "--execute")
    assert "widgets" in json.loads(path.read_text())["metadata"]
    return path


def convert(path, *options):
    command = [sys.executable, CONVERSION, *options, path.name]
    ran = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-3000:]


def pictured(page):
    """The saved pictures are seen, what stands before them too, and nothing alarms."""
    pictures_seen = page.locator(".conus-saved >> visible=true")
    expect(pictures_seen.first).to_be_visible()
    expect(pictures_seen.first).to_contain_text("photograph 1")
    expect(page.get_by_text("Why").first).to_be_hidden()
    expect(page.locator(".conus-saved img >> visible=true")).not_to_have_count(0)
    expect(page.get_by_text("said before", exact=True)).to_be_visible()
    for alarm in ("Getting the network ready", "model not found", "Error displaying"):
        assert page.get_by_text(alarm).locator("visible=true").count() == 0, alarm
    return pictures_seen


def test_an_exported_page_shows_the_pictures(browser, executed):
    convert(executed, "--to", "html")
    context = browser.new_context(viewport={"width": 1000, "height": 1400})
    try:
        page = context.new_page()
        page.route(re.compile("^https?:"), lambda route: route.abort())  # as without a network
        page.goto(executed.with_suffix(".html").as_uri())
        assert pictured(page).count() == 2
    finally:
        context.close()


def test_a_saved_state_without_a_kernel_shows_the_pictures(open_notebook, executed):
    """As with "Save Widget State Automatically": the tools are drawn, and nobody answers them."""
    notebook = open_notebook(executed.stem, None).open()
    page = notebook.page
    pictured(page)  # JupyterLab does not know who wrote it, and draws no widget
    trust = """() => {
        for (const cell of window.jupyterapp.shell.currentWidget.context.model.cells)
            if (cell.type === "code") cell.trusted = true;
    }"""
    page.evaluate(trust)
    page.locator(".jupyter-widgets-disconnected").first.wait_for(state="attached")
    seen = pictured(page)
    expect(page.get_by_text("said inside", exact=True)).to_be_visible()
    expect(seen).to_have_count(3)  # the Output was saved as well, with what is in it
    expect(page.locator(".cw-root")).to_have_count(0)
