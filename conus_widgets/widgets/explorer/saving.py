"""What leaves the page: files of its maps, and its region's numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conus_widgets.explain.covers import COVERS

if TYPE_CHECKING:
    from conus_widgets.widgets.explorer.pane import Region
    from conus_widgets.widgets.explorer.session import Session

FORMS = ("png", "npz")


def send(
    session: Session, form: str, index: int, tell: Callable[..., None], page: str = ""
) -> None:
    """Send a view a file to keep: one map as ``npz``, or all maps of its unit as ``png``.

    Raises
    ------
    ValueError
        For another form, or where there is no map yet.
    """
    if form not in FORMS:
        raise ValueError(f"form is {form!r}: use one of {', '.join(FORMS)}.")
    with session.changed:
        found = session.panes[index].explanation if 0 <= index < len(session.panes) else None
        beside = [pane.explanation for pane in session.panes if pane.explanation is not None]
    if found is None:
        raise ValueError("There is no map to save yet.")
    name = f"{found.method}.{form}"
    if form == "png":
        from conus_widgets.explain.picture import compare

        same = [one for one in beside if one.unit == found.unit]
        data = compare(same)._repr_png_()
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            found.save(path)
            data = path.read_bytes()
    tell("file", [data], name=name, page=page)


def evidence(session: Session, region: Region) -> Any:
    """Return share and checked change of a region that was checked, for each class."""
    from conus_widgets.explain.evidence import assembled
    from conus_widgets.explain.explanation import Cost

    sight = session.sight(region.photograph)
    assert sight is not None and region.mask is not None and region.covered is not None
    return assembled(
        part=region.mask,
        cells=sight.shares,
        logits=sight.logits,
        covered=region.covered,
        bias=sight.bias,
        image=sight.image,
        labels=session.predictor.labels,
        fill=COVERS.get(region.fill, "another photograph"),
        cost=Cost(forward=1),
        notice=session.predictor.notice,
    )
