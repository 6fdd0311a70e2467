"""The inspector: a network's mistakes, case by case, and verdicts that are kept."""

from conus_widgets.widgets.inspector.handing import Handed
from conus_widgets.widgets.inspector.inspector import Inspector

__all__ = ["Handed", "Inspector"]
