"""Occlusion: what the answer loses when a window covers a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conus_widgets.arguments import number, one_of, shown, whole
from conus_widgets.explain.covering import Covering, moments
from conus_widgets.explain.covers import DEFAULT, plain
from conus_widgets.explain.drilldown import DrillDown
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.subject import each
from conus_widgets.explain.sweep import Sweep
from conus_widgets.explain.windows import Windows
from conus_widgets.network.interface import PredictorProtocol, Progress

METHODS = ("exact", "drill-down")


@each
def occlusion(
    predictor: PredictorProtocol,
    image: Any,
    target: Any = None,
    *,
    window: int | Sequence[int] = 32,
    stride: int = 8,
    fill: Any = DEFAULT,
    offset: tuple[int, int] = (0, 0),
    method: str = "exact",
    share: float = 0.3,
    output: str = "logit",
    seed: int = 0,
    batch: int | None = None,
    preview: Callable[[Explanation], Any] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Return what the target's logit loses when a window covers each place.

    Parameters
    ----------
    predictor : Predictor
    image : photograph, or list of photographs
    target : class, mapping or Target, optional
        See `resolve`; by default the top class.
    window : int, or several
        Side of the square windows, in pixels of the network's input. Of several sizes the maps are
        averaged; ``window=(20, 50, 100), stride=4`` is what this network's authors used.
    stride : int
        From one window to the next, in the same pixels; at most the smallest window.
    fill : {"mean", "black", "blur", "noise", "patch"}, (R, G, B) or photograph
        What a window covers the photograph with: see `covers.cover`.
    offset : (int, int)
        Of "patch": columns and rows, in pixels of the network's input.
    method : {"exact", "drill-down"}
        "exact": each window in a run of the network of its own. "drill-down": see `DrillDown`.
    share : float, above 0, at most 1
        Of a drill-down: how many runs it takes, relative to the exact map. 1 is the exact map.
    output : {"logit", "probability"}
        What is measured: the target's logit, or its probability (of a weighting of classes: the
        weighted sum of their probabilities).
    seed : int
        Of the noise that "noise" fills with.
    batch : int, optional
        How many windows are computed at once; by default what the network's limit of memory
        allows. No more inputs than that exist at any time.
    preview : callable, optional
        ``preview(explanation)`` is called with a coarse picture after the first 16 windows, then
        better ones at each doubling, and with the result.
    progress, cancelled : callable, optional
        Told and asked between batches.

    Returns
    -------
    Explanation
        values (size, size), in logits or probability: for each pixel the mean over the windows
        that cover it. **Positive: the place speaks for the target**, which loses without it.
        Its details hold the losses themselves, a grid "windows 32" for windows of 32 pixels.

    Raises
    ------
    ValueError
        For an unknown class, fill, method or output, a window larger than the network's input, or
        numbers outside their bounds.
    Cancelled
        If `cancelled` returned true.

    Notes
    -----
    M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", 2013,
    arXiv:1311.2901. The map of one size is that of captum's ``Occlusion``. A window also puts its
    own edges into the photograph: compare fills before you believe a detail. Costs a run forward
    for each window (625 for 32 and 8), times `share` in a drill-down, and one more.
    """
    method, share = one_of("method", method, METHODS), number("share", share, above=0, most=1)
    given = list(window) if np.ndim(window) else [window]  # type: ignore[arg-type]
    sizes = [whole("window", size, least=None) for size in given]
    if not sizes or len(set(sizes)) < len(sizes):
        raise ValueError(f"window is {shown(window)}: give one size, or several different ones.")
    seed = whole("seed", seed)
    grids = [Windows(predictor.size, size, stride) for size in sizes]
    covering = Covering(
        predictor, image, target,
        fill=fill, offset=offset, seed=seed, output=output, batch=batch, cancelled=cancelled,
    )  # fmt: skip
    searches: list[Sweep | DrillDown] = [
        Sweep(covering, grid)
        if method == "exact" or share == 1
        else DrillDown(covering, grid, share)
        for grid in grids
    ]
    options = {
        "window": sizes[0] if len(sizes) == 1 else sizes,
        "stride": stride,
        "fill": plain(fill),
        "method": method,
        "output": output,
        "seed": seed,
    }
    if method == "drill-down":
        options["share"] = share

    def found() -> Explanation:
        losses = {search.windows: search.grid() for search in searches if search.done}
        return covering.explanation(
            np.mean([windows.on_pixels(grid) for windows, grid in losses.items()], axis=0),
            "occlusion",
            options=options,
            figures={
                output: covering.whole,
                "windows": float(sum(grid.count for grid in grids)),
                "runs": float(sum(search.done for search in searches)),
            },
            details={
                f"windows {windows.window}": grid.astype(np.float32)
                for windows, grid in losses.items()
            },
        )

    total, done = sum(search.total for search in searches), 0
    for moment in moments(total):
        while done < moment:
            # The sizes take turns, so that the first picture knows something of each.
            search = min(searches, key=lambda search: search.done / search.total)
            done += search.run(min(covering.batch, moment - done))
            if progress is not None:
                progress(done, total)
        if preview is not None or done == total:
            explanation = found()
            if preview is not None:
                preview(explanation)
    return explanation
