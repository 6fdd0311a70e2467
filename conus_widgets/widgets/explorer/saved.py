"""The picture below a widget that stays in the saved notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from conus_widgets.widgets.explorer.picture import Picture

REST = 0.4  # seconds: a picture for every step of a brush would be too many


class SavedPicture:
    """Shows a picture as an output of its own, and renews it when the page has come to rest.

    Parameters
    ----------
    make : callable
        Returns the Picture of now.
    mark : str
        Identifies the output.

    Notes
    -----
    It is hidden by the widget's script while that lives. JupyterLab shows nothing of a widget
    without a kernel, not even the other forms in the same output; hence a second one.
    """

    def __init__(self, make: Callable[[], Picture], mark: str) -> None:
        self._make, self._mark = make, mark
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._shown = False

    def show(self) -> None:
        self._shown = True
        self._publish(update=False)

    def renew(self) -> None:
        """Make it anew, soon."""
        with self._lock:
            if self._shown and self._timer is None:
                self._timer = threading.Timer(REST, self._late)
                self._timer.daemon = True
                self._timer.start()

    def _late(self) -> None:
        with self._lock:
            self._timer = None
        self._publish(update=True)

    def _publish(self, *, update: bool) -> None:
        from IPython.display import publish_display_data

        data: dict[str, Any] = self._make()._repr_mimebundle_()
        publish_display_data(data, transient={"display_id": self._mark}, update=update)
