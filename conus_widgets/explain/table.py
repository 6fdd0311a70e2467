"""The table of methods in docs/explain.md, as the catalogue has it.

``python -m conus_widgets.explain.table`` prints it; with the path of a Markdown file, it takes the
place of the table that stands there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conus_widgets.explain.catalogue import METHODS, Method

SIZE = 224  # pixels: the input of the published network
HEADS = (
    *("method", "options", "what a value claims", "unit", "one value for"),
    *("photographs through the network", "source", "held against"),
)


def table() -> str:
    """Return a row a method, as Markdown."""
    rows = [_row(method) for method in METHODS.values()]
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(method: Method) -> Sequence[str]:
    options = ["`layer`"] if method.takes("layer") else []
    options += [f"`kind`: {', '.join(method.kinds)}"] if method.kinds else []
    claims = " ".join((method.claims, *([f"**{method.caveat}**"] if method.caveat else [])))
    return (
        f"`{method.name}`",
        "; ".join(options),
        claims,
        method.unit,
        method.grain,
        f"{method.runs(SIZE, **method.offered)}",
        method.source,
        method.validated,
    )


def replaced(text: str) -> str:
    """Return a Markdown text with its table of methods renewed.

    Raises
    ------
    ValueError
        If there is no such table in it.
    """
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(f"| {HEADS[0]} | ")]
    if not starts:
        raise ValueError(f"There is no table that begins with '| {HEADS[0]} | ' in this text.")
    first = starts[0]
    end = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
    return "\n".join([*lines[:first], *table().splitlines(), *lines[end:], ""])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(replaced(path.read_text("utf-8")), "utf-8")
    if len(sys.argv) == 1:
        print(table())
