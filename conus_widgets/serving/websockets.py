"""Kernel messages that leave for the page at once: an extension of Jupyter's server.

Jupyter's server leaves Nagle's algorithm (RFC 896) on: a small message waits until the other side
has acknowledged the one before, and that side takes up to 40 ms to do so (delayed acknowledgements,
RFC 1122, 4.2.3.2). Before each answer of a widget its kernel says "busy" and "idle", both small. So
a number under the pointer waited for 20 to 30 ms in which nothing was computed.

The package installs a file that switches this on wherever it stands beside Jupyter's server:
``jupyter server extension disable conus_widgets.serving.websockets`` switches it off.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

__all__ = ["PromptConnection"]


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own connection of a page with a kernel, without Nagle's algorithm."""

    def connect(self) -> Any:
        """Connect; see `ZMQChannelsWebsocketConnection.connect`."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Put our connection in the place of Jupyter's own; one of somebody else's stays."""
    settings = server.web_app.settings
    if settings["kernel_websocket_connection_class"] is ZMQChannelsWebsocketConnection:
        settings["kernel_websocket_connection_class"] = PromptConnection
