"""The place where photographs are dropped."""

from conus_widgets.widgets.dropzone.dropzone import DropZone
from conus_widgets.widgets.dropzone.parcels import DroppedFile

__all__ = ["DropZone", "DroppedFile"]
