"""The methods as they are compared: each with the options that stand in the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from conus_widgets.arguments import shown
from conus_widgets.explain.cam import cam
from conus_widgets.explain.centres import centred
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.gradients import gradient, gradient_times_input, guided_backprop
from conus_widgets.explain.integrated import integrated_gradients
from conus_widgets.explain.layers import layer_cam
from conus_widgets.explain.occlusion import occlusion
from conus_widgets.explain.random_masks import random_masks
from conus_widgets.explain.smooth import smoothgrad

Method = Callable[..., Explanation]


def by_name(methods: Any) -> dict[str, Method]:
    """Return methods by their names, or raise a ValueError where they have none."""
    if isinstance(methods, Mapping) and all(map(callable, methods.values())):
        return {str(name): method for name, method in methods.items()}
    raise ValueError(
        f"methods is {shown(methods)}: give functions by their names, as {{'cam': explain.cam}}."
    )


def _centred(method: Method) -> Method:
    """Return the method with each value at the centre of what its cell sees."""

    @functools.wraps(method)
    def look(predictor: Any, image: Any, target: Any = None, **options: Any) -> Explanation:
        found = method(predictor, image, target, **options)
        return centred(found, predictor.network.architecture)

    return look


# Not res4f: the next stage reads only every second cell of it along each axis.
METHODS: dict[str, Method] = {
    "cam": cam,
    "layer_cam": functools.partial(layer_cam, layer="res4e", kind="hires"),
    "occlusion": functools.partial(occlusion, stride=16),
    "random_masks": functools.partial(random_masks, masks=500),
    "gradient": functools.partial(gradient, channels="magnitude"),
    "gradient_times_input": gradient_times_input,
    "smoothgrad": functools.partial(smoothgrad, channels="magnitude"),
    "integrated_gradients": integrated_gradients,
    "guided_backprop": functools.partial(guided_backprop, channels="magnitude"),
}

#: The same methods with other options, for whoever wants to know what a choice changes.
VARIANTS: dict[str, Method] = {
    "cam_centred": _centred(cam),
    "layer_cam_centred": _centred(functools.partial(layer_cam, layer="res4e", kind="hires")),
    "layer_cam_res3c": functools.partial(layer_cam, layer="res3c", kind="hires"),
    "layer_cam_positive": functools.partial(layer_cam, kind="layer"),
    "layer_cam_grad++": functools.partial(layer_cam, kind="grad++"),
    "layer_cam_grad_res4e": functools.partial(layer_cam, layer="res4e", kind="grad"),
    "occlusion_fine": functools.partial(occlusion, stride=8),
    "occlusion_blur": functools.partial(occlusion, stride=16, fill="blur"),
    "occlusion_noise": functools.partial(occlusion, stride=16, fill="noise"),
    "occlusion_authors": functools.partial(occlusion, window=(20, 50, 100), stride=10),
    "gradient_signed": gradient,
    "smoothgrad_signed": smoothgrad,
    "smoothgrad_squared": functools.partial(smoothgrad, kind="squared", channels="squares"),
    "guided_backprop_signed": guided_backprop,
}
