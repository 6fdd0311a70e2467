"""The command behind ``make bench-browser``."""

from __future__ import annotations

import argparse
import datetime
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine, network
from benchmarks.browser import figures, hosts
from benchmarks.browser.figures import CANCEL, CHOICE, FREE, HOVER, WrongAnswer
from benchmarks.browser.hand import SCRIPTS, VIEWPORT, Hand
from benchmarks.browser.kernel import computations
from benchmarks.browser.page import page
from benchmarks.browser.results import Results, Seen, read
from benchmarks.processes import ROOT

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FOLDER = ROOT / "build" / "bench-browser"
FULL, DEMONSTRATION = "full width", "demonstration"
PAUSE = 3.0  # seconds in which nothing of this runs, to hear what else does


@dataclass(frozen=True)
class Plan:
    """How often: moves of a hover, strokes of so many seconds, choices, cancels."""

    hovers: int
    strokes: int
    seconds: float
    choices: int
    cancels: int


PLANS = {FULL: Plan(150, 7, 3.0, 36, 11), DEMONSTRATION: Plan(120, 7, 3.0, 30, 10)}
QUICK = Plan(40, 2, 2.0, 8, 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; return the exit code: 0, or 1 if the page showed a wrong answer."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end as well
    kept = FOLDER / "results.json"
    if options.write:
        results = read(kept)
    else:
        try:
            results = run(options.hosts, options.networks, options.quick)
        except WrongAnswer as error:
            print(error, file=sys.stderr)
            return 1
        results.whole = not options.quick and len(results.seen) == len(hosts.HOSTS) * len(PLANS)
        results.save(kept)
    # A run of a part is for the eye: it does not replace what is committed.
    file = (ROOT / "benchmarks" if results.whole else FOLDER) / "RESULTS-browser.md"
    file.write_text(page(results))
    print(f"\n{page(results)}\nWritten to {file.relative_to(ROOT)}")
    return 0


def run(names: Sequence[str], networks: Sequence[str], quick: bool) -> Results:
    """Make network and notebooks, start the hosts one after the other, measure."""
    from playwright.sync_api import sync_playwright

    began, clock = time.perf_counter(), machine.clock()

    def say(text: str) -> None:
        print(f"{time.perf_counter() - began:5.0f} s  {text}", flush=True)

    results = Results(datetime.date.today().isoformat(), machine.cpu(), machine.widest())
    results.versions = hosts.versions()
    results.others.append(others())
    (FOLDER / "notebooks").mkdir(parents=True, exist_ok=True)
    if FULL in networks:
        network.prepare(FOLDER / "network")
        say("network written")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        results.chromium = chromium.version
        for name in names:
            with hosts.serve(name, FOLDER) as host:
                for wanted in networks:
                    plan = QUICK if quick else PLANS[wanted]
                    results.seen.append(measure(chromium, host, wanted, plan, say))
            results.others.append(others())
        chromium.close()
    spent = machine.clock().since(clock)
    results.stolen = spent.share(spent.stolen)
    results.minutes = (time.perf_counter() - began) / 60
    return results


def others() -> float:
    """Return which share of the CPUs' time programs use while this one waits."""
    before = machine.clock()
    time.sleep(PAUSE)
    spent = machine.clock().since(before)
    return spent.share(spent.busy)


def measure(
    chromium: Any, host: hosts.Host, wanted: str, plan: Plan, say: Callable[[str], None]
) -> Seen:
    """Open an explorer in a page of its own, and take all figures."""
    seen = Seen(host.name, wanted)
    where = f"{host.name}, {wanted}"
    name = f"{host.name}-{wanted}".lower().replace(" ", "-")
    notes = FOLDER / f"{name}.notes"
    notes.unlink(missing_ok=True)
    checkpoint = str(FOLDER / "network" / "checkpoint") if wanted == FULL else None
    hosts.write_notebook(
        FOLDER / "notebooks" / f"{name}.ipynb",
        "from benchmarks.browser.kernel import explorer\n"
        f"explorer({checkpoint!r}, 'banded', {str(notes)!r})",
    )
    context = chromium.new_context(viewport=VIEWPORT)
    context.set_default_timeout(30_000)
    browser_page = context.new_page()
    for script in SCRIPTS:
        browser_page.add_init_script(path=str(script))
    host.open(browser_page, name)
    hand = Hand(browser_page)
    say(f"{where}: ready")
    hand.hover(10)  # the first of each kind compile and fetch what the others find there
    hand.stroke(1.0)
    seen.figures[HOVER] = figures.hovering(hand.hover(plan.hovers), hand.shape)
    say(f"{where}: hovered")
    strokes = [hand.stroke(plan.seconds) for _ in range(plan.strokes)]
    seen.figures |= figures.merged(map(figures.brushing, strokes))
    seen.moves = sum(len(s["moves"]) for s in strokes) / (plan.strokes * plan.seconds)
    say(f"{where}: brushed")
    choices = [hand.choose("AB"[n % 2], 1 + n % 5) for n in range(plan.choices)]
    for choice in choices:
        figures.check_choice(choice)
    seen.figures[CHOICE] = [figures.answering(choice) for choice in choices]
    say(f"{where}: chose classes")
    cancels = [hand.cancel() for _ in range(plan.cancels)]
    for cancel in cancels:
        figures.check_cancel(cancel)
    seen.figures[CANCEL] = [figures.answering(cancel) for cancel in cancels]
    say(f"{where}: cancelled")
    context.close()
    computed = computations(Path(notes))
    seen.figures[FREE] = [figures.freeing(cancel, computed) for cancel in cancels]
    seen.way = [way for stroke in strokes for way in figures.ways(stroke, computed)]
    return seen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench-browser",
        description="How fast the explorer answers in a real browser. Without options all is "
        "measured, in under eight minutes, and benchmarks/RESULTS-browser.md is written; else the "
        "results go to build/bench-browser/.",
    )
    parser.add_argument("--quick", action="store_true", help="few of each, under three minutes")
    parser.add_argument("--hosts", nargs="+", choices=hosts.HOSTS, default=hosts.HOSTS)
    parser.add_argument("--networks", nargs="+", choices=tuple(PLANS), default=tuple(PLANS))
    parser.add_argument("--write", action="store_true", help="write the last run's results again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
