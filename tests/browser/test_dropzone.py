"""The drop zone by itself, on a page."""

import pictures
from playwright.sync_api import expect

ZONE = """\
from conus_widgets.widgets import DropZone
heard = []
zone = DropZone(on_photograph=lambda file: heard.append(file.name), limit=100_000)
zone"""


def test_what_has_arrived_stands_on_the_page(bench, files):
    good = pictures.encoded(pictures.shell(1), "PNG")
    paths = files({"a.png": good, "b.png": good, "large.tif": bytes(100_001)})
    notebook = bench.begin([ZONE])
    notebook.command("notebook:run-all-cells")
    notebook.zone.drop({"files": paths})
    rows = notebook.page.locator(".cw-files > li")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("a.png 320\u00a0×\u00a0240, ")
    expect(rows.nth(2)).to_contain_text(
        "large.tif has 100001 bytes; at most 100000 bytes are taken"
    )
    notebook.status("large.tif has")
    assert notebook.python("heard") == ["a.png", "b.png"]
    assert notebook.python("[len(file.data) for file in zone.files]") == [len(good)] * 2

    notebook.command("docmanager:save")
    notebook.open()
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("b.png 320\u00a0×\u00a0240, ")
    notebook.python("zone.clear()")
    expect(rows).to_have_count(0)
    notebook.quiet()
