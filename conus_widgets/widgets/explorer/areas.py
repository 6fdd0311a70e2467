"""Areas to cover: as Python gives them, and as the page sends them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from conus_widgets.explain.area import coverage
from conus_widgets.explain.covers import COVERS, OLDER, Cover, cover, is_colour
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.photographs.names import name_of
from conus_widgets.widgets.explorer import bits, lines
from conus_widgets.widgets.explorer.sight import Sight
from conus_widgets.widgets.explorer.state import Area, State


def from_python(
    predictor: PredictorProtocol, sight: Sight, area: Any, fill: Any, offset: tuple[int, int]
) -> Area:
    """Return an area of a photograph, without its number and generation.

    Parameters
    ----------
    predictor : Predictor
    sight : Sight
        Of the photograph.
    area : rectangle, polygon or mask
        See `coverage`; a mask without a pixel covers nothing.
    fill, offset
        See `covers.cover`.

    Raises
    ------
    ValueError
        For an area, fill or offset that cannot be one.
    """
    size = predictor.size
    inside = np.zeros((size, size))
    if not (isinstance(area, np.ndarray) and not area.any()):
        inside = coverage(area, sight.image.size, (size, size))
    made = cover(
        sight.inputs[0],
        sight.mean,
        fill,
        read=lambda photograph: predictor.inputs([photograph])[0],
        offset=offset,
    )
    columns, rows = offset
    found = Area(mask=inside >= 0.5, offset=(int(columns), int(rows)), cover=made)
    if isinstance(fill, str) and OLDER.get(fill, fill) in COVERS:
        found.fill = OLDER.get(fill, fill)
    elif is_colour(fill):
        found.fill = tuple(_plain(value) for value in fill)
    else:
        found.fill = "given"
        is_file = isinstance(fill, (str, os.PathLike))
        found.lent = repr(name_of(fill, 1)) if is_file else lines.OTHER
    return found


def _plain(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)


def from_page(state: State, content: dict[str, Any], buffers: list[Any]) -> Area:
    """Return the area in a message of the page: see `messages.FROM_PAGE`.

    Raises
    ------
    ValueError
        If it does not fit the network, or for an unknown cover.
    """
    if state.predictor is None:
        raise ValueError("The network is not ready yet.")
    number = int(content["photograph"])
    fill = content["fill"]
    fill = tuple(fill) if isinstance(fill, list) else str(fill)
    columns, rows = content["offset"]
    offset = (int(columns), int(rows))
    made, lent = _cover(state, number, fill, offset, int(content["lender"] or 0))
    return Area(
        mask=bits.unpack(buffers[0], state.predictor.size),
        photograph=number,
        fill=fill,
        offset=offset,
        cover=made,
        lent=lent,
        generation=int(content["generation"]),
        final=bool(content["final"]),
        page=str(content.get("page", "")),
    )


def _cover(
    state: State, number: int, fill: Any, offset: tuple[int, int], lender: int
) -> tuple[Cover | None, str]:
    """Return what covered pixels show, and of another photograph its name as Python."""
    if fill != "given":
        sight = state.sight(number)
        return (None if sight is None else sight.cover(fill, offset)), ""
    sight = state.sight(lender)
    if sight is not None:
        return sight.lent, lines.photograph_text(state.photographs[lender], lines.OTHER)
    if state.given is not None:  # from Python, or from another page
        return state.given
    raise ValueError("fill is 'given', and no other photograph was given whose pixels it means.")
