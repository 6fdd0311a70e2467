"""The explorer by keys alone, and by fingers."""

import re

import pytest
from explored import Explored, number, stand_in
from playwright.sync_api import expect

pytest_plugins = ["explored"]  # its fixtures


def test_tab_reaches_everything_in_order(page):
    script = """() => {
        const root = document.querySelector(".cw-explorer");
        const every = [...root.querySelectorAll("button, select, input, canvas")];
        return every.filter((one) => one.getClientRects().length && !one.disabled).length;
    }"""
    expect(page.button("Copy")).to_be_enabled()  # the kernel's map is there: nothing more appears
    count = page.page.evaluate(script)
    here = """() => {
        const root = document.querySelector(".cw-explorer");
        const every = [...root.querySelectorAll("button, select, input, canvas")];
        return every.filter((one) => one.getClientRects().length && !one.disabled)
            .indexOf(document.activeElement);
    }"""
    page.menu("Photograph").focus()
    visited = []
    while (at := page.page.evaluate(here)) >= 0 and len(visited) <= count:
        visited.append(at)
        page.page.keyboard.press("Tab")
    assert visited == list(range(count))
    # And the order is that of the page: top to bottom on the left, then on the right.
    tops = [
        page.root.locator(name).first.bounding_box()["y"]
        for name in (".cx-controls", ".cx-tools", ".cx-canvas", ".cx-scale", ".cx-trust")
    ]
    assert tops == sorted(tops)


def test_the_keyboard_alone_is_enough(page):
    keys, said = page.page.keyboard, page.status
    before = page.page.locator(".jp-Cell").count()
    page.canvas().focus()
    keys.press("ArrowDown")
    expect(said).to_contain_text("row 4, column 4: ")
    keys.press("ArrowRight")
    keys.press("ArrowUp")
    expect(said).to_have_text(re.compile(r"^row 3, column 5: \S+ for [^,]+, \S+ for [^,]+$"))
    keys.press("Enter")
    expect(said).to_have_text("Row 3, column 5 pinned.")
    expect(page.root.locator(".cx-pins tbody th")).to_have_text("1: row 3, column 5")
    keys.press("+")
    expect(said).to_have_text("Zoom 1.5.")
    keys.press("-")
    expect(said).to_have_text("Zoom 1.0.")
    for key in "ddaxv":  # they delete, add and paste cells of the notebook
        keys.press(key)
    assert page.page.locator(".jp-Cell").count() == before
    page.button("Brush").focus()
    keys.press("Enter")
    expect(page.button("Brush")).to_have_attribute("aria-pressed", "true")
    keys.press("Escape")
    expect(page.button("Look")).to_have_attribute("aria-pressed", "true")
    inside = "() => document.querySelector('.cw-explorer').contains(document.activeElement)"
    assert page.page.evaluate(inside)
    keys.press("Escape")
    assert not page.page.evaluate(inside)


# A corner, told at once; then the frame, which tells of the first place again.
EARLY = """(canvas, [start, ...places]) => {
    const event = (kind, [clientX, clientY]) => new PointerEvent(kind, { clientX, clientY });
    const frame = event("pointermove", start);
    while (performance.now() < frame.timeStamp + 2);
    for (const place of places) canvas.dispatchEvent(event("pointerrawupdate", place));
    canvas.dispatchEvent(frame);
}"""


def test_a_stroke_hears_of_moves_before_their_frame_and_once(page):
    """On a busy machine frames come late. With the mouse let go, moves are none of the stroke's."""
    page.button("Brush").click()
    places = [page.at(*place) for place in ((0.25, 0.25), (0.25, 0.75), (0.75, 0.75))]
    page.page.mouse.move(*places[0])
    page.page.mouse.down()
    page.canvas().evaluate(EARLY, places)
    page.page.mouse.up()
    page.rest()
    covered = "[bool(explorer._state.area.mask[at]) for at in [(112, 56), (168, 168), (112, 112)]]"
    assert page.python(covered) == [True, True, False]
    before = page.python("float(explorer.evidence.fraction)")
    page.canvas().evaluate(EARLY, places[::-1])
    page.rest()
    assert page.python("float(explorer.evidence.fraction)") == before


FINGERS = stand_in("""\
explorer = Explorer(StandIn(), picture(1))
explorer""")


def test_fingers_pin_paint_and_pinch_and_the_page_stands_still(open_notebook):
    view = {"width": 900, "height": 1100}
    notebook = open_notebook("fingers", [FINGERS], has_touch=True, viewport=view).open()
    page = Explored(notebook).run()
    page.rest()
    touch = page.page.context.new_cdp_session(page.page)
    scrolled = """() => Math.max(...[...document.querySelectorAll("*")].map((e) => e.scrollTop))"""

    def fingers(*paths):
        for n, points in enumerate(zip(*paths, strict=True)):
            at = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            kind = "touchMove" if n else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def line(a, b, steps=8):
        (x0, y0), (x1, y1) = page.at(*a), page.at(*b)
        return [(x0 + (x1 - x0) * n / steps, y0 + (y1 - y0) * n / steps) for n in range(steps + 1)]

    page.page.touchscreen.tap(*page.at(2.5 / 7, 3.5 / 7))
    expect(page.root.locator(".cx-pins tbody th")).to_have_text("1: row 4, column 3")

    page.page.touchscreen.tap(*centre(page.button("Brush")))
    expect(page.button("Brush")).to_have_attribute("aria-pressed", "true")
    before = page.page.evaluate(scrolled)
    fingers(line((0.3, 0.7), (0.35, 0.3)))
    page.rest()
    covered = page.python("float(explorer.evidence.fraction)")
    assert covered > 0.01
    assert number(page.verdict.inner_text()) / 100 == pytest.approx(covered, abs=0.00051)
    assert page.page.evaluate(scrolled) == before, "a finger that paints does not scroll"

    fingers(line((0.45, 0.5), (0.2, 0.5)), line((0.55, 0.5), (0.8, 0.5)))
    page.page.mouse.move(0, 0)
    page.canvas().focus()
    page.page.keyboard.press("+")  # which says how far
    expect(page.status).to_have_text(re.compile(r"^Zoom [\d.]+\.$"))
    assert number(page.status.inner_text()[5:-1]) > 2 * 1.5
    assert page.page.evaluate(scrolled) == before
    assert page.python("float(explorer.evidence.fraction)") == pytest.approx(covered, abs=1e-6)

    page.page.touchscreen.tap(*centre(page.button("Fit")))
    page.page.touchscreen.tap(*centre(page.button("Look")))
    expect(page.button("Look")).to_have_attribute("aria-pressed", "true")
    before = page.page.evaluate(scrolled)
    fingers(line((0.5, 0.7), (0.5, 0.2), steps=16))
    page.page.wait_for_function(f"(before) => ({scrolled})() > before + 20", arg=before)
    page.quiet()


def centre(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
