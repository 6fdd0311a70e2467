"""The explorer in a real browser: what stands on the page is what Python computes."""

import re

import pytest
from playwright.sync_api import expect

CELL = """\
from conus_widgets import Explorer, load_predictor
from conus_widgets.explain.evaluate import draw_twins
predictor = load_predictor()
twins = next(two for two in draw_twins(10) if two.flips(predictor))
explorer = Explorer(predictor, twins.marked, target=twins.pair.marked, against=twins.pair.plain)
explorer"""


@pytest.fixture(scope="module")
def page(lab, browser):
    from conftest import Notebook

    notebook = Notebook(lab, browser, "explorer", [CELL]).open()
    notebook.command("notebook:run-all-cells")
    notebook.page.locator(".cw-explorer .cx-class").first.wait_for(timeout=60_000)
    yield notebook
    notebook.close()


def number(text):
    return float(text.replace("−", "-").replace("+", "").split()[0])


def test_the_numbers_under_the_keys_are_those_of_python(page):
    canvas = page.page.locator(".cx-canvas").first
    canvas.focus()
    page.page.keyboard.press("ArrowDown")
    status = page.page.locator(".cw-explorer .cw-status")
    expect(status).to_contain_text(re.compile(r"row \d, column \d", re.I))
    row, column = map(int, re.findall(r"(?:row|column) (\d+)", status.inner_text(), re.I)[:2])
    value = page.python(f"float(explorer.explanation.values[{row - 1}, {column - 1}])")
    shown = number(page.page.locator(".cx-readout .cx-value").inner_text())
    assert shown == pytest.approx(value, abs=0.006)
    page.quiet()


def test_the_logits_in_the_list_are_those_of_python(page):
    rows = page.page.locator(".cx-class")
    labels = page.python("predictor.labels")
    logits = page.python("[float(x) for x in explorer.explanation.logits]")
    found = 0
    for text in rows.all_inner_texts():
        name = next((label for label in labels if text.startswith(label)), None)
        values = re.findall(r"[+−-]?\d+\.\d\d(?!\s*%)", text)
        if name is not None and values:
            assert number(values[0]) == pytest.approx(logits[labels.index(name)], abs=0.006)
            found += 1
    assert found >= 2
    page.quiet()


def test_a_brush_over_the_marking_is_checked_by_the_network(page):
    page.page.get_by_role("button", name="Brush", exact=True).click()
    box = page.page.locator(".cx-canvas").first.bounding_box()
    spot = page.python("[float(n) for n in __import__('numpy').argwhere(twins.mask).mean(axis=0)]")
    x, y = (box["x"] + box["width"] * spot[1] / 224, box["y"] + box["height"] * spot[0] / 224)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    for step in range(8):
        page.page.mouse.move(x + 4 * step, y + step)
    page.page.mouse.up()
    expect(page.page.locator(".cx-verdict")).to_contain_text("of the photograph covered")
    answered = "explorer.evidence is not None"
    for _ in range(50):  # the last point of a stroke is answered a moment after it is drawn
        if page.python(answered):
            break
        page.page.wait_for_timeout(100)
    changed = page.python("float(abs(explorer.evidence.changes).max())")
    assert changed > 0
    page.page.get_by_role("button", name="Reset").click()
    expect(page.page.locator(".cx-verdict")).to_be_hidden()
    page.quiet()
