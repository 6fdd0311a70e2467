"""Voila with fewer doors: the pages, the messages of their kernels, and fixed files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from conus_widgets.serving.lines import Line
from conus_widgets.serving.pages import title
from conus_widgets.serving.visit import Visit
from conus_widgets.serving.visitors import Visitors
from conus_widgets.serving.websockets import PromptConnection
from conus_widgets.serving.words import HEADERS, Contents, Nothing

__all__ = ["Server", "configured"]

#: What widgets need of JupyterLab's extensions; others would be loaded, and find no JupyterLab.
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]


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
        listed = {"pages": pages, "per_browser": self.kernel_manager.places.per_browser}
        return [
            *doors,
            (url_path_join(root, "/voila/api/shutdown/(.*)"), _Leaving),
            (url_path_join(root, kernel), _State),
            (url_path_join(root, kernel, "channels"), Line),
            (url_path_join(root, f"/voila/render/({names})"), Visit, render),
            (root, Contents, listed),
            (r"/.*", Nothing),
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
        ``ip``, ``port``, ``most``, ``unattended``, ``patience``; if not the usual ones:
        ``per_browser``, ``per_address``, ``proxies``.
    """
    from traitlets.config import Config

    config = Config()
    config.Voila.root_dir = str(server_folder)
    config.Voila.ip, config.Voila.port = options["ip"], options["port"]
    config.Voila.port_retries, config.Voila.open_browser = 0, False
    config.Voila.config_file_paths = []  # what a user set for other pages could open a door again
    config.Voila.connection_dir_root = str(visits)
    config.Voila.tornado_settings = {
        "headers": HEADERS,
        "allow_remote_access": True,
        "conus_proxies": options.get("proxies", ()),
    }
    # By it a browser is known, until it is closed.
    config.IdentityProvider.cookie_options = {"expires_days": None, "samesite": "Lax"}
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
    for share in ("per_browser", "per_address"):
        config.Visitors[share] = options.get(share, 0)
    config.Visitors.patience = options["patience"]
    config.Visitors.cull_idle_timeout, config.Visitors.cull_interval = options["unattended"], 5
    config.Visitors.cull_connected = config.Visitors.cull_busy = False
    config.Visitors.allow_tracebacks = False
    config.VoilaExecutor.timeout = 120
    server = Server(config=config)
    server.initialize([])
    return server
