"""The methods on the page: rows of the catalogue, and what stands beside a map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conus_widgets.explain.catalogue import METHODS, Method
from conus_widgets.explain.evaluate import randomisation_of, trust_line
from conus_widgets.explain.explanation import Explanation
from conus_widgets.network.grids import finer
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer.layers import shift_of
from conus_widgets.widgets.live.arguments import existing

CAM = "cam"  # which the page computes by itself


def method_called(name: str) -> Method:
    """Return a method by name, or raise a ValueError with the nearest names, or all."""
    return METHODS[existing("method", name, list(METHODS))]


def message(method: Method, predictor: PredictorProtocol) -> dict[str, Any]:
    """Return an entry of the menu as plain data for the page; `trust` until there is a map."""
    return {
        "name": method.name,
        "label": method.label,
        "layered": method.takes("layer"),
        "trust": list(_lines(method, predictor)),
    }


def explain(
    method: Method,
    predictor: PredictorProtocol,
    image: Any,
    target: Any,
    layer: str | None,
    **hooks: Any,
) -> Explanation:
    """Return a method's map, with the options that the page offers it with.

    Parameters
    ----------
    method : Method
    predictor : Predictor
    image : PIL.Image.Image
    target : Target
    layer : str or None
        For methods that look into one.
    **hooks
        "progress", "cancelled", and "preview" for methods that take it.
    """
    options = dict(method.offered)
    if layer is not None and method.takes("layer"):  # the menu remembers one for other methods
        options["layer"] = layer
    if not method.takes("preview"):
        hooks.pop("preview", None)
    return method.function(predictor, image, target, **options, **hooks)


def trust(
    method: Method, explanation: Explanation, predictor: PredictorProtocol
) -> list[dict[str, str]]:
    """Return what a reader must know of a map, line by line.

    Returns
    -------
    list of dict
        "text", and its "kind": "caveat" (why not to trust it), "claim", "grain" and "spot" (how
        fine it is, where a cell looks), "cost", "test" (the randomisation test's verdict), "remark"
        (of the map itself).
    """
    size, (rows, columns) = predictor.size, explanation.values.shape
    side = f"{size / rows:.3g}" if rows == columns else f"{size / rows:.3g} x {size / columns:.3g}"
    grain = (
        "one number a pixel of the network's input"
        if rows == size
        else f"each cell is {side} pixels wide in the network's input of {size}"
    )
    told = [_line("grain", f"{rows} × {columns} cells: {grain}.")]
    away = shift_of(predictor, explanation.layer) * size
    if abs(away) >= 1:
        where = "above and left" if away < 0 else "below and right"
        told.append(
            _line(
                "spot",
                f"A cell looks around the dot, {abs(away):g} pixels {where} of its square's "
                "middle.",
            )
        )
    if can_be_tested(predictor):
        told.append(_line("test", verdict(method, explanation.layer, predictor)))
    told += [_line("remark", text) for text in explanation.remarks if text != method.caveat]
    return [*_lines(method, predictor), *told]


def _lines(method: Method, predictor: PredictorProtocol) -> Iterator[dict[str, str]]:
    """Yield what is known of a method without a map."""
    if method.caveat:
        yield _line("caveat", method.caveat)
    yield _line("claim", method.claims)
    yield _line("cost", cost(method, predictor.size))


def _line(kind: str, text: str) -> dict[str, str]:
    return {"kind": kind, "text": text}


def cost(method: Method, size: int) -> str:
    """Return what a map takes, as a sentence."""
    try:
        said = f"{method.runs(size, **method.offered)}."
    except ValueError as error:  # the method itself will refuse that size, too
        return str(error)
    return f"{said} Another class costs nothing." if method.name == CAM else said


def verdict(method: Method, layer: str | None, predictor: PredictorProtocol) -> str:
    """Return what `explain.evaluate` says of a method on this network."""
    tested = finer(predictor.network.grids)
    of = f"Of {tested}: " if method.takes("layer") and layer != tested else ""
    return of + trust_line(predictor, method.name)


def is_untested(method: Method, predictor: PredictorProtocol) -> bool:
    """Return whether the randomisation test of a method could be made here, and was not yet."""
    return can_be_tested(predictor) and (
        randomisation_of(predictor, method.name, compute=False) is None
    )


def can_be_tested(predictor: PredictorProtocol) -> bool:
    """Return whether a network can be shuffled, so that maps before and after can be compared."""
    return bool(predictor.stages)
