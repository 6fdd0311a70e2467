"""The inspector as an expert has it: by mouse, and by keyboard alone."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

CELL = """\
import sys; sys.path[:0] = [{tests!r}, {tests!r} + "/collection"]
from conus_widgets import Inspector
from conus_widgets.collection import Collection
from stand_in import StandIn
collection = Collection.open({answers!r})
predictor = StandIn(labels=collection.answers.classes)
inspector = Inspector(collection, predictor, reviewer={reviewer!r}{options})
inspector"""

READY = "() => !document.querySelector('.ci-answers').classList.contains('ci-not-yet')"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    from inspected import make_collection

    return make_collection(tmp_path_factory.mktemp("inspected"), specimens=30)


@pytest.fixture
def clean(answers):
    import shutil

    shutil.rmtree(answers / "verdicts", ignore_errors=True)
    return answers


class Inspected:
    """An inspector on the page of a notebook."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.root = self.page.locator(".cw-inspector")
        self.status = self.root.locator(".cw-status")
        self.python, self.quiet = notebook.python, notebook.quiet

    def run(self, wait=".ci-cell"):
        self.notebook.command("notebook:run-all-cells")
        self.root.locator(wait).first.wait_for(timeout=60_000)
        return self

    def expect(self, locator):
        from playwright.sync_api import expect

        return expect(locator)

    def name(self):
        return self.root.locator(".ci-case-name").inner_text()

    def ready(self):
        """Wait until verdicts are taken; return the case that is open."""
        self.page.wait_for_function(READY)
        return self.name()

    def mistakes(self):
        """Open the first case of all mistakes."""
        self.root.get_by_role("button", name="All mistakes").click()
        self.root.locator(".ci-tile").first.click()
        return self.ready()

    def lines(self):
        """[(kind, case)] of what the disk has and nobody took back."""
        code = "[(v.kind, v.case) for v in inspector._desk.lines]"
        return [tuple(one) for one in self.python(code)]

    def kept(self):
        """What the browser keeps."""
        return self.page.evaluate(
            "() => Object.keys(localStorage).filter((key) => key.startsWith('conus-verdicts'))"
        )


def cell(answers, reviewer="Ana", options=""):
    return CELL.format(tests=str(TESTS), answers=str(answers), reviewer=reviewer, options=options)


@pytest.fixture
def inspect(bench, clean):
    """Show an inspector on the common page, with a kernel of its own."""

    def inspect(reviewer="Ana", options="", wait=".ci-cell", width=1280):
        one = Inspected(bench.begin([cell(clean, reviewer, options)], width=width)).run(wait)
        assert one.kept() == []
        return one

    return inspect


@pytest.fixture
def inspect_alone(open_notebook, clean):
    """Show an inspector on a page of its own: its kernel dies, or its memory is measured."""
    return lambda name: Inspected(open_notebook(name, [cell(clean)]).open()).run()


def test_an_experts_path_by_mouse(inspect):
    one = inspect()
    pair = one.root.locator(".ci-section").first.locator(".ci-entry").first
    words = pair.locator(".ci-entry-name").inner_text()
    count = int(pair.locator(".ci-entry-count").inner_text())
    pair.click()
    one.expect(one.root.locator(".ci-list .ci-title")).to_have_text(f"{words}: {count} cases")
    assert one.root.locator(".ci-tile").count() == count
    one.expect(one.root.locator(".ci-tile img[src]")).to_have_count(count)
    one.root.locator(".ci-tile").first.click()
    case = one.ready()
    assert words.split(" / ")[0] in one.root.locator(".ci-names").inner_text()
    one.expect(one.root.locator(".ci-neighbours .ci-row")).to_have_count(3)
    one.expect(one.root.locator(".ci-mapped .ci-caption")).to_contain_text("in all")
    one.root.locator(".ci-neighbour").first.click()
    one.expect(one.root.locator(".ci-matching")).to_be_visible()
    one.expect(one.root.locator(".ci-matching > .cw-hint")).to_contain_text("each other's nearest")
    one.root.get_by_role("button", name="Label is right").click()
    one.expect(one.status).to_have_text(f"{case}: the label is right. Saved.")
    assert one.lines() == [("right", case)]
    assert one.kept() == []
    one.root.get_by_role("button", name="Matrix", exact=True).click()
    one.expect(one.root.locator(".ci-progress")).to_contain_text("1 of 30 reviewed")
    one.quiet()


def test_an_experts_path_by_keyboard_alone(inspect):
    one = inspect()
    page, keys = one.page, one.page.keyboard
    one.root.locator(".ci-cell[tabindex='0']").focus()
    told = set()
    for _ in range(40):  # walk until there is a mistake
        text = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
        told.add(text)
        if re.search(r"taken for .*: [1-9]", text):
            break
        keys.press("ArrowRight")
        if text == page.evaluate("() => document.activeElement.getAttribute('aria-label')"):
            keys.press("Home")
            keys.press("ArrowDown")
    assert re.search(r"species \d, taken for species \d: \d of \d", text), told
    keys.press("Enter")
    one.root.locator(".ci-tile").first.wait_for()
    keys.press("End")
    keys.press("Home")
    keys.press("Enter")
    case = one.ready()
    keys.press("n")
    keys.type("a note of 123 with keys")
    keys.press("Enter")
    one.expect(one.root.locator(".ci-said")).to_contain_text("a note of 123 with keys")
    keys.press("Shift+N")
    keys.type("what separates them")
    keys.press("Enter")
    one.expect(one.root.locator(".ci-said")).to_contain_text("what separates them")
    keys.press("?")
    one.expect(one.root.locator(".ci-keys")).to_be_visible()
    keys.press("Escape")
    one.ready()
    keys.press("2")
    one.root.get_by_label("Right name").fill("Conus textile")
    keys.press("Enter")
    one.expect(one.status).to_contain_text("Saved.")
    kinds = [kind for kind, _ in one.lines()]
    assert kinds == ["note", "pair note", "wrong"]
    keys.press("u")
    page.wait_for_function(
        f"() => document.querySelector('.ci-case-name').textContent === {case!r}"
    )
    one.expect(one.status).to_contain_text("taken back. Saved.")
    assert [kind for kind, _ in one.lines()] == ["note", "pair note"]
    one.ready()
    keys.press("6")
    one.expect(one.status).to_contain_text("it cannot be told. Saved.")
    keys.press("Escape")
    assert page.evaluate("() => document.activeElement.className") == "ci-frame"
    keys.press("Escape")
    assert page.evaluate("() => document.activeElement.getAttribute('role')") == "gridcell"
    assert one.lines()[-1] == ("ambiguous", case)
    # The notebook's own keys did nothing: no cell came, went, or became a heading.
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    assert page.locator(".jp-MarkdownCell").count() == 0
    one.quiet()


def test_a_key_pressed_twice_on_a_slow_kernel_judges_one_case(inspect):
    one = inspect()
    first = one.mistakes()
    one.page.wait_for_timeout(3000)  # the next case is fetched ahead
    one.python(
        "exec('''import time\ninspector._ledger_add = inspector._ledger.add\n"
        "def slow(verdict):\n    time.sleep(2)\n    return inspector._ledger_add(verdict)\n"
        "inspector._ledger.add = slow''', globals())"
    )
    one.page.keyboard.press("1")
    one.page.wait_for_timeout(50)
    one.page.keyboard.press("1")
    assert len(one.kept()) == 1, "it is kept until the disk has it"
    one.expect(one.status).to_have_text(f"{first}: the label is right. Saved.")
    one.expect(one.root.locator(".ci-case-name")).not_to_have_text(first)
    second = one.ready()
    assert one.lines() == [("right", first)] and not one.kept()
    # A key that is held down gives one verdict, too.
    one.page.evaluate(
        """() => { for (let n = 0; n < 5; n++) document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "1", repeat: n > 0, bubbles: true })); }"""
    )
    one.expect(one.status).to_have_text(f"{second}: the label is right. Saved.")
    assert one.lines() == [("right", first), ("right", second)]
    one.quiet()


def test_on_a_slow_kernel_the_next_case_is_there_and_what_is_not_saved_stays_in_sight(inspect):
    one = inspect()
    first = one.mistakes()
    one.page.wait_for_timeout(3000)  # the next cases are fetched ahead
    one.python(
        "exec('''import time\ninspector._ledger_add = inspector._ledger.add\n"
        "def slow(verdict):\n    time.sleep(4)\n    return inspector._ledger_add(verdict)\n"
        "inspector._ledger.add = slow\n"
        "inspector._studied()\ninspector._tell(\"noted\")''', globals())"  # cases are told anew
    )
    name, waiting = one.root.locator(".ci-case-name"), one.root.locator(".ci-waiting")
    one.page.keyboard.press("1")
    expect(name).not_to_have_text(first, timeout=2000)
    second = one.ready()
    expect(waiting).to_contain_text("1 verdict is being saved")
    one.page.keyboard.press("6")
    expect(name).not_to_have_text(second, timeout=2000)
    expect(waiting).to_contain_text("2 verdicts are being saved")
    one.ready()
    one.page.keyboard.press("ArrowLeft")
    one.expect(one.root.locator(".ci-unsaved")).to_have_text("Not saved yet: cannot be told.")
    assert len(one.kept()) == 2 and name.inner_text() == second
    expect(waiting).to_be_hidden(timeout=20_000)
    one.expect(one.root.locator(".ci-unsaved")).to_be_hidden()
    one.expect(one.root.locator(".ci-said")).to_contain_text("Ana")
    assert one.lines() == [("right", first), ("ambiguous", second)] and not one.kept()
    one.quiet()


def test_a_case_that_is_not_there_yet_is_not_taken_for_the_one_before(inspect):
    one = inspect()
    code = (
        "whole, asked = inspector._answer.case, []; "
        "inspector._answer.case = lambda content: "
        "asked.append(content) or (whole(content) if len(asked) == 1 else None)"
    )
    one.python(f"exec({code!r}, globals())")  # only the first case that is asked for comes
    one.mistakes()
    one.page.keyboard.press("ArrowRight")
    case = one.root.locator(".ci-case:not(.ci-blind)")
    one.expect(case).to_be_visible()
    one.expect(case).to_have_class(re.compile("ci-awaiting"))
    one.expect(one.root.locator(".ci-position")).to_contain_text("being opened ...")
    one.page.wait_for_timeout(500)
    one.page.keyboard.press("1")
    one.page.wait_for_timeout(500)
    assert one.lines() == [] and one.kept() == []
    one.quiet()


def test_the_masks_of_matched_places_can_be_switched_off(inspect):
    one = inspect()
    one.mistakes()
    one.root.locator(".ci-neighbour").first.click()
    told = one.root.locator(".ci-matching > .cw-hint")
    inside = "inside the specimens' masks only|No place of the two"
    one.expect(told).to_contain_text(re.compile(inside))
    one.root.get_by_role("button", name="Switch the masks off").click()
    one.expect(told).to_contain_text("everywhere")
    assert "Do not trust" not in told.inner_text()
    one.root.get_by_role("button", name="Switch the masks on").click()
    one.expect(told).to_contain_text(re.compile(inside))
    one.root.get_by_role("button", name="Switch the masks off").click()
    one.expect(told).to_contain_text("everywhere")
    one.root.locator(".ci-neighbour").nth(1).click()  # another pair begins with its masks
    one.expect(told).to_contain_text(re.compile(inside))
    one.quiet()


def test_what_a_dead_kernel_did_not_confirm_is_sent_by_the_next_one_once(inspect_alone):
    one = inspect_alone("dead")
    first = one.mistakes()
    one.page.keyboard.press("1")
    one.expect(one.status).to_contain_text("Saved.")
    second = one.ready()
    # The kernel saves the verdict and dies before it says so; the next one it never hears of.
    one.python(
        "exec('''import os\ndef die(kind, *a, **k):\n    if kind == 'saved': os._exit(1)\n"
        "    return tell(kind, *a, **k)\n"
        "tell, inspector._tell = inspector._tell, die''', globals())"
    )
    one.page.keyboard.press("6")
    one.expect(one.root.locator(".ci-waiting")).to_contain_text(
        "kept in this browser", timeout=60_000
    )
    assert len(one.kept()) == 1
    one.page.locator(".jp-Dialog button").filter(has_text="OK").click()
    one.page.wait_for_timeout(2000)
    one.run()
    one.expect(one.root.locator(".ci-waiting")).to_be_hidden()
    one.page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('conus-verdicts'))"
    )
    assert sorted(one.lines()) == sorted([("right", first), ("ambiguous", second)])
    ids = one.python("[v.id for v in inspector._ledger.log().verdicts]")
    assert len(ids) == len(set(ids)) == 2


def test_a_log_that_cannot_grow_says_so_and_the_browser_keeps_the_verdict(inspect):
    one = inspect()
    case = one.mistakes()
    one.python(
        "exec('''from conus_widgets.collection.verdict_log import LogWriter\n"
        "whole = LogWriter._write\n"
        "def full(self, line):\n    raise OSError(28, 'No space left on device')\n"
        "LogWriter._write = full''', globals())"
    )
    one.page.keyboard.press("1")
    waiting = one.root.locator(".ci-waiting")
    one.expect(waiting).to_contain_text("1 verdict is NOT saved, but kept in this browser")
    one.expect(waiting).to_contain_text("make room")
    assert len(one.kept()) == 1 and one.lines() == []
    one.python("exec('LogWriter._write = whole', globals())")
    waiting.get_by_role("button", name="Try again").click()
    one.expect(waiting).to_be_hidden()
    assert one.lines() == [("right", case)] and one.kept() == []


def test_a_second_reviewer_sees_nothing_of_the_first_before_judging(inspect, clean):
    from conus_widgets.collection import Collection

    one = inspect(reviewer="Ben")
    case = one.mistakes()
    review = Collection.open(clean).review("Ana")
    review.judge(case, "no class", note="from Ana")
    review.close()
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("Escape")
    one.root.get_by_role("button", name="All mistakes").click()
    one.root.locator(".ci-tile").first.click()
    assert one.ready() == case
    assert "Ana" not in one.root.inner_text()
    one.page.keyboard.press("1")
    one.expect(one.status).to_contain_text("Saved.")
    one.page.keyboard.press("ArrowLeft")
    one.expect(one.root.locator(".ci-said")).to_contain_text("from Ana")
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("Escape")
    one.root.get_by_role("button", name="Reviewers disagree").click()
    one.expect(one.root.locator(".ci-tile")).to_have_count(1)
    one.quiet()


def test_nobody_judges_without_a_name(inspect):
    one = inspect(reviewer="")
    one.mistakes()
    one.page.keyboard.press("1")
    one.expect(one.status).to_contain_text("Write your name first")
    one.page.keyboard.type("Ana <b>Maria</b>")
    one.page.keyboard.press("Enter")
    one.expect(one.root.locator(".ci-signed")).to_have_text("Reviewer: Ana <b>Maria</b>")
    assert one.lines() == []
    one.quiet()


def test_papers_and_log_are_handed_to_the_browser(inspect, tmp_path):
    one = inspect()
    case = one.mistakes()
    one.page.keyboard.press("1")
    one.expect(one.status).to_contain_text("Saved.")
    for button, name, text in [
        ("Report", "report.html", "</html>"),
        ("Identifications", "identifications.csv", "occurrenceID"),
        ("Labels", "labels.csv", case),
        ("Download the log", "verdicts.jsonl", '"right"'),
    ]:
        with one.page.expect_download() as waited:
            one.root.get_by_role("button", name=button, exact=True).click()
        assert waited.value.suggested_filename == name
        waited.value.save_as(tmp_path / name)
        assert text in (tmp_path / name).read_text()
    one.root.locator("input[type=file]").set_input_files(tmp_path / "verdicts.jsonl")
    one.expect(one.status).to_contain_text("1 were there already")
    one.root.locator("input[type=file]").set_input_files(tmp_path / "labels.csv")
    one.expect(one.page.get_by_role("alert").first).to_contain_text("holds no verdict")
    one.quiet()


@pytest.mark.parametrize("width", [700, 1000, 2000])
def test_nothing_sticks_out(inspect, width):
    one = inspect(width=width)

    def sound():
        out = one.page.evaluate(
            """() => {
                const root = document.querySelector(".cw-inspector");
                const right = root.getBoundingClientRect().right;
                const scrolls = (one) => one && one !== root &&
                    (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
                return [...root.querySelectorAll("*")].filter((one) =>
                    one.checkVisibility() && !scrolls(one.parentElement) &&
                    one.getBoundingClientRect().right > right + 1).map((one) => one.className);
            }"""
        )
        assert out == []

    sound()
    one.mistakes()
    one.root.locator(".ci-neighbour").first.click()
    sound()
    one.page.keyboard.press("2")
    sound()
    one.quiet()


def test_the_next_case_is_there_at_once(inspect):
    one = inspect()
    one.mistakes()
    one.page.wait_for_timeout(3000)
    one.python("exec('inspector._case = lambda *a: None', globals())")  # asked no more
    before = one.name()
    one.page.keyboard.press("ArrowRight")  # it was fetched ahead
    expect(one.root.locator(".ci-case-name")).not_to_have_text(before, timeout=2000)
    one.quiet()


def test_ten_thousand_cases_scroll_with_few_elements(inspect, answers):
    one = inspect()
    one.python(
        "exec('''import numpy as np\n"
        "whole = inspector._desk.cases\n"
        "inspector._desk.cases = lambda q, f: np.resize(whole(q, f), 10_000)''', globals())"
    )
    one.root.get_by_role("button", name="All cases").click()
    one.expect(one.root.locator(".ci-list .ci-title")).to_have_text("All cases: 10,000 cases")
    frame = one.root.locator(".ci-frame")
    for part in (0.1, 0.9, 0.5, 1):
        frame.evaluate("(one, part) => { one.scrollTop = part * one.scrollHeight; }", part)
        one.page.wait_for_timeout(150)
        assert one.root.locator(".ci-tile").count() < 100
    one.expect(one.root.locator(".ci-tile img[src]").last).to_be_visible()
    frame.focus()
    one.page.keyboard.press("End")
    one.expect(one.root.locator(".ci-tile[aria-selected=true]")).to_have_attribute(
        "aria-posinset", "10000"
    )
    one.quiet()


def test_no_serious_violation_of_accessibility(inspect):
    packed = pytest.importorskip("axe_playwright_python", reason="NO AXE: install the test extra")
    axe = (Path(packed.__file__).parent / "axe.min.js").read_text()
    one = inspect()

    def sound():
        one.page.evaluate(axe)
        found = one.page.evaluate(
            """async () => (await axe.run(document.querySelector(".cw-inspector"))).violations
                .filter(({ impact }) => ["serious", "critical"].includes(impact))
                .map(({ id, nodes }) => [id, nodes[0].html])"""
        )
        assert found == []

    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        one.notebook.command("apputils:change-theme", theme=theme)
        one.page.wait_for_timeout(1000)
        sound()
        one.mistakes()
        sound()
        one.root.locator(".ci-neighbour").first.click()
        one.page.keyboard.press("n")
        sound()
        one.page.keyboard.press("Escape")
        one.page.keyboard.press("Escape")
        one.page.keyboard.press("Escape")
    one.notebook.command("apputils:change-theme", theme="JupyterLab Light")


@pytest.mark.hunt
def test_quick_actions_lose_and_invent_no_verdict(inspect_alone, hunt):
    """Keys by chance, at a rate that no hand has; what was said is what the disk has."""
    import random

    one = inspect_alone("quick")
    one.mistakes()
    page, chance = one.page, random.Random(7)
    console = page.context.new_cdp_session(page)

    def heap():
        """Bytes of JavaScript that are still needed."""
        console.send("HeapProfiler.collectGarbage")
        return page.evaluate("() => performance.memory.usedJSHeapSize")

    keys = [*"13456um", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"]

    def act(count):
        for _ in range(count):
            page.keyboard.press(chance.choice(keys))
            if chance.random() < 0.15:
                page.wait_for_timeout(chance.choice([0, 20, 320]))
            if chance.random() < 0.01:
                page.keyboard.press("Escape")
                page.keyboard.press("Enter")

    page.evaluate(
        """() => {
            window.given = new Set();
            const set = Storage.prototype.setItem;
            Storage.prototype.setItem = function (key, value) {
                if (key.startsWith("conus-verdicts")) window.given.add(JSON.parse(value).id);
                return set.call(this, key, value);
            };
        }"""
    )
    act(hunt(60, 200))
    before = heap()
    act(hunt(200, 800))
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('conus-verdicts'))"
    )
    given = set(page.evaluate("() => [...window.given]"))
    saved = one.python("[v.id for v in inspector._ledger.log().verdicts]")
    assert len(given) > 10
    assert len(saved) == len(set(saved)) and set(saved) == given
    assert one.python("len(inspector._ledger.log().damaged)") == 0
    assert heap() < 1.1 * before + 5e6
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    one.quiet()


def test_a_blind_review_shows_the_answer_after_the_first_decision(inspect):
    one = inspect(options=", blind=True", wait=".ci-blind .ci-picture img[src]")
    blind = one.root.locator(".ci-blind")
    text = one.root.inner_text()
    assert not re.search(r"species \d|\bS\d", text), "no name, no matrix, no list"
    assert not one.root.locator(".ci-overview").is_visible()
    place = blind.locator(".ci-case-name")
    ready = (
        "() => !document.querySelector('.ci-blind .ci-answers').classList.contains('ci-not-yet')"
    )
    one.expect(place).to_have_text(re.compile(r"Case 1 of \d+"))
    one.page.wait_for_timeout(700)
    blind.get_by_role("combobox", name="Name").fill("species 1")
    one.page.keyboard.press("Enter")
    one.expect(blind.locator(".ci-rank")).to_have_count(5)
    one.expect(blind.locator(".ci-mapped .ci-caption")).to_contain_text("in all")
    one.expect(place).to_have_text(re.compile("Case 1"))
    assert blind.get_by_role("combobox", name="Name").input_value() == "species 1", (
        "to keep, or to change"
    )
    one.page.wait_for_timeout(700)
    one.page.wait_for_function(ready)
    one.page.keyboard.press("6")
    one.expect(place).to_have_text(re.compile("Case 2"))
    one.expect(blind.locator(".ci-rank")).to_have_count(0)
    one.expect(one.status).to_have_text("Case 1: decided. Saved.")
    lines = one.python(
        "[(v.phase, v.kind, v.seconds > 0.2) for v in inspector._ledger.log().standing]"
    )
    assert [line[0] for line in lines] == ["before", "after"] and lines[1][1] == "ambiguous"
    assert all(line[2] for line in lines) and one.kept() == []
    one.quiet()


def test_a_decision_that_only_the_browser_has_can_be_downloaded_and_uploaded(inspect, tmp_path):
    one = inspect(options=", blind=True", wait=".ci-blind .ci-picture img[src]")
    blind = one.root.locator(".ci-blind")
    for button in ("Report", "Identifications", "Labels", "Download the log"):
        assert not one.root.get_by_role("button", name=button, exact=True).is_visible()
    one.python(
        "exec('''from conus_widgets.collection.verdict_log import LogWriter\n"
        "whole = LogWriter._write\n"
        "def full(self, line):\n    raise OSError(28, 'No space left on device')\n"
        "LogWriter._write = full''', globals())"
    )
    one.page.wait_for_timeout(700)
    blind.get_by_role("combobox", name="Name").fill("species 1")
    one.page.keyboard.press("Enter")
    one.expect(one.root.locator(".ci-waiting")).to_contain_text("1 verdict is NOT saved")
    with one.page.expect_download() as waited:
        one.root.get_by_role("button", name="Download them").click()
    assert waited.value.suggested_filename == "decisions-of-this-browser.jsonl"
    waited.value.save_as(tmp_path / "decisions.jsonl")
    assert one.python("len(inspector._ledger.log().verdicts)") == 0
    one.python("exec('LogWriter._write = whole', globals())")
    one.root.locator("input[type=file]").set_input_files(tmp_path / "decisions.jsonl")
    one.expect(one.status).to_contain_text("1 decisions were new")
    one.expect(blind.locator(".ci-rank")).to_have_count(5)  # the network's answer is shown now
    phases = one.python("[v.phase for v in inspector._ledger.log().verdicts]")
    assert phases == ["before"]
