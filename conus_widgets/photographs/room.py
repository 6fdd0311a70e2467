"""Room for the pixels of a photograph: how much memory they may take, and what is too large."""

from __future__ import annotations

from typing import NoReturn

from PIL import Image

from conus_widgets.machine.allowance import limit, resident
from conus_widgets.photographs import blocks
from conus_widgets.photographs.names import PhotographError

ALWAYS = 128e6  # bytes that a photograph may take in any case: 16 megapixels


class Held:
    """All pixels of a photograph, in memory; with what is asked for beside them, if that fits."""

    def __init__(self, name: str, image: Image.Image) -> None:
        self._name, self._image = name, image

    def __call__(self, extra: float) -> Image.Image:
        """Return the pixels if `extra` bytes for each fit beside them; refuse if not."""
        needed = extra * area(self._image.size)
        if not fits(needed):
            refuse(self._name, self._image.size, needed)
        return self._image


def area(size: tuple[int, int]) -> int:
    """Return the number of pixels of a width and a height."""
    return size[0] * size[1]


def free() -> float:
    """Return how many bytes a photograph may take now."""
    return max(ALWAYS, limit() - resident())


def fits(needed: float) -> bool:
    """Whether a photograph may take so many bytes now; for that, what is only kept is given up."""
    # Most photographs are small, and what the system allows stands in files of its own.
    if needed <= ALWAYS or needed <= free():
        return True
    blocks.give_back()
    return needed <= free()


def refuse(name: str, size: tuple[int, int], needed: float) -> NoReturn:
    """Raise a PhotographError: this photograph needs more bytes than are free."""
    raise PhotographError(
        name,
        f"has {size[0]} x {size[1]} = {area(size):,} pixels and needs about "
        f"{needed / 1e6:,.0f} MB, but of the {limit() / 1e6:,.0f} MB allowed only "
        f"{max(0, free()) / 1e6:,.0f} MB are free; scale it down, or allow more "
        "(CONUS_MEMORY_MB).",
    )
