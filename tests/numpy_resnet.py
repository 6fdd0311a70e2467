"""ResNet50 a second time, from the paper and the facts of the checkpoint, in plain NumPy.

Nothing here comes from the package: layers stand in the order in which the published file holds
their arrays, and each takes the next ones.
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


def max_pool(x, before):
    """3x3, stride 2, `before` cells of padding in front; the last window may hang over the end.

    torchvision pads both sides by 1: behind an even number of cells the padding at the end is
    never reached, behind an odd one it is what the last window hangs over.
    """
    after = (x.shape[2] + before + 1) % 2, (x.shape[3] + before + 1) % 2
    pads = (0, 0), (0, 0), (before, after[0]), (before, after[1])
    x = np.pad(x, pads, constant_values=-np.inf)
    y = np.full((*x.shape[:2], (x.shape[2] - 1) // 2, (x.shape[3] - 1) // 2), -np.inf, x.dtype)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            y[:, :, i, j] = x[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max(axis=(2, 3))
    return y


def forward(x, arrays, *, stride_on="1x1", pool="ceil", convolve=convolve, normalize=normalize):
    """Return the logits of inputs (N, 3, H, W), in the precision of the inputs."""
    given = iter(arrays)

    def take(count):
        return [next(given).astype(x.dtype) for _ in range(count)]

    def relu(x):
        return np.maximum(x, 0)

    def unit(x, stride=1, pad=0):
        (filters,) = take(1)
        return normalize(convolve(x, filters, stride, pad), *take(4))

    filters, bias = take(2)
    x = convolve(x, filters, 2, 3) + bias[:, None, None]
    x = relu(normalize(x, *take(4)))
    x = max_pool(x, {"ceil": 0, "pad1": 1}[pool])
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            shortcut = unit(x, stride) if block == 0 else x
            y = relu(unit(x, stride if stride_on == "1x1" else 1))
            y = relu(unit(y, stride if stride_on == "3x3" else 1, pad=1))
            x = relu(unit(y) + shortcut)
    weights, bias = take(2)
    assert next(given, None) is None, "arrays are left over"
    return x.mean(axis=(2, 3)) @ weights + bias


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
