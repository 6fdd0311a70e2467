"""Results as a picture: every ratio with its quartiles, on one scale, beside its target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.engines import ENGINES
from benchmarks.ratios import ratio
from benchmarks.results import Results
from benchmarks.targets import judge

# Okabe and Ito's colours, which colour-blind eyes tell apart; the mark differs as well.
MARKS = {
    "onnxruntime": ("o", "#0072B2"),
    "openvino": ("s", "#009E73"),
    "openvino bfloat16": ("s", "#56B4E9"),
    "pytorch": ("D", "#D55E00"),
    "torchscript": ("^", "#E69F00"),
    "captum": ("v", "#CC79A7"),
}
TICKS = (0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.5, 2, 3, 5)


def draw(results: Results, path: Path) -> None:
    """Draw ratios ours / peer, a line for each pair, grouped by figure; nothing if none are.

    Parameters
    ----------
    results : Results
    path : Path
        Of the PNG.
    """
    targets = {
        (verdict.target.figure, peer): verdict.target.at_most
        for verdict in judge(results)
        for peer in [verdict.peer]
        if peer
    }
    lines = []  # figure, peer, ratio
    for figure, values in {**results.seconds, **results.bytes}.items():
        ours = next((name for name in values if ENGINES[name].ours), None)
        for name, found in values.items():
            if ours and not ENGINES[name].ours:
                lines.append((figure, name, ratio(values[ours], found)))

    if not lines:
        return
    picture = Figure(figsize=(9, 1.6 + 0.27 * len(lines)), layout="constrained")
    axes = picture.subplots()
    axes.set_xscale("log")
    axes.axvline(1, color="0.3", linewidth=1)
    longest = max(len(figure) for figure, _, _ in lines)
    y, places, labels, before = 0.0, [], [], None
    for figure, name, seen in lines:
        if before not in (None, figure):
            axes.axhline(y - 0.25, color="0.9", linewidth=0.8)
            y += 0.5
        if before != figure:
            _beside(axes, figure, y, (-105 - 7 * longest, 0), "left", weight="bold")
        mark, colour = MARKS[name]
        axes.plot([seen.low, seen.high], [y, y], color=colour, linewidth=3, alpha=0.5)
        axes.plot(seen.median, y, mark, color=colour, markersize=7)
        _beside(axes, f"{seen.median:.2f}", y, (30, 0), "right", at=1)
        if (figure, name) in targets:
            axes.plot([targets[figure, name]] * 2, [y - 0.4, y + 0.4], color="black", linewidth=2)
        places.append(y)
        labels.append(ENGINES[name].label)
        y, before = y + 1, figure
    (aim,) = axes.plot([], [], color="black", marker="|", markersize=12, markeredgewidth=2,
                       linestyle="", label="aim: on it, or left of it")  # fmt: skip
    axes.legend(
        handles=[aim], loc="upper left", bbox_to_anchor=(-0.8, 0), frameon=False, fontsize=9
    )
    axes.set_yticks(places, labels)
    axes.set_ylim(y - 0.4, -0.6)
    edges = [edge for _, _, seen in lines for edge in (seen.low, seen.high)]
    edges += [*targets.values(), 1]
    axes.set_xlim(min(edges) / 1.15, max(edges) * 1.15)
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(
        "this project divided by the peer: median and quartiles of the rounds\n"
        "← this project needs less          it needs more →"
    )
    axes.set_title(f"{results.cpu}, {results.widest}, {results.date}", fontsize=10, loc="left")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    picture.savefig(path, dpi=130)


def _beside(
    axes: Axes, text: str, y: float, points: tuple[int, int], align: str, at: int = 0, **font: Any
) -> None:
    """Write beside the axes, level with a line; `at` is 0 for the left edge and 1 for the right."""
    axes.annotate(
        text, (at, y), points, ("axes fraction", "data"), "offset points", ha=align, va="center",
        annotation_clip=False, **font,
    )  # fmt: skip
