"""The choice of engine: the fused Ops on oneDNN, or Theano's own convolution."""

from __future__ import annotations

import os

from conus_widgets import ops
from conus_widgets.machine.machine import threads
from conus_widgets.machine.runtime import limit_blas

ENGINES = ("onednn", "theano")


def chosen_engine() -> str:
    """Return "onednn" where its package is installed, else "theano".

    ``CONUS_ENGINE`` chooses otherwise.

    Raises
    ------
    ValueError
        If ``CONUS_ENGINE`` is neither, or oneDNN is asked for and not there.
    """
    asked = os.environ.get("CONUS_ENGINE", "")
    if asked and asked not in ENGINES:
        raise ValueError(f"CONUS_ENGINE is {asked!r}: use one of {', '.join(ENGINES)}.")
    found = ops.available()
    if asked == "onednn" and not found:
        raise ValueError(f"CONUS_ENGINE is 'onednn', but: {found.reason}")
    return asked or ("onednn" if found else "theano")


def settle_threads(engine: str) -> None:
    """Before an engine's functions are used: Theano's own convolution is a product of matrices."""
    limit_blas(threads() if engine == "theano" else 1)
