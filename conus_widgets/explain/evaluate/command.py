"""``python -m conus_widgets evaluate``: which methods find the marking that decides?"""

from __future__ import annotations

import argparse
import sys


def run(options: argparse.Namespace) -> int:
    """Draw pairs, explain, print the table; return 0, or 1 where it cannot be made."""
    try:
        from tqdm import tqdm

        from conus_widgets.explain.evaluate.methods import METHODS
        from conus_widgets.explain.evaluate.pointing import pointing_game
        from conus_widgets.predictor import load_predictor

        unknown = [name for name in options.methods or () if name not in METHODS]
        if unknown:
            raise ValueError(f"No method is called {unknown[0]!r}; there are {', '.join(METHODS)}.")
        chosen = {name: METHODS[name] for name in options.methods or METHODS}
        with tqdm(total=options.pairs, unit="pair", disable=None) as bar:
            game = pointing_game(
                load_predictor(),
                chosen,
                pairs=options.pairs,
                progress=lambda done, _: bar.update(done - bar.n),
            )
    except (RuntimeError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(game)
    return 0
