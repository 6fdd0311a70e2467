"""Tell cone snails apart in photographs with a ResNet50 in Lasagne on Theano.

>>> from conus_widgets import Classifier, load_predictor
>>> load_predictor().predict("shell.jpg")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conus_widgets import explain
    from conus_widgets.checkpoint.arrays import CheckpointError
    from conus_widgets.checkpoint.download import fetch
    from conus_widgets.checkpoint.transfer import DownloadError
    from conus_widgets.collection.finetuning import finetune
    from conus_widgets.loading import load_predictor
    from conus_widgets.machine.machine import SetupError
    from conus_widgets.network.interface import Cancelled
    from conus_widgets.photographs.photograph import PhotographError
    from conus_widgets.prediction import Prediction
    from conus_widgets.predictor import Predictor
    from conus_widgets.widgets import Classifier, DropZone, Explorer, FineTuner, Inspector

__version__ = "0.1.0"

_HOMES = {
    "Cancelled": "network.interface",
    "CheckpointError": "checkpoint.arrays",
    "Classifier": "widgets",
    "DownloadError": "checkpoint.transfer",
    "DropZone": "widgets",
    "Explorer": "widgets",
    "FineTuner": "widgets",
    "Inspector": "widgets",
    "PhotographError": "photographs.photograph",
    "Prediction": "prediction",
    "Predictor": "predictor",
    "SetupError": "machine.machine",
    "fetch": "checkpoint.download",
    "finetune": "collection.finetuning",
    "load_predictor": "loading",
}

__all__ = [
    "Cancelled",
    "CheckpointError",
    "Classifier",
    "DownloadError",
    "DropZone",
    "Explorer",
    "FineTuner",
    "Inspector",
    "PhotographError",
    "Prediction",
    "Predictor",
    "SetupError",
    "explain",
    "fetch",
    "finetune",
    "load_predictor",
]


def __getattr__(name: str) -> Any:
    # Names are imported when they are used: Theano takes seconds, and if it cannot start,
    # 'python -m conus_widgets doctor' must still be able to say why.
    home = "explain" if name == "explain" else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'conus_widgets' has no attribute {name!r}")
    try:
        module = importlib.import_module(f"conus_widgets.{home}")
        return module if name == "explain" else getattr(module, name)
    except AttributeError as error:
        # 'from conus_widgets import ...' would hide it behind "cannot import name".
        raise ImportError(f"conus_widgets.{home} cannot be imported: {error}") from error


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
