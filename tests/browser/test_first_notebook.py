"""notebooks/01-classify.ipynb with the network that comes with the kit, as a visitor meets it."""

import shutil
import time

import pictures
import pytest
from PIL import Image
from playwright.sync_api import expect

from conus_widgets.shells import draw


@pytest.fixture(scope="module")
def shells(tmp_path_factory):
    """Three drawn shells as PNG files: {kind: path}."""
    folder = tmp_path_factory.mktemp("shells")
    paths = {}
    for kind in ("tented", "banded", "zigzag"):
        paths[kind] = folder / f"{kind}.png"
        paths[kind].write_bytes(pictures.encoded(Image.fromarray(draw(kind, 11).image), "PNG"))
    return paths


def test_first_notebook(lab, open_notebook, repository, shells, capsys):
    name = "01-classify"
    shutil.copy(repository / "notebooks" / f"{name}.ipynb", lab[1])
    notebook = open_notebook(name, None)
    begun = time.monotonic()
    notebook.open()
    opened = time.monotonic()
    notebook.run(said="photograph 1: ")  # which the notebook itself puts there
    page = notebook.page
    # The last cell has run when the kernel has nothing more to do.
    page.wait_for_function(
        """() => {
            const { content } = window.jupyterapp.shell.currentWidget;
            return content.widgets.filter((cell) => cell.model.type === "code")
                .every((cell) => cell.model.executionCount !== null && !cell.prompt?.includes("*"));
        }""",
        timeout=60_000,
    )
    ran = time.monotonic() - opened
    assert page.locator(".jp-OutputArea [data-mime-type*=stderr]").count() == 0
    notebook.clear()

    seconds = []
    for path in shells.values():
        dropped = time.monotonic()
        notebook.zone.drop({"files": [str(path)]})
        notebook.card(path.name).locator(".cw-row").first.wait_for()
        seconds.append(time.monotonic() - dropped)
    for path in shells.values():
        labels = notebook.python(f"predictor.predict({str(path)!r}).labels")
        assert [label for label, _ in notebook.ranking(path.name)] == labels
    card = notebook.card("tented.png")
    expect(card.get_by_text("demonstration: drawn shells, not for identification")).to_be_visible()
    notebook.quiet()
    with capsys.disabled():
        print(
            f"\n  page {opened - begun:.1f} s, all cells {ran:.1f} s, "
            f"from the drop to the list {', '.join(f'{s:.2f}' for s in seconds)} s"
        )
