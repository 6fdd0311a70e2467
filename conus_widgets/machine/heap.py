"""Memory of malloc: given back to the system, or kept for what comes next."""

from __future__ import annotations

import ctypes
import platform

# What glibc arrives at by itself, after large arrays came and went; its mallopt(3) names them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 32 * 2**20


def give_back() -> None:
    """Return what malloc holds and nobody uses, if it is glibc's; takes some milliseconds.

    Each thread that allocates has a heap of its own there, which shrinks only from its end: one
    layer that lives on keeps all of a network's freed layers. A kernel of 300 MB lost 35 to 55.
    """
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
