"""Widgets: a folder for each, with its JavaScript and CSS in a page folder."""

from conus_widgets.widgets.classifier import Classifier
from conus_widgets.widgets.dropzone import DropZone
from conus_widgets.widgets.explorer import Explorer
from conus_widgets.widgets.finetuner import FineTuner
from conus_widgets.widgets.inspector import Inspector

__all__ = ["Classifier", "DropZone", "Explorer", "FineTuner", "Inspector"]
