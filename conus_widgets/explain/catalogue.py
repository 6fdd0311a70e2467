"""The one table of methods: what each is called, claims and costs, and how it is validated.

The command line, `evaluate`, the explorer's menu and the table in docs/explain.md are drawn from
it. A new method is a module, a row here, and a law among the tests.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conus_widgets.explain import drilldown, layers, smooth
from conus_widgets.explain.cam import cam
from conus_widgets.explain.explanation import Explanation
from conus_widgets.explain.gradients import (
    GUIDED,
    gradient,
    gradient_times_input,
    guided_backprop,
)
from conus_widgets.explain.integrated import integrated_gradients
from conus_widgets.explain.occlusion import occlusion
from conus_widgets.explain.random_masks import random_masks
from conus_widgets.explain.windows import Windows

#: What the values of a map stand for, in words.
LAST, LAYER = "the cells of the last layer", "the cells of the layer"
PIXELS = "every pixel that the network sees"

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Runs:
    """How many photographs run through the network for one map of a class that is named.

    Parameters
    ----------
    forward, backward : int
    more : int
        So many more of both may follow, if a method goes on until it is exact enough.
    """

    forward: int
    backward: int = 0
    more: int = 0

    def __str__(self) -> str:
        forward, backward = (
            f"{count:,} to {count + self.more:,}" if self.more else f"{count:,}"
            for count in (self.forward, self.backward)
        )
        said = f"{forward} {'run' if self.forward + self.more == 1 else 'runs'} forward"
        if self.backward == 0:
            return said
        return f"{said} and {'' if forward == backward else f'{backward} '}backward"


@dataclass(frozen=True)
class Method:
    """One row.

    Parameters
    ----------
    name : str
        The one word for it everywhere; ``explain.<name>`` is the function.
    label : str
        In menus.
    function : callable
        ``function(predictor, image, target=None, **options)`` returns an Explanation, whose
        `method` is the name.
    claims : str
        What a value of its map means, as a sentence.
    cost : callable
        ``cost(options, size)`` returns `Runs`, from all options of the function and the side of the
        network's input in pixels.
    grain : str
        `LAST`, `LAYER` or `PIXELS`.
    unit : str
        Of its values.
    source : str
        The place in which it was published.
    validated : str
        What it is held against.
    caveat : str
        Why it must not be trusted; "" for most.
    kinds : tuple of str
        What its option `kind` can be, if it has one.
    offered, compared : mapping
        Options with which the explorer offers it, and with which `evaluate` compares it.
    """

    name: str
    label: str
    function: Callable[..., Explanation]
    claims: str
    cost: Callable[[Options, int], Runs]
    grain: str
    unit: str
    source: str
    validated: str
    caveat: str = ""
    kinds: tuple[str, ...] = ()
    offered: Options = field(default_factory=dict)
    compared: Options = field(default_factory=dict)

    def takes(self, option: str) -> bool:
        """Return whether the function has an option: "layer", "kind", "preview" ..."""
        return option in inspect.signature(self.function).parameters

    def runs(self, size: int, **options: Any) -> Runs:
        """Return what a map costs on a network whose input has this side, in pixels.

        Raises
        ------
        ValueError
            If the options do not suit that size.
        """
        given = inspect.signature(self.function).parameters.values()
        defaults = {one.name: one.default for one in given if one.default is not one.empty}
        return self.cost({**defaults, **options}, size)


def one_pass(options: Options, size: int) -> Runs:
    """Return the cost of a run forward."""
    return Runs(1)


def one_gradient(options: Options, size: int) -> Runs:
    """Return the cost of a run forward and backward."""
    return Runs(1, 1)


def _noisy_copies(options: Options, size: int) -> Runs:
    return Runs(options["samples"] + 1, options["samples"])


def _doubled_steps(options: Options, size: int) -> Runs:
    steps = last = options["steps"]
    while 2 * last <= options["most"]:
        last *= 2
    return Runs(steps + 1, steps + 1, last - steps)


def _covered_windows(options: Options, size: int) -> Runs:
    sides = np.atleast_1d(options["window"]).tolist()
    counts = [Windows(size, side, options["stride"]).count for side in sides]
    if options["method"] == "drill-down":
        counts = [drilldown.runs(count, options["share"]) for count in counts]
    return Runs(sum(counts) + 1)


def _masks(options: Options, size: int) -> Runs:
    return Runs(options["masks"] + 1)


#: By name, in the order of menus and tables.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "cam",
            "CAM: shares of the logit",
            cam,
            "Exact: what each cell of the last layer adds to the logit. All cells and the bias are "
            "the logit.",
            one_pass,
            LAST,
            "logit",
            "Zhou 2015, arXiv:1512.04150",
            "shares and bias are the logit, for each class and pair",
        ),
        Method(
            "hires_cam",
            "HiResCAM: any layer",
            layers.hires_cam,
            "Activations times gradients of a layer: what each cell would add to the logit if the "
            "network after the layer were linear.",
            one_gradient,
            LAYER,
            "logit",
            "Draelos 2020, arXiv:2011.08891",
            "pytorch-grad-cam; at the last layer it is `cam`",
        ),
        Method(
            "layer_cam",
            "LayerCAM: any layer, positive",
            layers.layer_cam,
            "As HiResCAM with positive gradients only: it never shows what speaks against.",
            one_gradient,
            LAYER,
            "logit",
            "Jiang 2021, IEEE TIP 30",
            "pytorch-grad-cam; never negative",
            kinds=tuple(layers.KINDS),
        ),
        Method(
            "occlusion",
            "Occlusion: cover and look",
            occlusion,
            "Checked by running the network: how far the logit falls when a window is covered, in "
            "the mean over the windows that cover a pixel.",
            _covered_windows,
            PIXELS,
            "logit, or probability",
            "Zeiler 2013, arXiv:1311.2901",
            "captum; a linear network's windows add up",
            compared={"stride": 16},
        ),
        Method(
            "random_masks",
            "RISE: random masks",
            random_masks,
            "Checked by running the network: the mean logit while a pixel is kept, minus the mean "
            "over all random masks.",
            _masks,
            PIXELS,
            "logit, or probability",
            "Petsiuk 2018, arXiv:1806.07421",
            "finds the weights of a linear network",
            compared={"masks": 500},
        ),
        Method(
            "gradient",
            "Gradient",
            gradient,
            "How the logit answers to a small change of each pixel, not what it consists of.",
            one_gradient,
            PIXELS,
            "logit per grey level",
            "Simonyan 2013, arXiv:1312.6034",
            "captum; finite differences",
            compared={"channels": "magnitude"},
        ),
        Method(
            "gradient_times_input",
            "Gradient × input",
            gradient_times_input,
            "What each pixel would add to the logit if the network were linear. It is not.",
            one_gradient,
            PIXELS,
            "logit",
            "Shrikumar 2016, arXiv:1605.01713",
            "captum",
        ),
        Method(
            "smoothgrad",
            "SmoothGrad",
            smooth.smoothgrad,
            "The gradient, averaged over noisy copies of the photograph.",
            _noisy_copies,
            PIXELS,
            "logit per grey level, or its square",
            "Smilkov 2017, arXiv:1706.03825",
            "without noise it is `gradient`, to the bit",
            kinds=smooth.KINDS,
            compared={"channels": "magnitude"},
        ),
        Method(
            "integrated_gradients",
            "Integrated gradients",
            integrated_gradients,
            "Shares of the difference between the logit of the photograph and of a black one; they "
            "add up to it.",
            _doubled_steps,
            PIXELS,
            "logit",
            "Sundararajan 2017, arXiv:1703.01365",
            "captum; the shares add up, and the residual is reported",
        ),
        Method(
            "guided_backprop",
            "Guided backpropagation (fails)",
            guided_backprop,
            "Nothing that is known: it redraws edges, whatever the network has learned.",
            one_gradient,
            PIXELS,
            "none",
            "Springenberg 2014, arXiv:1412.6806; Adebayo 2018, arXiv:1810.03292",
            "captum; **fails** the randomisation test",
            caveat=GUIDED,
            compared={"channels": "magnitude"},
        ),
    )
}
