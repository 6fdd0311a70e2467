"""The classifier on a page of JupyterLab, used as people use it.

The network is a stand-in (``stand_in.py``) except in ``test_first_notebook.py``. Every test
ends with the browser's console empty; see ``conftest.tool``.
"""

import re

import pictures
import pytest
from playwright.sync_api import TimeoutError, expect

EVIL = "<img src=x onerror=alert(1)>.jpg"


def spoken(tool):
    """What the live region is to say of the last answer."""
    label, probability = tool.python(
        "[classifier.prediction.labels[0], classifier.prediction.probabilities[0]]"
    )
    return f"{label}, {round(100 * probability)} percent"


def in_python(tool, path):
    """The ranking that the same file gets in Python, as it should stand on the page."""
    rows = "[[a, percent(b)] for a, b in zip(p.labels, p.probabilities)]"
    return [tuple(row) for row in tool.python(f"(lambda p: {rows})(predictor.predict({path!r}))")]


def test_drop(tool, files):
    [path] = files({"shell.png": pictures.encoded(pictures.shell(1), "PNG")})
    tool.zone.drop({"files": [path]})
    tool.status("shell.png: ")
    assert tool.ranking("shell.png") == in_python(tool, path)
    tool.status(f"shell.png: {spoken(tool)}.")
    card = tool.card("shell.png")
    expect(card.get_by_text("320\u00a0×\u00a0240")).to_contain_text("unchanged")
    expect(card.get_by_text("stand-in")).to_be_visible()
    assert card.locator("img").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [
        256,
        192,
    ]


def test_drop_beside_the_zone_does_not_leave_the_page(tool, files):
    [path] = files({"beside.png": pictures.encoded(pictures.shell(2), "PNG")})
    tool.page.locator(".cw-foot").drop({"files": [path]})
    tool.status("beside.png: ")


def test_choose_twice_the_same_file(tool, files):
    [path] = files({"shell.jpg": pictures.encoded(pictures.shell(2))})
    for n in (1, 2):
        with tool.page.expect_file_chooser() as chooser:
            tool.page.get_by_role("button", name="Choose photographs").click()
        assert chooser.value.is_multiple()
        chooser.value.set_files([path])
        expect(tool.card("shell.jpg").locator(".cw-ranking")).to_have_count(n)


def test_paste(tool):
    """A real ClipboardEvent at the focused element, as the browser sends it after Ctrl+V."""
    tool.zone.click(position={"x": 5, "y": 5})
    data = list(pictures.encoded(pictures.shell(3), "PNG"))
    tool.page.evaluate(
        """(bytes) => {
            const clipboardData = new DataTransfer();
            const file = new File([new Uint8Array(bytes)], "image.png", { type: "image/png" });
            clipboardData.items.add(file);
            const options = { clipboardData, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        data,
    )
    tool.status(re.compile(r"pasted \d\d\.\d\d\.\d\d\.png: .*percent"))


def chooser_by_key(page, key):
    """Chromium ignores a chooser that is asked for while the last one closes: then press again."""
    for _ in range(3):
        try:
            with page.expect_file_chooser(timeout=4_000) as chooser:
                page.keyboard.press(key)
            return chooser.value
        except TimeoutError:
            continue
    raise AssertionError(f"{key} opened no file chooser, three times")


def test_keyboard_alone(tool, files):
    """Tab to the chooser, choose, change a control, remove the card; the notebook stays whole."""
    [path] = files({"keys.png": pictures.encoded(pictures.shell(4), "PNG")})
    page = tool.page
    page.locator(".cw-root").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose photographs")).to_be_focused()
    chooser_by_key(page, "Enter").set_files([])
    chooser_by_key(page, "Space").set_files([path])
    tool.status("keys.png: ")

    page.keyboard.press("Tab")
    expect(page.get_by_label("Views")).to_be_focused()
    outline = page.get_by_label("Views").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid", "the focus must be seen"
    page.keyboard.press("ArrowDown")
    expect(tool.card("keys.png").get_by_text("mean of 10 random views")).to_be_visible()
    page.keyboard.press("ArrowUp")
    # On a busy machine there is a button Cancel until the answer is there.
    expect(tool.card("keys.png").get_by_text("mean of 10 random views")).to_have_count(0)
    expect(tool.card("keys.png")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    for label in ("Region", "All photographs show one specimen", "Original pixels", "Clear all"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_accessible_name(label)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_accessible_name("Remove keys.png")

    # JupyterLab's own keys must not reach the notebook from in here: D D deletes a cell.
    for key in "ddaaxbj":
        page.keyboard.press(key)
    page.keyboard.press("Delete")
    expect(page.locator(".cw-card")).to_have_count(0)
    tool.status("keys.png removed.")
    expect(page.get_by_role("button", name="Choose photographs")).to_be_focused()
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1


def test_for_a_screen_reader(tool, files):
    paths = files({"a.png": pictures.encoded(pictures.shell(1), "PNG"), "notes.txt": b"no picture"})
    tool.zone.drop({"files": paths})
    tool.status("a.png: ")
    tree = tool.page.locator(".cw-root").aria_snapshot()
    assert 'group "Add photographs"' in tree
    assert 'combobox "Views"' in tree and 'combobox "Region"' in tree
    assert 'list "Photographs"' in tree
    assert re.search(r'- listitem:(.|\n)*- text: a\.png\n(.|\n)*button "Remove a\.png"', tree), tree
    assert re.search(r"- list:\n\s+- listitem: [a-z ]+ ?\d+\.\d", tree), tree
    assert tool.page.get_by_role("status").and_(tool.page.locator(".cw-status")).count() == 1


def test_a_photograph_that_was_turned_by_the_camera(tool, files):
    """The same pixels, upright in one file, and turned with a note in EXIF in the other."""
    upright = pictures.shell(5)
    paths = files(
        {
            "upright.png": pictures.encoded(upright, "PNG"),
            "turned.jpg": pictures.turned(upright),
            "sideways.png": pictures.encoded(upright.transpose(2), "PNG"),
        }
    )
    tool.zone.drop({"files": paths})
    tool.status("turned.jpg: ")
    tool.status("sideways.png: ")

    def numbers(name):
        return {label: float(text.strip("<>%\u00a0")) for label, text in tool.ranking(name)}

    good, same, other = map(numbers, ("upright.png", "turned.jpg", "sideways.png"))
    assert same.keys() == good.keys()
    assert max(abs(same[k] - good[k]) for k in good) < 1.5  # JPEG is not exact
    assert max(abs(other.get(k, 0) - good[k]) for k in good) > 5, "turning must matter here"
    shape = "i => i.naturalWidth / i.naturalHeight"
    assert tool.card("turned.jpg").locator("img").evaluate(shape) == pytest.approx(4 / 3, abs=0.02)


def test_12_megabytes(tool, files):
    """Scaled in the browser; then, on request, every byte of it."""
    [path] = files({"large.jpg": pictures.large(6)})
    tool.zone.drop({"files": [path]})
    tool.status("large.jpg: ")
    note = "scaled from 6000\u00a0×\u00a04000 to 896\u00a0×\u00a0597 in the browser"
    expect(tool.card("large.jpg")).to_contain_text(note)
    scaled = tool.ranking("large.jpg")
    assert tool.python("len(classifier._board.cards[-1].source)") < 1e6
    tool.clear()

    tool.page.get_by_label("Original pixels").check()
    tool.zone.drop({"files": [path]})
    tool.status("large.jpg: ")
    expect(tool.card("large.jpg")).to_contain_text("MB, unchanged")
    assert tool.python(f"classifier._board.cards[-1].source == open({path!r}, 'rb').read()")
    assert tool.ranking("large.jpg") == in_python(tool, path)
    assert [label for label, _ in scaled] == [label for label, _ in tool.ranking("large.jpg")]
    tool.page.get_by_label("Original pixels").uncheck()


def test_a_picture_that_only_python_can_read(tool, files):
    """TIFF: no browser but Safari shows it; the card gets its thumbnail from Python."""
    [path] = files({"scan.tif": pictures.encoded(pictures.shell(7, (1200, 900)), "TIFF")})
    tool.zone.drop({"files": [path]})
    tool.status("scan.tif: ")
    assert tool.ranking("scan.tif") == in_python(tool, path)
    expect(tool.card("scan.tif").locator("img")).to_be_visible()


def test_a_broken_file_beside_a_good_one(tool, files):
    good = pictures.encoded(pictures.shell(8))
    paths = files({"broken.jpg": good[: len(good) // 3], "good.jpg": good, "empty.jpg": b""})
    tool.zone.drop({"files": paths})
    tool.status("good.jpg: ")
    assert tool.ranking("good.jpg") == in_python(tool, paths[1])
    expect(tool.card("broken.jpg").locator(".cw-error")).to_contain_text(
        "broken.jpg was not copied whole"
    )
    expect(tool.card("empty.jpg").locator(".cw-error")).to_contain_text("empty.jpg is empty")
    assert tool.python("len(classifier.errors)") == 1


def test_a_name_is_text(tool, files):
    [path] = files({EVIL: pictures.encoded(pictures.shell(9))})
    tool.zone.drop({"files": [path]})
    tool.status(f"{EVIL}: ")
    expect(tool.card(EVIL).locator(".cw-name")).to_have_text(EVIL)
    remove = tool.card(EVIL).get_by_role("button")
    expect(remove).to_have_accessible_name(f"Remove {EVIL}")
    assert tool.page.locator("img[src=x]").count() == 0
    assert tool.dialogs == []


def test_one_specimen_and_region(tool, files):
    paths = files({f"{n}.png": pictures.encoded(pictures.shell(n), "PNG") for n in range(3)})
    box = tool.page.get_by_label("All photographs show one specimen")
    box.check()
    tool.zone.drop({"files": paths})
    tool.status("One specimen, 3 photographs: ")
    panel = tool.page.get_by_role("group", name="One specimen")
    expect(panel.locator(".cw-row")).to_have_count(5)
    expect(tool.page.locator(".cw-card .cw-ranking >> visible=true")).to_have_count(0)
    assert tool.python("classifier.prediction.names") == ["0.png", "1.png", "2.png"]

    tool.page.get_by_label("Region").select_option("Panamic")
    expect(panel).to_contain_text("weighed by region: Panamic")
    tool.page.get_by_label("Region").select_option("everywhere")
    box.uncheck()
    expect(panel).to_be_hidden()
    expect(tool.page.locator(".cw-card .cw-ranking >> visible=true")).to_have_count(3)


def test_progress_cancel_go_on(tool, files):
    paths = files({f"{n}.png": pictures.encoded(pictures.shell(n), "PNG") for n in range(3)})
    tool.python("setattr(predictor.network, 'delay', 0.15)")
    tool.page.get_by_label("Views").select_option("10")
    tool.zone.drop({"files": paths})
    bar = tool.page.get_by_role("progressbar", name="Progress")
    expect(bar).to_be_visible()
    expect(tool.page.locator(".cw-doing")).to_contain_text("of 3: ")
    tool.page.get_by_label("Views").focus()
    tool.page.keyboard.press("Escape")
    tool.status("without an answer.")
    expect(bar).to_be_hidden()
    expect(tool.page.get_by_text("Stopped before its turn.").first).to_be_visible()
    tool.python("setattr(predictor.network, 'delay', 0)")
    tool.page.get_by_role("button", name="Go on").click()
    expect(tool.page.locator(".cw-card[data-state=done]")).to_have_count(3)
    tool.page.get_by_label("Views").select_option("1")
    tool.status("percent")


def test_python_and_page_are_one(tool, files):
    [path] = files({"from python.png": pictures.encoded(pictures.shell(1), "PNG")})
    tool.python(f"classifier.classify({path!r}).labels")
    assert tool.ranking("from python.png") == in_python(tool, path)
    expect(tool.card("from python.png").locator("img")).to_be_visible()
    tool.python("classifier.clear()")
    expect(tool.page.locator(".cw-card")).to_have_count(0)


def test_a_camera_is_offered_to_fingers(lab, tool, open_notebook):
    expect(tool.page.get_by_role("button", name="Take a photo")).to_be_hidden()
    tool.command("docmanager:save")
    size = {"width": 412, "height": 800}
    phone = open_notebook("tool", None, has_touch=True, is_mobile=True, viewport=size).open()
    button = phone.page.get_by_role("button", name="Take a photo")
    expect(button).to_be_visible()
    with phone.page.expect_file_chooser() as chooser:
        button.click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    phone.quiet()
