"""Arrays and graphs for tests of the Ops, and scripts in a process of their own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano


def floats(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def close(a, b, tolerance=1e-5):
    """Equal to a fraction of the largest magnitude, as sums in another order are."""
    assert a.shape == b.shape
    assert np.abs(a - b).max() <= tolerance * max(np.abs(b).max(), 1e-30)


def first(array):
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2))


def last(array):
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def run(script, **environment):
    """Run `script` in a process of its own and return what it and oneDNN print."""
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def processor_has(name):
    with open("/proc/cpuinfo") as file:
        return f" {name} " in file.read().replace("\n", " ")


def megabytes():
    """Memory of this process that is resident."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def forward_and_back(weights, bias=None, **options):
    """x -> convolution of x, and the gradient of its sum by x."""
    x = T.ftensor4("x")
    bias = T.zeros((weights.shape[0],), "float32") if bias is None else bias
    y = ops.convolution(x, weights, bias, **options)
    return theano.function([x], [y, T.grad(y.sum(), x)])


def everything(w):
    """A graph of all Ops here: x -> the means of its cells, gradients by x and by the weights."""
    x, d = T.ftensor4("x"), T.fmatrix("d")
    b = theano.shared(np.zeros(w.get_value(borrow=True).shape[0], "float32"))
    y = ops.convolution(x, w, b, pad=1, relu=True)
    y = ops.convolution(y, w, b, residual=x, pad=1, relu=True)
    means = ops.mean_pool(ops.max_pool(y))
    gradients = T.grad(None, [x, w, b], known_grads={means: d})
    function = theano.function([x, d], [means, *gradients])
    return lambda x: function(x, np.ones((x.shape[0], 16), "float32"))
