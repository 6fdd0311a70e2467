"""Pages of words: the list of pages, and refusals."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import tornado.web

__all__ = ["HEADERS", "Contents", "Nothing", "page"]

#: A visitor's browser fetches from this server only, whatever a page may hold: Voila's own template
#: would load an icon font from elsewhere. Widgets are modules in blobs, and compile nothing.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 18px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem;
  color: #222; background: #fff; }}
a {{ color: #0b57a4; }} li {{ margin: .6rem 0; }}
</style>
<main><h1>{title}</h1>{body}</main>
</html>
"""


def page(heading: str, body: str) -> str:
    """Return a page with a heading, which is text, and a body, which is HTML."""
    return _PAGE.format(title=html.escape(heading), body=body)


class _Words(tornado.web.RequestHandler):
    """A page of words."""

    def set_default_headers(self) -> None:
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say that there is nothing here, and no more."""
        words = '<p>There is no such page. <a href="/">Here</a> is the list.</p>'
        self.finish(page(f"{status_code}", words))


class Nothing(_Words):
    """Whatever else is asked for."""

    def prepare(self) -> None:
        """Refuse."""
        raise tornado.web.HTTPError(404)


class Contents(_Words):
    """The list of pages."""

    def initialize(self, pages: Sequence[tuple[str, str]], per_browser: int) -> None:
        """Take addresses with their titles, and how many pages a browser may have."""
        self._pages, self._per_browser = pages, per_browser

    def get(self) -> None:
        """Answer with the list."""
        items = "".join(
            f'<li><a href="{html.escape(address)}">{html.escape(words)}</a></li>'
            for address, words in self._pages
        )
        number = self._per_browser
        share = (
            f"A browser may have {number} page{'s' if number > 1 else ''} open at once. One more "
            f"ends the oldest: download from it what you want to keep."
        )
        warning = (
            "Some cone snails kill. <strong>Nobody handles a living one on the word of a "
            "classifier.</strong> The network here is a demonstration: it knows drawn shells only."
        )
        body = f"<ul>{items}</ul><p>{share}</p><p>{warning}</p>"
        self.finish(page("Cone shells and a neural network", body))
