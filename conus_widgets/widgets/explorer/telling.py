"""What the page is told: plain data beside binary buffers. The caller holds ``session.changed``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conus_widgets.explain.catalogue import METHODS
from conus_widgets.network.grids import finer
from conus_widgets.widgets.explorer import composing, layers, methods
from conus_widgets.widgets.explorer.sight import as_rgb

if TYPE_CHECKING:
    from conus_widgets.widgets.explorer.pane import Pane, Photograph, Region
    from conus_widgets.widgets.explorer.session import Session


def everything(session: Session) -> None:
    """For a page that has just come: all that it needs, in the order in which it needs it."""
    predictor = session.predictor
    session.tell(
        "network",
        phase=session.phase,
        problem=session.problem,
        notice=predictor.notice if predictor else "",
        labels=list(predictor.labels) if predictor else [],
        size=predictor.size if predictor else 0,
        mean=[float(m) for m in predictor.preparation.mean_rgb] if predictor else [],
        layers=layers.message(predictor.network) if predictor else [],
        finer=finer(predictor.network.grids) if predictor else "",
        methods=[methods.message(one, predictor) for one in METHODS.values()] if predictor else [],
        view=session.view,
    )
    photographs(session)
    for photograph in session.photographs.values():
        if photograph.sight is not None:
            sight(session, photograph)
    if predictor:
        for one in session.panes:
            pane(session, one)
        if not session.checker.region.is_empty:
            region(session, session.checker.region)


def photographs(session: Session) -> None:
    session.tell(
        "photographs",
        photographs=[
            {"number": p.number, "name": p.name, "state": p.state, "error": p.error}
            for p in session.photographs.values()
        ],
        panes=[{**one.choice(), "generation": one.generation} for one in session.panes],
    )


def sight(session: Session, photograph: Photograph) -> None:
    """The photograph and all classes' shares, once: the page answers hovering by itself."""
    seen = photograph.sight
    assert seen is not None
    classes, rows, columns = seen.shares.shape
    session.tell(
        "sight",
        [
            seen.jpeg(),
            seen.logits.tobytes(),
            seen.bias.tobytes(),
            seen.shares.tobytes(),
            as_rgb(seen.inputs[0], seen.mean),
            as_rgb(composing.backdrop(seen.inputs[0], seen.mean, "blur"), seen.mean),
        ],
        number=photograph.number,
        name=photograph.name,
        width=seen.image.width,
        height=seen.image.height,
        rows=rows,
        columns=columns,
        classes=classes,
        layer=seen.layer,
        shift=layers.shift_of(session.predictor, seen.layer),
    )


def pane(session: Session, one: Pane) -> None:
    """A map, or how far it is."""
    found, method = one.explanation, methods.method_called(one.method)
    content: dict[str, Any] = {
        **one.choice(),
        "pane": next((i for i, other in enumerate(session.panes) if other is one), -1),
        "generation": one.generation,
        "state": one.state,
        "error": one.error,
        "map": None,
    }
    if found is None:
        session.tell("map", **content)
        return
    rows, columns = found.values.shape
    content["map"] = {
        "rows": rows,
        "columns": columns,
        "unit": found.unit,
        "words": found.target.words,
        "layer": found.layer,
        "shift": layers.shift_of(session.predictor, found.layer),
        "figures": {key: float(value) for key, value in found.figures.items()},
        "cost": [found.cost.forward, found.cost.backward, found.cost.seconds],
        "trust": methods.trust(method, found, session.predictor),
        "untested": methods.is_untested(method, session.predictor),
        "python": python(session, one),
    }
    session.tell("map", [np.ascontiguousarray(found.values, np.float32).tobytes()], **content)


def progress(session: Session, one: Pane, part: float) -> None:
    session.tell("progress", generation=one.generation, part=part, pane=session.panes.index(one))


def checked(session: Session, region: Region) -> None:
    """The answer with the region covered."""
    assert region.covered is not None
    session.tell(
        "checked",
        [np.asarray(region.covered, np.float32).tobytes()],
        generation=region.generation,
        photograph=region.photograph,
        took=round(1000 * region.seconds),
        page=region.page,
    )


def region(session: Session, one: Region) -> None:
    """A region that came from Python, from another view, or from before the page was loaded."""
    assert one.mask is not None
    buffers = [composing.pack(one.mask)]
    seen = session.sight(one.photograph)
    if one.given is not None and seen is not None:
        buffers.append(as_rgb(one.given, seen.mean))
    session.tell(
        "region",
        buffers,
        generation=one.generation,
        photograph=one.photograph,
        fill=one.fill,
        offset=list(one.offset),
        page=one.page,
    )
    if one.covered is not None:
        checked(session, one)


def python(session: Session, one: Pane) -> str:
    """The line that makes a pane's map again."""
    labels = session.predictor.labels
    if one.against is None or one.against == one.target:
        target = repr(labels[one.target])
    else:
        target = repr({labels[one.target]: 1, labels[one.against]: -1})
    if labels.count(labels[one.target]) > 1:
        target = str(one.target)  # a name that two classes share does not say which
    photograph = session.photographs[one.photograph]
    name = repr(photograph.name) if photograph.is_file else "photograph"
    method = methods.method_called(one.method)
    return methods.python_line(method, name, target, one.explanation.layer)
