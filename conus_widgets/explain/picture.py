"""Pictures of explanations: photograph, signed map, value bar, and the target in words."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.arguments import number, one_of
from conus_widgets.explain.explanation import Explanation, validated
from conus_widgets.explain.panels import (
    COLOURS,
    STYLES,
    map_panel,
    map_title,
    photograph_panel,
    photograph_title,
)
from conus_widgets.explain.scale import limit_of
from conus_widgets.outputs import MADE_BY

ACROSS = 4  # panels in a row, at most
WIDE = 3.2  # inches of a panel
LINE = 0.19  # inches of a title's line
FINER = (
    "A map of more cells shares the same logit out among more of them, and looks paler under one "
    "scale."
)


class Picture(Figure):
    """A Matplotlib figure that shows itself in a notebook, with whatever backend."""

    def _repr_png_(self) -> bytes:
        held = io.BytesIO()
        self.savefig(held, format="png", dpi=100, metadata={"Software": MADE_BY})
        return held.getvalue()


def plot(explanation: Explanation, style: str = "map", *, limit: float | None = None) -> Picture:
    """Draw one explanation beside its photograph.

    Parameters
    ----------
    explanation : Explanation
    style : {"map", "contours", "mask"}
        "map": signed colours over the photograph in grey. "contours": lines of equal value over the
        photograph. "mask": the photograph, visible where the map speaks for the target.
    limit : float, optional
        The value, in the map's unit, with the strongest colour; see `limit_of`.

    Returns
    -------
    Picture
        A Matplotlib figure. A flat map is drawn neutral.

    Raises
    ------
    ValueError
        For an unknown style, or a limit that is not above 0.
    """
    return compare([explanation], style=style, limit=limit)


def compare(
    explanations: Explanation | Iterable[Explanation],
    *,
    style: str = "map",
    limit: float | None = None,
) -> Picture:
    """Draw several explanations under one scale.

    Parameters
    ----------
    explanations : Explanation, or several
        Of one photograph, or of several: then each map stands after its own.
    style, limit
        As in `plot`.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        As `plot`, for no explanation, or for maps of different units, which have no common scale.
    """
    given = [explanations] if isinstance(explanations, Explanation) else list(explanations)
    if not given:
        raise ValueError("No explanation was given: there is nothing to draw.")
    for one in given:
        validated(one)
    one_of("style", style, STYLES)
    units = sorted({explanation.unit for explanation in given})
    if len(units) > 1:
        raise ValueError(
            f"Maps in {' and '.join(units)} have no common scale: draw those of one unit together."
        )
    if limit is None:
        limit = limit_of(given)
    else:
        limit = number("limit", limit, above=0)
    return _draw(given, style, limit)


def _draw(explanations: list[Explanation], style: str, limit: float | None) -> Picture:
    panels: list[tuple[Explanation, bool]] = []  # and whether its photograph is drawn, not its map
    for explanation in explanations:
        if not panels or not _same(explanation.image, panels[-1][0].image):
            panels.append((explanation, True))
        panels.append((explanation, False))
    rows = -(-len(panels) // ACROSS)
    alone = sum(bare for _, bare in panels) == 1  # then rows may end anywhere
    columns = -(-len(panels) // rows) if alone else min(ACROSS, len(panels))
    ratio = max(e.image.height / e.image.width for e in explanations)
    wide = WIDE * columns + (0.2 if style == "mask" else 1.15)
    foot = _foot(explanations, int(wide * 13))
    titles = [photograph_title(e) if bare else map_title(e) for e, bare in panels]
    above = LINE * max(map(len, titles)) + 0.2
    high = rows * (WIDE * min(max(ratio, 0.5), 1.8) + above) + 0.2 * len(foot) + 0.1
    picture = Picture(figsize=(wide, high), layout="constrained")
    grid = picture.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
        axes.set_anchor("NW")  # so that the titles of narrow photographs have room
    for axes, (explanation, bare), title in zip(grid.flat, panels, titles, strict=False):
        if bare:
            photograph_panel(axes, explanation)
        else:
            map_panel(axes, explanation, style, limit)
        # Labels are text: a "$" in them is no formula.
        axes.set_title(
            "\n".join(title), fontsize=9.5, loc="left", linespacing=1.35, parse_math=False
        )
    if style != "mask":
        _bar(picture, grid, explanations, limit)
    if foot:
        picture.supxlabel("\n".join(foot), fontsize=8.5, color="0.35", parse_math=False)
    return picture


def _bar(
    picture: Picture, grid: NDArray[Any], explanations: list[Explanation], limit: float | None
) -> None:
    reach = limit or 1.0
    largest = max(float(np.abs(e.values).max()) for e in explanations)
    beyond = limit is not None and largest > limit * (1 + 1e-6)
    bar = picture.colorbar(
        ScalarMappable(Normalize(-reach, reach), COLOURS),
        ax=grid,
        extend="both" if beyond else "neither",
        shrink=0.9 if len(grid) == 1 else 0.6,
        aspect=24,
        pad=0.02,
        panchor=False,
    )
    if limit is None:
        bar.set_ticks([0])
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.set_label(f"{explanations[0].unit}   (red: for, blue: against)")


def _foot(explanations: list[Explanation], wide: int) -> list[str]:
    """Return the lines that stand below: what a reader must be told."""
    notices = dict.fromkeys(e.notice for e in explanations if e.notice)
    remarks = dict.fromkeys(remark for e in explanations for remark in e.remarks)
    cells = [e.values.size for e in explanations if e.unit == "logit"]
    if cells and max(cells) > 16 * min(cells):
        remarks[FINER] = None
    return [line for text in (*remarks, *notices) for line in textwrap.wrap(text, wide)]


def _same(first: Image.Image, second: Image.Image) -> bool:
    return first is second or (first.size == second.size and first.tobytes() == second.tobytes())
