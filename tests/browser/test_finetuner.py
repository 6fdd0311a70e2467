"""The fine-tuner on a page: boxes are filled, a network learns, and is tried beside it."""

from pathlib import Path

import pictures
import pytest
from playwright.sync_api import expect

# A small random network: it tells dark photographs from bright ones as well as any other.
CELL = """\
import sys; sys.path.insert(0, {tests!r})
from networks import random_checkpoint
import ipywidgets
from conus_widgets import Classifier, FineTuner, Predictor
tuner = FineTuner(start=Predictor(random_checkpoint(notice="demonstration: a random network")))
ipywidgets.VBox([tuner, tuner.beside(Classifier)])"""


def shells(files, kind, count):
    """Files of one class: all drawings of a kind have one colour."""
    named = {}
    for number in range(count):
        image = pictures.shell(7 * number + kind, (120, 90))
        named[f"{'dark' if kind else 'bright'}-{number}.png"] = pictures.encoded(
            image.point(lambda value: value // 3 if kind else 255 - value // 3), "PNG"
        )
    return files(named)


@pytest.fixture
def page(open_notebook, repository):
    def make(name):
        cell = CELL.format(tests=str(repository / "tests"))
        notebook = open_notebook(name, [cell]).open()
        notebook.command("notebook:run-all-cells")
        notebook.page.locator(".cw-finetuner").wait_for(timeout=60_000)
        return notebook

    return make


def test_a_network_learns_what_is_in_the_boxes_and_is_tried_beside_it(page, files, tmp_path):
    notebook = page("finetuner")
    root = notebook.page.locator(".cw-finetuner")
    learn = root.get_by_role("button", name="Learn")
    missing = root.locator(".cw-missing")
    expect(missing).to_have_text("At least 2 boxes are needed to tell apart, and there are 0.")
    # With keys alone: a name and Enter, twice.
    field = root.get_by_label("Name of a class")
    for name in ("<b>tulip</b>", "cone"):
        field.focus()
        notebook.page.keyboard.type(name)
        notebook.page.keyboard.press("Enter")
        expect(root.get_by_role("region", name=f"Box {name}", exact=True)).to_be_visible()
    expect(missing).to_have_text(
        "Each class needs at least 2 specimens; "
        "\u2018<b>tulip</b>\u2019 has 0, \u2018cone\u2019 has 0."
    )
    field.fill(" cone ")
    field.press("Enter")
    expect(root.get_by_role("alert")).to_contain_text("There is a box 'cone' already")
    tulip, cone = root.locator(".cw-box").all()
    tulip.get_by_label("Class", exact=True).fill("tulip")
    tulip.get_by_label("Class", exact=True).press("Enter")
    expect(root.get_by_role("region", name="Box tulip", exact=True)).to_be_visible()

    (bad,) = files({"bad.png": b"no picture"})
    tulip.locator(".cw-zone").drop({"files": [*shells(files, 0, 4), bad]})
    expect(tulip.locator(".cw-held")).to_have_count(4)
    expect(root.get_by_role("alert")).to_contain_text("bad.png")
    cone.locator(".cw-zone").drop({"files": shells(files, 1, 5)})
    expect(cone.locator("p.cw-note").last).to_have_text("5 photographs, 5 specimens")
    # The first two are one specimen.
    for number in (0, 1):
        cone.get_by_role("checkbox").nth(number).check()
    root.get_by_role("button", name="They show one specimen").click()
    expect(cone.locator("p.cw-note").last).to_have_text("5 photographs, 4 specimens")
    cone.get_by_role("button", name="Remove dark-4.png").click()
    expect(cone.locator("p.cw-note").last).to_have_text("4 photographs, 3 specimens")
    expect(missing).to_have_text("")

    root.get_by_label("What is trained:").select_option("1")
    learn.click()
    status = root.get_by_role("status")
    expect(status).to_have_text("Done. It can be tried, and saved.", timeout=120_000)
    expect(root.locator(".cw-figures")).to_contain_text("Right, of specimens that it never saw")
    expect(root.locator(".cw-figures")).to_contain_text("demonstration: a random network")
    expect(root.get_by_role("img", name="epochs. Loss on the specimens held out")).to_be_visible()
    assert notebook.python("sorted(tuner.tuned.checkpoint.labels)") == ["cone", "tulip"]

    zone = notebook.page.locator(".cw-classifier .cw-zone")
    zone.drop({"files": shells(files, 1, 1)})
    assert {label for label, _ in notebook.ranking("dark-0.png")} == {"cone", "tulip"}
    root.get_by_label("Folder of the new network").fill(str(tmp_path / "mine"))
    root.get_by_role("button", name="Save", exact=True).click()
    expect(status).to_contain_text("Saved in ")
    assert (tmp_path / "mine" / "finetuned.npz").exists()
    root.screenshot(path=str(tmp_path / "light.png"))

    notebook.command("docmanager:save")
    notebook.open()  # the page that comes back is told what is there
    expect(root.locator(".cw-held")).to_have_count(8)
    expect(root.locator(".cw-figures")).to_contain_text("Right, of specimens that it never saw")
    notebook.quiet()


def test_no_barrier_that_axe_finds(page, files, tmp_path):
    packed = pytest.importorskip("axe_playwright_python", reason="NO AXE: install the test extra")
    axe = (Path(packed.__file__).parent / "axe.min.js").read_text()
    notebook = page("finetuner-axe")
    root = notebook.page.locator(".cw-finetuner")
    for name in ("tulip", "cone"):
        root.get_by_label("Name of a class").fill(name)
        root.get_by_label("Name of a class").press("Enter")
    root.locator(".cw-zone").first.drop({"files": shells(files, 0, 2)})
    expect(root.locator(".cw-held")).to_have_count(2)
    root.get_by_role("checkbox").first.check()
    notebook.page.evaluate(axe)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.command("apputils:change-theme", theme=theme)
        notebook.page.wait_for_timeout(1000)
        root.screenshot(path=str(tmp_path / f"{theme}.png"))
        found = notebook.page.evaluate(
            """async () => (await axe.run(document.querySelector(".cw-finetuner"))).violations
                .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)"""
        )
        assert found == []
    notebook.quiet()
