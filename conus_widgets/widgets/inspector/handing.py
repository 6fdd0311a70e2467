"""Handing a photograph over, to an Explorer or to whatever else opens one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conus_widgets.widgets.live.words import sentence

__all__ = ["Handed", "Opener"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handed:
    """What the button "Open in Explorer" hands over.

    Parameters
    ----------
    photograph : str
        Its path.
    target, against : str
        The answer, and the class that it is held against.
    """

    photograph: str
    target: str
    against: str


class Opener:
    """Opens what was handed over, below the inspector.

    Parameters
    ----------
    explore : callable
        ``explore(predictor, photograph, target=..., against=...)`` returns a widget, or nothing.
    predictor : callable
        Returns the network; may wait for it.
    say : callable
        ``say(problem)`` is called when it is open, with "", or with what went wrong.
    put : callable
        ``put(place, outputs)`` sets the outputs of the place below.
    """

    def __init__(
        self,
        explore: Callable[..., Any],
        predictor: Callable[[], Any],
        say: Callable[[str], None],
        put: Callable[[Any, tuple[dict[str, Any], ...]], None],
    ) -> None:
        self._explore, self._predictor, self._say, self._put = explore, predictor, say, put
        self._place: Any = None

    def open(self, handed: Handed) -> None:
        """Open a photograph in a thread of its own; returns at once."""
        threading.Thread(target=self._open, args=(handed,), name="conus-open", daemon=True).start()

    def _open(self, handed: Handed) -> None:
        try:
            made = self._explore(
                self._predictor(),
                handed.photograph,
                target=handed.target,
                against=handed.against,
            )
            if self._place is not None and hasattr(made, "_repr_mimebundle_"):
                data, metadata = made._repr_mimebundle_() or ({}, {})
                output: dict[str, Any] = {
                    "output_type": "display_data",
                    "data": data,
                    "metadata": metadata,
                }
                self._put(self._place, (output,))
            self._say("")
        except Exception as error:  # whatever the function of the user does
            _log.exception("A photograph could not be opened.")
            self._say(sentence(error))

    def show(self) -> None:
        """Display the place where it opens."""
        from IPython.display import display
        from ipywidgets import Output

        if self._place is None:
            self._place = Output()
        display(self._place)
