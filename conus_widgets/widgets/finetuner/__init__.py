"""The widget that teaches a network somebody's own classes."""

from conus_widgets.widgets.finetuner.finetuner import FineTuner

__all__ = ["FineTuner"]
