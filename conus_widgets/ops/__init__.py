"""Theano Ops on oneDNN: convolutions and pooling at the speed of the best engines for CPUs."""

from conus_widgets.ops.convolution import convolution
from conus_widgets.ops.frozen import frozen, read_only
from conus_widgets.ops.onednn import available, use_threads
from conus_widgets.ops.pooling import max_pool, mean_pool
from conus_widgets.ops.shelf import Shelf

__all__ = [
    "Shelf",
    "available",
    "convolution",
    "frozen",
    "max_pool",
    "mean_pool",
    "read_only",
    "use_threads",
]
