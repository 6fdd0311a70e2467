"""Node, which runs the tests of the widgets' JavaScript."""

import os
import re
import shutil
import subprocess
from pathlib import Path


def run_tests(node, path, **environment):
    """Run the tests in a JavaScript file; return what became of it, with its output as text."""
    # As modules by option: the widgets' files end in .js, and there is no package.json beside them.
    command = [node, "--test", "--experimental-default-type=module", str(path)]
    options = {"capture_output": True, "text": True, "timeout": 60}
    options["env"] = {**os.environ, **environment}
    run = subprocess.run(command, **options)
    if "bad option" in run.stderr:
        command.remove("--experimental-default-type=module")
        run = subprocess.run(command, **options)
    return run


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
