"""The explorer: a widget that shows why the network says so, and lets one check it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conus_widgets.explain.covers import DEFAULT
from conus_widgets.explain.evidence import Evidence
from conus_widgets.explain.explanation import Explanation
from conus_widgets.photographs.names import name_of
from conus_widgets.preparation import several
from conus_widgets.widgets.dropzone.intake import ZONE, DroppedFile, Intake, Receiving
from conus_widgets.widgets.explorer import areas
from conus_widgets.widgets.explorer.choices import validated, with_layer
from conus_widgets.widgets.explorer.covering import Covering
from conus_widgets.widgets.explorer.messages import Messages
from conus_widgets.widgets.explorer.picture import Picture
from conus_widgets.widgets.explorer.requests import Requests
from conus_widgets.widgets.explorer.sight import Sight
from conus_widgets.widgets.explorer.state import Area, State
from conus_widgets.widgets.explorer.testing import Testing
from conus_widgets.widgets.explorer.work import Work
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.loading import Given, predictor_of
from conus_widgets.widgets.live.network_widget import NetworkWidget
from conus_widgets.widgets.live.news import Answer
from conus_widgets.widgets.live.widget import Handler
from conus_widgets.worker import Ticket

__all__ = ["Explorer"]

_PAGE = Path(__file__).with_name("page")
_MOST_PHOTOGRAPHS = 12


class Explorer(Receiving, NetworkWidget):
    """Look through the network's eyes, and test what you see.

    Parameters
    ----------
    predictor : Predictor, str, os.PathLike or None
        A loaded one, or what ``load_predictor`` takes; None is the demonstration network.
    photograph : photograph or list of photographs, optional
        Anything ``read_photograph`` takes, at most twelve. Without one the page asks for it.
    target, against : int or str, optional
        The class that is explained (by default the top one), and the class that it is held
        against: why `target` rather than `against`.
    method : str
        "cam", "hires_cam", "layer_cam", "occlusion" ... as in the menu of the page.
    layer : str, optional
        For methods that look into a layer; by default the last one that is finer than the last of
        all.

    Raises
    ------
    TypeError
        If `predictor` is no predictor, or for an argument that does not exist.
    ValueError
        For a class, method or layer that does not exist, with the nearest names. If the network is
        not loaded yet, the page says so as soon as it is, and `explanation` raises it.

    Notes
    -----
    `explanation` and `evidence` can be observed: ``explorer.observe(f, "evidence")`` calls
    ``f(change)`` with each new one, between two cells; of a stroke with the brush, at its end.

    The page holds every class's share of every cell, so hovering and choosing a class ask nothing
    of the kernel. Photographs go no further than the machine that runs the kernel.

    Examples
    --------
    >>> explorer = Explorer(photograph="shell.jpg")           # doctest: +SKIP
    >>> explorer                                              # doctest: +SKIP
    >>> explorer.explanation.values.shape                     # doctest: +SKIP
    (7, 7)
    >>> explorer.cover((40, 60, 120, 140), fill="blur")       # doctest: +SKIP
    """

    _esm: Any = bundle(_PAGE / "explorer.js")
    _css: Any = styles(ZONE, *(_PAGE / f"{name}.css" for name in ("layout", "maps", "panels")))
    _asks = ("inputs", "labels", "network", "notice", "preparation", "size", "stages")
    _place = (
        "Write Explorer(predictor, photograph), or Explorer(photograph=...) for the demonstration "
        "network."
    )
    _rest = 0.4  # seconds: a saved picture for every step of a brush would be too many

    def __init__(
        self,
        predictor: Given = None,
        photograph: Any = None,
        *,
        target: Any = None,
        against: Any = None,
        method: str = "cam",
        layer: str | None = None,
        **options: Any,
    ) -> None:
        # All this comes first: a widget that is half made would stay on the page.
        worker = self._worker_of(predictor)
        choice = {"target": target, "against": against, "method": method, "layer": layer}
        choice = validated(choice, {}, predictor_of(worker, predictor))
        with_layer(method, layer)
        given = [] if photograph is None else several(photograph)
        if len(given) > _MOST_PHOTOGRAPHS:
            raise ValueError(
                f"{len(given)} photographs were given, and an Explorer shows at most "
                f"{_MOST_PHOTOGRAPHS}: make a second one for the others."
            )
        super().__init__(worker, **options)
        self._intake = Intake(self, self._received)
        self._told: Area | None = None  # of which observers know
        self._state = State()
        self._messages = Messages(self._state, self._tell)
        asking = self._state, self._messages, self._worker, self.model_id
        self._work = Work(*asking, self._settled)
        self._covering = Covering(*asking, self._settled)
        self._testing = Testing(*asking)
        self._requests = Requests(
            self._state,
            self._messages,
            self._work,
            self._covering,
            self._testing,
            self._settled,
        )
        self._work.choose(0, 0, **choice)
        self._work.start()
        for number, one in enumerate(given, 1):
            self._work.add(one, name_of(one, number))

    @Answer
    def explanation(self) -> Explanation:
        """The map that is chosen on the page, an Explanation; waits until it is there.

        Raises
        ------
        RuntimeError
            If there is no photograph, or the map failed or was stopped.
        ValueError
            If a class or layer was asked for that does not exist.
        """
        state = self._state
        with state.changed:
            pane = state.active
            self._wait_for_sight(pane.photograph)
            state.changed.wait_for(lambda: pane.state not in ("waiting", "running"))
            if pane.wrong:
                raise ValueError(pane.wrong)
            if pane.state != "done" or pane.explanation is None:
                raise RuntimeError(pane.error or "The map was stopped; choose it again.")
            found = pane.explanation
        self._news.deliver()
        return found

    @Answer
    def evidence(self) -> Evidence | None:
        """Share and checked change of the covered area, an Evidence; None if nothing is covered."""
        with self._state.changed:
            area = self._state.area
            return self._state.evidence(area) if area.is_checked else None

    def add(self, photograph: Any) -> None:
        """Put one more photograph on the page, or several, and show it in the first map.

        Parameters
        ----------
        photograph : photograph or list of photographs
            Anything ``read_photograph`` takes.

        Raises
        ------
        ValueError
            For no photograph, or if twelve are there already.
        """
        given = several(photograph)
        if not given:
            raise ValueError("No photograph was given: give one, or a list of them.")
        with self._state.changed:
            first = 1 + self._work.count
            for one in given:
                name = name_of(one, 1 + self._work.count)
                self._make_sure_of_room(name)
                self._work.add(one, name)
            self._work.choose(0, photograph=first, target=None, against=None)

    def look(self, photograph: Any) -> None:
        """Do what `add` does, under its older name."""
        _renamed("Explorer.look", "Explorer.add")
        self.add(photograph)

    def choose(self, *, pane: int = 0, **choice: Any) -> None:
        """Show another map.

        Parameters
        ----------
        pane : int
            Which of up to four; the number of maps on the page puts one more beside them.
        **choice
            Any of `target`, `against`, `method`, `layer`, `photograph` (its number on the page).

        Raises
        ------
        ValueError
            For something that does not exist, with the nearest names.
        """
        state = self._state
        with state.changed:
            if validated(choice, state.photographs, state.predictor).get("layer") is not None:
                beside = state.panes[pane if pane in range(len(state.panes)) else -1]
                with_layer(choice.get("method", beside.method), choice["layer"])
            self._work.choose(pane, **choice)
        self._news.deliver()

    def cover(
        self,
        area: Any = None,
        fill: Any = DEFAULT,
        *,
        offset: tuple[int, int] = (0, 0),
        region: Any = None,
    ) -> Evidence:
        """Cover an area of the photograph, on the page too, and run the network again.

        Parameters
        ----------
        area : rectangle, polygon or mask
            In the photograph's pixels: see `explain.evidence`. A pixel of the network's input is
            covered if at least half of it lies inside.
        fill : {"mean", "black", "blur", "noise", "patch"}, (R, G, B) or photograph
            What the covered pixels show: see `covers.cover`. A photograph, which should show the
            same view, lends its own pixels.
        offset : (int, int)
            For "patch": how far away the copied pixels lie, columns and rows of the network's
            input.
        region
            The older name of `area`.

        Returns
        -------
        Evidence
            For each class the share that the map attributes to the area, and the checked change.

        Raises
        ------
        ValueError
            For an area, fill or offset that cannot be one.
        RuntimeError
            If there is no photograph, the network failed, or another area was covered meanwhile.
        """
        if region is not None:
            _renamed("cover(region=...)", "cover(area=...)")
            area = region
        state, predictor = self._state, self.predictor
        with state.changed:
            sight = self._wait_for_sight(state.active.photograph)
            number = state.active.photograph
        made = areas.from_python(predictor, sight, area, fill, offset)
        with state.changed:
            made.photograph, made.generation = number, 1 + state.area.generation
            ticket = self._covering.cover(made)
            self._messages.area(made)
        if ticket is not None:
            ticket.wait()
            if ticket.error is not None:
                raise ticket.error
        with state.changed:
            state.changed.wait_for(
                lambda: made.covered is not None or made.error or state.area is not made
            )
            found = state.evidence(made)
        if found is None:
            raise RuntimeError(
                made.error or "Another area was covered meanwhile: cover this one once more."
            )
        self._news.deliver()
        return found

    def cancel(self) -> None:
        """Stop slow maps and tests; what they have shown so far stays."""
        self._work.cancel()
        self._testing.cancel()

    def resume(self) -> None:
        """Try once more to load the network, and to read the photographs that wait for it."""
        self._work.again()

    def close(self) -> None:
        """Take the widget off its pages; its work stops, so that others have the network."""
        if self.comm is not None:  # it was made whole
            for pane in self._state.panes:
                pane.stop()
            self._testing.cancel()
        super().close()

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the map that is chosen on the page, as ``.png`` or ``.npz``: see `storage.save`."""
        self.explanation.save(path, force=force)

    def picture(self) -> Picture:
        """Return the page as it stands: a picture (HTML and text) that needs no kernel."""
        with self._state.changed:
            return Picture(self._state)

    def _settled(self) -> None:
        """Renew the saved picture, and tell observers what is there now."""
        self._saved.renew()
        pane, area = self._state.active, self._state.area
        if pane.state == "done":
            self._news.tell("explanation", pane.explanation)
        if area is not self._told and (area.is_empty or area.is_checked):
            self._told = area
            self._news.tell("evidence", self.evidence)

    def _wait_for_sight(self, number: int) -> Sight:
        state = self._state
        photograph = state.photographs.get(number)
        if photograph is None:
            raise RuntimeError("There is no photograph on the page yet: drop one, or use `add`.")
        state.changed.wait_for(lambda: photograph.state != "reading" or state.phase == "failed")
        if photograph.state == "failed" and state.active.photograph != number:
            return self._wait_for_sight(state.active.photograph)  # it gave way to another
        if photograph.sight is None:
            raise RuntimeError(photograph.error or state.problem)
        return photograph.sight

    def _loaded(self) -> Any:
        return self._state.predictor

    def _start(self) -> Ticket:
        return self._work.start()

    def _kinds(self) -> Mapping[str, Handler]:
        return {**self._requests.kinds, **self._intake.kinds}

    def _received(self, file: DroppedFile) -> None:
        with self._state.changed:
            name = name_of(file.data, 1 + self._work.count, name=file.name)
            self._make_sure_of_room(name)
            self._work.add(file.data, name)

    def _make_sure_of_room(self, name: str) -> None:
        held = [one for one in self._state.photographs.values() if one.state != "failed"]
        if len(held) >= _MOST_PHOTOGRAPHS:
            raise ValueError(
                f"{name} is not taken: {_MOST_PHOTOGRAPHS} photographs are on the page. "
                "Make a new Explorer for others."
            )


def _renamed(old: str, new: str) -> None:
    warnings.warn(f"{old} is called {new} now.", DeprecationWarning, stacklevel=3)
