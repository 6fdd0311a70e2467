"""The fine-tuner's page when names are long: nothing stands out of it, in any width or theme."""

import re
from pathlib import Path

from finetuned import add_boxes, shells, show_tuner
from playwright.sync_api import expect

LONG = ("Conus_gloriamaris_" * 20)[:100]
NAMES = [f"{'ConusCylinder' * 18}-{end}.png" for end in ("ventral", "dorsal")]

# Elements that stand out of the page's frame, or whose text stands out of them.
OUTSIDE = """(root) => {
    const frame = root.getBoundingClientRect();
    const hidden = (one) => getComputedStyle(one).overflowX !== "visible";
    return [...root.querySelectorAll("*")].filter((one) => one.getClientRects().length)
        .filter((one) => one.getBoundingClientRect().right > frame.right + 1
            || (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && !hidden(one)))
        .map((one) => `${one.tagName}.${one.className}: ${one.textContent.slice(0, 40)}`);
}"""


def test_long_names_break_nothing(notebook, files, tmp_path):
    root = show_tuner(notebook)
    add_boxes(root, LONG, "tulip")
    data = [Path(path).read_bytes() for path in shells(files, 0, 2)]
    for box in root.locator(".cw-box").all():
        box.locator(".cw-zone").drop({"files": files(dict(zip(NAMES, data, strict=True)))})
        expect(box.locator(".cw-held")).to_have_count(2)
    tulip = root.get_by_role("region", name="Box tulip", exact=True)
    for name in NAMES:
        row = tulip.locator(".cw-held").filter(has_text=name)
        expect(row.locator(".cw-name")).to_have_attribute("title", name)
        expect(row.get_by_role("checkbox")).to_have_accessible_name(re.compile(re.escape(name)))
    root.get_by_role("button", name="Learn").click()
    status = root.get_by_role("status")
    expect(status).to_have_text("Done. It can be tried, and saved.", timeout=60_000)
    root.get_by_label("Folder of the new network").fill(str(tmp_path / ("net" * 60)))
    root.get_by_role("button", name="Save", exact=True).click()
    expect(status).to_contain_text("Saved in ")
    # What is said of them is as long: a photograph that is refused, a name that is taken, too few.
    [bad] = files({f"{'x' * 200}.png": b"no picture"})
    tulip.locator(".cw-zone").drop({"files": [bad]})
    expect(root.locator(".cw-warning")).to_contain_text("x" * 200)
    tulip.get_by_label("Class", exact=True).fill(LONG)
    tulip.get_by_label("Class", exact=True).press("Enter")
    expect(tulip.get_by_role("alert")).to_contain_text(LONG)
    for box in root.locator(".cw-box").all():
        box.locator(".cw-held .cw-remove").last.click()
        expect(box.locator(".cw-held")).to_have_count(1)
    expect(root.locator(".cw-missing")).to_contain_text(LONG)
    root.get_by_role("checkbox").first.check()
    field = root.locator(".cw-box").first.get_by_label("Class", exact=True)
    expect(field).to_have_attribute("title", LONG)
    for width in (1280, 400):
        notebook.page.set_viewport_size({"width": width, "height": 1600})
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            notebook.command("apputils:change-theme", theme=theme)
            notebook.page.wait_for_timeout(1000)
            root.screenshot(path=str(tmp_path / f"{width} {theme}.png"))
            assert root.evaluate(OUTSIDE) == [], width
    notebook.quiet()
