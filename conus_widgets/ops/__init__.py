"""Theano Ops on oneDNN: convolutions and pooling at the speed of the best engines for CPUs."""

from conus_widgets.ops.bfloat16 import bfloat16_available, from_bfloat16, to_bfloat16
from conus_widgets.ops.convolution import PARTIAL, convolution
from conus_widgets.ops.frozen import frozen, read_only
from conus_widgets.ops.onednn import available, use_threads
from conus_widgets.ops.pooling import max_pool, mean_pool
from conus_widgets.ops.shelf import Shelf
from conus_widgets.ops.subsampling import subsample

__all__ = [
    "PARTIAL",
    "Shelf",
    "available",
    "bfloat16_available",
    "convolution",
    "from_bfloat16",
    "frozen",
    "max_pool",
    "mean_pool",
    "read_only",
    "subsample",
    "to_bfloat16",
    "use_threads",
]
