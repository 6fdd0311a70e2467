"""Notebooks as pages: text, code and stored outputs; solutions are folded."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import nbformat
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx

OPEN = (
    "*This page shows the notebook's text, its code, and the outputs that are stored in it. Maps "
    "and tools appear when you run it: `make lab`, then open `{name}`.*"
)


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in _runs_of_ticks(text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _runs_of_ticks(text: str) -> Iterator[str]:
    return (run for run in "".join(c if c == "`" else " " for c in text).split())


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            yield _fenced(output["text"], "text")
        elif "text/plain" in output.get("data", {}):
            yield _fenced(output["data"]["text/plain"], "text")


def page(text: str, name: str) -> str:
    """Return a notebook's JSON as Markdown.

    Parameters
    ----------
    text : str
    name : str
        The file's name, for the line that says how to run it.
    """
    parts: list[str] = []
    for cell in nbformat.reads(text, as_version=4)["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append(cell["source"])
        if len(parts) == 1:
            parts.append(OPEN.format(name=html.escape(name)))
        if cell["cell_type"] == "code":
            shown = [_fenced(cell["source"], "python"), *_outputs(cell)]
            if "solution" in cell["metadata"].get("tags", ()):
                shown = ["<details><summary>Solution</summary>", *shown, "</details>"]
            parts += shown
    return "\n\n".join(parts) + "\n"


class NotebookParser(MystParser):
    """Reads .ipynb files; a link to a notebook then is a link to its page."""

    supported = ("notebook",)

    def parse(self, inputstring: str, document: Any) -> None:
        """Parse a notebook's JSON into the document."""
        name = document["source"].rpartition("/")[2]
        super().parse(page(inputstring, name), document)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parser with Sphinx."""
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(NotebookParser)
    return {"version": "1", "parallel_read_safe": True}
