"""A JupyterLab server and a real browser, once for all tests in here."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
TOKEN = "test"

collect_ignore = ["saved"]  # notebooks to look at, not to run

TOOL = """\
from stand_in import StandIn
from conus_widgets.widgets import Classifier
from conus_widgets.widgets.live.words import percent
predictor = StandIn(size=224, regions=["Panamic", "South African"])
classifier = Classifier(predictor)
classifier"""


def pytest_collection_modifyitems(items):
    if Path(CHROMIUM).exists():
        return
    reason = f"NO BROWSER: {CHROMIUM} is missing; install Chromium, or set CHROMIUM to its path"
    mine = [item for item in items if HERE in Path(item.path).parents]
    if mine and os.environ.get("CI") == "true":
        raise pytest.UsageError(reason)
    for item in mine:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def repository():
    return REPOSITORY


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A server on a free port; yields (address, the folder it serves)."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    root.mkdir()
    shutil.copy(HERE.parent / "stand_in.py", root)
    # Keeps the page from asking the network for news.
    notification = home / "settings" / "@jupyterlab" / "apputils-extension"
    notification.mkdir(parents=True)
    (notification / "notification.jupyterlab-settings").write_text(
        json.dumps({"checkForUpdates": False, "fetchNews": "false"})
    )
    # Each page that opens would have the server look with Node whether JupyterLab needs a build.
    page = home / "config" / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"buildCheck": False}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
    }
    environment.pop("PYTEST_CURRENT_TEST", None)  # ipykernel behaves differently below pytest
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"),
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]
    address = f"http://127.0.0.1:{port}"
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        try:
            _wait_for(f"{address}/api/status?token={TOKEN}", server, home / "lab.log")
            yield address, root
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(address, server, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1)
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-quic"),
                *(
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                ),
            ],
        )
        yield chromium
        chromium.close()


class Notebook:
    """A notebook open in the browser, and what goes wrong on its page."""

    def __init__(self, lab, browser, name, cells, **context):
        self.address, self.root = lab
        self.name = name
        self.path = self.root / f"{name}.ipynb"
        if cells is not None:
            notebook = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            )
            nbformat.write(notebook, self.path)
        self._guest = bool(self._sessions())  # a second page: the kernel belongs to the first
        context.setdefault("viewport", {"width": 1280, "height": 1000})
        self.context = browser.new_context(**context)
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.complaints, self.dialogs = [], []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("dialog", self._dialog)

    def _console(self, message):
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self):
        address = f"{self.address}/doc/tree/{self.name}.ipynb?token={TOKEN}&reset"
        self.page.goto(address, timeout=60_000)
        self.page.wait_for_function(
            """() => window.jupyterapp?.shell?.currentWidget?.context?.isReady
                  && window.jupyterapp.shell.currentWidget.context.sessionContext?.session?.kernel
                       ?.connectionStatus === "connected" """,
            timeout=60_000,
        )
        return self

    def begin(self, cells, width=1280, height=1000):
        """Have other cells and a kernel that knows nothing, on the same page, for another test."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.mouse.move(0, 0)
        self.restart()
        self.page.evaluate(
            """(cells) => {
                const { content } = window.jupyterapp.shell.currentWidget;
                const { sharedModel } = content.model;
                sharedModel.transact(() => {
                    sharedModel.deleteCellRange(0, sharedModel.cells.length);
                    sharedModel.insertCells(0, cells);
                });
                content.mode = "command";
                content.activeCellIndex = 0;
                content.deselectAll();
            }""",
            [{"cell_type": "code", "source": source} for source in cells],
        )
        self.page.wait_for_function(
            "(count) => document.querySelectorAll('.jp-Notebook .jp-CodeCell').length === count"
            " && !document.querySelector('.jp-OutputArea-output')",
            arg=len(cells),
        )
        self.python("1")  # the new kernel answers
        self.complaints.clear()  # of the kernel before
        self.dialogs.clear()
        return self

    def command(self, name, **arguments):
        script = "([name, args]) => window.jupyterapp.commands.execute(name, args)"
        return self.page.evaluate(script, [name, arguments])

    def run(self, said="Ready."):
        self.command("notebook:run-all-cells")
        self.page.locator(".cw-classifier").wait_for(timeout=60_000)
        self.status(said)
        return self

    def status(self, text):
        """Wait until the live region says `text` (a string inside it, or a pattern)."""
        from playwright.sync_api import expect

        expect(
            self.page.get_by_role("status").and_(self.page.locator(".cw-status"))
        ).to_contain_text(text, timeout=20_000)

    def python(self, expression):
        """Evaluate an expression in the notebook's kernel; returns plain data."""
        script = """async (code) => {
            const context = window.jupyterapp.shell.currentWidget.context;
            const future = context.sessionContext.session.kernel.requestExecute({ code });
            let text = "";
            future.onIOPub = (m) => {
                if (m.header.msg_type === "stream") text += m.content.text;
                if (m.header.msg_type === "error") text += m.content.evalue;
            };
            await future.done;
            return text;
        }"""
        code = f"import json as _j; print(_j.dumps({expression}))"
        text = self.page.evaluate(script, code)
        try:
            return json.loads(text)
        except ValueError:
            raise AssertionError(f"{expression} gave {text!r}") from None

    def show(self, code, wait):
        """Run another code in the first cell; return what it shows."""
        self.page.evaluate(
            """(code) => window.jupyterapp.shell.currentWidget.content.widgets[0]
                .model.sharedModel.setSource(code)""",
            code,
        )
        self.command("notebook:run-all-cells")
        shown = self.page.locator(wait)
        shown.first.wait_for(timeout=60_000)
        return shown

    def restart(self):
        self.page.evaluate(
            """async () => {
                const context = window.jupyterapp.shell.currentWidget.context;
                await context.sessionContext.session.kernel.restart();
            }"""
        )

    @property
    def zone(self):
        return self.page.locator(".cw-zone")

    def card(self, name):
        label = self.page.get_by_text(name, exact=True)
        return self.page.locator(".cw-card").filter(has=label)

    def ranking(self, name):
        """[(label, percent)] of a card, waited for."""
        rows = self.card(name).locator(".cw-row")
        rows.first.wait_for()
        return [
            (row.locator(".cw-label").inner_text(), row.locator(".cw-percent").inner_text())
            for row in rows.all()
        ]

    def clear(self):
        button = self.page.get_by_role("button", name="Clear all")
        if button.is_visible():
            button.click()
        self.page.wait_for_function("() => !document.querySelector('.cw-card')")

    def quiet(self, allow=()):
        """Assert that nothing went wrong on the page, and begin anew."""
        heard = [c for c in self.complaints if not any(re.search(pattern, c) for pattern in allow)]
        self.complaints.clear()
        assert heard == []
        assert self.dialogs == []

    def close(self):
        """Close the page, and stop its kernel, which would keep its memory until the end."""
        self.context.close()
        if not self._guest:
            for session in self._sessions():
                self._server(f"sessions/{session['id']}", method="DELETE")

    def _sessions(self):
        return [one for one in self._server("sessions") if one["path"] == self.path.name]

    def _server(self, what, method="GET"):
        request = urllib.request.Request(
            f"{self.address}/api/{what}",
            method=method,
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


@pytest.fixture(scope="session")
def shared(lab, browser):
    notebook = Notebook(lab, browser, "tool", [TOOL]).open().run()
    yield notebook
    notebook.close()


@pytest.fixture
def tool(shared):
    """The classifier on a page, with a stand-in for the network, empty."""
    shared.clear()
    shared.quiet()
    yield shared
    shared.quiet()


@pytest.fixture(scope="session")
def bench(lab, browser):
    """A page for one test after the other: JupyterLab takes longer to open than most of them.

    Each test begins with ``bench.begin([cell, ...])``. Those that kill a kernel, measure memory
    or need fingers have a page of their own.
    """
    notebook = Notebook(lab, browser, "bench", [""]).open()
    yield notebook
    notebook.close()


@pytest.fixture
def open_notebook(lab, browser):
    """Open further notebooks: ``open_notebook(name, [cell, ...])``."""
    opened = []

    def make(name, cells, **context):
        opened.append(Notebook(lab, browser, name, cells, **context))
        return opened[-1]

    yield make
    for notebook in opened:
        notebook.close()


@pytest.fixture
def notebook(bench):
    """The page for one test after the other, with a kernel that knows nothing and one cell."""
    return bench.begin([""])


@pytest.fixture
def files(tmp_path):
    """Write files: ``files({name: bytes})``; returns their paths."""

    def write(named):
        for name, data in named.items():
            (tmp_path / name).write_bytes(data)
        return [str(tmp_path / name) for name in named]

    return write
