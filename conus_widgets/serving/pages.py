"""The pages that strangers see: notebooks without solutions, and without Jupyter's menus."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from conus_widgets.copies import NOTEBOOKS

__all__ = ["PAGES", "prepare", "title"]

#: The notebooks that make sense without code.
PAGES = ("01-classify", "03-explore", "04-why-A-for-B")

NOTE = """\
> **You are a guest here.** The code of this page is not shown, and cannot be changed. What you
> drop goes to the machine that serves this page, stays in the memory of a process of your own, is
> seen by no other visitor, and is gone a minute after you close or reload the page. If you open
> many pages in one browser, the oldest ends. **Download what you want to keep.** If nothing answers
> any more, reload the page to start again.
"""
# Of Jupyter's menus, of cells that are folded there, and of what a run costs.
_JUPYTER = re.compile(r"\*\*(Run|View|Kernel|File) →|\bfolded\b|^\*Measured:")
_LINK = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.ipynb\)")


def prepare(folder: Path, names: Collection[str] = PAGES, sources: Path = NOTEBOOKS) -> list[str]:
    """Write the pages' notebooks.

    Parameters
    ----------
    folder : Path
        Where to; there already.
    names : collection of str
        Notebooks, without their ending.
    sources : Path
        Where they come from.

    Returns
    -------
    list of str
        The names of the files, in order.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    """
    written = []
    for name in names:
        source = sources / f"{name}.ipynb"
        there = sorted(path.stem for path in sources.glob("*.ipynb"))
        if name not in there:  # also a name that leads out of the folder
            raise FileNotFoundError(f"There is no notebook {name}; there are {', '.join(there)}.")
        page = _page(json.loads(source.read_text("utf-8")), names)
        (folder / source.name).write_text(json.dumps(page, indent=1), "utf-8")
        written.append(source.name)
    return written


def title(path: Path) -> str:
    """Return a notebook's first heading; its name, if it has none."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return path.stem


def _page(notebook: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    cells = []
    for cell in notebook["cells"]:
        if "solution" in cell["metadata"].get("tags", []):
            continue
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        else:
            cell["source"] = _without_jupyter("".join(cell["source"]), names)
        cells.append(cell)
    note = {"cell_type": "markdown", "id": "guest", "metadata": {}, "source": NOTE}
    return notebook | {"cells": [*cells[:1], note, *cells[1:]]}


def _without_jupyter(text: str, names: Collection[str]) -> str:
    """Leave out paragraphs that speak of Jupyter, and links to what is not served."""
    text = "\n\n".join(part for part in text.split("\n\n") if not _JUPYTER.search(part))
    return _LINK.sub(lambda found: found[0] if found[2] in names else found[1], text)
