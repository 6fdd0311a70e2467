"""The check that a site loads nothing from elsewhere: a room without the network can read it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

LOADS = {"audio", "embed", "iframe", "img", "input", "link", "object", "script", "source", "video"}


class _Loaded(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag in LOADS and name in ("src", "href", "data", "srcset"):
                if "//" in (value or "").split("?")[0]:
                    self.outside.append(f"<{tag} {name}={value!r}>")


def outside(page: str) -> list[str]:
    """Return what a page of HTML loads from an address, tag by tag; links to follow are none."""
    reader = _Loaded()
    reader.feed(page)
    return reader.outside


def outside_styles(sheet: str) -> list[str]:
    """Return the lines of a style sheet that load something from an address."""
    flat = sheet.replace("'", "").replace('"', "").replace(" ", "")
    starts = ("url(http", "url(//", "@importhttp", "@import//")
    return [start for start in starts if start in flat]


def look(app: Sphinx, exception: Exception | None) -> None:
    """Refuse a finished site that is not whole in itself.

    Raises
    ------
    sphinx.errors.ExtensionError
        With the page, and what it loads.
    """
    if exception is not None or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*")):
        if path.suffix in (".html", ".css"):
            text = path.read_text("utf-8")
            found = outside(text) if path.suffix == ".html" else outside_styles(text)
            if found:
                raise ExtensionError(f"{path.name} loads from outside: {', '.join(found[:3])}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each site that was built."""
    app.connect("build-finished", look)
    return {"version": "1", "parallel_read_safe": True}
