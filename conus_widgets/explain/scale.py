"""The scale from the values of maps to colours: the same to both sides of zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conus_widgets.explain.explanation import Explanation

FINE = 1000  # cells: on a grid finer than that a few single pixels would set the scale
PERCENTILE = 99.5
NOISE = 1e-6  # what is left to float32 of numbers of about 1


def limit_of(explanations: Sequence[Explanation]) -> float | None:
    """Return the value with the strongest colour in a picture of these maps.

    Returns
    -------
    float or None
        The largest absolute value; on grids of over 1000 cells the 99.5th percentile of them, as
        otherwise a few pixels would leave all others pale. None if every map is flat.
    """
    found = []
    for explanation in explanations:
        if not is_flat(explanation):
            sizes = np.abs(explanation.values)
            limit = np.percentile(sizes, PERCENTILE) if sizes.size > FINE else sizes.max()
            found.append(float(limit) or float(sizes.max()))
    return max(found, default=None)


def is_flat(explanation: Explanation) -> bool:
    """Whether a map says the same everywhere, but for rounding: it then says nothing of places."""
    values = explanation.values
    whole = np.abs(explanation.logits).max() if explanation.unit == "logit" else 0.0
    return bool(np.ptp(values) <= NOISE * max(float(whole), float(np.abs(values).max())))
