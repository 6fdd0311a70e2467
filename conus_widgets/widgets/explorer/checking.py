"""What is checked by running the network again: a covered region, and a method itself."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from conus_widgets.explain.evaluate import randomisation_of
from conus_widgets.widgets.explorer import composing, methods, telling
from conus_widgets.widgets.explorer.pane import Region
from conus_widgets.widgets.explorer.sight import Sight
from conus_widgets.worker import Ticket, Worker

if TYPE_CHECKING:
    from conus_widgets.widgets.explorer.session import Session

_log = logging.getLogger(__name__)


class Checker:
    """The region on the page, and its newest unanswered request.

    Notes
    -----
    Only the newest region counts: one that comes while another is computed replaces those that
    wait. `check` may be called by whoever works in the worker's thread, so that the brush passes
    slow maps between two of their batches.
    """

    def __init__(self, session: Session, worker: Worker, owner: str) -> None:
        self.region = Region()
        self._session, self._worker, self._owner = session, worker, owner
        self._asked: Region | None = None

    def cover(self, region: Region) -> Ticket | None:
        """Run the network again with a region covered.

        Returns
        -------
        Ticket or None
            None where nothing is covered: that changes nothing.
        """
        session = self._session
        with session.changed:
            self.region = region
            self._asked = None
            session.changed.notify_all()  # who waits for the region before it waits in vain
            sight = session.sight(region.photograph)
            if sight is None:
                return None
            if region.page and region.final and len(session.pages) > 1:
                telling.region(session, region)  # for the other views
            if not region.is_empty:
                self._asked = region
                return self._worker.submit((self._owner, "region"), lambda p, _: self.check(p))
            region.covered = sight.logits
            telling.checked(session, region)
            session.settled()
            return None

    def read(self, content: dict[str, Any], buffers: list[Any]) -> Region:
        """Return the region in a message of the page.

        Raises
        ------
        ValueError
            Where it does not fit the network, or for an unknown fill.
        """
        predictor, fill = self._session.predictor, str(content["fill"])
        if predictor is None:
            raise ValueError("The network is not ready yet.")
        given = self.region.given if fill == "given" else None
        lender = self._session.sight(int(content.get("lender") or 0))
        if fill == "given" and lender is not None:
            given = lender.inputs[0]
        if given is None and fill not in composing.FILLS:
            raise ValueError(f"fill is {fill!r}: use one of {', '.join(composing.FILLS)}.")
        return Region(
            mask=composing.unpack(buffers[0], predictor.size),
            photograph=int(content["photograph"]),
            fill=fill,
            offset=(int(content["offset"][0]), int(content["offset"][1])),
            given=given,
            generation=int(content["generation"]),
            final=bool(content["final"]),
            page=str(content.get("page", "")),
        )

    def check(self, predictor: Any) -> None:
        """Answer the newest request, in the worker's thread."""
        session = self._session
        with session.changed:
            region, self._asked = self._asked, None
            sight = session.sight(region.photograph) if region else None
        if region is None or sight is None:
            return
        began = time.perf_counter()
        try:
            covered = predictor.network.follow(composed(region, sight))[0]
        except Exception as error:  # a slow map goes on all the same
            _log.exception("A covered photograph failed.")
            region.error = str(error) or type(error).__name__
            session.tell("problem", text=region.error)
            covered = None
        with session.changed:
            region.covered, region.seconds = covered, time.perf_counter() - began
            session.changed.notify_all()
            if covered is None or region.photograph != self.region.photograph:
                return
            telling.checked(session, region)
            if self.region is region and region.final:
                session.settled()


def check_method(session: Session, name: str, predictor: Any, ticket: Ticket) -> None:
    """Make a method's randomisation test on this network, in the worker's thread; it is kept.

    The brush passes it between two batches, as it passes a slow map.
    """
    method = methods.method_called(name)
    if not methods.can_be_tested(predictor):
        raise ValueError("This network cannot be shuffled, so no method can be tested on it.")

    def cancelled() -> bool:
        session.checker.check(predictor)
        return ticket.cancelled()

    def progress(done: int, total: int) -> None:
        session.tell("checking", method=name, part=done / max(1, total))

    randomisation_of(predictor, method.name, progress=progress, cancelled=cancelled)
    with session.changed:
        session.tell("checking", method=name, part=1)
        for pane in session.panes:
            if pane.method == name and pane.state == "done":
                telling.pane(session, pane)


def composed(region: Region, sight: Sight) -> np.ndarray:
    """Return the input that shows the region covered, float32 (1, 3, size, size)."""
    assert region.mask is not None
    behind = sight.blurred if region.fill == "blur" else region.given
    if behind is None:
        behind = composing.backdrop(sight.inputs[0], sight.mean, region.fill, region.offset)
    return composing.compose(sight.inputs[0], region.mask, behind)
