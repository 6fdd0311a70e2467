"""Voila with fewer doors: the pages, the messages of their kernels, and fixed files."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tornado.web
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from conus_widgets.serving.pages import title
from conus_widgets.serving.visitors import FULL, Visitors
from conus_widgets.serving.websockets import PromptConnection

__all__ = ["HEADERS", "Server"]

#: What widgets need of JupyterLab's extensions; others would be loaded, and find no JupyterLab.
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]
#: A visitor's browser fetches from this server only, whatever a page may hold: Voila's own template
#: would load an icon font from elsewhere. Widgets are modules in blobs, and compile nothing.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
PROTOCOL = "v1.kernel.websocket.jupyter.org"
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


class _Words(tornado.web.RequestHandler):
    """A page of words."""

    def set_default_headers(self) -> None:
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def say(self, heading: str, body: str) -> None:
        """Answer with a heading, which is text, and a body, which is HTML."""
        self.finish(_PAGE.format(title=html.escape(heading), body=body))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say that there is nothing here, and no more."""
        self.say(
            f"{status_code}", '<p>There is no such page. <a href="/">Here</a> is the list.</p>'
        )


class _Nothing(_Words):
    """Whatever else is asked for."""

    def prepare(self) -> None:
        """Refuse."""
        raise tornado.web.HTTPError(404)


class _Contents(_Words):
    """The list of pages."""

    def initialize(self, pages: Sequence[tuple[str, str]]) -> None:
        self._pages = pages

    def get(self) -> None:
        """Answer with the list."""
        items = "".join(
            f'<li><a href="{html.escape(address)}">{html.escape(words)}</a></li>'
            for address, words in self._pages
        )
        warning = (
            "<p>Some cone snails kill. <strong>Nobody handles a living one on the word of a "
            "classifier.</strong> The network here is a demonstration: it knows drawn shells only."
        )
        self.say("Cone shells and a neural network", f"<ul>{items}</ul>{warning}</p>")


class _Visit(TornadoVoilaHandler):
    """A page, if there is room for one more visitor."""

    def prepare(self) -> Any:
        if not self.kernel_manager.has_room():
            self.set_status(503)
            self.set_header("Retry-After", "60")
            self.finish(_PAGE.format(title="One moment", body=f"<p>{html.escape(FULL)}</p>"))
            return None
        return super().prepare()


class _State(KernelHandler):
    """The state of a visitor's own kernel, for their page; nothing is deleted here."""

    SUPPORTED_METHODS = ("GET",)


class _Leaving(VoilaShutdownKernelHandler):
    """A page that is left says so, and its kernel ends."""

    def check_xsrf_cookie(self) -> None:
        """Ask for no cookie: the kernel's number, which only its page knows, is enough.

        A page that is being left can send no more than an address, and Voila's own door refuses
        that: its kernels live on.
        """


class _Line(VoilaKernelWebsocketHandler):
    """The line between a page and its kernel; nobody else may listen in."""

    async def pre_get(self) -> None:
        """Refuse a second page on the same kernel: its visitor has only one.

        And whoever speaks the older protocol, which no page does: Voila reads a length from the
        wrong place of its messages, and counts up to it, which nobody lives to see.
        """
        asked = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if PROTOCOL not in [protocol.strip() for protocol in asked]:  # whole names, as Tornado does
            raise tornado.web.HTTPError(400)
        if self.kernel_manager._kernel_connections.get(self.kernel_id, 0) > 0:
            raise tornado.web.HTTPError(403)
        await super().pre_get()

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


class Server(Voila):
    """Voila, with the doors that the pages need."""

    def setup_template_dirs(self) -> None:
        """Put our page before Voila's."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(Path(__file__).with_name("template")))

    def init_handlers(self) -> list[Any]:
        """Return Voila's own doors for fixed files, and ours for pages and kernels.

        Left out are the list of files with its programming interface, all files beside the
        notebooks, and the list of kernels.
        """
        root, folder = self.server_url, Path(self.root_dir)
        ours = sorted(path.name for path in folder.glob("*.ipynb"))
        fixed = ("templates", "static", "labextensions", "api/themes")
        kept = tuple(url_path_join(root, "voila", place, "/") for place in fixed)
        doors: list[Any] = [door for door in super().init_handlers() if door[0].startswith(kept)]
        kernel = r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
        render = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        names = "|".join(name.replace(".", r"\.") for name in ours)
        pages = [
            (url_path_join(self.base_url, "voila/render", name), title(folder / name))
            for name in ours
        ]
        return [
            *doors,
            (url_path_join(root, "/voila/api/shutdown/(.*)"), _Leaving),
            (url_path_join(root, kernel), _State),
            (url_path_join(root, kernel, "channels"), _Line),
            (url_path_join(root, f"/voila/render/({names})"), _Visit, render),
            (root, _Contents, {"pages": pages}),
            (r"/.*", _Nothing),
        ]


def configured(server_folder: Path, visits: Path, **options: Any) -> Server:
    """Return a server, ready to be started.

    Parameters
    ----------
    server_folder : Path
        Holds the pages' notebooks, and nothing else.
    visits : Path
        Where visits have their folders.
    **options
        ``ip``, ``port``, ``most``, ``unattended``, ``patience``.
    """
    from traitlets.config import Config

    config = Config()
    config.Voila.root_dir = str(server_folder)
    config.Voila.ip, config.Voila.port = options["ip"], options["port"]
    config.Voila.port_retries, config.Voila.open_browser = 0, False
    config.Voila.config_file_paths = []  # what a user set for other pages could open a door again
    config.Voila.connection_dir_root = str(visits)
    config.Voila.tornado_settings = {"headers": HEADERS, "allow_remote_access": True}
    config.Voila.log_level = "WARN"
    config.Voila.kernel_websocket_connection_class = PromptConnection
    config.VoilaConfiguration.multi_kernel_manager_class = Visitors
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.strip_sources = True
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.extension_allowlist = EXTENSIONS
    config.Visitors.folder, config.Visitors.most = str(visits), options["most"]
    config.Visitors.patience = options["patience"]
    config.Visitors.cull_idle_timeout, config.Visitors.cull_interval = options["unattended"], 5
    config.Visitors.cull_connected = config.Visitors.cull_busy = False
    config.Visitors.allow_tracebacks = False
    config.VoilaExecutor.timeout = 120
    server = Server(config=config)
    server.initialize([])
    return server
