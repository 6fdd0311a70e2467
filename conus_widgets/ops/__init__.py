"""Theano Ops on oneDNN: convolutions and pooling at the speed of the best engines for CPUs."""

from conus_widgets.ops.convolution import convolution
from conus_widgets.ops.frozen import frozen
from conus_widgets.ops.onednn import available, use_threads
from conus_widgets.ops.pooling import max_pool, mean_pool

__all__ = ["available", "convolution", "frozen", "max_pool", "mean_pool", "use_threads"]
