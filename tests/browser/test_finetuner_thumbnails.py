"""The fine-tuner's thumbnails: of folders, and after a reload; only of what is in sight."""

from pathlib import Path

from finetuned import folders, shells, show_tuner
from playwright.sync_api import expect

# Names of the rows whose thumbnail was drawn.
PICTURED = """(root) => [...root.querySelectorAll("img")].filter((one) => one.naturalWidth)
    .map((one) => one.closest(".cw-held").querySelector(".cw-name").textContent)"""


def with_pictures(root, count):
    """Return the names of the rows with a thumbnail, when there are this many."""
    root.page.wait_for_function(
        f"([root, n]) => ({PICTURED})(root).length === n",
        arg=[
            root.element_handle(),
            count,
        ],
    )
    return root.evaluate(PICTURED)


def test_photographs_of_a_folder_have_thumbnails_also_after_a_reload(notebook, files, tmp_path):
    place = Path(folders(tmp_path / "shells", tulip=3, cone=3))
    (place / "cone" / "cone-1.png").write_bytes(b"no picture")
    (place / "cone" / "cone-1.png").rename(place / "cone" / "<b>bad<b>.png")
    (place / "loose.png").write_bytes((place / "cone" / "cone-0.png").read_bytes())
    root = show_tuner(notebook, folder=str(place))
    with_pictures(root, 5)
    tulip = root.get_by_role("region", name="Box tulip", exact=True)
    tulip.locator(".cw-zone").drop({"files": shells(files, 0, 1)})
    with_pictures(root, 6)
    bad = root.locator(".cw-held").filter(has_text="bad")
    expect(bad.locator(".cw-error")).to_contain_text("<b>bad<b>.png is ")
    # Whoever hears the page hears it at the box to tick; the thumbnails are silent.
    expect(bad.get_by_role("checkbox")).to_have_accessible_name(
        bad.locator(".cw-pick").inner_text().replace("\n", " ")
    )
    assert root.get_by_role("img").count() == 0 and root.locator("b").count() == 0
    expect(root.get_by_role("alert")).to_contain_text("1 left out of \u2018shells\u2019:")
    notebook.command("docmanager:save")
    notebook.open()
    expect(root.get_by_role("alert")).to_contain_text("loose.png lies in no folder of a class")
    names = with_pictures(root, 6)
    assert sorted(names) == [
        *("bright-0.png", "cone-0.png", "cone-2.png"),
        *("tulip-0.png", "tulip-1.png", "tulip-2.png"),
    ]
    expect(bad.locator(".cw-error")).to_contain_text("<b>bad<b>.png is ")
    # A photograph that can be read again has its thumbnail at the next look.
    [sound] = shells(files, 0, 1)
    (place / "cone" / "<b>bad<b>.png").write_bytes(Path(sound).read_bytes())
    notebook.open()
    with_pictures(root, 7)
    expect(bad.locator(".cw-error")).to_be_hidden()
    notebook.quiet()


def test_only_what_is_in_sight_has_a_thumbnail(notebook, tmp_path):
    place = folders(tmp_path / "shells", tulip=300, cone=2)
    counts = (
        "made = []\n"
        "from conus_widgets.widgets.finetuner import finetuner as _module\n"
        "_make = _module.make_thumbnail\n"
        "_module.make_thumbnail = lambda *given, name: (\n"
        "    made.append(name) or _make(*given, name=name))"
    )
    root = show_tuner(notebook, folder=place, more=counts)
    tulip = root.get_by_role("region", name="Box tulip", exact=True)
    rows = tulip.locator(".cw-held")
    expect(rows).to_have_count(300)
    expect(rows.first.locator("img[src]")).to_have_count(1)
    assert notebook.python("len(made)") < 40
    # Somebody who goes on by keys comes to the last one.
    rows.last.get_by_role("checkbox").focus()
    expect(rows.last.locator("img[src]")).to_have_count(1)
    expect(rows.first.locator("img[src]")).to_have_count(0)
    assert notebook.python("len(made)") < 80, "what lies between was passed by"
    assert root.locator("img:not([src])").count() == 0, "browsers draw a broken picture there"
    rows.first.get_by_role("checkbox").focus()
    expect(rows.first.locator("img[src]")).to_have_count(1)
    assert notebook.python("len(made) == len(set(made))"), "what was seen is held"
    notebook.quiet()
