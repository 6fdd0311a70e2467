"""The size of a batch that keeps a stated limit of memory."""

from __future__ import annotations

from conus_widgets.checkpoint.architecture import Architecture, Convolution, propagate_strides
from conus_widgets.machine.allowance import limit, resident

BATCH = 8  # at most: progress and cancelling are felt between batches
TOGETHER = 4  # copies of one photograph, at most
#: Bytes. A batch with a larger output in it is slower than its photographs one by one: the numbers
#: leave the cache between two convolutions.
CACHED = 3.5e6
#: The same on the way back, whose layers stay in memory anyway: two photographs at full width read
#: the weights of the last stages once (docs/ops.md).
CACHED_BACK = 7e6
FLOAT = 4  # bytes
WORD = 2  # bytes of a number of bfloat16
MOST_FOUR = 4 * 2**20  # bytes of weights for F(4x4,3x3); `most_weights` in ops/winograd.h


def batch(architecture: Architecture, *, gradient: bool = False, precision: str = "float32") -> int:
    """Return how many photographs to compute at once, 1 to `BATCH`.

    Parameters
    ----------
    architecture : Architecture
        Of a network of which nothing is computed yet.
    gradient : bool
        Whether on the way back as well.
    precision : {"float32", "bfloat16"}
        Of the layers: twice as many numbers of bfloat16 fit into the cache.
    """
    # The weights are packed when they are first used, and once more for gradients.
    to_come = packed_bytes(architecture) * (2 if gradient else 1)
    room = limit() - resident() - to_come
    each = gradient_bytes(architecture) if gradient else forward_bytes(architecture)
    number = WORD if precision == "bfloat16" else FLOAT
    fast = (CACHED_BACK if gradient else CACHED) // (number * max(_outputs(architecture)))
    return int(max(1, min(BATCH, fast, room // each)))


def variants(architecture: Architecture) -> int:
    """Return how many copies of a photograph to compute at once, 1 to `TOGETHER`.

    Only crops of their large layers are computed (`incremental.py`), so that several fit into the
    cache, and the many weights of the last stages are read once for all of them.
    """
    room = limit() - resident() - packed_bytes(architecture)
    return int(max(1, min(TOGETHER, room // forward_bytes(architecture))))


def together(architecture: Architecture) -> int:
    """Return how many photographs to compute at once in the second half, 1 to `BATCH`.

    Its layers are an eighth as large as those of the first, or smaller (`halves.py`).
    """
    room = limit() - resident() - packed_bytes(architecture)
    return int(max(1, min(BATCH, 8 * room // forward_bytes(architecture))))


def packed_bytes(architecture: Architecture) -> float:
    """Return what one packed copy of the weights takes, with what the kernels for it take."""
    blocks = propagate_strides(architecture.blocks())
    branches = [c for block in blocks for c in block.branch]
    beside = [c for c in architecture.convolutions() if c.name.endswith("_branch1")]
    weights = sum(map(_packed, [architecture.convolution1, *branches, *beside]))
    return FLOAT * 1.2 * weights + 10e6


def _packed(c: Convolution) -> int:
    """How many numbers the packed weights of a convolution have, as ops/winograd.h chooses."""
    pairs = c.filters * c.channels
    if (c.size, c.stride) != (3, 1):
        return c.size**2 * pairs
    four = 36 * pairs
    return four if FLOAT * four <= MOST_FOUR else 16 * pairs


def _outputs(architecture: Architecture) -> list[int]:
    """Return the number of cells in each convolution's output, in order."""
    found, side = [], architecture.size
    for c in architecture.convolutions():
        if c.name.endswith("_branch1"):  # beside the branch, which starts from the same input
            found.append(c.filters * (-(-side // c.stride)) ** 2)
            continue
        side = -(-side // c.stride)
        found.append(c.filters * side**2)
        if c.name == "conv1":
            side = side // 2
    return found


def forward_bytes(architecture: Architecture) -> float:
    """Return about how much a photograph takes on the way forward.

    Alive at once are the first convolution's output and its pooled copy, or a block's input, its
    shortcut, and the two ends of a convolution in it. Twice that allows for what the allocator
    keeps.
    """
    largest = max(_outputs(architecture))
    pixels = 2 * 3 * architecture.size**2  # in both orders of axes
    return 2.0 * FLOAT * (pixels + 4 * largest)


def gradient_bytes(architecture: Architecture) -> float:
    """Return about how much a photograph takes for a gradient.

    All outputs stay until they are used on the way back.
    """
    return FLOAT * 1.25 * sum(_outputs(architecture)) + forward_bytes(architecture)
