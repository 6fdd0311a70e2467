"""The memory of decoded pixels, kept from one photograph to the next while many are read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

EACH = 16  # blocks for each photograph that is decoded at once: 60 megapixels, and what comes of it

_pillow: Any = Image.core  # type: ignore[attr-defined]
_lock = threading.Lock()
_asked: list[int] = []  # how many blocks each of those wants who read now
_before = 0  # how many Pillow kept when nobody did


@contextmanager
def kept(photographs: int) -> Iterator[None]:
    """Let Pillow keep the memory of pixels, until nobody needs it any more.

    Parameters
    ----------
    photographs : int
        How many are decoded at once.

    Notes
    -----
    Pillow holds pixels in blocks of 16 MB. By default each goes back to the system with its
    photograph, and the next one fetches new memory page by page: a tenth or more of the time that
    decoding takes. Only what was in use before is kept, so the peak of memory hardly grows.
    """
    global _before
    blocks = EACH * photographs
    with _lock:
        if not _asked:
            _before = _pillow.get_blocks_max()
        _asked.append(blocks)
        _pillow.set_blocks_max(max(_before, *_asked))
    try:
        yield
    finally:
        with _lock:
            _asked.remove(blocks)
            _pillow.set_blocks_max(max([_before, *_asked]))
            if not _asked:
                _pillow.clear_cache(_before)


def give_back() -> None:
    """Give the system what is kept and not in use just now."""
    _pillow.clear_cache()
