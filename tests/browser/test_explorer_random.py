"""Two hundred quick actions of a user without a plan leave the page true, quiet and as light."""

import random

from explored import number

pytest_plugins = ["explored"]  # its fixtures

SEED, WARM, COUNT = 20, 60, 200
METHODS = [
    *("cam", "hires_cam", "layer_cam", "gradient", "gradient_times_input", "guided_backprop"),
    *("occlusion", "smoothgrad"),  # slow: they are overtaken, or stopped
]

#: What the map of each pane must be, by the functions that anybody can call.
EXPECTED = """\
import base64, gc
from conus_widgets.explain.area import coverage
from conus_widgets.explain.catalogue import METHODS
from conus_widgets.widgets.explorer import composing
images = [twins.marked, twins.plain]
def differs(choice, values):
    "How far a map on the page is from the one of its own choice, as a part of its largest value."
    method, labels = METHODS[choice["method"]], predictor.labels
    target = {labels[choice["target"]]: 1}
    if choice["against"] not in (None, choice["target"]):
        target[labels[choice["against"]]] = -1
    options = dict(method.offered)
    if method.takes("layer"):
        options["layer"] = choice["layer"] or "res4e"
    found = method.function(predictor, images[choice["photograph"] - 1], target, **options).values
    shown = np.frombuffer(base64.b64decode(values), np.float32).reshape(found.shape)
    return float(abs(shown - found).max() / (abs(found).max() or 1))
def covered(bits, number, fill, offset, lender):
    "The logits of a photograph with a region covered."
    inputs = predictor.inputs(images)
    mean = np.asarray(predictor.preparation.mean_rgb, np.float32)[::-1].reshape(3, 1, 1)
    mask = composing.unpack(base64.b64decode(bits), 224)
    if fill == "given":
        behind = inputs[lender - 1]
    else:
        behind = composing.backdrop(inputs[number - 1], mean, fill, tuple(map(int, offset)))
    shown = np.where(mask, behind, inputs[number - 1])[None]
    return list(map(float, predictor.forward(shown).logits[0]))
def resident():
    gc.collect()
    [line] = [line for line in open("/proc/self/status") if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
"""

BYTES = "(view) => btoa(Array.from(new Uint8Array(view), (n) => String.fromCharCode(n)).join(''))"
PANES = (
    "app.panes.map(({ choice, state, map }) => ({ choice, state, words: map?.words,"
    f" values: map && ({BYTES})(map.values.slice().buffer) }}))"
)
REGION = (
    f"[({BYTES})(app.region.packed()), app.pane().choice.photograph, app.fill, app.offset,"
    " app.lender]"
)


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


def assert_true(page):
    """Nothing on the page is stale: maps, list and picture are those of the last choices."""
    page.rest(60_000)
    panes = page.app(PANES)
    kept = page.python("[(one.choice(), one.state) for one in explorer._session.panes]")
    assert [[one["choice"], one["state"]] for one in panes] == kept
    compared = 0
    captions = page.root.locator(".cx-words").all_inner_texts()
    for one, caption in zip(panes, captions, strict=True):
        if one["state"] == "done":
            assert page.python(f"differs({one['choice']!r}, {one['values']!r})") < 1e-4, one[
                "choice"
            ]
            assert caption == one["words"]
            compared += 1
    expected = page.python(f"covered(*{page.app(REGION)!r})")
    labels = page.python("predictor.labels")
    for label, (_, logit, _, _) in page.bars().items():
        assert abs(number(logit) - expected[labels.index(label)]) < 0.0061, label
    drawn, anew = page.drawn()
    assert drawn == anew
    return compared


def test_two_hundred_random_actions(page):
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
    Hands(page, SEED + 1).act(WARM)
    heap, kernel = weight(page)
    hands = Hands(page, SEED)
    compared = 0
    for _ in range(4):
        hands.act(COUNT // 4)
        compared += assert_true(page)
    assert compared >= 4 and len(hands.done) > 20, (compared, hands.done)
    assert page.root.locator(".cw-warning").is_hidden()
    after = weight(page)
    print(f"heap {heap:.1f} -> {after[0]:.1f} MB, kernel {kernel:.0f} -> {after[1]:.0f} MB")
    assert after[0] < 1.1 * heap and after[1] < 1.1 * kernel
    page.page.set_viewport_size({"width": 1500, "height": 1700})
