"""Drawn cone shells with known markings: data for the demonstration, ground truth for maps.

The kinds are named by their markings. They are drawings, not species.
"""

from .drawing import Drawing, draw
from .kinds import KINDS, PAIRS, Kind, Pair
from .sheet import contact_sheet

__all__ = ["KINDS", "PAIRS", "Drawing", "Kind", "Pair", "contact_sheet", "draw"]
