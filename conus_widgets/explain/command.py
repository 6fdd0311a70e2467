"""The command ``python -m conus_widgets explain``."""

from __future__ import annotations

import difflib
import os
import re
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets import explain
from conus_widgets.arguments import one_of
from conus_widgets.checkpoint.sources import folder_of, source_of
from conus_widgets.explain.catalogue import METHODS, Method
from conus_widgets.explain.panels import STYLES
from conus_widgets.explain.storage import kind_of, place_for_map, save
from conus_widgets.machine.beside import longest_name
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.photographs.names import plain

FORMS = ("layer", "kind")  # options of some methods


def run(predictor: PredictorProtocol, options: Namespace) -> str:
    """Explain one photograph and write the picture.

    Parameters
    ----------
    predictor : Predictor
    options : Namespace
        photograph, method, target, against, layer, kind, style, out, force and model, as on the
        command line.

    Returns
    -------
    str
        What to print: the explanation in words, its remarks, and the file's path.

    Raises
    ------
    ValueError
        For an unknown method, class, layer, kind or style, an unusable photograph, another ending,
        a folder that is not there, or a file that must not be written over: see `storage.save`.
    OSError
        If the file cannot be written.
    """
    method = _method(options.method)
    settings = _settings(method, options)
    photograph = options.photograph
    out = Path(options.out or _name_for(Path(photograph), f"-{options.method}.png"))
    style = {"style": one_of("style", options.style, STYLES)}
    if kind_of(out) == ".npz":
        style = {}  # it holds numbers
    inputs = [photograph, *_weights(options.model)]
    # Said before a minute is computed for nothing.
    place = place_for_map(out, inputs=inputs, force=options.force)
    if not place.parent.is_dir():
        raise ValueError(
            f"There is no folder {plain(str(out.parent))} for {plain(out.name)}: make it first."
        )
    if not os.access(place.parent, os.W_OK):
        raise ValueError(
            f"The folder {plain(str(out.parent))} may not be written to: give --out in another one."
        )
    replaced = place.exists()
    target = _target(predictor, photograph, options.target, options.against)
    found = method.function(predictor, photograph, target, **settings)
    save(found, out, force=options.force, inputs=inputs, **style)
    lines = [repr(found)[1:-1]]
    lines += [f"{name}: {value:.4g}" for name, value in found.figures.items()]
    said = plain(str(out)) + (" (in place of an earlier file)" if replaced else "")
    return "\n".join([*lines, *found.remarks, said])


def _name_for(photograph: Path, ending: str) -> str:
    """Return the name of a photograph's map; cut if it would be too long for the disk."""
    stem, most = photograph.stem, longest_name(Path()) - len(ending)
    while len(os.fsencode(stem)) > most:
        stem = stem[:-1]
    return stem + ending


def _weights(model: str | None) -> list[Path]:
    """Return the arrays that a model is read from."""
    place = folder_of(source_of(model))
    return sorted(place.glob("*.npz")) if place.is_dir() else [place]


def _method(name: str) -> Method:
    if name not in METHODS:
        near = difflib.get_close_matches(name, METHODS, 3, cutoff=0.4)
        listed = f"the nearest are {', '.join(near)}" if near else f"there are {', '.join(METHODS)}"
        raise ValueError(f"No method is called {name!r}; {listed}.")
    return METHODS[name]


def _settings(method: Method, options: Namespace) -> dict[str, str]:
    """Return the options that only some methods have, if they were given."""
    given = {name: getattr(options, name) for name in FORMS}
    found = {name: value for name, value in given.items() if value is not None}
    for name in found:
        if not method.takes(name):
            able = [other for other, one in METHODS.items() if one.takes(name)]
            raise ValueError(f"{method.name} has no --{name}: use --method {' or '.join(able)}.")
    return found


def _target(
    predictor: PredictorProtocol, photograph: str, target: str | None, against: str | None
) -> Any:
    """Return what the command line means by a class, and by one class against another."""

    def known(text: str) -> str | int:
        is_number = re.fullmatch(r"[+-]?\d{1,18}", text) and text not in predictor.labels
        return int(text) if is_number else text

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
