"""The picture of an inspection that stays in the saved notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from conus_widgets.collection.collection import Collection
from conus_widgets.widgets.live.saved import Picture
from conus_widgets.widgets.live.words import percent

__all__ = ["BlindPicture", "InspectorPicture"]

_PAIRS = 12
_CELL = "padding:1px 16px 1px 0;border:0;background:none;text-align:left"


class InspectorPicture(Picture):
    """The numbers of an inspection, fixed at the moment it was made.

    Parameters
    ----------
    numbers : mapping
        As `Desk.numbers` returns them.
    collection : Collection
    reviewer : str
    """

    def __init__(
        self, numbers: Mapping[str, Any], collection: Collection, *, reviewer: str
    ) -> None:
        right = numbers["right"]
        self._notice = collection.notice
        self._lines = [
            f"{right['part']:,} of {right['whole']:,} specimens are named as their labels say"
            + (f" ({percent(right['part'] / right['whole'])})" if right["whole"] else "")
            + "."
        ]
        if reviewer:
            self._lines.append(f"{reviewer}: {numbers['progress']}.")
        self._pairs = numbers["pairs"]

    def body(self) -> tuple[str, str]:
        """Return the HTML, and a sentence that goes below it."""
        rows = "".join(
            f'<tr style="background:none"><td style="{_CELL}">{escape(first)}</td>'
            f'<td style="{_CELL}">{escape(second)}</td>'
            f'<td style="{_CELL}">{one + two}</td></tr>'
            for first, second, one, two in self._pairs[:_PAIRS]
        )
        table = (
            '<table style="border-collapse:collapse;margin:6px 0">'
            f'<tr style="background:none"><th style="{_CELL}">class</th>'
            f'<th style="{_CELL}">and class</th><th style="{_CELL}">mistaken</th></tr>'
            f"{rows}</table>"
        )
        more = len(self._pairs) - _PAIRS
        said = [*self._lines, *([f"{self._notice}."] if self._notice else [])]
        text = "".join(f"<p>{escape(line)}</p>" for line in said)
        rest = f"<p>and {more} more pairs</p>" if more > 0 else ""
        return f"{text}{table if self._pairs else ''}{rest}", "Numbers of the last run."

    def __repr__(self) -> str:
        pairs = [
            f"  {first} and {second}: {one + two}"
            for first, second, one, two in self._pairs[:_PAIRS]
        ]
        notice = [self._notice] if self._notice else []
        return "\n".join([*self._lines, *notice, *pairs])


class BlindPicture(Picture):
    """How far a blind review is; numbers would tell.

    Parameters
    ----------
    reviewer, progress : str
    """

    def __init__(self, reviewer: str, progress: str) -> None:
        self._line = f"Blind review by {reviewer}: {progress}."

    def body(self) -> tuple[str, str]:
        """Return the HTML, and a sentence that goes below it."""
        return f"<p>{escape(self._line)}</p>", ""

    def __repr__(self) -> str:
        return self._line
