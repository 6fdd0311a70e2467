"""The pure functions of the widgets' JavaScript, by Node's own test runner."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conus_widgets.widgets import Classifier, DropZone, Explorer
from conus_widgets.widgets.bundle import bundle

JS = Path(__file__).parents[1] / "js"


def find_node():
    """Node on the PATH where it has a test runner, or the one that Playwright's wheel brings."""
    try:
        import playwright
    except ImportError:
        brought = None
    else:
        brought = Path(playwright.__file__).parent / "driver" / "node"
    for node in (brought, shutil.which("node")):
        if node and Path(node).exists():
            version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
            if int(re.match(r"v(\d+)", version).group(1)) >= 18:
                return str(node)
    return None


@pytest.fixture(scope="module")
def node():
    found = find_node()
    if found is None:
        assert os.environ.get("CI") != "true", "Node is missing: install playwright, or Node 18"
        pytest.skip("NO NODE: install playwright, or Node 18 or newer, to test the JavaScript")
    return found


@pytest.mark.parametrize("path", sorted(JS.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_functions(node, path):
    # As modules by option: the widgets' files end in .js, and there is no package.json beside them.
    command = [node, "--test", "--experimental-default-type=module", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "bad option" in run.stderr:
        command.remove("--experimental-default-type=module")
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^\S+ pass [1-9]", run.stdout, re.M), run.stdout


@pytest.mark.parametrize("widget", [Classifier, DropZone, Explorer])
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
    (tmp_path / "a.js").write_text('export const exported = "import x";\nexport function f() {}\n')
    (tmp_path / "b.js").write_text(
        'import {\n  exported,\n  f,\n} from "./a.js";\nimport { g } from "../far/c.js";\n'
        "export default { exported, f };\n"
    )
    assert bundle(tmp_path / "a.js", tmp_path / "b.js") == (
        'const exported = "import x";\nfunction f() {}\n\nexport default { exported, f };\n'
    )
