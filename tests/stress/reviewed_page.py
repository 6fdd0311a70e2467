"""A reviewer in a real browser: opens the inspector, presses verdict keys, sees what is saved."""

import contextlib
import json
import os
import signal

from playwright.sync_api import TimeoutError
from served import TOKEN

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
KEYS = "136"  # verdicts on the whole specimen that need no form

CELL = """\
import os
from conus_widgets import Inspector
from conus_widgets.collection import Collection
with open({pid!r}, "w") as file:
    file.write(str(os.getpid()))
{before}
inspector = Inspector(Collection.open({store!r}), reviewer={by!r})
inspector"""

# Notes what the browser keeps, what it lets go because it is saved, and what it says of it.
NOTES = """
const {setItem, removeItem} = Storage.prototype;
Storage.prototype.setItem = function (key, value) {
    if (key.startsWith("conus-verdicts:")) noted(["given", key, value]);
    return setItem.call(this, key, value);
};
Storage.prototype.removeItem = function (key) {
    if (key.startsWith("conus-verdicts:")) noted(["saved", key, ""]);
    return removeItem.call(this, key);
};
"""

OPEN = """() => window.jupyterapp?.shell?.currentWidget?.context?.isReady
    && window.jupyterapp.shell.currentWidget.context.sessionContext?.session?.kernel
        ?.connectionStatus === "connected" """

RUN = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }"
SHUTDOWN = """async () => {
    await window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown();
}"""
IDLE = """() => window.jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel
    ?.status === "idle" """


def browser(playwright):
    """Start Chromium."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    )


class ReviewedPage:
    """One reviewer's notebook in a browser.

    Parameters
    ----------
    server : Server
    context : playwright BrowserContext
        Its storage outlives the page.
    store : Path
        Of the collection.
    by : str
        The reviewer.
    account : Account
        Is told what is given and saved.
    before : str
        Python that the kernel runs first.
    """

    def __init__(self, server, context, store, by, account, *, before=""):
        self._server, self._account, self._by = server, account, by
        self._pid = server.root / f"{by}.pid"
        server.write(by, [CELL.format(pid=str(self._pid), store=str(store), by=by, before=before)])
        self.page = context.new_page()
        self.page.expose_function("noted", self._noted)
        self.page.add_init_script(NOTES)
        self.open()

    def _noted(self, note):
        what, key, value = note
        line = key.rsplit(":", 1)[1]
        if what == "given":
            self._account.give(line, self._by, json.loads(value)["case"])
        else:
            self._account.told(line)

    def open(self):
        """Open the notebook, run it, and open the first case that is not judged."""
        address = self._server.address
        self.page.goto(f"{address}/doc/tree/{self._by}.ipynb?token={TOKEN}&reset")
        self.page.wait_for_function(OPEN, timeout=90_000)
        self.run()

    def run(self):
        """Run the cell, and open the first case that is not judged; False if there is none."""
        self._pid.unlink(missing_ok=True)
        self._start()
        inspector = self.page.locator(".cw-inspector").last
        inspector.get_by_role("button", name="All cases").click(timeout=60_000)
        frame = inspector.locator(".ci-frame")
        frame.wait_for(timeout=30_000)
        self.wait()  # what this browser kept comes first: then those cases are judged
        inspector.locator("select[data-filter=reviewed]").select_option("no")
        self.page.wait_for_timeout(500)  # the list is made anew
        if not frame.is_visible():
            return False
        frame.press("Enter")
        self._ready()
        return True

    def _start(self, tries=4, seconds=20):
        """Run the cell until it has run: a kernel that is being replaced hears nothing."""
        for _ in range(tries):
            self._dismiss()
            self.page.wait_for_function(OPEN, timeout=90_000)
            self.page.evaluate(RUN)
            for _ in range(10 * seconds):
                if self._pid.exists() and self._pid.read_text():
                    return
                self._dismiss()
                self.page.wait_for_timeout(100)
        raise AssertionError(f"the cell did not run in {tries * seconds} s")

    def _dismiss(self):
        button = self.page.locator(".jp-Dialog button.jp-mod-accept")
        if button.count():
            button.first.click()

    def _ready(self, seconds=60):
        self.page.wait_for_function(
            """() => {
                const bar = document.querySelector(".ci-case .ci-answers");
                return bar && bar.offsetParent && !bar.classList.contains("ci-not-yet");
            }""",
            timeout=1000 * seconds,
        )

    def press_alone(self, key):
        """Press a verdict's key on a page that nobody answers, if a case is open there."""
        with contextlib.suppress(TimeoutError):  # the next case had not arrived yet
            self._ready(3)
            self.press(key)

    def press(self, key):
        """Press a verdict's key on the case that is open, as soon as it is taken."""
        self._ready()
        before = len(self._account.given)
        self.page.keyboard.press(key)
        self.page.wait_for_timeout(20)
        assert len(self._account.given) == before + 1, "one key is one verdict"

    def kept(self):
        """Return how many verdicts this browser keeps for the reviewer."""
        return self.page.evaluate(
            "(by) => Object.keys(localStorage).filter((key) => key.startsWith('conus-verdicts:')"
            " && key.includes(`:${by}:`)).length",
            self._by,
        )

    def wait(self, count=0, seconds=60):
        """Wait until no more than `count` verdicts wait in the browser."""
        for _ in range(20 * seconds):
            if self.kept() <= count:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.kept()} verdicts still wait after {seconds} s")

    def python(self, code):
        """Run code in the kernel."""
        self.page.evaluate(
            """async (code) => {
                const context = window.jupyterapp.shell.currentWidget.context;
                await context.sessionContext.session.kernel.requestExecute({ code }).done;
            }""",
            code,
        )

    def words(self):
        """What is said of verdicts that wait."""
        return self.page.locator(".ci-waiting").last.inner_text()

    def try_again(self):
        """Press the button beside them."""
        self.page.get_by_role("button", name="Try again").last.click()

    def kill_kernel(self):
        """Kill the kernel as a full memory does."""
        os.kill(int(self._pid.read_text()), signal.SIGKILL)
        self._account.kills += 1
        self.page.wait_for_timeout(50)  # what was on its way to the page still comes

    def go_on(self):
        """Run the cell again once the page has said that its kernel is gone, and there is another.

        A kernel that dies five times within seconds is given up by Jupyter: people shut it down.
        """
        self.page.get_by_text("The kernel is no longer running").last.wait_for(timeout=60_000)
        try:
            self.page.wait_for_function(IDLE, timeout=20_000)
        except TimeoutError:
            self._dismiss()
            self.page.evaluate(SHUTDOWN)
            self.open()
        else:
            self.run()
