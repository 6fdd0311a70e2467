"""The network behind a widget: what may be given for it, and how it is loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.worker import Source, Worker, worker_for

__all__ = ["Given", "load", "predictor_of", "worker_of"]

Given = PredictorProtocol | Source
"""The values that a widget takes for its network."""

_PHOTOGRAPHS = (
    *(".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"),
    *(".gif", ".bmp", ".heic", ".heif", ".avif"),
)


def load(source: Source) -> PredictorProtocol:
    """Load a predictor, in the worker's thread."""
    # Imported here: it takes seconds, and the page must not wait for it.
    from conus_widgets.loading import load_predictor

    return load_predictor(source)


def worker_of(predictor: Given, *, widget: str, asks: Sequence[str], place: str) -> Worker:
    """Return the worker of the predictor that a widget was given.

    Parameters
    ----------
    predictor : Predictor, str, os.PathLike or None
        A loaded one, or what ``load_predictor`` takes.
    widget : str
        Who asks, for errors.
    asks : sequence of str
        What the widget asks of a predictor, by name.
    place : str
        A sentence for errors: how photographs are given to the widget.

    Raises
    ------
    TypeError
        For anything that is no predictor.
    ValueError
        For the path of a photograph.
    """
    if _is_source(predictor):
        if str(predictor).lower().endswith(_PHOTOGRAPHS):
            raise ValueError(
                f"{predictor} is a photograph by its name, but the first argument of {widget} is "
                f"the predictor. {place}"
            )
    elif isinstance(predictor, type) or not all(hasattr(predictor, name) for name in asks):
        raise TypeError(_refusal(predictor, widget, place))
    return worker_for(predictor, load=lambda source: load(source))


def predictor_of(worker: Worker, given: Given) -> PredictorProtocol | None:
    """Return the predictor if it is loaded by now, else None."""
    if given is None or isinstance(given, str | os.PathLike):
        return worker.predictor
    return worker.predictor or given


def _is_source(predictor: Given) -> bool:
    return predictor is None or isinstance(predictor, (str, os.PathLike))


def _refusal(given: Any, widget: str, place: str) -> str:
    name = getattr(given, "__name__", "")
    if isinstance(given, type):
        return (
            f"{widget} was given the class {name} itself: give a predictor, as load_predictor() "
            "returns it."
        )
    if callable(given) and name:
        written = name if name.isidentifier() else "..."
        return (
            f"{widget} was given the function {name} itself, without calling it: write "
            f"{widget}({written}())."
        )
    hint = ""
    if isinstance(given, (bytes, bytearray, list, tuple)) or hasattr(given, "shape"):
        hint = f" A photograph? {place}"
    elif type(given).__module__.startswith("PIL."):
        hint = f" {place}"
    kind = type(given).__name__
    return (
        f"The first argument of {widget} is the predictor, and this {kind} is not one: give what "
        f"load_predictor() returns, a checkpoint's folder, or nothing for the demonstration "
        f"network.{hint}"
    )
