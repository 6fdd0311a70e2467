"""Quick actions of a user without a plan leave the page true, quiet and as light."""

import random
import re

import pytest
from explored import number

pytest_plugins = ["explored"]  # its fixtures

SEED = 20
METHODS = [
    *("cam", "hires_cam", "layer_cam", "gradient", "gradient_times_input", "guided_backprop"),
    *("occlusion", "smoothgrad"),  # slow: they are overtaken, or stopped
]

#: What the page must show, by the functions that anybody can call.
EXPECTED = """\
import gc
from conus_widgets.explain.catalogue import METHODS
images = [twins.marked, twins.plain]
def made(photograph, name, layer, target, against):
    "The values of a map."
    method = METHODS[name]
    options = dict(method.offered)
    if method.takes("layer"):
        options["layer"] = layer
    target = {target: 1, against: -1} if against else target
    return method.function(predictor, images[photograph - 1], target, **options).values
def covered(line, photograph, other):
    "The logits with an area covered, by the line of Python on the page."
    names = {"explain": explain, "predictor": predictor, "photograph": images[photograph - 1]}
    if not line:
        return list(map(float, predictor.logits([names["photograph"]])[0]))
    if other:
        names["other"] = images[other - 1]
    return list(map(float, eval(line, names).covered))
def resident():
    gc.collect()
    [line] = [line for line in open("/proc/self/status") if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
"""

QUESTION = re.compile(r"Why (.+?)(?: rather than (.+))?\?")
PLACE = re.compile(r"Row (\d+), column (\d+) of (\d+) × (\d+)")


class Hands:
    """Somebody who tries everything, in the order that a seed gives."""

    def __init__(self, page, seed):
        self.on, self.page, self.rng = page, page.page, random.Random(seed)
        self.mouse, self.keys = page.page.mouse, page.page.keyboard
        self.canvas = page.page.locator(".cx-canvas")
        self.done = {}

    def act(self, count):
        kinds = [getattr(self, name) for name in vars(Hands) if name.startswith("do_")]
        for _ in range(count):
            kind = self.rng.choice(kinds)
            self.done[kind.__name__] = self.done.get(kind.__name__, 0) + 1
            kind()

    def spot(self):
        box = self.rng.choice(self.boxes())
        return tuple(
            a + b * self.rng.uniform(0.05, 0.95)
            for a, b in ((box["x"], box["width"]), (box["y"], box["height"]))
        )

    def boxes(self):
        return self.canvas.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect())")

    def drag(self, tool):
        self.press(tool)
        self.mouse.move(*self.spot())
        self.mouse.down()
        for _ in range(self.rng.randint(1, 2)):
            self.mouse.move(*self.spot(), steps=2)
        self.mouse.up()

    def press(self, name):
        """A press where the button can be pressed, as fast as the page allows."""
        self.page.evaluate(
            "(name) => [...document.querySelectorAll('.cw-explorer button')]"
            ".find((one) => one.textContent === name && !one.hidden)?.click()",
            name,
        )

    def pick(self, selector):
        """A press on one of many, if there is one."""
        self.page.evaluate(
            "([selector, part]) => { const all = [...document.querySelectorAll(selector)]"
            ".filter((one) => one.offsetParent && !one.disabled);"
            " all[Math.floor(part * all.length)]?.click(); }",
            [selector, self.rng.random()],
        )

    def choose(self, label, values=None):
        menu = self.on.menu(label)
        if menu.is_visible() and menu.is_enabled():
            every = menu.locator("option").evaluate_all("(all) => all.map(({ value }) => value)")
            menu.select_option(self.rng.choice(values or every))

    def do_hover(self):
        self.mouse.move(*self.spot(), steps=2)

    def do_pin(self):
        self.press("Look")
        self.mouse.click(*self.spot())

    def do_class(self):
        self.pick(".cx-class .cx-name")

    def do_against(self):
        self.pick(".cx-class .cx-letters button:last-child")

    def do_search(self):
        self.page.locator(".cx-search").fill(self.rng.choice(["", "", "dark", "an", "zz"]))

    def do_method(self):
        self.choose("Method", METHODS)

    def do_layer(self):
        self.choose("Layer")

    def do_photograph(self):
        self.choose("Photograph")

    def do_brush(self):
        self.drag("Brush")

    def do_rectangle(self):
        self.drag("Rectangle")

    def do_erase(self):
        self.drag("Erase")

    def do_fill(self):
        self.choose("Cover with")

    def do_undo(self):
        self.press("Undo")

    def do_redo(self):
        self.press("Redo")

    def do_reset(self):
        self.press("Reset")

    def do_beside(self):
        self.press("Map beside")

    def do_away(self):
        self.pick(".cx-caption .cw-remove")

    def do_draw(self):
        self.choose("Draw")

    def do_opacity(self):
        slider = self.on.menu("Opacity")
        if slider.is_enabled():
            slider.fill(str(5 * self.rng.randint(0, 20)))

    def do_hold(self):
        self.page.get_by_label("Hold the scale").click()

    def do_zoom(self):
        self.press(self.rng.choice(["+", "+", "−", "Fit"]))

    def do_wheel(self):
        self.mouse.move(*self.spot())
        self.keys.down("Control")
        self.mouse.wheel(0, self.rng.choice([-150, 150]))
        self.keys.up("Control")

    def do_pan(self):
        self.drag("Look")

    def do_cancel(self):
        self.press("Cancel")
        self.keys.press("Escape")

    def do_keys(self):
        self.canvas.nth(self.rng.randrange(self.canvas.count())).focus()
        for _ in range(2):
            every = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Enter", "+", "-", "0"]
            self.keys.press(self.rng.choice([*every, "Control+z", "Control+Shift+Z"]))


def weight(page):
    """Memory in MB, with nothing to collect: of the page's JavaScript, and of the kernel."""
    page.plain()
    page.page.wait_for_timeout(3000)  # a worker that rests gives memory back
    session = page.page.context.new_cdp_session(page.page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    return used, page.python("resident()")


def chosen(page):
    """What the active map is of, as it stands on the page: the arguments of `made`."""
    method = page.menu("Method").input_value()
    target, against = QUESTION.fullmatch(page.root.locator(".cx-question").inner_text()).groups()
    photograph = int(page.menu("Photograph").input_value())
    layer = page.menu("Layer").input_value() if method in ("hires_cam", "layer_cam") else None
    return photograph, method, layer, target, against


def assert_values(page, index, rng):
    """What stands beside some cells of a map are its values."""
    x, y, width, height = page.box(index)
    for _ in range(4):
        page.page.mouse.move(x + rng.uniform(0.02, 0.98) * width, y + 0.5 * height)
        page.page.mouse.move(
            x + rng.uniform(0.02, 0.98) * width, y + rng.uniform(0.02, 0.98) * height
        )
        page.rest()
        row, column, rows, columns = map(
            int, PLACE.fullmatch(page.root.locator(".cx-place").inner_text()).groups()
        )
        assert [rows, columns] == page.python("list(values.shape)")
        expected = page.python(f"float(values[{row - 1}, {column - 1}])")
        shown = number(page.root.locator(".cx-value").inner_text())
        assert abs(shown - expected) < max(0.0051 * (abs(expected) >= 0.005), 0.006 * abs(expected))


def assert_true(page, rng):
    """Nothing on the page is stale: maps, list and pictures are those of the last choices."""
    page.rest()
    for button in ("Look", "Fit"):
        page.button(button).click()
    kept = page.python("[(one.choice(), one.state) for one in explorer._state.panes]")
    captions = page.root.locator(".cx-words").all_inner_texts()
    labels, compared = page.python("predictor.labels"), 0
    assert len(captions) == len(kept)
    for index, (choice, state) in enumerate(kept):
        page.canvas(index).focus()  # its map is the active one now
        page.rest()
        photograph, method, layer, target, against = shown = chosen(page)
        assert [photograph, method] == [choice["photograph"], choice["method"]]
        classes = [n if n is None else labels[n] for n in (choice["target"], choice["against"])]
        assert [target, against] == classes
        if state == "done":
            assert captions[index] == (f"{target} rather than {against}" if against else target)
            page.do(f"values = made(*{shown!r})")
            assert_values(page, index, rng)
            compared += 1
    # `input_value` of a menu that lends another photograph's pixels is that photograph's number.
    fill = page.menu("Cover with").input_value()
    line = page.line.input_value() if page.line.is_visible() else ""
    other = int(fill) if fill.isdigit() else 0
    expected = page.python(f"covered({line!r}, {chosen(page)[0]}, {other})")
    for label, (_, logit, _, _) in page.bars().items():
        assert abs(number(logit) - expected[labels.index(label)]) < 0.0061, label
    drawn, anew = page.drawn()
    assert drawn == anew
    return compared


@pytest.mark.hunt
def test_random_actions(page, hunt):
    warm, count = hunt(30, 60), hunt(80, 200)
    page.page.set_viewport_size({"width": 1150, "height": 1400})
    page.do(EXPECTED)
    for method in METHODS[:-2]:  # what is compiled, or kept for ever, is there from now on
        page.menu("Method").select_option(method)
        page.rest()
    for side in (0.1, 0.25, 0.4, 0.9):  # kernels are made for each size of a change
        page.button("Rectangle").click()
        page.drag((0.05, 0.05), (0.05 + side, 0.05 + side))
        page.rest()
        page.button("Undo").click()
        page.rest()
    Hands(page, SEED + 1).act(warm)
    heap, kernel = weight(page)
    hands = Hands(page, SEED)
    compared = 0
    parts = hunt(2, 4)
    for _ in range(parts):
        hands.act(count // parts)
        compared += assert_true(page, hands.rng)
    assert compared >= parts and len(hands.done) > 20, (compared, hands.done)
    assert page.root.locator(".cw-warning").is_hidden()
    after = weight(page)
    print(f"heap {heap:.1f} -> {after[0]:.1f} MB, kernel {kernel:.0f} -> {after[1]:.0f} MB")
    assert after[0] < 1.1 * heap and after[1] < 1.1 * kernel
    page.page.set_viewport_size({"width": 1500, "height": 1700})
