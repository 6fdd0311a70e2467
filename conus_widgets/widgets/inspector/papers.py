"""The results of a review: report, determinations, labels, log; written, or sent to the page."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.identifications import human_rows, known_specimens, write
from conus_widgets.collection.relabelling import Relabelling, relabelled
from conus_widgets.collection.report import write_report
from conus_widgets.machine.beside import written_whole
from conus_widgets.outputs import place_for

__all__ = ["Papers"]

NAMES = {
    "report": "report.html",
    "identifications": "identifications.csv",
    "labels": "labels.csv",
}
_log = logging.getLogger(__name__)


class Papers:
    """Writes what a reviewer takes home.

    Parameters
    ----------
    seen : callable
        Returns the collection as the reviewer may see it now.
    send : callable
        ``send(name, data)`` hands a file to the browser.
    said : callable
        ``said(problem)`` tells the page what went wrong.
    """

    def __init__(
        self,
        seen: Callable[[], Collection],
        send: Callable[[str, bytes], None],
        said: Callable[[str], None],
    ) -> None:
        self._seen, self._send, self._said = seen, send, said

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a report to print, HTML."""
        return write_report(self._seen(), self._place(path))

    def identifications(self, path: str | os.PathLike[str]) -> Path:
        """Write the determinations as Darwin Core, CSV."""
        seen = self._seen()
        known = known_specimens(seen.table.records)
        return write(self._place(path), human_rows(seen.log.standing, known))

    def labels(self, path: str | os.PathLike[str]) -> Relabelling:
        """Write the labels as the verdicts leave them, CSV."""
        found = relabelled(self._seen())
        found.write(self._place(path))
        return found

    def log(self, path: str | os.PathLike[str], data: bytes) -> Path:
        """Write a log."""
        place = self._place(path)
        with written_whole(place) as file:
            file.write(data)
        return place

    def send(self, paper: str) -> None:
        """Make a paper in a thread of its own, and hand it to the browser; returns at once.

        Raises
        ------
        ValueError
            If there is no such paper.
        """
        if paper not in NAMES:
            raise ValueError(f"There is no paper {paper!r}; there are {', '.join(NAMES)}.")
        threading.Thread(target=self._make, args=(paper,), name="conus-paper", daemon=True).start()

    def _make(self, paper: str) -> None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / NAMES[paper]
                make: dict[str, Callable[[Path], Any]] = {
                    "report": self.report,
                    "identifications": self.identifications,
                    "labels": self.labels,
                }
                make[paper](path)
                self._send(path.name, path.read_bytes())
        except Exception as error:  # the page must hear of it, whatever it is
            _log.exception("A paper could not be made.")
            self._said(f"{NAMES[paper]} could not be made: {error}")

    def _place(self, path: str | os.PathLike[str]) -> Path:
        """Return where to write: over no photograph; an earlier paper is replaced."""
        inputs = [record.path for record in self._seen().table.records]
        return place_for(path, inputs=inputs, force=True)
