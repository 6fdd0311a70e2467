"""The saved picture of a fine-tuning: its figures, as sentences."""

from __future__ import annotations

from html import escape

from conus_widgets.widgets.live.saved import Picture as SavedPicture


class Picture(SavedPicture):
    """The lines that the page shows.

    Parameters
    ----------
    lines : list of str
    """

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def body(self) -> tuple[str, str]:
        """Return the lines as a list, and what is not kept."""
        items = "".join(f"<li>{escape(line)}</li>" for line in self.lines)
        return f"<ul>{items}</ul>", "Photographs and network are gone with the kernel."

    def __repr__(self) -> str:
        return "\n".join(self.lines)
