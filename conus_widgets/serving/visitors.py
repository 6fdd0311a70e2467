"""The kernels of visitors: one for each place, with a folder that ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tornado.web
import traitlets
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)

from conus_widgets.serving.places import (
    NoPlace,
    Place,
    Places,
    usual_per_address,
    usual_per_browser,
)

__all__ = ["VisitKernel", "Visitors"]

#: For whom a kernel is started; Voila, which asks for it, hands on no such thing.
_FOR: ContextVar[Place | None] = ContextVar("place", default=None)
ENDING = 30.0  # seconds that a newcomer waits for the kernels of places that were given up
LEAVING = 1.0  # seconds after which the word of a page that is left has come


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
    per_browser, per_address : int
        How many of them a browser and an address may have; 0: a usual share.
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
    per_browser = traitlets.Int(0, min=0, config=True)
    per_address = traitlets.Int(0, min=0, config=True)
    folder = traitlets.Unicode(config=True)
    longest = traitlets.Int(300, min=1, config=True)
    patience = traitlets.Int(3600, min=1, config=True)

    @traitlets.default("kernel_manager_class")
    def _kernel_of_a_visit(self) -> str:
        return f"{VisitKernel.__module__}.{VisitKernel.__name__}"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.places = Places(
            self.most,
            self.per_browser or usual_per_browser(self.most),
            self.per_address or usual_per_address(self.most),
        )
        self._of: dict[str, Place] = {}  # of kernels
        self._ending: dict[str, asyncio.Future[None]] = {}

    @contextlib.asynccontextmanager
    async def visit(self, browser: str, address: str | None) -> Any:
        """Hold a place while a page is made; its kernel keeps it, if there is one.

        Raises
        ------
        NoPlace
            If there is none.
        """
        if self.places.own_in_the_way(browser, address):
            # A page that is reloaded says that it is left, perhaps a moment after it asks anew.
            await asyncio.sleep(LEAVING)
        place, given_up = self.places.take(browser, address)
        if given_up is not None and given_up.kernel is not None:
            self._end(given_up.kernel, now=True)
        token = _FOR.set(place)
        try:
            yield place
        finally:
            _FOR.reset(token)
            place.made = True
            if place not in self._of.values():
                self.places.give_back(place)

    def abandon(self, place: Place) -> None:
        """Make a page no further: whoever asked for it is gone."""
        place.gone = True
        if place.kernel in self._of:
            self._end(place.kernel, now=True)

    @contextlib.contextmanager
    def line(self, kernel_id: str) -> Iterator[None]:
        """Hold the only line to a kernel, from before it is opened until it is closed.

        jupyter_server counts lines when they are open, and waits for the kernel before.

        Raises
        ------
        tornado.web.HTTPError
            404 if there is no such kernel, 403 if it has a line.
        """
        place = self._of.get(kernel_id)
        if place is None or place.leaving or kernel_id not in self:
            raise tornado.web.HTTPError(404)
        if place.attended:
            raise tornado.web.HTTPError(403)
        place.attended = True
        try:
            yield
        finally:
            place.attended = False

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Start a kernel for a visit; see `AsyncMappingKernelManager.start_kernel`."""
        place = _FOR.get()
        if place is None:  # no page asks
            async with self.visit(uuid.uuid4().hex, None):
                return await self.start_kernel(**options)
        end = time.monotonic() + ENDING
        while len(self._of) >= self.most:  # places that were given up, whose kernels end
            if place.gone or time.monotonic() > end:
                raise NoPlace("A place is free, but not cleared yet. Try again in a minute.")
            await asyncio.sleep(0.05)
        kernel = str(uuid.uuid4())
        folder = Path(tempfile.mkdtemp(prefix="visit-", dir=self.folder))
        place.folder, self._of[kernel] = folder, place
        env = {**options.pop("env", os.environ), "TMPDIR": str(folder), "IPYTHONDIR": str(folder)}
        options.pop("path", None)
        try:
            await super().start_kernel(kernel_id=kernel, cwd=str(folder), env=env, **options)
        except BaseException:
            self._forget(kernel)
            raise
        place.kernel = kernel
        if place.gone:
            await self.shutdown_kernel(kernel, now=True)
            raise NoPlace("Nobody waits for this page any more.")
        return kernel

    async def shutdown_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False, restart: bool = False
    ) -> None:
        """End a kernel, once: a page says that it is left while the kernel ends for age."""
        await asyncio.shield(self._end(kernel_id, now, restart))

    def _end(self, kernel: str, now: bool = False, restart: bool = False) -> asyncio.Future[None]:
        ending = self._ending.get(kernel)
        if ending is None:
            self._check_kernel_id(kernel)
            self._of[kernel].leaving = not restart
            ending = asyncio.ensure_future(super().shutdown_kernel(kernel, now, restart))
            ending.add_done_callback(lambda _: self._ended(kernel))
            self._ending[kernel] = ending
        return ending

    def _ended(self, kernel: str) -> None:
        del self._ending[kernel]
        if kernel in self._of:  # it lives on; the next look at idle kernels tries again
            self._of[kernel].leaving = False

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, and all that it wrote."""
        try:
            return super().remove_kernel(kernel_id)
        finally:
            self._forget(kernel_id)

    def _forget(self, kernel: str) -> None:
        place = self._of.pop(kernel, None)
        if place is not None:
            self.places.give_back(place)
            shutil.rmtree(place.folder or "", ignore_errors=True)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody needs; one whose page is open is left alone for longer."""
        place = self._of.get(kernel_id)
        if place is None or place.leaving or kernel_id not in self:
            return  # it ended while others were looked at
        if not place.attended or self._kernel_connections.get(kernel_id, 0):
            await super().cull_kernel_if_idle(kernel_id)
        kernel = self._kernels.get(kernel_id)
        if kernel is None or place.leaving:
            return
        now = time.monotonic()
        if place.attended or place.seen is None:
            place.seen = now
        busy = getattr(kernel, "execution_state", "busy") == "busy"
        idle = datetime.now(UTC) - kernel.last_activity
        alone = now - place.seen
        if alone > self.longest or (not busy and idle > timedelta(seconds=self.patience)):
            await self.shutdown_kernel(kernel_id)
