"""Maps of every method, and the drawn shells: made with the demonstration when the site is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from conus_widgets.explain.catalogue import METHODS

#: The drawing that all maps are of, and what they explain.
KIND, SEED = "coronated", 4
TARGET = {KIND: 1, "banded": -1}
FOLDER = Path("build", "gallery")  # below the sources, where Sphinx looks for pictures


class MethodCard(SphinxDirective):
    """``{map-of} NAME``: what the catalogue says of a method, and its map of the drawing."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the sentences and the picture."""
        name = self.arguments[0]
        if name not in METHODS:
            raise self.error(f"There is no method {name!r}: {', '.join(METHODS)}.")
        method = METHODS[name]
        runs = method.runs(224, **method.offered)
        said = [
            f"**What a value claims.** {method.claims}",
            f"`explain.{name}`: {runs}, unit: {method.unit}, one value for {method.grain}. "
            f"Published: {method.source}. Held against: {method.validated}.",
            *([f"**{method.caveat}**"] if method.caveat else []),
        ]
        found = self.parse_text_to_nodes("\n\n".join(said))
        found.append(
            nodes.image(
                uri=f"/{FOLDER.as_posix()}/{name}.png",
                alt=f"A drawn shell, and beside it the map of {name}: {KIND} rather than banded",
            )
        )
        return found


def draw_maps(app: Sphinx) -> None:
    """Draw the map of every method, and the sheet of drawn shells, unless they are there."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in METHODS if not (folder / f"{name}.png").exists()]
    if missing:
        from conus_widgets import load_predictor
        from conus_widgets.shells import draw

        predictor, shell = load_predictor(), draw(KIND, SEED)
        for name in missing:
            method = METHODS[name]
            found = method.function(predictor, shell.image, TARGET, **method.offered)
            found.save(folder / f"{name}.png")
    if not (folder / "shells.png").exists():
        from conus_widgets.shells import contact_sheet

        contact_sheet().save(folder / "shells.png")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_directive("map-of", MethodCard)
    app.connect("builder-inited", draw_maps)
    return {"version": "1", "parallel_read_safe": True}
