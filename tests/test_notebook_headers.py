"""Headers of notebooks: minutes, an aim, what a run costs; and what to do without a kernel."""

import itertools
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if path.stem[:2] in ("01", "02", "03", "04", "05", "06")]
MEASURED = (
    r"^\*Measured: all cells need (\d+) s of processor time, the slowest one (\d+) s, "
    r"and (\d+) MB of memory at most\.\*$"
)


def cells(path):
    return nbformat.read(path, as_version=4)["cells"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_header_says_the_minutes_and_the_aim(path):
    header = cells(path)[0]["source"]
    minutes = re.search(r"^\*Teaching: (\d+) minutes. Exercises: (\d+) minutes", header, re.M)
    assert minutes
    assert re.search(r"^\*\*Aim\.\*\* ", header, re.M)
    contents = cells(NOTEBOOKS[0])[-1]["source"]
    assert f"({path.name}) | {minutes[1]} + {minutes[2]} |" in contents


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_header_says_what_a_run_was_measured_to_cost(path):
    found = re.search(MEASURED, cells(path)[0]["source"], re.M)
    assert found, "python -m benchmarks.notebooks writes it"
    _, slowest, memory = map(int, found.groups())
    assert slowest <= 60
    assert memory <= 1024


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_above_each_widget_stands_what_to_do_without_a_kernel(path):
    found = cells(path)
    for above, cell in itertools.pairwise(found):
        # The widget is made in a line, and shown by it or by a line with its name.
        made = re.search(
            r"^(\w+ = )?(Classifier|Explorer|FineTuner|Inspector)\(.*\)(\n\w+)?\s*\Z",
            cell["source"],
            re.M,
        )
        if cell["cell_type"] == "code" and made:
            assert "opened without its kernel" in above["source"], cell["source"]
