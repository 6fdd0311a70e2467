"""The classifier's page while its kernel is busy, restarted or gone."""

import json
import os
import signal
import urllib.request

import pictures
from playwright.sync_api import expect

SMALL = """\
from stand_in import StandIn
from conus_widgets.widgets import Classifier
classifier = Classifier(StandIn())
classifier"""

EVIL = "<img src=x onerror=alert(1)>.jpg"


def test_what_stays_without_a_kernel(bench, files):
    """Reload shows the live page again; restart is said in words; then the static picture stays."""
    [path] = files({EVIL: pictures.encoded(pictures.shell(1))})
    notebook = bench.begin([SMALL]).run()
    page = notebook.page
    saved = page.locator(".conus-saved")
    notebook.zone.drop({"files": [path]})
    ranking = notebook.ranking(EVIL)
    notebook.status("percent")
    expect(saved).to_be_hidden()
    notebook.command("docmanager:save")

    notebook.open()
    assert notebook.ranking(EVIL) == ranking, "the page is told what the kernel still has"
    expect(saved).to_be_hidden()
    notebook.quiet()

    notebook.restart()
    alert = page.get_by_role("alert").and_(page.locator(".cw-warning"))
    expect(alert).to_have_text("The kernel is no longer running. Run this cell again.")
    expect(page.get_by_role("button", name="Choose photographs")).to_be_disabled()
    assert notebook.ranking(EVIL) == ranking, "the answers can still be read"
    # JupyterLab's debugger asks the kernel that is being replaced, at times; nothing of ours.
    notebook.quiet(allow=["Could not restore the debugger state"])

    notebook.open()
    expect(saved).to_contain_text("Run this cell for the live tool.")
    alarm = page.get_by_text("model not found")
    alarm.wait_for(state="attached")
    expect(alarm).to_be_hidden()
    for label, percent in ranking:
        expect(saved.locator("tr").filter(has_text=label)).to_contain_text(percent)
    expect(saved).to_contain_text(EVIL)
    assert page.locator("img[src=x]").count() == 0
    # ipywidgets' own complaint about any widget of a saved notebook; nothing of ours.
    notebook.quiet(allow=["widget model not found"])

    notebook.run()
    notebook.zone.drop({"files": [path]})
    assert notebook.ranking(EVIL) == ranking, "the same after running the cell again"
    notebook.quiet()

    document = json.loads(notebook.path.read_text())
    assert "widgets" not in document["metadata"]


def test_a_kernel_that_the_server_culled_leaves_words(open_notebook):
    """As a hub does with idle kernels: it is shut down, and no page was asked."""
    notebook = open_notebook("culled", [SMALL]).open()
    notebook.run()
    kernel = notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.id"
    )
    address = f"{notebook.address}/api/kernels/{kernel}?token=test"
    urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()
    alert = notebook.page.get_by_role("alert").and_(notebook.page.locator(".cw-warning"))
    expect(alert).to_have_text("The kernel is no longer running. Run this cell again.")
    expect(notebook.page.get_by_role("button", name="Choose photographs")).to_be_disabled()
    for ok in notebook.page.locator(".jp-Dialog button").all():  # JupyterLab says it too
        ok.click()
    notebook.quiet(allow=["debugger state", "[Kk]ernel", "Canceled", "404"])


def test_a_busy_kernel_and_one_that_dies(open_notebook, files):
    [path] = files({"late.png": pictures.encoded(pictures.shell(1), "PNG")})
    notebook = open_notebook("dies", [SMALL]).open()
    notebook.run()
    process = notebook.python("__import__('os').getpid()")
    notebook.page.wait_for_timeout(1500)  # for the message that opens the way past a running cell
    # A running cell does not hold the tool up: JupyterLab brings its messages past it.
    notebook.page.evaluate(
        """() => {
            const context = window.jupyterapp.shell.currentWidget.context;
            const code = "import time; time.sleep(60)";
            context.sessionContext.session.kernel.requestExecute({ code });
        }"""
    )
    notebook.zone.drop({"files": [path]})
    notebook.status("late.png: ")
    notebook.quiet()

    os.kill(process, signal.SIGKILL)  # as when the machine's memory is full
    expect(notebook.page.locator(".cw-warning")).to_have_text(
        "The kernel is no longer running. Run this cell again.", timeout=30_000
    )
    expect(notebook.card("late.png").locator(".cw-ranking")).to_be_visible()
    notebook.quiet(allow=["Could not restore the debugger state"])  # as above


MISSING = """\
from conus_widgets.widgets import Classifier
from conus_widgets.widgets.live import loading
from stand_in import StandIn
found = []
def load(source):
    if not found:
        raise FileNotFoundError("shells/resnet50.npz is not there: copy it into this folder.")
    return found[0]
loading.load = load
classifier = Classifier("shells")
classifier"""


def test_a_network_that_cannot_be_loaded_is_tried_again_by_a_key(bench, files):
    shell = pictures.encoded(pictures.shell(1), "PNG")
    early, path = files({"early.png": shell, "shell.png": shell})
    notebook = bench.begin([MISSING])
    notebook.command("notebook:run-all-cells")
    alert = notebook.page.get_by_role("alert").and_(notebook.page.locator(".cw-warning"))
    expect(alert).to_contain_text("shells/resnet50.npz is not there: copy it into this folder.")
    again = alert.get_by_role("button", name="Try again")
    again.press("Enter")
    expect(alert).to_contain_text("is not there")  # it still is not
    # What the kernel does is said, and then it can be tried again as before.
    process = notebook.python("__import__('os').getpid()")
    os.kill(process, signal.SIGSTOP)
    try:
        notebook.zone.drop({"files": [early]})
        expect(alert).to_contain_text("The kernel has not answered for", timeout=30_000)
    finally:
        os.kill(process, signal.SIGCONT)
    expect(alert).to_contain_text("is not there")
    notebook.python("found.append(StandIn()) or 1")
    again.press("Enter")
    expect(alert).to_be_hidden()
    notebook.status("early.png: ")  # which waited for the network
    # The button that had the focus is gone. In the notebook, this key would add a cell.
    inside = "document.querySelector('.cw-classifier').contains(document.activeElement)"
    assert notebook.page.evaluate(inside)
    notebook.page.keyboard.press("b")
    assert notebook.page.locator(".jp-Notebook-cell").count() == 1
    notebook.zone.drop({"files": [path]})
    assert len(notebook.ranking("shell.png")) == 5
    # What the kernel refuses is said on the page.
    notebook.python("classifier._board.__dict__.pop('drops') and 1 or 1")
    notebook.zone.drop({"files": [path]})
    expect(alert).to_contain_text("drops")
    notebook.quiet()
