"""Kills evaluations at random moments and looks at what is left: ``make stress``.

A run that was killed must resume, lose at most one batch, and end with the same rows (by digest;
probabilities within 1e-5) as one that was not.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "collection"), str(TESTS), str(TESTS.parent)]

from killing import assert_same, kill_after, rows_of, start  # noqa: E402
from made_photographs import write_photographs  # noqa: E402

BATCH = 32  # as in `evaluation`
SETTINGS = {"batch": BATCH, "part_rows": 128, "delay": 0.004}  # so that parts are merged as well


def main():
    parser = argparse.ArgumentParser(prog="make stress", description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=20, help="how often to kill (20)")
    parser.add_argument("--photographs", type=int, default=600, help="in the collection (600)")
    parser.add_argument("--seed", type=int, help="of the moments; another one each time")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    chance = random.Random(seed)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        survive(Path(folder), options, chance)
    print(f"Killed {options.moments} times: nothing was lost but the last batch, nothing is twice.")


def survive(folder, options, chance):
    """Kill and resume until it was done often enough."""
    photographs = folder / "photographs"
    write_photographs(photographs, options.photographs)
    begun = time.monotonic()
    with start(photographs, folder / "whole", **SETTINGS) as child:
        child.stdout.read()
        assert child.wait() == 0
    whole = time.monotonic() - begun
    expected = rows_of(folder / "whole")
    assert len(expected) == options.photographs
    print(f"{len(expected)} photographs, not killed: {whole:.1f} s")
    killed = stores = 0
    while killed < options.moments:
        stores += 1
        out, before = folder / f"killed {stores}", 0
        while killed < options.moments:
            # Some soon after the start, some anywhere; so that a store is killed a few times.
            seconds = chance.choice([0.02, 0.3, 0.3, 0.3]) * whole * chance.random()
            said = kill_after(photographs, out, seconds, **SETTINGS)
            kept = rows_of(out)
            if said is None:
                break
            killed += 1
            lost = said - len(kept)
            print(f"killed {killed:2} after {seconds:5.2f} s: {said:4} said, {len(kept):4} kept")
            assert lost <= BATCH, f"{lost} photographs are lost: more than a batch of {BATCH}"
            assert len(kept) >= before, f"{before} were kept before, {len(kept)} are now"
            before = len(kept)
        with start(photographs, out, **SETTINGS) as child:
            child.stdout.read()
            assert child.wait() == 0
        assert_same(rows_of(out), expected)
        rows = sum(len(part) for part in live_parts(out))
        assert rows == len(expected), f"{rows} rows for {len(expected)} photographs"


def live_parts(out):
    from conus_widgets.collection.store import open_store

    return open_store(out).live().parts


if __name__ == "__main__":
    main()
