"""The fine-tuner on a page: boxes are filled, a network learns, and is tried beside it."""

import re
from pathlib import Path

import pytest
from finetuned import add_boxes, folders, shells, show_tuner
from playwright.sync_api import expect


def test_a_network_learns_what_is_in_the_boxes_and_is_tried_beside_it(notebook, files, tmp_path):
    both = "ipywidgets.VBox([tuner, tuner.beside(Classifier)])"
    root = show_tuner(notebook, shown=both)
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
    expect(cone.locator("p.cw-note")).to_have_text("5 photographs, 5 specimens")
    # The first two are one specimen.
    for number in (0, 1):
        cone.get_by_role("checkbox").nth(number).check()
    root.get_by_role("button", name="They show one specimen").click()
    expect(cone.locator("p.cw-note")).to_have_text("5 photographs, 4 specimens")
    cone.get_by_role("button", name="Remove dark-4.png").click()
    expect(cone.locator("p.cw-note")).to_have_text("4 photographs, 3 specimens")
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


def rename(box, name):
    field = box.get_by_label("Class", exact=True)
    field.fill(name)
    field.press("Enter")


def test_a_name_that_is_refused_gives_way_to_the_one_that_holds(notebook):
    root = show_tuner(notebook)
    add_boxes(root, "tulip", "<i>cone</i>")
    box = root.get_by_role("region", name="Box tulip", exact=True)
    field, problem = box.get_by_label("Class", exact=True), box.get_by_role("alert")
    for name, reason in (
        (" <i>cone</i> ", "There is a box '<i>cone</i>' already: choose another name."),
        ("   ", "A box needs a name: that of the class."),
    ):
        rename(box, name)
        expect(problem).to_have_text(f"{reason} This box is still called \u2018tulip\u2019.")
        expect(field).to_have_value("tulip")
        expect(field).to_have_accessible_description(re.compile("still called"))
    assert notebook.python("[box['name'] for box in tuner._boxes.form()]")[0] == "tulip"
    assert root.locator("i").count() == 0
    # The next letter takes the words away; a name that is taken stands as the kernel writes it.
    field.focus()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.type("  shell ")
    expect(problem).to_be_hidden()
    notebook.page.keyboard.press("Enter")
    renamed = root.get_by_role("region", name="Box tulip shell", exact=True)
    expect(renamed.get_by_label("Class", exact=True)).to_have_value("tulip shell")
    # Who only leaves the field hears the same.
    renamed.get_by_label("Class", exact=True).fill("")
    notebook.page.keyboard.press("Tab")
    expect(renamed.get_by_role("alert")).to_contain_text("A box needs a name")
    expect(renamed.get_by_label("Class", exact=True)).to_have_value("tulip shell")
    notebook.quiet()


def test_a_folder_of_folders_fills_a_box_for_each(notebook, tmp_path):
    root = show_tuner(notebook)
    place = tmp_path / "my shells"
    folders(place, **{"tulip": 3, "<b>cone": 2})
    (place / "tulip" / "notes.txt").write_text("no photograph")
    (place / "tulip" / "day 2").mkdir()
    (place / "tulip" / "tulip-2.png").rename(place / "tulip" / "day 2" / "tulip-2.png")
    (place / "tulip" / "._1.png").write_bytes(b"of a Macintosh")
    for number in (1, 2):
        (place / f"<i>{number}.png").write_bytes((place / "tulip" / "tulip-0.png").read_bytes())
    button = root.get_by_role("button", name="Choose a folder of folders")

    def choose(folder):
        with notebook.page.expect_file_chooser() as chooser:
            button.focus()
            notebook.page.keyboard.press("Enter")
        chooser.value.set_files(str(folder))

    choose(place)
    left = [
        "2 photographs lie directly in \u2018my shells\u2019, in no folder of a class, and are "
        "left out (<i>1.png, <i>2.png): drop them into the boxes of their classes.",
        "1 file is left out (tulip/notes.txt), since it is no photograph that can be read: save "
        "photographs of other kinds as JPEG or PNG.",
    ]
    out = root.locator(".cw-left-out")
    expect(out.locator("p")).to_have_text(left)
    expect(root.get_by_role("alert")).to_have_text("".join(left))
    for name, count in (("tulip", 3), ("<b>cone", 2)):
        box = root.get_by_role("region", name=f"Box {name}", exact=True)
        expect(box.locator(".cw-held")).to_have_count(count)
        said = f"{count} photographs, {count} specimens"
        expect(box.locator("p.cw-note")).to_have_text(said)
        expect(box.locator("img[src]")).to_have_count(count)
    taken = root.locator(".cw-taken")
    expect(taken).to_have_text("5 of 5 photographs of \u2018my shells\u2019 were taken.")
    expect(root.locator(".cw-missing")).to_have_text("")
    expect(root.get_by_role("button", name="Learn")).to_be_enabled()
    assert root.locator("b, i").count() == 0
    # A page that comes later is told the same.
    notebook.command("docmanager:save")
    notebook.open()
    expect(taken).to_have_text("5 of 5 photographs of \u2018my shells\u2019 were taken.")
    expect(out.locator("p")).to_have_text(left)
    # Once more: the boxes are there, and the photographs come in beside the others.
    choose(place)
    expect(root.locator(".cw-held")).to_have_count(10)
    expect(root.locator(".cw-box")).to_have_count(2)
    choose(place / "<b>cone")
    expect(out).to_contain_text("\u2018<b>cone\u2019 holds no folder with photographs")
    expect(out).to_contain_text("2 photographs lie directly in \u2018<b>cone\u2019")
    expect(taken).to_be_hidden()
    long = tmp_path / "long"
    folders(long, **{"n" * 120: 2, "olive": 1})
    (long / "olive" / "bad.png").write_bytes(b"no picture")
    choose(long)
    expect(taken).to_have_text("1 of 4 photographs of \u2018long\u2019 was taken.")
    expect(out.locator("p").first).to_contain_text(
        "has 120 letters, and the name of a class at most 100"
    )
    expect(out.locator("p").first).to_contain_text("So 2 photographs were not taken.")
    expect(out.locator("p").last).to_contain_text("In \u2018olive\u2019: bad.png is ")
    expect(root.get_by_role("region", name="Box olive").locator(".cw-held")).to_have_count(1)
    expect(root.locator(".cw-box")).to_have_count(3)
    notebook.quiet()


def test_no_barrier_that_axe_finds(notebook, files, tmp_path):
    packed = pytest.importorskip("axe_playwright_python", reason="NO AXE: install the test extra")
    axe = (Path(packed.__file__).parent / "axe.min.js").read_text()
    root = show_tuner(notebook)
    add_boxes(root, "tulip", "cone")
    root.locator(".cw-zone").first.drop({"files": shells(files, 0, 2)})
    expect(root.locator(".cw-held")).to_have_count(2)
    root.get_by_role("checkbox").first.check()
    rename(root.locator(".cw-box").last, "tulip")
    expect(root.locator(".cw-box .cw-error").last).to_be_visible()
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
