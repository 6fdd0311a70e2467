"""The documentation: links lead somewhere, code in it runs, and its site loads nothing."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest

from conus_widgets.explain.catalogue import METHODS

ROOT = Path(__file__).resolve().parents[1]
EXTENSIONS = ROOT / "docs" / "extensions"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN = ["docs/review-a-collection.md", "docs/shells.md", "docs/write-a-method.md"]


def prose(path):
    """The text of a page or a notebook, as Markdown, without blocks of code."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4)["cells"]
        text = "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    else:
        text = path.read_text("utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(path):
    """The anchors of a page's headings, as the site and the usual hosts make them."""
    heads = re.findall(r"^#+ (.+)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def blocks(path):
    return re.findall(r"^```python\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)


@pytest.mark.parametrize("path", PAGES + NOTEBOOKS, ids=lambda path: path.name)
def test_links_to_files_and_headings_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        name, _, anchor = link.partition("#")
        if re.match(r"\w+:", link) or name.startswith("/build/"):  # made with the site
            continue
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor and target.suffix in (".md", ".ipynb"):
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", PAGES + NOTEBOOKS, ids=lambda path: path.name)
def test_no_page_holds_what_a_merge_left_behind(path):
    assert not re.search(r"^(<{7}|>{7}) ", path.read_text("utf-8"), re.M)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_blocks_of_python_import_what_there_is(path):
    for block in blocks(path):
        for node in ast.walk(ast.parse(block)):
            named = getattr(node, "module", None) or ""
            # Not the widget that a page itself writes.
            if named.startswith("conus_widgets") and "strongest" not in named:
                exec(ast.unparse(node), {})


@pytest.mark.parametrize("name", RUN)
@pytest.mark.usefixtures("no_loop_of_the_browser")
def test_the_code_of_a_page_runs_from_its_first_block_to_its_last(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = blocks(ROOT / name)
    assert found
    names = {}
    for block in found:
        exec(compile(block, name, "exec"), names)


def test_each_method_has_its_section_with_its_map_and_its_limits():
    text = (ROOT / "docs" / "methods.md").read_text("utf-8")
    sections = re.findall(r"^```\{map-of\} (\w+)\n```\n\n\*\*Limits\.\*\* \S", text, re.M)
    assert sections == list(METHODS)


@pytest.fixture
def extensions(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS)
    yield
    for name in ("nothing_outside", "notebook_pages"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("extensions")
def test_a_page_that_loads_something_from_an_address_is_found():
    from nothing_outside import outside, outside_styles

    assert outside('<a href="https://example.org">a link</a><img src="_images/a.png">') == []
    assert outside('<script src="https://cdn.example.org/x.js"></script>') != []
    assert outside('<link rel="stylesheet" href="//fonts.example.org/x.css">') != []
    assert outside_styles("a { background: url(a.png) }") == []
    assert outside_styles('@import "https://example.org/a.css";') != []
    assert outside_styles("a { src: url( 'https://example.org/a.woff' ) }") != []


@pytest.mark.usefixtures("extensions")
def test_a_notebook_becomes_a_page_with_its_outputs_and_folded_solutions():
    from notebook_pages import page

    form = nbformat.v4
    first = form.new_markdown_cell("# Title")
    code = form.new_code_cell("print('```')")
    code.outputs = [form.new_output("stream", text="```\n")]
    solution = form.new_code_cell("1", metadata={"tags": ["solution"]})
    text = page(form.writes(form.new_notebook(cells=[first, code, solution])), "x.ipynb")
    assert text.startswith("# Title\n\n*This page")
    assert "````python\nprint('```')\n````\n\n````text\n```\n````" in text
    assert "<details><summary>Solution</summary>\n\n```python\n1\n```\n\n</details>" in text
