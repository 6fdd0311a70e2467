"""Cases for several tests of the explanations: methods, small networks, hand-made maps."""

import functools
import os
from unittest import mock

import numpy as np
from networks import photographs, random_checkpoint
from PIL import Image

from conus_widgets import explain
from conus_widgets.predictor import Predictor

PAIR = {1: 1, 3: -1}

#: Each method with options under which it is quick.
METHODS = {
    "gradient": explain.gradient,
    "guided_backprop": explain.guided_backprop,
    "gradient_times_input": explain.gradient_times_input,
    "smoothgrad": functools.partial(explain.smoothgrad, samples=5),
    "integrated_gradients": functools.partial(explain.integrated_gradients, steps=4, most=4),
    "cam": explain.cam,
    "hires_cam": explain.hires_cam,
    "layer_cam": explain.layer_cam,
}


@functools.cache
def small(engine):
    """A predictor of a small random network, compiled once for each engine."""
    with mock.patch.dict(os.environ, CONUS_ENGINE=engine):
        return Predictor(random_checkpoint())


def picture(seed=3):
    """A photograph that is not square."""
    return photographs(1, seed=seed)[0]


def made(values, *, image=None, unit="logit", words="A", labels=("A", "B"), **rest):
    """An explanation by hand."""
    values = np.asarray(values, "float32")
    return explain.Explanation(
        values=values,
        target=explain.Target(np.array([1, 0], "float32"), words),
        method="cam",
        image=image or Image.new("RGB", (56, 42), (90, 120, 60)),
        logits=np.array([2.0, -1.0], "float32"),
        labels=list(labels),
        unit=unit,
        **rest,
    )
