"""The pure functions of the widgets' JavaScript, by Node's own test runner."""

import importlib
import os
import pkgutil
import re
import subprocess
from pathlib import Path

import anywidget
import pytest
from node import find_node, run_tests

from conus_widgets import widgets
from conus_widgets.widgets.live.bundle import bundle

JS = Path(__file__).parents[1] / "js"


def every_widget(kind=anywidget.AnyWidget):
    """All classes of this package that bring a page, so that none is left out."""
    for module in pkgutil.walk_packages(widgets.__path__, f"{widgets.__name__}."):
        importlib.import_module(module.name)
    for child in kind.__subclasses__():
        if child.__module__.startswith(widgets.__name__) and hasattr(child, "_esm"):
            yield child
        yield from every_widget(child)


WIDGETS = sorted(set(every_widget()), key=lambda widget: widget.__name__)


@pytest.fixture(scope="module")
def node():
    found = find_node()
    if found is None:
        assert os.environ.get("CI") != "true", "Node is missing: install playwright, or Node 18"
        pytest.skip("NO NODE: install playwright, or Node 18 or newer, to test the JavaScript")
    return found


@pytest.mark.parametrize("path", sorted(JS.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_functions(node, path):
    run = run_tests(node, path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^\S+ pass [1-9]", run.stdout, re.M), run.stdout


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_bundle_is_one_module(node, widget, tmp_path):
    """Parses: so no name is declared by two of its files, and no import is left."""
    path = tmp_path / "bundle.mjs"
    source = str(widget._esm)
    path.write_text(source, encoding="utf-8")
    check = subprocess.run([node, "--check", str(path)], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr
    assert not re.search(r"^import\b", source, re.M)
    assert re.findall(r"^export .*", source, re.M) == ["export default { render };"]
    assert "innerHTML" not in source


def test_bundle_takes_out_only_what_it_must(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "c.js").write_text("export const g = 1;\n")
    (tmp_path / "a.js").write_text(
        'import { g } from "./far/c.js";\n'
        'export const exported = "import x";\nexport function f() {}\n'
    )
    (tmp_path / "b.js").write_text(
        'import {\n  exported,\n  f,\n} from "./a.js";\nimport { g } from "./far/c.js";\n'
        "export default { exported, f, g };\n"
    )
    assert bundle(tmp_path / "b.js") == (
        "const g = 1;\n\n"
        'const exported = "import x";\nfunction f() {}\n\nexport default { exported, f, g };\n'
    )


def test_a_bundle_that_cannot_be_made_names_the_files(tmp_path):
    (tmp_path / "a.js").write_text('import { f } from "./b.js";\n')
    with pytest.raises(ImportError, match=r"a\.js imports .*b\.js, which does not exist"):
        bundle(tmp_path / "a.js")
    (tmp_path / "b.js").write_text('import { g } from "./a.js";\n')
    with pytest.raises(ImportError, match=r"a\.js and .*b\.js import each other"):
        bundle(tmp_path / "a.js")
