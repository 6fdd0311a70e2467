"""The inspector's speed in a real browser: ``python -m benchmarks.browser.inspecting``.

A part of ``make bench-browser``. JupyterLab shows the inspector on 2,000 photographs
with a network of full width, and on 10,000 cases; a keyboard and a wheel work it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.browser import desk, hosts
from benchmarks.browser.__main__ import CHROMIUM, FOLDER
from benchmarks.browser.hand import VIEWPORT

PROBE = Path(__file__).with_name("desk.js")
READY = 180_000  # ms until the page must stand there
#: figure: (percentile that counts, its bound in milliseconds)
AIMS = {
    "a case opens": (95, 300),
    "its map": (95, 1000),
    "its neighbours": (95, 1000),
    "the next case": (95, 100),
    "frames of a gallery that scrolls": (99, 100),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print each figure beside its aim; 1 if a case or a thumbnail never came."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few of each")
    options = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    (FOLDER / "notebooks").mkdir(parents=True, exist_ok=True)
    desk.prepare(FOLDER)
    before = machine.clock()
    with sync_playwright() as playwright, hosts.serve("JupyterLab", FOLDER) as host:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        found = cases(chromium, host, 12 if options.quick else 60)
        found |= gallery(chromium, host, 3.0 if options.quick else 12.0)
        chromium.close()
    spent = machine.clock().since(before)
    print(f"{machine.cpu()}; others used {spent.share(spent.busy - spent.own):.0%} with browser")
    missing = 0
    for figure, values in found.items():
        missing += sum(value < 0 for value in values)
        print(line(figure, [value for value in values if value >= 0]), flush=True)
    if missing:
        print(f"{missing} answers did not come within 10 s.", file=sys.stderr)
    return int(missing > 0)


def line(figure: str, values: Sequence[float]) -> str:
    """Return a figure beside its aim, in words."""
    percentile, bound = AIMS[figure]
    if not values:
        return f"{figure}: nothing was seen"
    edge = float(np.percentile(values, percentile))
    met = "met" if edge <= bound else "NOT MET"
    return (
        f"{figure}: median {np.median(values):.0f} ms, {percentile} of 100 within {edge:.0f} ms "
        f"({len(values)}), at most {bound} ms: {met}"
    )


def opened(chromium: Any, host: hosts.Host, name: str) -> Any:
    """Open a notebook, and the list of all its cases; return the page."""
    context = chromium.new_context(viewport=VIEWPORT)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(path=str(PROBE))
    host.open(page, name)
    page.get_by_role("button", name="All cases").click(timeout=READY)
    page.locator(".ci-tile").first.wait_for()
    page.wait_for_timeout(3000)
    return page


def cases(chromium: Any, host: hosts.Host, count: int) -> dict[str, list[float]]:
    """Open cases anywhere in the list, and step to the next one of each."""
    page, chance = opened(chromium, host, "inspected-cases"), random.Random(0)
    found: dict[str, list[float]] = {figure: [] for figure in list(AIMS)[:4]}
    frame = page.locator(".ci-frame")
    for _ in range(count):
        frame.focus()
        page.keyboard.press("Home")
        for _ in range(chance.randrange(2, 25)):
            page.keyboard.press("PageDown")
        for _ in range(chance.randrange(5)):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(600)
        first = _timed(page, "Enter")
        found["a case opens"].append(first["open"])
        found["its map"].append(first["map"])
        found["its neighbours"].append(first["neighbours"])
        page.wait_for_timeout(2000)  # somebody looks at it; the next one is fetched meanwhile
        found["the next case"].append(_timed(page, "ArrowRight")["open"])
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
    page.context.close()
    return found


def _timed(page: Any, key: str) -> dict[str, float]:
    page.evaluate("desk.expect()")
    page.keyboard.press(key)
    return dict(page.evaluate("desk.answer()"))


def gallery(chromium: Any, host: hosts.Host, seconds: float) -> dict[str, list[float]]:
    """Scroll through ten thousand cases, and wait for the thumbnails where it ends."""
    page = opened(chromium, host, "inspected-gallery")
    frame = page.locator(".ci-frame")
    frame.scroll_into_view_if_needed()
    frame.hover()
    page.evaluate("desk.watch()")
    for number in range(int(seconds * 25)):
        page.mouse.wheel(0, 400 if number % 50 < 40 else -1200)
        page.wait_for_timeout(40)
    frames = page.evaluate("desk.frames()")
    page.wait_for_timeout(3000)
    inside, filled = page.evaluate("desk.tiles()")
    page.context.close()
    print(f"thumbnails in sight 3 s after scrolling: {filled} of {inside}")
    return {"frames of a gallery that scrolls": frames + [-1.0] * (inside - filled)}


if __name__ == "__main__":
    sys.exit(main())
