"""A page for a visitor, if there is a place."""

from __future__ import annotations

import html
from typing import Any

import tornado.web
from voila.tornado.handler import TornadoVoilaHandler

from conus_widgets.serving.addresses import origin
from conus_widgets.serving.places import NoPlace, Place
from conus_widgets.serving.words import page

__all__ = ["Visit"]


class Visit(TornadoVoilaHandler):
    """A page, which is made by a kernel of its own.

    The visitor is known by the cookie that Jupyter's server gives to everybody. Whoever refuses it
    is somebody else each time, and bounded by the address alone.
    """

    _place: Place | None = None

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Make the page and send it, as far as somebody waits for it."""
        forwarded = self.request.headers.get("X-Forwarded-For", "")
        proxies = self.settings["conus_proxies"]
        address = origin(self.request.remote_ip, forwarded, proxies)
        browser = self.current_user.username
        try:
            async with self.kernel_manager.visit(browser, address) as self._place:
                made = self.get_generator(path=path)
                async for text in made:
                    if self._place.gone:
                        await made.aclose()
                        break
                    self.write(text)
                    self.flush()
        except NoPlace as refused:
            self._refuse(str(refused))

    def on_connection_close(self) -> None:
        """Make the page no further: nobody waits for it."""
        super().on_connection_close()
        if self._place is not None and not self._place.made:
            self.kernel_manager.abandon(self._place)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say that it failed: jupyter_server's own words need files that Voila does not serve."""
        self._say(f"{status_code}", "This page could not be made.")

    def _refuse(self, why: str) -> None:
        self.set_status(503)
        self.set_header("Retry-After", "60")
        self._say("One moment", why)

    def _say(self, heading: str, why: str) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        again = html.escape(self.request.path)
        links = f'<a href="{again}">Try again</a>, or go to <a href="/">the list of pages</a>.'
        self.finish(page(heading, f"<p>{html.escape(why)}</p><p>{links}</p>"))
