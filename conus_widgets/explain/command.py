"""What ``python -m conus_widgets explain`` does."""

from __future__ import annotations

import difflib
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets import explain
from conus_widgets.explain.storage import kind_of
from conus_widgets.names import plain

METHODS = (
    "cam",
    "layer_cam",
    "gradient",
    "gradient_times_input",
    "guided_backprop",
    "smoothgrad",
    "integrated_gradients",
    "occlusion",
    "random_masks",
)


def run(predictor: Any, options: Namespace) -> str:
    """Explain one photograph and write the picture.

    Parameters
    ----------
    predictor : Predictor
    options : Namespace
        photograph, method, target, against, layer, style and out, as on the command line.

    Returns
    -------
    str
        What to print: the explanation in words, its remarks, and the file's path.

    Raises
    ------
    ValueError
        For an unknown method, class, layer or style, an unusable photograph, another ending, or a
        folder that is not there.
    OSError
        Where the file cannot be written.
    """
    method = _method(options.method)
    settings = {}
    if options.layer is not None:
        if options.method != "layer_cam":
            raise ValueError(f"{options.method} has no --layer: use --method layer_cam.")
        settings["layer"] = options.layer
    photograph = Path(options.photograph)
    out = Path(options.out or f"{photograph.stem}-{options.method}.png")
    style = {"style": options.style} if kind_of(out) == ".png" else {}
    if not out.parent.is_dir():  # said before a minute is computed for nothing
        raise ValueError(f"There is no folder {out.parent} for {out.name}: make it first.")
    target = _target(predictor, photograph, options.target, options.against)
    found = method(predictor, photograph, target, **settings)
    found.save(out, **style)
    lines = [repr(found)[1:-1]]
    lines += [f"{name}: {value:.4g}" for name, value in found.figures.items()]
    return "\n".join([*lines, *found.remarks, plain(str(out))])


def _method(name: str) -> Callable[..., Any]:
    methods = {one: getattr(explain, one, None) for one in METHODS}
    known = [one for one, method in methods.items() if callable(method)]
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, cutoff=0.4)
        listed = f"the nearest are {', '.join(near)}" if near else f"there are {', '.join(known)}"
        raise ValueError(f"No method is called {name!r}; {listed}.")
    method: Any = methods[name]
    return method


def _target(predictor: Any, photograph: Path, target: str | None, against: str | None) -> Any:
    """Return what the command line means by a class, and by one class against another."""

    def known(text: str) -> str | int:
        return int(text) if text.isdecimal() and text not in predictor.labels else text

    if against is None:
        return None if target is None else known(target)
    if target is None:
        best = int(np.argmax(predictor.forward(predictor.inputs([photograph])).logits[0]))
    else:
        best = int(explain.resolve(known(target), predictor.labels).weights.argmax())
    other = int(explain.resolve(known(against), predictor.labels).weights.argmax())
    if other == best:
        raise ValueError(
            f"{predictor.labels[best]!r} cannot be explained against itself: give two classes."
        )
    return {best: 1, other: -1}
