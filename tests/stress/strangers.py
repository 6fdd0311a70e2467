"""Visitors of the pages: a log of one's own, ten reloads, an idle page."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import axe_playwright_python
from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "serving"))
sys.path.insert(0, str(ROOT))

from served import Served, serve  # noqa: E402

from conus_widgets.shells import draw  # noqa: E402

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SHOTS = ROOT / "build" / "strangers"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def shown(served: Served, page: object, name: str) -> str:
    """Return all that a page says, and keep a picture of it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    text = page.content()
    for place in (served.temporary, Path(sys.prefix), ROOT, Path.home()):
        at = text.find(str(place))
        assert at < 0, f"{name} shows a folder: {text[max(0, at - 300) : at + 200]}"
    said = page.inner_text("body")
    for word in ("import ", "Run All", "folded", "Binder"):
        assert word not in said, f"{name} shows code, or speaks of Jupyter: {word}"
    page.evaluate(AXE)
    barriers = page.evaluate(
        """async () => (await axe.run()).violations
            .filter(({ impact }) => ["serious", "critical"].includes(impact))
            .map(({ id, nodes }) => [id, nodes[0].html])"""
    )
    assert barriers == [], f"{name}: {barriers}"
    return text


def reviewed(served: Served, browser: object) -> None:
    """Judge a case in 04 and take the log home; the next visitor finds nothing of it."""
    begun = time.monotonic()
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    page.goto(served.page("04-why-A-for-B"), timeout=300_000)
    root = page.locator(".cw-inspector")
    root.get_by_role("button", name="All mistakes").click(timeout=120_000)
    print(f"  04: the inspector is there after {time.monotonic() - begun:.0f} s")
    root.locator(".ci-tile").nth(2).click()
    page.wait_for_function(
        "() => !document.querySelector('.ci-answers').classList.contains('ci-not-yet')"
    )
    case = root.locator(".ci-case-name").inner_text()
    page.keyboard.press("1")
    expect(root.locator(".cw-status")).to_contain_text("aved", timeout=30_000)
    page.keyboard.press("Escape")
    with page.expect_download() as waited:
        root.get_by_role("button", name="Log", exact=False).first.click()
    lines = Path(waited.value.path()).read_text().splitlines()
    cases = [json.loads(line).get("case") for line in lines]
    assert case in cases, (case, cases)
    text = shown(served, page, "04")
    assert "visit-" not in text
    logs = list(served.temporary.rglob("*.jsonl"))
    assert logs and all(visit.stat().st_mode & 0o777 == 0o700 for visit in served.visits())
    page.goto("about:blank")
    context.close()
    end = time.monotonic() + 60
    while list(served.temporary.rglob("*.jsonl")):
        assert time.monotonic() < end, "the log outlived its visit"
        time.sleep(0.5)
    print(f"  the log has {len(lines)} lines at home, and nothing of it is left on the server")


def reloads(served: Served, browser: object) -> None:
    """Reload ten times; at most two kernels are left within a minute."""
    page = browser.new_page()
    page.goto(served.page("01-classify"), timeout=300_000)
    most = 0
    for _ in range(10):
        page.reload(timeout=300_000)
        most = max(most, len(served.visits()))
    begun = time.monotonic()
    while len(served.visits()) > 2:
        assert time.monotonic() - begun < 60, f"{len(served.visits())} kernels are left"
        time.sleep(0.5)
    print(
        f"  ten reloads: at most {most} kernels at once, {len(served.visits())} after "
        f"{time.monotonic() - begun:.0f} s"
    )
    page.close()


def left_alone(served: Served, browser: object) -> None:
    """A page whose kernel was culled says what to do."""
    page = browser.new_page()
    page.goto(served.page("01-classify"), timeout=300_000)
    page.locator(".cw-zone").wait_for(timeout=60_000)
    end = time.monotonic() + 90
    while served.visits():
        assert time.monotonic() < end, "an idle visit does not end"
        time.sleep(0.5)
    picture = served.temporary / "a.png"
    Image.fromarray(draw("tented", 1).image).save(picture)
    page.locator(".cw-zone").drop({"files": [str(picture)]})
    words = re.compile("eload this page")
    expect(page.locator(".cw-warning, .cw-status").filter(has_text=words).first).to_be_visible(
        timeout=60_000
    )
    shown(served, page, "culled")
    print("  a page whose kernel ended says: reload")
    page.close()


def explored(served: Served, browser: object) -> None:
    """03: a map to point at."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(served.page("03-explore"), timeout=300_000)
    page.locator(".cw-explorer").first.wait_for(timeout=120_000)
    page.wait_for_timeout(5000)
    shown(served, page, "03")
    print("  03: the explorers are there")
    page.close()


def main() -> int:
    """Visit; returns 0 if all went well."""
    print("Visitors of the pages:")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        what = sys.argv[1:] or ["reviewed", "explored", "reloads", "left_alone"]
        with tempfile.TemporaryDirectory() as name, serve(Path(name), "--most", "4") as served:
            for part in (reviewed, explored, reloads):
                if part.__name__ in what:
                    part(served, browser)
        options = ("--most", "4", "--patience", "15")
        with tempfile.TemporaryDirectory() as name, serve(Path(name), *options) as served:
            if "left_alone" in what:
                left_alone(served, browser)
        browser.close()
    print(f"  pictures: {SHOTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
