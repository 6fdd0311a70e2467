"""The line between a page and its kernel; nobody else may listen in."""

from __future__ import annotations

from typing import Any

import tornado.web
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

__all__ = ["PROTOCOL", "Line"]

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class Line(VoilaKernelWebsocketHandler):
    """A websocket, the only one of its kernel."""

    connection: Any = None
    _opened = _gone = False

    async def get(self, kernel_id: str) -> None:
        """Refuse a second page on the same kernel: its visitor has only one.

        The line is held before anything is waited for, until it is closed: of two that are opened
        at once, one is refused.
        """
        with self.kernel_manager.line(kernel_id):
            try:
                await super().get(kernel_id)
            finally:
                if self.connection is not None and not self._opened:
                    self.connection._open_sessions.pop(self.connection.session_key, None)

    async def pre_get(self) -> None:
        """Refuse whoever speaks the older protocol, which no page does.

        Voila reads a length from the wrong place of its messages, and counts up to it, which
        nobody lives to see.
        """
        asked = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if PROTOCOL not in [protocol.strip() for protocol in asked]:  # whole names, as Tornado does
            raise tornado.web.HTTPError(400)
        await super().pre_get()
        if self._gone:  # while the kernel was waited for
            raise tornado.web.Finish

    async def open(self, kernel_id: str) -> None:
        """Connect the page with its kernel."""
        self._opened = True
        await super().open(kernel_id)

    def on_close(self) -> None:
        """Disconnect, if there is a connection.

        jupyter_server would count a line as closed that was never open, and then one that is open
        as none: its kernel would end under it, or take a second line.
        """
        self._gone = True
        if self._opened:
            super().on_close()

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say a number: jupyter_server's own words need files that Voila does not serve."""
        self.finish(str(status_code))

    def on_message(self, ws_message: Any) -> None:
        """Hand a message on, if it is as long as it says.

        jupyter_server believes a message that announces 2 ** 64 parts, and makes a list of them.
        """
        if isinstance(ws_message, bytes):
            parts = int.from_bytes(ws_message[:8], "little")
            if 6 <= parts <= len(ws_message) // 8 - 1:
                super().on_message(ws_message)
                return
        self.close(1003, "no message")
