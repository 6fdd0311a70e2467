"""The fine-tuner's page when somebody stops it, or its kernel is gone."""

import os
import signal

import pytest
from finetuned import ENDLESS, add_boxes, folders, shells, show_tuner
from playwright.sync_api import expect

GONE = "The kernel is no longer running. Run this cell again."
LOST = (
    "Boxes, the photographs that were added here, and a network that was not saved "
    "are gone with the kernel."
)


def train(notebook, tmp_path):
    """Show a fine-tuner that trains until it is stopped."""
    root = show_tuner(
        notebook,
        more=ENDLESS,
        folder=folders(tmp_path / "shells", tulip=4, cone=4),
    )
    root.get_by_label("What is trained:").select_option("1")
    root.get_by_role("button", name="Learn").click()
    expect(root.get_by_role("status")).to_contain_text("Training: epoch 2", timeout=60_000)
    return root


def test_a_stop_keeps_the_best_so_far(notebook, tmp_path):
    root = train(notebook, tmp_path)
    learn, stop = (root.get_by_role("button", name=name) for name in ("Learn", "Stop"))
    expect(learn).to_be_disabled()
    expect(root.locator(".cw-curve polyline.cw-line")).to_be_visible()
    stop.focus()
    notebook.page.keyboard.press("Enter")
    status = root.get_by_role("status")
    expect(status).to_be_focused()  # not lost with the button, which is disabled now
    expect(status).to_have_text("Stopped, and the best so far is kept. It can be tried, and saved.")
    expect(stop).to_be_disabled()
    expect(learn).to_be_enabled()
    assert notebook.python("tuner.tuned.checkpoint.record['last_stages']['curve']['stopped']")
    expect(root.get_by_role("button", name="Save", exact=True)).to_be_visible()
    # The page can go on: the next learning is one as the first.
    root.get_by_label("What is trained:").select_option("0")
    notebook.page.keyboard.press("Shift+Tab")
    expect(learn).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(status).to_be_focused()
    expect(status).to_have_text("Done. It can be tried, and saved.")
    expect(root.locator(".cw-curve")).to_be_hidden()
    notebook.quiet()


@pytest.mark.parametrize("how", ["killed", "restarted"])
def test_a_kernel_that_is_gone_while_it_trains(open_notebook, files, tmp_path, how):
    notebook = open_notebook("finetuner-training", [""]).open()
    root = train(notebook, tmp_path)
    if how == "killed":
        os.kill(notebook.python("__import__('os').getpid()"), signal.SIGKILL)
    else:
        notebook.restart()
    warning = root.locator(".cw-warning")
    expect(warning).to_have_text(GONE, timeout=30_000)
    status = root.get_by_role("status")
    expect(status).to_have_text(f"The learning ended. {LOST}")
    expect(root.locator("progress")).to_be_hidden()
    dead(root)
    # What was there can still be read.
    expect(root.locator(".cw-held")).to_have_count(8)
    expect(root.locator(".cw-curve")).to_be_visible()
    dismiss(notebook)
    root.locator(".cw-box").first.locator(".cw-zone").drop({"files": shells(files, 0, 1)})
    expect(warning).to_have_text(GONE)
    again(notebook, root)


def test_a_kernel_that_is_gone_while_photographs_arrive(open_notebook, files):
    notebook = open_notebook("finetuner-arriving", [""]).open()
    root = show_tuner(notebook)
    process = notebook.python("__import__('os').getpid()")
    add_boxes(root, "tulip", "cone")
    for box, kind in zip(root.locator(".cw-box").all(), (0, 1), strict=True):
        box.locator(".cw-zone").drop({"files": shells(files, kind, 100)})
    root.locator(".cw-held").nth(3).wait_for()
    os.kill(process, signal.SIGKILL)
    expect(root.locator(".cw-warning")).to_have_text(GONE, timeout=30_000)
    expect(root.get_by_role("status")).to_have_text(LOST)
    assert 4 <= root.locator(".cw-held").count() < 200
    dead(root)
    again(notebook, root)


def dead(root):
    """Nothing can be pressed that a kernel would have to answer."""
    controls = root.locator("button:enabled, input:enabled, select:enabled")
    assert controls.evaluate_all("(all) => all.map((one) => one.outerHTML)") == []


def dismiss(notebook):
    """Close what JupyterLab says of the kernel in front of the page."""
    for ok in notebook.page.locator(".jp-Dialog button").all():
        ok.click()


def again(notebook, root):
    """The way out that the page names leads out."""
    dismiss(notebook)
    notebook.page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel
                ?.status === "idle" """
    )
    notebook.command("notebook:run-all-cells")
    expect(root.get_by_label("Name of a class")).to_be_enabled(timeout=60_000)
    expect(root.locator(".cw-warning")).to_be_hidden()
    add_boxes(root, "olive")
    notebook.quiet(allow=["Could not restore the debugger state", "Kernel.*not", "Canceled"])
