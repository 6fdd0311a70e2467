"""Files that leave the page: one map, or all maps of its unit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from conus_widgets.arguments import one_of
from conus_widgets.widgets.explorer.state import State

FORMS = ("png", "npz")


def file_of(state: State, form: str, index: int) -> tuple[str, bytes]:
    """Return a file's name and content: one map as ``npz``, or all maps of its unit as ``png``.

    Raises
    ------
    ValueError
        For another form, or if there is no map yet.
    """
    one_of("form", form, FORMS)
    with state.changed:
        found = state.panes[index].explanation if 0 <= index < len(state.panes) else None
        beside = [pane.explanation for pane in state.panes if pane.explanation is not None]
    if found is None:
        raise ValueError("There is no map to save yet.")
    name = f"{found.method}.{form}"
    if form == "png":
        from conus_widgets.explain.picture import compare  # matplotlib takes half a second

        same = [one for one in beside if one.unit == found.unit]
        return name, compare(same)._repr_png_()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        found.save(path)
        return name, path.read_bytes()
