"""The widget in docs/write-a-widget.md, taken out of the document and run."""

import re

import pictures
from playwright.sync_api import expect

# Its folder stands beside those of the package, as it would for somebody who follows the document.
CELL = """\
import sys; sys.path.insert(0, {tests!r})
from conus_widgets import explain, widgets
widgets.__path__.append({home!r})
from conus_widgets.widgets.strongest import StrongestCell
from stand_in import StandIn
predictor = StandIn(size=224)
widget = StrongestCell(predictor)
widget"""

COLOUR = """(canvas) => {
    const [x, y] = [%f, %f].map((share, i) => share * (i ? canvas.height : canvas.width));
    return [...canvas.getContext("2d").getImageData(Math.round(x), Math.round(y), 1, 1).data];
}"""


def files_in(document):
    """{path: text} of the blocks of code that have a path above them."""
    found = re.findall(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", document, re.M | re.S)
    return dict(found)


def test_the_widget_of_the_document_works(bench, files, repository, tmp_path):
    named = files_in((repository / "docs" / "write-a-widget.md").read_text(encoding="utf-8"))
    assert len(named) == 3
    for path, text in named.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    for shared in ("live", "dropzone"):
        (tmp_path / shared).symlink_to(repository / "conus_widgets" / "widgets" / shared)
    good, bad = files(
        {
            "shell.png": pictures.encoded(pictures.shell(3, (280, 210)), "PNG"),
            "bad.png": b"no picture",
        }
    )
    cell = CELL.format(tests=str(repository / "tests"), home=str(tmp_path))
    notebook = bench.begin([cell])
    notebook.command("notebook:run-all-cells")
    notebook.zone.drop({"files": [good]})
    root = notebook.page.locator(".cw-strongest")
    target, place = notebook.python(
        f"(lambda e: [e.target.words, list(map(int, divmod(e.values.argmax(), 7)))])"
        f"(explain.cam(predictor, {good!r}))"
    )
    status = f"shell.png: this cell speaks most for {target}. stand-in"
    expect(root.get_by_role("status")).to_have_text(status)
    corner = COLOUR % (place[1] / 7, place[0] / 7)
    red, green, blue, _ = root.locator("canvas").evaluate(corner)
    assert red > 200 and 100 < green < 180 and blue < 80, "the frame's orange"

    notebook.zone.drop({"files": [bad]})
    expect(root.get_by_role("alert")).to_contain_text("bad.png ")
    notebook.zone.drop({"files": [good]})
    expect(root.get_by_role("alert")).to_be_hidden()

    notebook.command("docmanager:save")
    notebook.open()  # the page that comes back is told what is there
    expect(root.get_by_role("status")).to_have_text(status)
    notebook.quiet()
