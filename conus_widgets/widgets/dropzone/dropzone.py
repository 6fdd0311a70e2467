"""A widget that takes photographs from the browser."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from conus_widgets.photographs.names import name_of
from conus_widgets.widgets.dropzone.intake import LIMIT, ZONE, DroppedFile, Intake, Receiving
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.widget import Handler, LiveWidget

__all__ = ["DropZone"]

_PAGE = Path(__file__).with_name("page")


class DropZone(Receiving, LiveWidget):
    """Photographs from the browser: dropped, chosen, pasted, or taken with a camera.

    Parameters
    ----------
    on_photograph : callable, optional
        Called with each :class:`DroppedFile` as it arrives. JupyterLab may call it in a thread.
    original : bool
        Whether files are sent unchanged. By default the browser first scales photographs down to
        `long_side`, and sends those that are no larger as they are.
    long_side : int
        In pixels.
    limit : int
        Largest file that is taken, in bytes.

    Attributes
    ----------
    files : list of DroppedFile
        What has arrived, in order.
    """

    _esm: Any = bundle(_PAGE / "dropzone.js")
    _css: Any = styles(ZONE, _PAGE / "dropzone.css")

    def __init__(
        self,
        *,
        on_photograph: Callable[[DroppedFile], None] | None = None,
        original: bool = False,
        long_side: int = 896,
        limit: int = LIMIT,
        **options: Any,
    ) -> None:
        super().__init__(original=original, long_side=long_side, limit=limit, **options)
        self.files: list[DroppedFile] = []
        self._callbacks = [on_photograph] if on_photograph is not None else []
        self._intake = Intake(self, self._received)

    def on_photograph(self, callback: Callable[[DroppedFile], None]) -> None:
        """Call `callback` with each file that arrives from now on."""
        self._callbacks.append(callback)

    def clear(self) -> None:
        """Forget the files, and take them off the page."""
        self.files.clear()
        self._tell_files()

    def _kinds(self) -> Mapping[str, Handler]:
        return {"hello": lambda *_: self._tell_files(), **self._intake.kinds}

    def _tell_files(self) -> None:
        self._tell("files", files=[_row(file) for file in self.files])

    def _received(self, file: DroppedFile) -> None:
        name = name_of(file.data, 1 + len(self.files), name=file.name)
        file = dataclasses.replace(file, name=name)
        self.files.append(file)
        self._tell("file", file=_row(file))
        for callback in self._callbacks:
            callback(file)


def _row(file: DroppedFile) -> dict[str, str]:
    """Return what the page shows of a file."""
    return {"upload": file.upload, "name": file.name, "note": file.note}
