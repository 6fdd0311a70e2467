"""ResNet50 a second time, from the paper and the facts of the checkpoint, in plain NumPy.

Nothing here comes from the package: layers are written down in the order in which the published
file holds their arrays, and each takes the next ones.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, filters, stride=1, pad=0):
    """Cross-correlation: every window times the filters as they stand, not turned."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(x, filters.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncyxij,fcij->nfyx", windows, filters, optimize=True)


def normalize(x, beta, gamma, mean, inv_std):
    beta, gamma, mean, inv_std = (v[:, None, None] for v in (beta, gamma, mean, inv_std))
    return (x - mean) * gamma * inv_std + beta


def max_pool(x, padded):
    """3x3 with stride 2; unpadded, the last window may hang over the edge."""
    rows, columns = x.shape[2:]
    first = -1 if padded else 0
    reach = 1 if padded else 0  # how far a window may lie over the edge and still count
    last = (rows + reach - 3, columns + reach - 3) if padded else (rows - 2, columns - 2)
    tops, lefts = (range(first, max(n, first) + 1, 2) for n in last)
    if not padded:  # a partial window must begin inside and add at least one new cell
        tops, lefts = (range(0, 2 * -(-(n - 3) // 2) + 1, 2) for n in (rows, columns))
    y = np.empty((*x.shape[:2], len(tops), len(lefts)), x.dtype)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            window = x[:, :, max(top, 0) : top + 3, max(left, 0) : left + 3]
            y[:, :, i, j] = window.max(axis=(2, 3))
    return y
