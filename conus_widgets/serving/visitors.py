"""The kernels of visitors: one each, so many at once, with a folder that ends with them."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tornado.web
import traitlets
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)

__all__ = ["FULL", "VisitKernel", "Visitors"]

FULL = "All places are taken just now. Try again in a minute."


class VisitKernel(ServerKernelManager):
    """The kernel of a visit.

    jupyter_server puts these words in the place of tracebacks. It looks for them here, although
    its setting stands in the manager of all kernels, and the line to the page broke without them.
    """

    traceback_replacement_message = "Something failed on the server. Reload the page."


class Visitors(AsyncMappingKernelManager):
    """Starts a kernel for each visit, and ends it when nobody looks at it any more.

    Attributes
    ----------
    most : int
        Kernels at once; who comes then is asked to try again.
    folder : str
        Each visit gets a folder of its own in it, which only this user can read, as its temporary
        and its working one. It is deleted when the kernel ends.
    longest : int
        Seconds that a kernel may work without a page, as while it makes one. Then it ends.
    patience : int
        Seconds until a kernel ends whose page is open and does nothing. One without a page ends
        after ``cull_idle_timeout``.
    """

    most = traitlets.Int(8, min=1, config=True)
    folder = traitlets.Unicode(config=True)
    longest = traitlets.Int(300, min=1, config=True)
    patience = traitlets.Int(3600, min=1, config=True)

    @traitlets.default("kernel_manager_class")
    def _kernel_of_a_visit(self) -> str:
        return f"{VisitKernel.__module__}.{VisitKernel.__name__}"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._folders: dict[str, Path] = {}
        self._attended: dict[str, float] = {}  # when a kernel had a page at last

    def has_room(self) -> bool:
        """Whether another visitor may come."""
        return len(self._folders) < self.most

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Start a kernel for a visit; see `AsyncMappingKernelManager.start_kernel`."""
        if not self.has_room():
            raise tornado.web.HTTPError(503, reason="All places are taken")
        kernel = str(uuid.uuid4())
        folder = Path(tempfile.mkdtemp(prefix="visit-", dir=self.folder))
        self._folders[kernel] = folder
        env = {**options.pop("env", os.environ), "TMPDIR": str(folder), "IPYTHONDIR": str(folder)}
        options.pop("path", None)
        try:
            await super().start_kernel(kernel_id=kernel, cwd=str(folder), env=env, **options)
        except BaseException:
            self._forget(kernel)
            raise
        return kernel

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, and all that it wrote."""
        try:
            return super().remove_kernel(kernel_id)
        finally:
            self._forget(kernel_id)

    def _forget(self, kernel: str) -> None:
        self._attended.pop(kernel, None)
        folder = self._folders.pop(kernel, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody needs; one whose page is open is left alone for longer."""
        await super().cull_kernel_if_idle(kernel_id)
        kernel = self._kernels.get(kernel_id)
        if kernel is None:
            return
        now = time.monotonic()
        if self._kernel_connections.get(kernel_id, 0):
            self._attended[kernel_id] = now
        alone = now - self._attended.setdefault(kernel_id, now)
        busy = getattr(kernel, "execution_state", "busy") == "busy"
        idle = datetime.now(UTC) - kernel.last_activity
        if alone > self.longest or (not busy and idle > timedelta(seconds=self.patience)):
            await self.shutdown_kernel(kernel_id)
