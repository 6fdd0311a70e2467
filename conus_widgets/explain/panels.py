"""One panel of a picture: a photograph, or a map drawn over it."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.scale import is_flat

#: ColorBrewer calls it safe for colour-blind eyes; white is zero. Its ends are too dark to see the
#: photograph through.
COLOURS = LinearSegmentedColormap.from_list(
    "signed", matplotlib.colormaps["RdBu_r"](np.linspace(0.08, 0.92, 256))
)
FOR, AGAINST = "#b2182b", "#2166ac"
STYLES = ("map", "contours", "mask")
SIDE = 640  # pixels of a drawn photograph's longer side


def photograph_panel(axes: Any, explanation: Explanation) -> None:
    """Draw the photograph alone."""
    axes.imshow(_shown(explanation.image))


def map_panel(axes: Any, explanation: Explanation, style: str, limit: float | None) -> None:
    """Draw a map in one of `STYLES`; without a limit it is flat, and drawn neutral."""
    photograph = _shown(explanation.image)
    small = replace(explanation, image=Image.fromarray(photograph))
    shown = small.on_photograph(smooth=style != "map")
    share = np.zeros_like(shown) if limit is None else np.clip(shown / limit, -1, 1)
    if style == "map":
        grey = photograph @ np.array([0.299, 0.587, 0.114]) / 255
        colours = COLOURS(0.5 + share / 2)[..., :3]
        axes.imshow(colours * (0.72 + 0.28 * grey[..., None]))
    elif style == "contours":
        axes.imshow(photograph)
        if limit is not None:
            _lines(axes, shown, limit)
    else:
        alpha = np.round(255 * np.clip(share, 0, 1))
        axes.imshow(np.dstack((photograph, alpha)).astype(np.uint8))


def photograph_title(explanation: Explanation) -> list[str]:
    """Return the lines above a photograph."""
    best = explanation.labels[int(np.argmax(explanation.logits))]
    return ["photograph", *textwrap.wrap(f"top class: {best}", 40)]


def map_title(explanation: Explanation) -> list[str]:
    """Return the lines above a map: the target in words, the method, the grid."""
    rows, columns = explanation.values.shape
    how = explanation.method + (f" at {explanation.layer}" if explanation.layer else "")
    how += f", {rows} x {columns}"
    if is_flat(explanation):
        how += f", the same everywhere: {float(explanation.values.mean()):.3g}"
    return [*textwrap.wrap(explanation.target.words, 40)[:4], *textwrap.wrap(how, 40)]


def _lines(axes: Any, shown: NDArray[Any], limit: float) -> None:
    """Draw lines at quarters of the limit: solid for, dashed against, with a white edge."""
    steps = limit * np.array([0.25, 0.5, 0.75])
    for levels, colour, dash in ((steps, FOR, "solid"), (-steps[::-1], AGAINST, "dashed")):
        if shown.min() < levels.max() and shown.max() > levels.min():
            lines = axes.contour(
                shown, levels=levels, colors=[colour], linestyles=dash, linewidths=1.4
            )
            lines.set_path_effects([withStroke(linewidth=3, foreground="white")])
            for text in axes.clabel(lines, fontsize=7, fmt="%.2g"):
                text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _shown(image: Image.Image) -> NDArray[Any]:
    """Return the photograph as uint8 (height, width, 3), no larger than it is drawn."""
    if max(image.size) > SIDE:
        factor = SIDE / max(image.size)
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image)
