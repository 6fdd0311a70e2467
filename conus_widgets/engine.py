"""Which engine computes: the fused Ops on oneDNN, or Theano's own convolution."""

from __future__ import annotations

import os

from conus_widgets import ops

ENGINES = ("onednn", "theano")


def chosen_engine() -> str:
    """Return "onednn" where its package is installed, else "theano".

    ``CONUS_ENGINE`` chooses otherwise.

    Raises
    ------
    ValueError
        Where ``CONUS_ENGINE`` is neither, or oneDNN is asked for and not there.
    """
    asked = os.environ.get("CONUS_ENGINE", "")
    if asked and asked not in ENGINES:
        raise ValueError(f"CONUS_ENGINE is {asked!r}: use one of {', '.join(ENGINES)}.")
    found = ops.available()
    if asked == "onednn" and not found:
        raise ValueError(f"CONUS_ENGINE is 'onednn', but: {found.reason}")
    return asked or ("onednn" if found else "theano")
