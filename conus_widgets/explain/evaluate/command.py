"""``python -m conus_widgets trust``: which methods find the marking that decides?

With ``--checks``, what the other checks say of them.
"""

from __future__ import annotations

import argparse
import sys


def run(options: argparse.Namespace) -> int:
    """Draw, explain, print the table; return 0, or 1 if it cannot be made."""
    try:
        from tqdm import tqdm

        from conus_widgets.explain.evaluate.checks import Checks, checks
        from conus_widgets.explain.evaluate.methods import compared, method_called
        from conus_widgets.explain.evaluate.pointing import Game, pointing_game
        from conus_widgets.loading import load_predictor

        chosen = {name: method_called(name) for name in options.methods or compared()}
        predictor = load_predictor()
        unit, total = ("method", len(chosen)) if options.checks else ("pair", options.pairs)
        found: Checks | Game
        with tqdm(total=total, unit=unit, disable=None) as bar:

            def tell(done: int, _: int) -> None:
                bar.update(done - bar.n)

            if options.checks:
                found = checks(predictor, chosen, progress=tell)
            else:
                found = pointing_game(predictor, chosen, pairs=options.pairs, progress=tell)
    except (RuntimeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(found)
    return 0
