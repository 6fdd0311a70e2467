"""Tests of explanation methods, on the very network that you explain.

>>> from conus_widgets import explain, load_predictor
>>> explain.evaluate.pointing_game(load_predictor(), {"cam": explain.cam})  # doctest: +SKIP
"""

from conus_widgets.explain.evaluate.checks import Checks, Row, checks
from conus_widgets.explain.evaluate.completeness import Completeness, completeness
from conus_widgets.explain.evaluate.curves import Curve, deletion, insertion
from conus_widgets.explain.evaluate.pointing import Game, Score, pointing_game
from conus_widgets.explain.evaluate.randomisation import Randomisation, randomisation, shuffled
from conus_widgets.explain.evaluate.stability import Stability, stability
from conus_widgets.explain.evaluate.trust import randomisation_of, trust_line
from conus_widgets.explain.evaluate.twins import Twins, draw_twins

__all__ = [
    "Checks",
    "Completeness",
    "Curve",
    "Game",
    "Randomisation",
    "Row",
    "Score",
    "Stability",
    "Twins",
    "checks",
    "completeness",
    "deletion",
    "draw_twins",
    "insertion",
    "pointing_game",
    "randomisation",
    "randomisation_of",
    "shuffled",
    "stability",
    "trust_line",
]
