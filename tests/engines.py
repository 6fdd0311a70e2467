"""The two engines, and small networks and inputs to compare them on."""

from __future__ import annotations

import numpy as np
import pytest

from conus_widgets import ops
from conus_widgets.checkpoint.architecture import Architecture

CLASSES = 7
ENGINES = ["theano", "onednn"]


def network(stride_on, pool, size=64):
    return Architecture(CLASSES, width=0.0625, stem=4, stride_on=stride_on, pool=pool, size=size)


def needs(engine):
    if engine == "onednn" and not ops.available():
        pytest.skip(ops.available().reason)


def inputs(size, count=2, seed=3):
    return np.random.default_rng(seed).normal(0, 60, (count, 3, size, size)).astype("float32")
