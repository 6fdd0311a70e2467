"""Ctrl+C as a wish to stop in time, for work that has something to keep."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupted:
    """While this is open, the first Ctrl+C sets it; the next one interrupts as usual.

    Only in the main thread; elsewhere nothing changes, as Python allows no signals there.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._before: Any = None

    def is_set(self) -> bool:
        """Whether Ctrl+C was pressed."""
        return self._event.is_set()

    def __enter__(self) -> Interrupted:
        # A handler that was not set from Python is None, and could not be put back.
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is not None:
            self._before = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._event.set()
        signal.signal(signal.SIGINT, self._before)
