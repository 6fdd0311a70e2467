"""The methods on the page: one table, and what a reader must know of each."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from conus_widgets.widgets.explorer.layers import finer, shift_of
from conus_widgets.widgets.live.arguments import existing

CAM = "cam"
CHECKED = "res4e"  # the layer of which `explain.evaluate` speaks


@dataclass(frozen=True)
class Method:
    """One entry of the menu.

    Parameters
    ----------
    name : str
        Of the entry.
    label : str
        For the menu.
    function : str
        Of `conus_widgets.explain`.
    options : mapping
        Keyword arguments of that function.
    layered : bool
        Whether it takes a layer; without one it looks into `layers.finer`.
    streams : bool
        Whether it takes ``preview=``, for coarse maps while it works.
    says, cost : str
        What its numbers mean, and what it takes; for a reader.
    fails : str
        Why it must not be trusted; "" for most.
    checked : str
        What `explain.evaluate` calls it; "" where it has no such check.
    """

    name: str
    label: str
    function: str
    says: str
    cost: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    layered: bool = False
    streams: bool = False
    fails: str = ""
    checked: str = ""

    def message(self) -> dict[str, Any]:
        """The entry as plain data for the page."""
        return {
            "name": self.name,
            "label": self.label,
            "layered": self.layered,
            "says": self.says,
            "cost": self.cost,
            "fails": self.fails,
        }


def _table(*methods: Method) -> dict[str, Method]:
    return {method.name: method for method in methods}


METHODS = _table(
    Method(
        CAM,
        "CAM: shares of the logit",
        "cam",
        "Exact: what each cell of the last layer adds to the logit.",
        "One run; another class costs nothing.",
        checked="cam",
    ),
    Method(
        "hires_cam",
        "HiResCAM: any layer",
        "layer_cam",
        "Activations times gradients of a layer: shares of the logit, to first order.",
        "One run forward and back.",
        {"kind": "hires"},
        layered=True,
        checked="layer_cam",
    ),
    Method(
        "layer_cam",
        "LayerCAM: any layer, positive",
        "layer_cam",
        "As HiResCAM with positive gradients only: it never shows what speaks against.",
        "One run forward and back.",
        {"kind": "layer"},
        layered=True,
    ),
    Method(
        "occlusion",
        "Occlusion: cover and look",
        "occlusion",
        "Checked by running the network: how far the logit falls where a window is covered.",
        "Hundreds of runs: seconds to a minute.",
        streams=True,
        checked="occlusion",
    ),
    Method(
        "random_masks",
        "RISE: random masks",
        "random_masks",
        "Checked by running the network: the logit under many random masks.",
        "A thousand runs: a minute, more for a large network.",
        streams=True,
        checked="random_masks",
    ),
    Method(
        "gradient",
        "Gradient",
        "gradient",
        "How the logit answers to a small change of each pixel, not what it consists of.",
        "One run forward and back.",
        checked="gradient",
    ),
    Method(
        "gradient_times_input",
        "Gradient × input",
        "gradient_times_input",
        "What each pixel would add to the logit if the network were linear. It is not.",
        "One run forward and back.",
        checked="gradient_times_input",
    ),
    Method(
        "smoothgrad",
        "SmoothGrad",
        "smoothgrad",
        "The gradient, averaged over noisy copies of the photograph.",
        "50 runs forward and back.",
        checked="smoothgrad",
    ),
    Method(
        "integrated_gradients",
        "Integrated gradients",
        "integrated_gradients",
        "Shares of the difference between the logit of the photograph and of a black picture.",
        "16 to 512 runs forward and back.",
        checked="integrated_gradients",
    ),
    Method(
        "guided_backprop",
        "Guided backpropagation (fails)",
        "guided_backprop",
        "For teaching: it redraws edges, whatever the network has learned.",
        "One run forward and back.",
        fails="It fails the randomisation check: its map hardly changes when the network's weights "
        "are drawn anew, so it cannot say why this network answers as it does.",
        checked="guided_backprop",
    ),
)


def available() -> list[Method]:
    """Return the entries whose function is there."""
    explain = importlib.import_module("conus_widgets.explain")
    return [method for method in METHODS.values() if hasattr(explain, method.function)]


def method_called(name: str) -> Method:
    """Return an entry by name, or raise a ValueError with the nearest names, or all."""
    return METHODS[existing("method", name, list(METHODS))]


def run(method: Method, predictor: Any, image: Any, target: Any, layer: str | None, **hooks: Any):
    """Call the method's function; returns its Explanation."""
    explain = importlib.import_module("conus_widgets.explain")
    options = dict(method.options)
    if method.layered:
        options["layer"] = layer or finer(predictor.network)
    if not method.streams:
        hooks.pop("preview", None)
    return getattr(explain, method.function)(predictor, image, target, **options, **hooks)


def trust(method: Method, explanation: Any, predictor: Any) -> list[str]:
    """Return what a reader must know of a map, as sentences: meaning, resolution, cost, check."""
    size, (rows, columns) = predictor.size, explanation.values.shape
    side = f"{size / rows:.3g}" if rows == columns else f"{size / rows:.3g} x {size / columns:.3g}"
    grain = (
        "one number a pixel of the network's input"
        if rows == size
        else f"each cell is {side} pixels wide in the network's input of {size}"
    )
    away = shift_of(predictor.network, explanation.layer) * size
    spot = (
        f"A cell looks around the dot, {abs(away):g} pixels "
        f"{'above and left' if away < 0 else 'below and right'} of its square's middle."
    )
    return [
        method.says,
        f"{rows} × {columns} cells: {grain}.",
        spot if abs(away) >= 1 else "",
        method.cost,
        verdict(method, explanation.layer, predictor),
    ]


def verdict(method: Method, layer: str | None, predictor: Any) -> str:
    """Return what `explain.evaluate` says of a method on this network."""
    if not can_be_checked(method, predictor):
        return ""
    from conus_widgets.explain.evaluate import trust_line

    of = f"Of {CHECKED}: " if method.layered and layer != CHECKED else ""
    return of + trust_line(predictor, method.checked)


def is_unchecked(method: Method, predictor: Any) -> bool:
    """Return whether a check of this method on this network can be made, and was not yet."""
    from conus_widgets.explain.evaluate import randomisation_of

    return can_be_checked(method, predictor) and (
        randomisation_of(predictor, method.checked, compute=False) is None
    )


def can_be_checked(method: Method, predictor: Any) -> bool:
    """Return whether `explain.evaluate` has a check of this method, for this kind of network."""
    return bool(method.checked) and hasattr(predictor, "checkpoint")


def python_line(method: Method, name: str, target: str, layer: str | None) -> str:
    """Return the line of Python that makes the same map again.

    Parameters
    ----------
    name : str
        The photograph, as Python.
    target : str
        As Python: a label, or a dict of labels and weights.
    """
    given = {**({"layer": layer} if layer and method.layered else {}), **method.options}
    keywords = "".join(f", {key}={value!r}" for key, value in given.items())
    return f"explain.{method.function}(predictor, {name}, {target}{keywords})"
