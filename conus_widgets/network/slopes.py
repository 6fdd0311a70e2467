"""ReLU and the first max pooling on Theano's own Ops, with slopes as in the rest of the field."""

from __future__ import annotations

from typing import Any

import numpy as np

from conus_widgets.machine.runtime import T

SIZE, STRIDE = 3, 2


def rectify(x: Any) -> Any:
    """ReLU with slope 0 at 0; Theano's own has slope 0.5 there."""
    return T.switch(x > 0, x, np.float32(0))


def first_max_pool(x: Any, pad: int) -> Any:
    """Return the maxima of 3x3 windows at stride 2.

    Parameters
    ----------
    x : float32 variable (N, C, H, W)
    pad : {0, 1}
        Cells of padding on each side, which never win. Without padding a last window that sticks
        out is kept ("ceil mode").

    Returns
    -------
    float32 variable (N, C, H', W')
        Of equal maxima the first in reading order gets the gradient; a NaN stays visible.

    Notes
    -----
    Theano's own `pool_2d` pays the gradient to every one of the tied maxima, and on a black
    background all are tied. A chain of switches pays it to the last cell that was larger than all
    before it.
    """
    batch, channels, height, width = (x.shape[axis] for axis in range(4))
    # Unpadded, an even length leaves the last window one cell short.
    rows, columns = (length // 2 if pad == 0 else (length + 1) // 2 for length in (height, width))
    framed = T.alloc(np.float32(-np.inf), batch, channels, STRIDE * rows + 1, STRIDE * columns + 1)
    # The last cell of an odd length may stand beyond the last window: it is not looked at.
    inside = x[:, :, : STRIDE * rows + 1 - pad, : STRIDE * columns + 1 - pad]
    framed = T.set_subtensor(
        framed[:, :, pad : pad + inside.shape[2], pad : pad + inside.shape[3]], inside
    )
    best = None
    for row in range(SIZE):
        for column in range(SIZE):
            cell = framed[
                :,
                :,
                row : row + STRIDE * rows - 1 : STRIDE,
                column : column + STRIDE * columns - 1 : STRIDE,
            ]
            best = cell if best is None else T.switch(T.gt(cell, best) | T.isnan(cell), cell, best)
    return best
