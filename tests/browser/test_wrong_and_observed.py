"""Wrong questions on the page, and observers of the answers."""

import pictures
import pytest
from explored import Explored, stand_in
from playwright.sync_api import expect
from test_display import Cells

pytest_plugins = ["explored"]  # its fixtures

LATE = stand_in("""\
import threading
from stand_in import StandIn
from conus_widgets import Classifier
from conus_widgets.widgets.live import loading
loaded = threading.Event()
def load(source):
    loaded.wait()
    return StandIn(regions=["Panamic"]) if source == "named" else StandIn()
loading.load = load
explorer = Explorer("explained", picture(1), target="Tented")
explorer""")
LATER = """\
classifier = Classifier("named", region="Panamik", views=100)
classifier.observe(lambda change: print("heard of", change.new.labels[0]), "prediction")
classifier"""


@pytest.fixture(scope="module")
def late(bench):
    cells = Cells(bench.begin([LATE, LATER], width=1300, height=1400))
    yield bench, cells.run(0), cells.run(1)
    bench.quiet()


def test_a_class_that_does_not_exist_is_said_and_none_is_explained_in_its_place(late):
    notebook, cell, _ = late
    page = Explored(notebook)
    notebook.python("loaded.set()")
    warning = page.root.locator(".cw-warning")
    said = "target is 'Tented'. No class is called 'Tented'; the nearest are tented"
    expect(warning).to_contain_text(said)
    expect(page.root.locator(".cx-question")).to_have_text("Which class? Choose one with A.")
    expect(page.root.locator(".cx-sum")).to_be_hidden()
    expect(page.root).not_to_contain_text("NaN")
    caption = page.root.locator(".cx-caption .cx-quiet")
    expect(caption).not_to_contain_text("cells")
    page.canvas().focus()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    expect(page.root.locator(".cx-pins tbody tr")).to_have_count(1)
    expect(page.root.locator(".cx-pins")).not_to_contain_text("undefined")
    expect(page.status).not_to_contain_text("undefined")
    # Something that exists is explained, and nothing is wrong any more.
    page.row("tented").locator(".cx-name").click()
    expect(warning).to_be_hidden()
    page.rest()
    assert page.python("explorer.explanation.target.words") == "tented"
    expect(caption).to_contain_text("7 × 7 cells")


def test_a_region_that_does_not_exist_is_said_until_another_one_is_chosen(late, files):
    notebook, _, cell = late
    notebook.python("loaded.set()")
    warning = cell.locator(".cw-warning")
    expect(warning).to_contain_text("region is 'Panamik', which does not exist")
    menu = cell.get_by_label("Region")
    expect(menu.locator("option:checked")).to_have_text("Panamik (does not exist)")
    views = cell.get_by_label("Views").locator("option:checked")
    expect(views).to_have_text("100: turned and cropped, averaged, takes 100 times as long")
    menu.select_option("Panamic")
    expect(warning).to_be_hidden()
    notebook.python("setattr(classifier, 'views', 3)")
    expect(views).to_have_text("3: turned and cropped, averaged, takes 3 times as long")

    # Observers are called with each answer, and what they print stands below their cell.
    paths = files({f"{n}.png": pictures.encoded(pictures.shell(n), "PNG") for n in (1, 2)})
    cell.locator(".cw-zone").drop({"files": paths})
    expect(cell.locator(".cw-card[data-state=done]")).to_have_count(2)
    labels = notebook.python("[one.labels[0] for one in classifier.predictions]")
    printed = cell.locator("[data-mime-type$='stdout']")
    expect(printed).to_have_text("\n".join(f"heard of {label}" for label in labels))
    notebook.quiet()
