"""The methods as they are compared: each with the options that stand in the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable

from conus_widgets import explain
from conus_widgets.explain.explanation import Explanation

# Not res4f: the next stage reads only every second cell of it along each axis.
METHODS: dict[str, Callable[..., Explanation]] = {
    "cam": explain.cam,
    "layer_cam": functools.partial(explain.layer_cam, layer="res4e", kind="hires"),
    "occlusion": functools.partial(explain.occlusion, stride=16),
    "random_masks": functools.partial(explain.random_masks, masks=500),
    "gradient": functools.partial(explain.gradient, channels="magnitude"),
    "gradient_times_input": explain.gradient_times_input,
    "smoothgrad": functools.partial(explain.smoothgrad, channels="magnitude"),
    "integrated_gradients": explain.integrated_gradients,
    "guided_backprop": functools.partial(explain.guided_backprop, channels="magnitude"),
}
