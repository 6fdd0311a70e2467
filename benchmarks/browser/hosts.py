"""JupyterLab and Voila, each on a free port of this machine, with a notebook for each network."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.processes import ROOT

TOKEN = "bench"
HOSTS = ("JupyterLab", "Voila")
SECONDS = 60  # until a server must answer


@dataclass(frozen=True)
class Host:
    """A running server.

    Attributes
    ----------
    name : str
        One of `HOSTS`.
    address : str
    """

    name: str
    address: str

    def open(self, page: Any, notebook: str) -> None:
        """Open a notebook in a page of the browser, and run it."""
        if self.name == "Voila":  # runs it by itself
            page.goto(f"{self.address}/voila/render/{notebook}.ipynb", timeout=120_000)
            return
        page.goto(f"{self.address}/doc/tree/{notebook}.ipynb?token={TOKEN}&reset")
        page.wait_for_function(
            """() => window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session
                       ?.kernel?.connectionStatus === "connected" """,
            timeout=60_000,
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")


def write_notebook(path: Path, code: str) -> None:
    """Write a notebook of one cell."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code)],
        metadata={"kernelspec": {"name": "conus", "display_name": "conus", "language": "python"}},
    )
    nbformat.write(notebook, path)


@contextlib.contextmanager
def serve(name: str, folder: Path) -> Iterator[Host]:
    """Start a host; it ends with the context.

    Parameters
    ----------
    name : str
        One of `HOSTS`.
    folder : Path
        Holds ``notebooks/``; the server's settings and its log go there as well.

    Raises
    ------
    RuntimeError
        If it does not answer; holds the end of its log.
    """
    home = folder / name.lower()
    home.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = _lab(folder, port) if name == "JupyterLab" else _voila(folder, port)
    log = home / "log.txt"
    with log.open("w") as words:
        # A group of its own, so that its kernels end with it.
        server = subprocess.Popen(
            command,
            stdout=words,
            stderr=subprocess.STDOUT,
            env=environment(home, folder),
            start_new_session=True,
        )
    try:
        _wait(
            f"{address}/api/status?token={TOKEN}" if name == "JupyterLab" else address, server, log
        )
        yield Host(name, address)
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _lab(folder: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder / 'notebooks'}"),
        *("--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"),
    ]


def _voila(folder: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "voila", str(folder / "notebooks"), "--no-browser"),
        *("--Voila.ip=127.0.0.1", f"--port={port}", "--Voila.port_retries=0"),
        # As `serve` does it; JupyterLab has an extension.
        "--Voila.kernel_websocket_connection_class="
        "conus_widgets.serving.websockets.PromptConnection",
    ]


def environment(home: Path, folder: Path) -> dict[str, str]:
    """Of a server: settings and a kernel of its own."""
    kernel = folder / "jupyter" / "kernels" / "conus"
    kernel.mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "conus",
        "language": "python",
        "env": {"PYTHONPATH": str(ROOT)},
    }
    (kernel / "kernel.json").write_text(json.dumps(spec, indent=1) + "\n")
    # Keeps the page from asking the network for news.
    news = home / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True, exist_ok=True)
    (news / "notification.jupyterlab-settings").write_text(
        json.dumps({"checkForUpdates": False, "fetchNews": "false"})
    )
    return {
        **os.environ,
        "JUPYTER_PATH": str(folder / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{log.parent.name} did not start:\n{log.read_text()[-3000:]}")


def versions() -> dict[str, str]:
    """Return the versions of what stands between the mouse and the network."""
    names = ("jupyterlab", "ipywidgets", "anywidget", "ipykernel", "voila")
    return {name: version(name) for name in names}
