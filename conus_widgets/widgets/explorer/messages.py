"""Messages to the page: plain data beside binary buffers (`kinds.TO_PAGE`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conus_widgets.explain.catalogue import METHODS
from conus_widgets.explain.covers import COVERS
from conus_widgets.network.grids import finer
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.explorer import bits, layers, lines, methods
from conus_widgets.widgets.explorer.sight import as_rgb
from conus_widgets.widgets.explorer.state import Area, Pane, Photograph, State

#: What is said of a network that is not loaded yet.
NOTHING: dict[str, Any] = {
    "notice": "",
    "labels": [],
    "size": 0,
    "mean": [],
    "layers": [],
    "finer": "",
    "methods": [],
}


class Messages:
    """What the page is told.

    Parameters
    ----------
    state : State
        Whoever calls a method holds ``state.changed``.
    tell : callable
        ``tell(kind, buffers=None, **content)`` sends a message.
    """

    def __init__(self, state: State, tell: Callable[..., None]) -> None:
        self._state, self._tell = state, tell

    def everything(self) -> None:
        """For a page that has just come: all that it needs, in the order in which it needs it."""
        state = self._state
        self.network()
        self.photographs()
        for photograph in state.photographs.values():
            if photograph.sight is not None:
                self.sight(photograph)
        if state.predictor:
            for pane in state.panes:
                self.map(pane)
            if not state.area.is_empty:
                self.area(state.area)

    def network(self) -> None:
        """Send what the page must know of the network, or why there is none."""
        state = self._state
        self._tell(
            "network",
            phase=state.phase,
            problem=state.problem,
            covers=[list(one) for one in COVERS.items()],
            kept=state.kept,
            **(NOTHING if state.predictor is None else _of(state.predictor)),
        )

    def photographs(self) -> None:
        """Send the list of photographs, and how far each is."""
        self._tell(
            "photographs",
            photographs=[
                {"number": p.number, "name": p.name, "state": p.state, "error": p.error}
                for p in self._state.photographs.values()
            ],
            panes=[{**one.choice(), "generation": one.generation} for one in self._state.panes],
        )

    def sight(self, photograph: Photograph) -> None:
        """Send the photograph and all shares, once: the page answers hovering by itself."""
        seen = photograph.sight
        assert seen is not None
        classes, rows, columns = seen.shares.shape
        planes = [seen.inputs[0], seen.cover("blur").pixels, seen.cover("noise").pixels]
        self._tell(
            "sight",
            [
                seen.jpeg(),
                seen.logits.tobytes(),
                seen.bias.tobytes(),
                seen.shares.tobytes(),
                *(as_rgb(plane, seen.mean) for plane in planes),
            ],
            number=photograph.number,
            name=photograph.name,
            width=seen.image.width,
            height=seen.image.height,
            rows=rows,
            columns=columns,
            classes=classes,
            layer=seen.layer,
            shift=layers.shift_of(self._state.loaded, seen.layer),
        )

    def map(self, pane: Pane) -> None:
        """Send a map, or how far it is."""
        state, found = self._state, pane.explanation
        content: dict[str, Any] = {
            **pane.choice(),
            "pane": next((i for i, other in enumerate(state.panes) if other is pane), -1),
            "generation": pane.generation,
            "state": pane.state,
            "error": pane.error,
            "map": None,
        }
        if found is None:
            return self._tell("map", **content)
        method, predictor = METHODS[pane.method], state.loaded
        rows, columns = found.values.shape
        content["map"] = {
            "rows": rows,
            "columns": columns,
            "unit": found.unit,
            "words": found.target.words,
            "layer": found.layer,
            "shift": layers.shift_of(predictor, found.layer),
            "figures": {key: float(value) for key, value in found.figures.items()},
            "cost": [found.cost.forward, found.cost.backward, found.cost.seconds],
            "trust": methods.trust(method, found, predictor),
            "untested": methods.is_untested(method, predictor),
            "python": lines.of_map(state, pane, method, found.layer),
        }
        return self._tell(
            "map", [np.ascontiguousarray(found.values, np.float32).tobytes()], **content
        )

    def progress(self, pane: Pane, part: float) -> None:
        """Send how far a map is; 1 is its end."""
        self._tell(
            "progress",
            generation=pane.generation,
            part=part,
            pane=self._state.panes.index(pane),
        )

    def checked(self, area: Area) -> None:
        """Send the answer with the area covered; after a stroke also the line that repeats it."""
        assert area.covered is not None
        whole = area.final and not area.is_empty
        self._tell(
            "checked",
            [np.asarray(area.covered, np.float32).tobytes()],
            generation=area.generation,
            photograph=area.photograph,
            took=round(1000 * area.seconds),
            page=area.page,
            python=lines.of_evidence(self._state, area) if whole else "",
        )

    def area(self, area: Area) -> None:
        """Send an area that came from Python, another page, or before this page was loaded."""
        assert area.mask is not None
        buffers = [bits.pack(area.mask)]
        seen = self._state.sight(area.photograph)
        if area.fill == "given" and area.cover is not None and seen is not None:
            buffers.append(as_rgb(area.cover.pixels, seen.mean))
        self._tell(
            "area",
            buffers,
            generation=area.generation,
            photograph=area.photograph,
            fill=area.fill,
            offset=list(area.offset),
            page=area.page,
        )
        if area.covered is not None:
            self.checked(area)

    def testing(self, method: str, part: float, error: str = "") -> None:
        """How far a randomisation test is; 1 is its end."""
        self._tell("testing", method=method, part=part, error=error)

    def dropped(self, pane: int, page: str) -> None:
        """Tell a page that no map is made for one of its places."""
        self._tell("dropped", pane=pane, page=page)

    def file(self, name: str, data: bytes, page: str) -> None:
        """Send a page a file to save."""
        self._tell("file", [data], name=name, page=page)

    def problem(self, text: str) -> None:
        """Send a sentence about what went wrong."""
        self._tell("problem", text=text)


def _of(predictor: PredictorProtocol) -> dict[str, Any]:
    return {
        "notice": predictor.notice,
        "labels": list(predictor.labels),
        "size": predictor.size,
        "mean": [float(value) for value in predictor.preparation.mean_rgb],
        "layers": layers.message(predictor.network),
        "finer": finer(predictor.network.grids),
        "methods": [methods.message(method, predictor) for method in METHODS.values()],
    }
