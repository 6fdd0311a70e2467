"""The widget that looks through the network's eyes, and tests what it sees."""

from conus_widgets.widgets.explorer.explorer import Explorer

__all__ = ["Explorer"]
