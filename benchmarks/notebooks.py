"""The cost of each notebook, measured and written into its header.

``python -m benchmarks.notebooks`` runs every notebook in ``notebooks/``; names of files after it
choose some. What is counted is the processor's time, which other programs hardly lengthen: so
long a notebook takes on one processor, and down to half of it on two.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LINE = re.compile(r"^\*Measured: .*\*\n\n", re.M)
# Asked in the notebook's own kernel after each cell: its seconds, with those of its children, and
# the peak of its memory.
ASK = """
import os as _os, resource as _r
print(sum(_os.times()[:4]), _r.getrusage(_r.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measured(path: Path) -> tuple[float, float, float]:
    """Run a notebook.

    Returns
    -------
    (float, float, float)
        Processor time of all cells in seconds, that of the slowest cell, and the largest resident
        memory of the kernel in MB.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        cells = list(notebook.cells)
        ask = nbformat.v4.new_code_cell(ASK)
        notebook.cells.append(ask)  # a place of its own for what it prints
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        with client.setup_kernel():
            slowest = used = peak = 0.0
            for number, cell in enumerate(cells):
                if cell.cell_type != "code":
                    continue
                client.execute_cell(cell, number)
                asked = client.execute_cell(ask, len(cells))
                text = "".join(out.text for out in asked.outputs if out.output_type == "stream")
                now, peak = map(float, text.split()[-2:])
                slowest, used = max(slowest, now - used), now
    return used, slowest, peak


def written(header: str, line: str) -> str:
    """Return a header with the line after its first paragraph, in place of an older one."""
    title, minutes, rest = LINE.sub("", header).split("\n\n", 2)
    return "\n\n".join((title, minutes, line, rest))


def main(names: list[str]) -> None:
    """Measure notebooks, one after the other, and write what was seen into their headers."""
    for path in map(Path, names or sorted(NOTEBOOKS.glob("*.ipynb"))):
        used, slowest, peak = measured(path)
        line = (
            f"*Measured: all cells need {used:.0f} s of processor time, the slowest one "
            f"{slowest:.0f} s, and {peak:.0f} MB of memory at most.*"
        )
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        notebook.cells[0].source = written(notebook.cells[0].source, line)
        nbformat.write(notebook, path)
        print(path.name, line)


if __name__ == "__main__":
    main(sys.argv[1:])
