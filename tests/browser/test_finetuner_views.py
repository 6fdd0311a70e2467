"""Two views of one fine-tuner at the same time: both show the same, and nothing is doubled."""

import pytest
from finetuned import ENDLESS, add_boxes, folders, shells, show_tuner
from playwright.sync_api import expect
from test_finetuner_thumbnails import with_pictures


@pytest.fixture
def views(notebook):
    """Return both views of a fine-tuner that stands in two outputs."""
    roots = show_tuner(notebook, more=ENDLESS, shown="display(tuner)\ntuner")
    expect(roots).to_have_count(2)
    return roots.nth(0), roots.nth(1)


def test_what_is_done_in_one_view_shows_in_the_other(notebook, views, files, tmp_path):
    one, other = views

    def box(root, name):
        return root.get_by_role("region", name=f"Box {name}", exact=True)

    def both(look, *given):
        for root in views:
            look(root, *given)

    def says(root, name, words):
        expect(box(root, name).locator("p.cw-note")).to_have_text(words)

    def elsewhere(kind, **content):
        notebook.python(f"tuner._message(None, {dict(kind=kind, **content)!r}, [])")

    add_boxes(one, "tulip")
    add_boxes(other, "cone")
    both(lambda root: expect(root.locator(".cw-box")).to_have_count(2))
    box(one, "tulip").locator(".cw-zone").drop({"files": shells(files, 0, 5)})
    box(other, "cone").locator(".cw-zone").drop({"files": shells(files, 1, 4)})
    both(says, "tulip", "5 photographs, 5 specimens")
    both(says, "cone", "4 photographs, 4 specimens")
    # The one that sent it has its own thumbnail, the other one the kernel's.
    for root in views:
        root.locator(".cw-boxes").scroll_into_view_if_needed()
        with_pictures(root, 9)
    assert len(notebook.python("tuner._boxes.examples()[1]")) == 9

    # What somebody is about to do is theirs alone.
    for number in (0, 1):
        box(one, "tulip").get_by_role("checkbox").nth(number).check()
    assert other.get_by_role("checkbox", checked=True).count() == 0
    expect(other.get_by_role("group", name="Chosen photographs")).to_have_count(0)
    one.get_by_role("button", name="They show one specimen").click()
    both(says, "tulip", "5 photographs, 4 specimens")
    both(
        lambda root: expect(box(root, "tulip").locator(".cw-held .cw-note")).to_have_text(
            ["specimen 1", "specimen 1", "specimen 2", "specimen 3", "specimen 4"]
        )
    )
    # A view in another window takes a photograph away where somebody stands: they go on nearby.
    last = box(other, "tulip").locator(".cw-held").last
    last.get_by_role("checkbox").check()
    elsewhere("discard", key=notebook.python("tuner._boxes.form()[0]['photographs'][-1]['key']"))
    both(says, "tulip", "4 photographs, 3 specimens")
    expect(other.get_by_role("group", name="Chosen photographs")).to_have_count(0)
    expect(box(other, "tulip").get_by_label("Class", exact=True)).to_be_focused()
    # A name changes under the caret, too, if nothing is being written there ...
    elsewhere("rename", box=1, name="olive")
    field = box(other, "olive").get_by_label("Class", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("olive")
    # ... and what is being written stays.
    field.press("End")
    notebook.page.keyboard.type("s")
    elsewhere("rename", box=1, name="tulip")
    field = box(other, "tulip").get_by_label("Class", exact=True)
    expect(field).to_have_value("olives")
    field.press("Enter")
    both(lambda root: expect(box(root, "olives").locator(".cw-held")).to_have_count(4))

    # What is said of a folder is said in both, and its boxes are there once.
    place = tmp_path / "shells"
    folders(place, olive=2, cone=1)
    (place / "loose.png").write_bytes(b"no matter")
    with notebook.page.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Choose a folder of folders").click()
    chooser.value.set_files(str(place))
    words = "3 of 3 photographs of \u2018shells\u2019 were taken."
    both(lambda root: expect(root.locator(".cw-taken")).to_have_text(words))
    both(lambda root: expect(root.locator(".cw-left-out")).to_contain_text("loose.png"))
    both(lambda root: expect(root.locator(".cw-box")).to_have_count(3))
    both(lambda root: expect(root.locator(".cw-held")).to_have_count(11))

    # One learns; both show it, and either can stop it.
    one.get_by_label("What is trained:").select_option("1")
    one.get_by_role("button", name="Learn").click()
    stop = other.get_by_role("button", name="Stop")
    expect(stop).to_be_enabled()
    expect(other.get_by_role("button", name="Learn")).to_be_disabled()
    both(lambda root: expect(root.locator("polyline.cw-line")).to_be_visible(timeout=60_000))
    stop.click()
    both(
        lambda root: expect(root.get_by_role("status")).to_contain_text("Stopped, and the best so")
    )
    both(lambda root: expect(root.get_by_role("button", name="Learn")).to_be_enabled())
    curves = [root.locator("polyline.cw-line").get_attribute("points") for root in views]
    said = [root.locator(".cw-figures li").all_inner_texts() for root in views]
    assert curves[0] == curves[1] and said[0] == said[1] and len(said[0]) == len(set(said[0]))
    other.get_by_label("Folder of the new network").fill(str(tmp_path / "mine"))
    other.get_by_role("button", name="Save", exact=True).click()
    both(lambda root: expect(root.get_by_role("status")).to_contain_text("Saved in "))
    # A box that is removed goes from both; who pressed the button goes on in another box.
    button = one.get_by_role("button", name="Remove the box olive", exact=True)
    button.focus()
    notebook.page.keyboard.press("Enter")
    both(lambda root: expect(root.locator(".cw-box")).to_have_count(2))
    expect(box(one, "cone").get_by_label("Class", exact=True)).to_be_focused()
    both(lambda root: expect(root.locator(".cw-warning")).to_be_hidden())
    notebook.quiet()
