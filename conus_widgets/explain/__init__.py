"""Why does the network say so? Maps of evidence, and checks of what they claim.

>>> from conus_widgets import explain, load_predictor
>>> explain.cam(load_predictor(), "shell.jpg").plot()  # doctest: +SKIP
"""

from conus_widgets.explain.cam import cam
from conus_widgets.explain.evidence import Evidence, evidence
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.gradients import gradient, gradient_times_input, guided_backprop
from conus_widgets.explain.integrated import integrated_gradients
from conus_widgets.explain.layers import layer_cam
from conus_widgets.explain.smooth import smoothgrad
from conus_widgets.explain.target import Target, resolve

__all__ = [
    "Cost",
    "Evidence",
    "Explanation",
    "Target",
    "cam",
    "evidence",
    "gradient",
    "gradient_times_input",
    "guided_backprop",
    "integrated_gradients",
    "layer_cam",
    "resolve",
    "smoothgrad",
]
