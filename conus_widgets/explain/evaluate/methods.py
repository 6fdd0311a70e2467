"""The methods as they are compared: each with the options that stand in the tables."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from conus_widgets.arguments import shown
from conus_widgets.explain.cam import cam
from conus_widgets.explain.catalogue import METHODS
from conus_widgets.explain.centres import centred
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.gradients import gradient, guided_backprop
from conus_widgets.explain.layers import hires_cam, layer_cam
from conus_widgets.explain.occlusion import occlusion
from conus_widgets.explain.smooth import smoothgrad
from conus_widgets.network.interface import PredictorProtocol

Method = Callable[..., Explanation]


def by_name(methods: Any) -> dict[str, Method]:
    """Return methods by their names, or raise a ValueError if they have none."""
    if isinstance(methods, Mapping) and all(map(callable, methods.values())):
        return {str(name): method for name, method in methods.items()}
    raise ValueError(
        f"methods is {shown(methods)}: give functions by their names, as {{'cam': explain.cam}}."
    )


def _centred(method: Method) -> Method:
    """Return the method with each value at the centre of what its cell sees."""

    @functools.wraps(method)
    def look(
        predictor: PredictorProtocol, image: Any, target: Any = None, **options: Any
    ) -> Explanation:
        found = method(predictor, image, target, **options)
        return centred(found, predictor)

    return look


def compared() -> dict[str, Method]:
    """Return the methods of the catalogue, each with the options with which it is compared."""
    return {
        name: functools.partial(method.function, **method.compared)
        for name, method in METHODS.items()
    }


#: The same methods with other options, for whoever wants to know what a choice changes.
VARIANTS: dict[str, Method] = {
    "cam_centred": _centred(cam),
    "hires_cam_centred": _centred(hires_cam),
    "hires_cam_res3c": functools.partial(hires_cam, layer="res3c"),
    "layer_cam_res5c": functools.partial(layer_cam, layer="res5c"),
    "layer_cam_grad": functools.partial(layer_cam, kind="grad"),
    "layer_cam_grad++_res5c": functools.partial(layer_cam, layer="res5c", kind="grad++"),
    "occlusion_fine": functools.partial(occlusion, stride=8),
    "occlusion_blur": functools.partial(occlusion, stride=16, fill="blur"),
    "occlusion_noise": functools.partial(occlusion, stride=16, fill="noise"),
    "occlusion_authors": functools.partial(occlusion, window=(20, 50, 100), stride=10),
    "gradient_signed": gradient,
    "smoothgrad_signed": smoothgrad,
    "smoothgrad_squared": functools.partial(smoothgrad, kind="squared", channels="squares"),
    "guided_backprop_signed": guided_backprop,
}

#: Names of version 0.1.0, when "layer_cam" was HiResCAM here, and their new names.
RENAMED = {
    "layer_cam_centred": "hires_cam_centred",
    "layer_cam_res3c": "hires_cam_res3c",
    "layer_cam_positive": "layer_cam_res5c",
    "layer_cam_grad_res4e": "layer_cam_grad",
    "layer_cam_grad++": "layer_cam_grad++_res5c",
}


def method_called(name: str) -> Method:
    """Return a method or variant by its name.

    Raises
    ------
    ValueError
        With all names, if there is none.

    Warns
    -----
    DeprecationWarning
        For an old name.
    """
    known = compared() | VARIANTS
    if name in RENAMED:
        warnings.warn(
            f"{name!r} is called {RENAMED[name]!r} now.", DeprecationWarning, stacklevel=2
        )
        name = RENAMED[name]
    if name not in known:
        raise ValueError(f"No method is called {name!r}; there are {', '.join(known)}.")
    return known[name]
