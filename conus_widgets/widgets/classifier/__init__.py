"""The whole tool: photographs in, ranked lists out."""

from conus_widgets.widgets.classifier.classifier import Classifier

__all__ = ["Classifier"]
