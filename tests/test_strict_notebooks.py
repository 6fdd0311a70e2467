"""Notebooks that must fail: each kind of trouble is planted once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as form
import pytest

ROOT = Path(__file__).resolve().parents[1]

# What a cell holds, what was saved below it, and whether it must fail.
CELLS = [
    ("print(6 * 7)", "42\n", False),
    ("%no_such_magic", None, True),
    ("%%no_such_magic\ntext", None, True),
    ("import warnings; warnings.warn('old')", None, True),
    ("import sys; print('careful', file=sys.stderr)", None, True),
    ("print(6 * 7)", "41\n", True),
    ("print(6 * 7)", "", True),
    ("1 / 0", None, True),
    ("print('after all that')", "after all that\n", False),
]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The run's report on a notebook with those cells, under this project's own settings."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "conftest.py", folder)
    notebook = form.new_notebook()
    for number, (source, saved, _) in enumerate(CELLS, 1):
        cell = form.new_code_cell(source)
        if saved is not None:
            cell.execution_count = number
            cell.outputs = [form.new_output("stream", name="stdout", text=saved)] if saved else []
        notebook.cells.append(cell)
    (folder / "planted.ipynb").write_text(form.writes(notebook))
    command = [sys.executable, "-m", "pytest", "-v", "-c", str(ROOT / "pyproject.toml")]
    result = subprocess.run(
        command + ["--rootdir", str(folder), "-p", "no:cacheprovider", "-n", "0", "planted.ipynb"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("number", range(len(CELLS)))
def test_a_cell_passes_only_if_nothing_is_wrong_with_it(lines, number):
    source, _, fails = CELLS[number]
    outcome = re.search(rf"Cell {number} (PASSED|FAILED)", lines)
    assert outcome, lines
    assert outcome[1] == ("FAILED" if fails else "PASSED"), source


def test_the_report_says_what_was_written_to_the_error_stream(lines):
    assert "magic function `%no_such_magic` not found" in lines
    assert "UserWarning: old" in lines
