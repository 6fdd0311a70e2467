"""The explorer's messages when something is missing, gone, too much, or written to deceive."""

import os
import re
import signal

import pytest
from explored import Explored, stand_in
from playwright.sync_api import expect

GONE = "The kernel is no longer running. Run this cell again."

SLOW = stand_in("""\
import os, time
predictor = StandIn()
quick = predictor.network.gradients
def slow(*arguments, progress=None, cancelled=None, **options):
    for part in range(600):
        time.sleep(0.1)
        if cancelled(): break
        progress(part, 600)
    return quick(*arguments, progress=progress, cancelled=cancelled, **options)
predictor.network.gradients = slow
explorer = Explorer(predictor, picture(1), target="banded")
explorer""")


@pytest.mark.parametrize("how", ["killed", "shut down"])
def test_a_kernel_that_is_gone_is_said_and_the_picture_stays(open_notebook, how):
    notebook = open_notebook(f"gone {how}", [SLOW]).open()
    page = Explored(notebook).run()
    process = notebook.python("os.getpid()")
    page.page.mouse.move(*page.at(0.5, 0.5))
    page.button("Brush").click()
    page.drag((0.2, 0.2), (0.6, 0.4))
    page.button("Look").click()
    page.rest()
    verdict, bars = page.verdict.inner_text(), page.bars()
    page.button("Map beside").click()
    page.menu("Method").select_option("gradient")
    progress = page.root.locator("progress")
    expect(progress.nth(1)).to_be_visible()
    picture = page.pictures()[0]

    if how == "killed":
        os.kill(process, signal.SIGKILL)  # as when the machine's memory is full
    else:
        page.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"
        )
    warning = page.root.locator(".cw-warning")
    expect(warning).to_have_text(GONE, timeout=30_000)
    for one in progress.all():
        expect(one).to_be_hidden()
    expect(page.root).not_to_contain_text("working ...")
    expect(page.button("Cancel")).to_be_hidden()
    assert page.pictures()[0] == picture
    assert (page.verdict.inner_text(), page.bars()) == (verdict, bars)

    for ok in page.page.locator(".jp-Dialog button").all():  # JupyterLab says it too
        ok.click()
    # What is on the page already can still be looked at: cells, and CAM's other classes.
    page.page.mouse.move(*page.at(0.5, 0.5))
    expect(page.status).to_contain_text(re.compile(r"row \d, column \d"))
    page.row("tented").locator(".cx-name").click()  # of a method that only a kernel can compute
    expect(page.status).to_have_text("Without a kernel there is no other map of this method.")
    page.page.mouse.click(*page.at(0.5, 0.5, 0))
    page.row("tented").locator(".cx-name").click()
    expect(page.root.locator(".cx-words").first).to_have_text("tented")
    for name in ("Brush", "Rectangle", "Erase", "Add photograph", "Map beside", "PNG"):
        expect(page.button(name)).to_be_disabled()
    expect(warning).to_have_text(GONE)
    notebook.quiet(allow=["Could not restore the debugger state", "Kernel.*not", "Canceled"])


FAILING = stand_in("""\
predictor = StandIn()
forward = predictor.network.forward
explorer = Explorer(predictor, picture(1))
explorer""")


def test_a_network_that_fails_is_said_and_the_next_stroke_is_answered(bench):
    page = Explored(bench.begin([FAILING])).run()
    warning = page.root.locator(".cw-warning")
    page.do("def fail(*_, **__): raise MemoryError('<b>no room</b> for 224 x 224')")
    page.do("predictor.network.forward = fail")
    page.button("Rectangle").click()
    for corner in (0.4, 0.6):
        page.drag((0.2, 0.2), (corner, corner))
        page.rest()
        if corner == 0.4:
            expect(warning).to_have_text("<b>no room</b> for 224 x 224")
            expect(page.verdict).to_contain_text("not checked")
            assert {change for *_, change in page.bars().values()} == {""}
            page.do("predictor.network.forward = forward")
    expect(page.verdict).to_contain_text(re.compile("still|became"))
    expect(warning).to_be_hidden()
    changes = page.python("dict(zip(predictor.labels, map(float, explorer.evidence.changes)))")
    for label, (*_, change) in page.bars().items():
        assert float(change.replace("−", "-")) == pytest.approx(changes[label], abs=0.0051)


MISSING = stand_in("""\
predictor = StandIn()
open("letter.jpg", "w").write("Dear <b>reader</b>")
picture(3).save("half.png")
half = open("half.png", "rb").read()
open("half.png", "wb").write(half[: len(half) // 2])
picture(4).save("good.png")
explorer = Explorer(predictor, ["nowhere/shell.jpg", "letter.jpg", "half.png", "good.png"])
explorer""")


def test_photographs_that_cannot_be_used_are_named_and_the_others_are_shown(bench, files):
    alone = "Explorer(predictor, 'nowhere/shell.jpg')"
    page = Explored(bench.begin([MISSING, alone])).run()
    warning = page.root.locator(".cw-warning")
    expect(warning).to_contain_text("shell.jpg does not exist in the folder")
    for name in ("letter.jpg", "half.png"):
        expect(warning).to_contain_text(name)
    assert "Traceback" not in page.root.inner_text()
    assert "Error" not in page.root.inner_text()
    expect(page.canvas()).to_have_attribute("aria-label", re.compile(r"good\.png"))
    page.rest()
    assert page.python("explorer.explanation.image.size") == [160, 120]
    for text in page.page.locator(".jp-OutputArea-output").all_inner_texts():
        assert "Traceback" not in text

    # Another one by hand: it is named, and what was said before is not said again.
    [letter] = files({"note <i>.png": b"no picture"})
    page.button("Add photograph").click()
    page.root.locator(".cw-zone").drop({"files": [letter]})
    expect(warning).to_contain_text("note <i>.png")
    expect(warning).not_to_contain_text("letter.jpg")
    expect(page.status).to_have_text("")
    page.rest()
    assert warning.locator("i").count() == 0

    # Where none is left, the page asks for one.
    page = Explored(bench, 1)
    warning = page.root.locator(".cw-warning")
    expect(warning).to_contain_text("shell.jpg does not exist in the folder")
    expect(page.status).to_be_hidden()
    expect(page.button("Choose photographs")).to_be_visible()
    expect(page.root.locator(".cx-main")).to_be_hidden()
    page.quiet()


NAMES = [
    "<b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "\"double\" and 'single' \\ back",
    "</script><script>alert(2)</script>",
    "مخروط النسيج",
    "\u202edesrever",
    "🐚 shell & Co; &lt;",
    "a name as long as " + "Conus (Cylinder) textile f. " * 6,
    "$x_1$ `code` **star**",
]
MANY = (
    stand_in("""\
names = NAMES + [f"Conus species {number}" for number in range(1000 - len(NAMES))]
predictor = StandIn(labels=names, notice=names[1])
predictor.network.head[1][: len(NAMES)] += 30  # these first
picture(1).save("<b>shell.png")
explorer = Explorer(predictor, "<b>shell.png")
explorer""")
    .replace("NAMES +", f"{NAMES!r} +")
    .replace("len(NAMES)", str(len(NAMES)))
)


@pytest.fixture(scope="module")
def many(bench):
    yield Explored(bench.begin([MANY], width=1300, height=1500)).run()
    bench.quiet()


def test_a_thousand_classes_are_ranked_and_searched(many):
    many.rest()
    logits = many.python("[float(x) for x in explorer.explanation.logits]")
    names = many.python("predictor.labels")
    order = sorted(range(1000), key=lambda n: -logits[n])
    assert list(many.bars()) == [names[n] for n in order[:8]]
    more = many.root.locator(".cx-classes")
    expect(more).to_contain_text("and 992 more")
    search = many.root.get_by_label("Find a class")
    search.press_sequentially("SPECIES 77")
    found = [names[n] for n in order if "species" in names[n] and "77" in names[n]]
    assert len(found) == 19
    expect(many.root.locator(".cx-class:visible")).to_have_count(19)
    assert list(many.bars()) == found
    search.fill("no such")
    expect(more).to_contain_text("No class has such a name.")
    search.fill("species 770")
    search.press("Enter")
    expect(many.root.locator(".cx-question")).to_have_text(
        re.compile(r"^Why Conus species 770( rather than .*)?\?$")
    )
    many.rest()
    expect(many.root.locator(".cx-words").first).to_contain_text("Conus species 770")
    assert many.python("explorer.explanation.target.words") == "Conus species 770"
    search.fill("")
    # The list keeps up: a frame that was asked for comes, with all bars, after every step.
    many.button("Brush").click()
    many.drag((0.2, 0.2), (0.8, 0.8), steps=20)
    many.rest()
    expected = many.python("dict(zip(predictor.labels, map(float, explorer.evidence.covered)))")
    for label, (_, logit, _, _) in many.bars().items():
        assert float(logit.replace("−", "-")) == pytest.approx(expected[label], abs=0.0051)
    many.button("Reset").click()
    many.button("Look").click()


def test_names_with_markup_are_text_wherever_they_stand(many):
    many.rest()
    tags = many.root.locator("b, img, script, i").count()
    assert tags == 0
    for name in NAMES:
        row = many.row(name)
        if not row.count():
            many.root.get_by_label("Find a class").fill(name)
        row.locator(".cx-name").click()
        expect(row.locator(".cx-name")).to_have_text(name)
        assert row.locator(".cx-name").get_attribute("title") == name
        expect(many.root.locator(".cx-question strong").first).to_have_text(name)
        expect(many.root.locator(".cx-words")).to_contain_text(name.strip())
        expect(many.status).to_contain_text(name.strip())
        many.root.get_by_label("Find a class").fill("")
        many.rest()
        # The line of Python that leaves the page makes the same map again.
        line = many.menu("Python that makes this map again").input_value()
        found = many.python(f"float(abs(({line}).values - explorer.explanation.values).max())")
        assert found < 1e-5, line
        label = many.canvas().get_attribute("aria-label")
        assert name in label and "<b>shell.png" in label
    many.page.mouse.click(*many.at(0.5, 0.5))
    many.row(NAMES[0]).locator(".cx-letter").last.click()
    many.page.mouse.move(*many.at(0.3, 0.3))
    expect(many.status).to_have_text(re.compile(r"^row \d, column \d: "))
    expect(many.root.locator(".cx-pins thead")).to_contain_text(NAMES[0])
    expect(many.root.locator(".cw-foot")).to_contain_text(NAMES[1])
    assert many.root.locator("b, img, script, i").count() == 0
    assert many.page.locator("img[src=x]").count() == 0
    # Nothing of the layout gives way to a long name.
    wide = many.root.evaluate("(root) => [root.scrollWidth, root.clientWidth]")
    assert wide[0] <= wide[1]


def test_names_written_from_right_to_left_do_not_turn_a_sentence(many):
    """The numbers behind such a name stay behind it, where they are seen."""
    many.rest()
    search = many.root.get_by_label("Find a class")
    for name in (NAMES[4], NAMES[5]):
        search.fill(name)
        search.press("Enter")
        expect(many.root.locator(".cx-question strong").first).to_have_text(name)
        search.fill("")
        many.rest()
        many.canvas().focus()
        many.page.keyboard.press("ArrowDown")
        expect(many.status).to_have_text(re.compile(r"^row \d, column \d: \S+ for "))
        assert f"\u2068{name}\u2069," in many.status.inner_text()
