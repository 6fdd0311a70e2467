"""Why was A taken for B? A network's mistakes, inspected, and verdicts that are kept."""

from conus_widgets.widgets.inspector.inspector import Handed, Inspector

__all__ = ["Handed", "Inspector"]
