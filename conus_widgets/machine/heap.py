"""Memory that was used: given back to the system, or kept for what comes next."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable

#: Gives back what the Ops' own heap keeps; set by the first Op that is loaded (ops/arrays.h).
give_layers_back: Callable[[], None] | None = None

# What glibc arrives at by itself, after large arrays came and went; its mallopt(3) names them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 32 * 2**20


def give_back() -> None:
    """Return what the Ops and malloc, if it is glibc's, hold and nobody uses.

    It takes some milliseconds. The Ops keep the memory of a network's layers for the next
    photograph: 25 MB at full width, 60 after gradients. Malloc has a heap for each thread that
    allocates, which shrinks only from its end: one array that lives on keeps all that was freed
    before it.
    """
    if give_layers_back is not None:
        give_layers_back()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def keep() -> None:
    """Let malloc keep freed memory for the next arrays, as glibc does if nobody told it otherwise.

    Dask starts its workers with MALLOC_TRIM_THRESHOLD_=65536: each layer's memory then goes back to
    the system and comes again, page by page. A photograph took half as much time again.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST)
