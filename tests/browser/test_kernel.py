"""The classifier's page while its kernel is busy, restarted or gone."""

import json
import os
import signal

import pictures
from playwright.sync_api import expect

SMALL = """\
from stand_in import StandIn
from conus_widgets.widgets import Classifier
classifier = Classifier(StandIn())
classifier"""

EVIL = "<img src=x onerror=alert(1)>.jpg"


def test_what_stays_without_a_kernel(open_notebook, files):
    """Reload shows the live page again; restart is said in words; then the static picture stays."""
    [path] = files({EVIL: pictures.encoded(pictures.shell(1))})
    notebook = open_notebook("static", [SMALL]).open()
    notebook.run()
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
