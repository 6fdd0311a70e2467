"""The explorer's appearance: widths, themes, names of its controls, captions of its maps."""

import re

import pytest
from explored import number
from playwright.sync_api import expect

pytest_plugins = ["explored"]  # its fixtures

# What sticks out of the widget, lies over something else, or is cut off.
MISFITS = """() => {
    const root = document.querySelector(".cw-explorer");
    const frame = root.getBoundingClientRect();
    const name = (one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 30)}`;
    const seen = [...root.querySelectorAll("*")].filter((one) => one.getClientRects().length);
    const found = [];
    for (const one of seen) {
        const box = one.getBoundingClientRect();
        const out = box.right > frame.right + 1 || box.left < frame.left - 1;
        if (out) found.push(`out: ${name(one)}`);
        const shortened = one.matches("input, select, .cx-holder, .cw-heard");
        if (!shortened && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
            found.push(`cut off: ${name(one)}`);
    }
    for (const { offsetParent, clientWidth } of root.querySelectorAll(".cx-bar"))
        if (offsetParent && clientWidth < 50) found.push(`${clientWidth} pixels of bar`);
    const controls = seen.filter((one) => one.matches("button, select, input, canvas, .cx-legend"));
    for (const [i, one] of controls.entries()) for (const other of controls.slice(i + 1)) {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        const [w, h] = [Math.min(a.right, b.right) - Math.max(a.left, b.left),
                        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
        if (w > 2 && h > 2) found.push(`${name(one)} over ${name(other)}`);
    }
    return found;
}"""

# Texts with less contrast than WCAG's 4.5 : 1, but for what is switched off.
FAINT = """() => {
    const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
        .getContext("2d", { willReadFrequently: true });
    const over = (colour, below) => {
        context.fillStyle = `rgb(${below})`;
        context.fillRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const behind = (one) => {
        const all = [];
        for (let e = one; e; e = e.parentElement) all.unshift(getComputedStyle(e).backgroundColor);
        return all.reduce((below, colour) => over(colour, below), [255, 255, 255]);
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((n) => n / 255)
            .map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    for (const one of document.querySelectorAll(".cw-explorer *")) {
        const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !one.getClientRects().length || one.closest(":disabled, option")) continue;
        const ground = behind(one);
        const both = [over(getComputedStyle(one).color, ground), ground].map(light);
        const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        const text = `${one.className} ${one.textContent.slice(0, 40)}`;
        if (ratio < 4.5) found.push(`${ratio.toFixed(1)}: ${text}`);
    }
    return found;
}"""


def fill_page(page):
    """Two maps, a covered region, pins: as much as stands on a page at once."""
    page.page.mouse.click(*page.at(0.4, 0.4))
    page.button("Map beside").click()
    page.menu("Method").select_option("guided_backprop")
    page.button("Rectangle").click()
    page.drag((0.3, 0.2), (0.6, 0.5))
    page.button("Look").click()
    page.page.mouse.move(*page.at(0.5, 0.5))
    page.rest()


def widen(page, width):
    """Make the widget so many pixels wide."""
    view = page.page.viewport_size
    have = page.root.bounding_box()["width"]
    page.page.set_viewport_size({**view, "width": round(view["width"] + width - have)})
    expect(page.root).to_have_js_property("offsetWidth", width)
    page.rest()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_is_cut_off_or_faint_at_any_width(page, theme):
    page.notebook.command("apputils:change-theme", theme=theme)
    page.page.wait_for_function(
        "(light) => document.body.dataset.jpThemeLight === light",
        arg=str("Light" in theme).lower(),
    )
    try:
        fill_page(page)
        for width in (700, 1000, 2000):
            widen(page, width)
            misfits = page.page.evaluate(MISFITS)
            assert misfits == [], (width, "\n".join(misfits))
            boxes = [page.root.locator(f".cx-{side}").bounding_box() for side in ("left", "right")]
            beside = boxes[1]["x"] > boxes[0]["x"] + 100
            assert beside == (width >= 900), "numbers stand beside the photograph, or below it"
        assert page.page.evaluate(FAINT) == []
    finally:
        page.page.set_viewport_size({"width": 1500, "height": 1700})
        page.notebook.command("apputils:change-theme", theme="JupyterLab Light")


# How one column stands: {gap, seen, orderly}. `seen`: the part of the last map that is on the
# screen when all of the list is; `orderly`: what comes later in the page stands further down.
COLUMN = """() => {
    const root = document.querySelector(".cw-explorer");
    const box = (name) => [...root.querySelectorAll(name)].at(-1).getBoundingClientRect();
    const [map, list] = [box(".cx-canvas"), box(".cx-classes")];
    let pane = root.parentElement;
    while (!/auto|scroll/.test(getComputedStyle(pane).overflowY)) pane = pane.parentElement;
    const parts = [...root.querySelectorAll(
        "section, .cx-left > *, .cx-right > *, .cx-scale > *")];
    const tops = parts.filter((one) => one.getClientRects().length)
        .map((one) => one.getBoundingClientRect().top);
    return {
        gap: list.top - map.bottom,
        seen: (map.bottom - (list.bottom - pane.clientHeight)) / map.height,
        orderly: tops.every((top, i) => i === 0 || top >= tops[i - 1]),
    };
}"""


def test_in_one_column_the_bars_are_seen_while_one_paints(page):
    button, scale = page.button("Fit"), page.root.locator(".cx-scale")
    button.focus()
    try:
        page.page.set_viewport_size({"width": 900, "height": 1000})
        for maps in (1, 2, 3, 4):
            page.rest()
            column = page.page.evaluate(COLUMN)
            assert 0 < column["gap"] < 80, maps
            assert column["seen"] > (0.9 if maps == 1 else 0.5), maps
            assert column["orderly"], maps
            classes = page.root.locator(".cx-classes").bounding_box()
            assert scale.bounding_box()["y"] >= classes["y"] + classes["height"]
            assert page.see("document.scrollingElement.scrollWidth - innerWidth") <= 0
            if maps == 1:
                expect(button).to_be_focused()  # it was moved
            if maps < 4:
                page.button("Map beside").click()
    finally:
        page.page.set_viewport_size({"width": 1500, "height": 1700})
    page.rest()
    canvas, classes = page.canvas().bounding_box(), page.root.locator(".cx-classes").bounding_box()
    assert scale.bounding_box()["x"] < canvas["x"] + canvas["width"] < classes["x"]


# Widths at which a button stands on a row of its own: [[width, its text], ...]
LONELY = """() => {
    const root = document.querySelector(".cw-explorer");
    const found = [];
    for (let width = 596; width <= 2000; width += 8) {
        root.style.width = `${width}px`;
        for (const row of root.querySelectorAll(".cx-controls")) {
            const parts = [...row.querySelectorAll("button, select, input")]
                .filter((one) => one.getClientRects().length)
                .map((one) => [one, one.getBoundingClientRect()]);
            for (const [one, { top, bottom }] of parts) {
                const beside = parts.some(([other, box]) =>
                    other !== one && box.top < bottom && box.bottom > top);
                if (!beside && one.matches("button")) found.push([width, one.textContent]);
            }
        }
    }
    root.style.width = "";
    return found;
}"""


def test_no_button_stands_on_a_row_of_its_own(page):
    for method in ("cam", "hires_cam"):  # without the menu of layers, and with it
        page.menu("Method").select_option(method)
        page.rest()
        assert page.page.evaluate(LONELY) == [], method


# Captions that are cut, and pairs beside each other whose captions or maps do not begin together.
CAPTIONS = """() => {
    const found = [];
    const frames = [...document.querySelectorAll(".cx-frame")];
    const top = (frame, name) => Math.round(frame.querySelector(name).getBoundingClientRect().top);
    for (const [i, frame] of frames.entries()) {
        for (const one of frame.querySelectorAll(".cx-words, .cx-quiet"))
            if (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1)
                found.push(one.textContent);
        if (i % 2) for (const name of [".cx-words", ".cx-canvas"])
            if (top(frame, name) !== top(frames[i - 1], name)) found.push(`${name} of ${i}`);
    }
    return found;
}"""


def test_captions_tell_maps_apart(page):
    for method in ("guided_backprop", "hires_cam", "gradient_times_input"):
        page.button("Map beside").click()
        page.menu("Method").select_option(method)
        page.rest()
    captions = page.root.locator(".cx-caption").all_inner_texts()
    assert len(set(captions)) == 4
    try:
        for width in (600, 700, 1112, 1400, 2000):  # of 1112: a page of 1280
            widen(page, width)
            assert page.page.evaluate(CAPTIONS) == [], width
    finally:
        page.page.set_viewport_size({"width": 1500, "height": 1700})


def test_every_control_has_a_name(page):
    fill_page(page)
    page.menu("Method").select_option("hires_cam")
    page.rest()
    lines = page.root.aria_snapshot().splitlines()
    controls = "button|combobox|slider|checkbox|searchbox|textbox|application|progressbar|img"
    found = [line.strip() for line in lines if re.match(rf"\s*- '?(?:{controls})\b", line)]
    assert len(found) > 30
    nameless = [line for line in found if not re.match(r"- '?\w+ \"[^\"]", line)]
    assert nameless == []
    names = [re.match(r"- '?\w+ \"(.*)\"", line)[1] for line in found]
    assert len([name for name in names if name.startswith("Explain ")]) == 8


def test_every_column_has_a_name(page):
    page.page.mouse.click(*page.at(0.4, 0.4))
    for card, names in (
        (".cx-classes", ["class", "A or B", "probability as a bar", "probability", "logit"]),
        (".cx-pins", ["cell", *page.python("[twins.pair.marked, twins.pair.plain]"), "difference"]),
    ):
        heads = page.root.locator(card).get_by_role("columnheader")
        assert heads.all_inner_texts()[: len(names)] == names
        assert all(name.strip() for name in heads.all_inner_texts())
    expect(heads.last).to_have_accessible_name("unpin")


def test_layers_say_how_fine_they_are_and_which_have_gaps(page):
    page.menu("Method").select_option("hires_cam")
    page.rest()
    layer, lines = page.menu("Layer"), page.root.locator(".cx-lines")
    how = page.root.locator(".cx-caption .cx-quiet")
    expect(layer).to_have_value("res4e")
    expect(how).to_have_text("HiResCAM at res4e, 14 × 14 cells")
    assert page.python("explorer.explanation.layer") == "res4e"
    assert "Three of four cells" not in lines.inner_text()
    options = layer.locator("option").all_inner_texts()
    assert [text for text in options if "with gaps" in text] == [
        "res2c, 56 × 56, with gaps",
        "res3d, 28 × 28, with gaps",
        "res4f, 14 × 14, with gaps",
    ]
    layer.select_option("res4f")
    expect(lines).to_contain_text("Three of four cells are 0")
    expect(lines).to_contain_text("Of res4e: ")
    page.page.mouse.move(*page.at(7.5 / 14, 5.5 / 14))
    value = page.python("float(explorer.explanation.values[5, 7])")
    expect(page.status).to_contain_text(
        re.compile(r"row 6, column 8: \S+ logit for .* rather than")
    )
    assert number(page.status.inner_text().split(": ")[1]) == pytest.approx(value, abs=0.0051)
    for text in options:
        name, cells = text.split(",")[0], int(re.search(r"(\d+) ×", text)[1])
        layer.select_option(name)
        expect(how).to_have_text(f"HiResCAM at {name}, {cells} × {cells} cells")


def test_a_cell_says_where_it_looks(page):
    """Its square is that of the true grid, as in Explanation.plot; the dot is where it looks."""
    from conus_widgets.checkpoint.architecture import Architecture
    from conus_widgets.network.grids import grids

    grid = grids(Architecture(16))["res5c"]
    first, step = grid.centre, grid.step
    expect(page.root.locator(".cx-lines")).to_contain_text(
        "A cell looks around the dot, 13.5 pixels above and left of its square's middle."
    )
    pixel = """([u, v]) => {
        const canvas = document.querySelector(".cx-canvas");
        const [x, y] = [u * canvas.width, v * canvas.height].map(Math.round);
        return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
    }"""
    box, (x, y, width, height) = page.canvas().bounding_box(), page.box()
    u, v = ((first + step * cell + 0.5) / 224 for cell in (4, 5))
    spot = [(x - box["x"] + u * width) / box["width"], (y - box["y"] + v * height) / box["height"]]
    page.page.mouse.move(*page.at(0.1, 0.1))
    page.rest()
    assert page.page.evaluate(pixel, spot) != [255, 255, 255]
    page.page.mouse.move(*page.at(4.6 / 7, 5.6 / 7))
    page.rest()
    assert page.page.evaluate(pixel, spot) == [255, 255, 255]


def test_every_method_says_whether_it_can_be_trusted(page):
    lines, fails = page.root.locator(".cx-lines"), page.root.locator(".cx-fails")
    slow = {"occlusion", "random_masks", "integrated_gradients"}
    for name in (
        page.menu("Method").locator("option").evaluate_all("(all) => all.map(({ value }) => value)")
    ):
        if name in slow:
            continue
        page.menu("Method").select_option(name)
        page.rest()
        line = page.python(f"explain.evaluate.trust_line(predictor, {name!r})")
        expect(lines).to_contain_text(line)
        assert fails.is_visible() == (name == "guided_backprop")
    page.menu("Method").select_option("guided_backprop")
    expect(fails).to_contain_text("fails the randomisation test")
    expect(lines).not_to_contain_text("For teaching only")  # it is said once
    chosen = page.menu("Method").locator("option:checked")
    assert "(fails)" in chosen.text_content()


def test_a_check_is_made_once_and_said(page, tmp_path):
    page.do(f"""\
from pathlib import Path
from conus_widgets.explain.evaluate import trust
from conus_widgets.explain.evaluate.randomisation import STAGES, Randomisation
real = trust._file, trust.randomisation
trust._file = lambda predictor, name: Path({str(tmp_path)!r}) / name
def quick(*_, progress, **__):
    progress(1, 2)
    return Randomisation("cam", STAGES, (0.125,) * len(STAGES), 3)
trust.randomisation = quick""")
    try:
        page.row("banded").locator(".cx-name").click()
        expect(page.root.locator(".cx-lines")).to_contain_text("Not yet tested on this network.")
        page.button("Test it now").click()
        expect(page.status).to_have_text("Tested.")
        expect(page.root.locator(".cx-lines")).to_contain_text("resemble the real ones by 0.12")
        expect(page.button("Test it now")).to_be_hidden()
        expect(page.button("Cancel")).to_be_hidden()
    finally:
        page.do("trust._file, trust.randomisation = real")
