"""The widget that shows why, and lets one check it."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets.photographs.names import name_of
from conus_widgets.preparation import several
from conus_widgets.widgets.dropzone.intake import ZONE, DroppedFile, Intake, Receiving
from conus_widgets.widgets.explorer import composing, saving, telling
from conus_widgets.widgets.explorer.pane import CHOICES, Region, validated, with_layer
from conus_widgets.widgets.explorer.picture import Picture
from conus_widgets.widgets.explorer.session import Session
from conus_widgets.widgets.live.arguments import existing
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.loading import predictor_of
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
    _css: Any = styles(ZONE, _PAGE / "explorer.css", _PAGE / "panels.css")
    _asks = ("inputs", "labels", "network", "notice", "preparation", "size", "stages")
    _place = (
        "Write Explorer(predictor, photograph), or Explorer(photograph=...) for the demonstration "
        "network."
    )
    _rest = 0.4  # seconds: a saved picture for every step of a brush would be too many

    def __init__(
        self,
        predictor: Any = None,
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
        self._told: Region | None = None  # of which observers know
        self._session = Session(self._worker, self.model_id, tell=self._tell, settled=self._settled)
        self._session.choose(0, 0, **choice)
        self._session.start()
        for number, one in enumerate(given, 1):
            self._session.add(one, name_of(one, number))

    @Answer
    def explanation(self) -> Any:
        """The map that is chosen on the page, an Explanation; waits until it is there.

        Raises
        ------
        RuntimeError
            If there is no photograph, or the map failed or was stopped.
        ValueError
            If a class or layer was asked for that does not exist.
        """
        session = self._session
        with session.changed:
            pane = session.active
            self._wait_for_sight(pane.photograph)
            session.changed.wait_for(lambda: pane.state not in ("waiting", "running"))
            if pane.wrong:
                raise ValueError(pane.wrong)
            if pane.state != "done":
                raise RuntimeError(pane.error or "The map was stopped; choose it again.")
            found = pane.explanation
        self._news.deliver()
        return found

    @Answer
    def evidence(self) -> Any:
        """Share and checked change of the covered region, an Evidence; None where there is none."""
        session = self._session
        with session.changed:
            region = session.checker.region
            unanswered = region.is_empty or region.covered is None
            return None if unanswered else saving.evidence(session, region)

    def look(self, photograph: Any) -> None:
        """Put one more photograph on the page, or several, and show it in the first map.

        Raises
        ------
        ValueError
            For no photograph, or if twelve are there already.
        """
        given = several(photograph)
        if not given:
            raise ValueError("No photograph was given: give one, or a list of them.")
        with self._session.changed:
            first = 1 + self._session._number
            for one in given:
                name = name_of(one, 1 + self._session._number)
                self._make_sure_of_room(name)
                self._session.add(one, name)
            self._session.choose(0, photograph=first, target=None, against=None)

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
        session = self._session
        with session.changed:
            if validated(choice, session.photographs, session.predictor).get("layer") is not None:
                beside = session.panes[pane if pane in range(len(session.panes)) else -1]
                with_layer(choice.get("method", beside.method), choice["layer"])
            session.choose(pane, **choice)
        self._news.deliver()

    def cover(self, region: Any, fill: Any = "black", *, offset: tuple[int, int] = (0, 0)) -> Any:
        """Cover a region of the photograph, on the page too, and run the network again.

        Parameters
        ----------
        region : rectangle, polygon or mask
            In the photograph's pixels: see `explain.evidence`.
        fill : {"black", "mean", "blur", "patch"} or photograph
            What the covered pixels show. A photograph (of the same view) lends its own pixels.
        offset : (int, int)
            For "patch": how far away the copied pixels lie, columns and rows of the network's
            input.

        Returns
        -------
        Evidence
            For each class the share that the map attributes to the region, and the checked change.

        Raises
        ------
        ValueError
            For a region, fill or offset that is none.
        RuntimeError
            If there is no photograph, the network failed, or another region was covered meanwhile.
        """
        from conus_widgets.explain.area import coverage

        session, predictor = self._session, self.predictor
        size = predictor.size
        try:
            columns, rows = map(operator.index, offset)
        except (TypeError, ValueError):
            raise ValueError(
                f"offset is {offset!r}: give two whole numbers, columns and rows."
            ) from None
        if isinstance(fill, str) and not os.path.exists(fill):
            fill = existing("fill", fill, composing.FILLS)
        named = isinstance(fill, str) and fill in composing.FILLS
        given = None if named else predictor.inputs([fill])[0]
        with session.changed:
            sight = self._wait_for_sight(session.active.photograph)
            number = session.active.photograph
            inside = np.zeros((size, size))
            if not (isinstance(region, np.ndarray) and not region.any()):
                inside = coverage(region, sight.image.size, (size, size))
            made = Region(
                mask=inside >= 0.5,
                photograph=number,
                fill=fill if named else "given",
                offset=(columns, rows),
                given=given,
                generation=1 + session.checker.region.generation,
            )
            ticket = session.checker.cover(made)
            telling.region(session, made)
        if ticket is not None:
            ticket.wait()
            if ticket.error is not None:
                raise ticket.error
        with session.changed:
            session.changed.wait_for(
                lambda: made.covered is not None or made.error or session.checker.region is not made
            )
            if made.covered is None:
                raise RuntimeError(
                    made.error or "Another region was covered meanwhile: cover this one once more."
                )
            found = saving.evidence(session, made)
        self._news.deliver()
        return found

    def cancel(self) -> None:
        """Stop slow maps; what they have shown so far stays."""
        self._session.cancel()

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the map that is chosen on the page, as ``.png`` or ``.npz``: see `storage.save`."""
        self.explanation.save(path, force=force)

    def picture(self) -> Picture:
        """The page as it stands, as a picture (HTML and text) that needs no kernel."""
        with self._session.changed:
            return Picture(self._session)

    def _settled(self) -> None:
        """Renew the saved picture, and tell observers what is there now."""
        self._saved.renew()
        session = self._session
        pane, region = session.active, session.checker.region
        if pane.state == "done":
            self._news.tell("explanation", pane.explanation)
        if region is not self._told and (region.is_empty or region.covered is not None):
            self._told = region
            self._news.tell("evidence", self.evidence)

    def _wait_for_sight(self, number: int) -> Any:
        session = self._session
        photograph = session.photographs.get(number)
        if photograph is None:
            raise RuntimeError("There is no photograph on the page yet: drop one, or use `look`.")
        session.changed.wait_for(lambda: photograph.state != "reading" or session.phase == "failed")
        if photograph.state == "failed" and session.active.photograph != number:
            return self._wait_for_sight(session.active.photograph)  # it gave way to another
        if photograph.sight is None:
            raise RuntimeError(photograph.error or session.problem)
        return photograph.sight

    def _loaded(self) -> Any:
        return self._session.predictor

    def _start(self) -> Ticket:
        return self._session.start()

    def _kinds(self) -> Mapping[str, Handler]:
        session = self._session
        return {
            "hello": self._hello,
            "choose": self._choose,
            "drop": lambda content, _: session.drop(int(content["pane"]), _page(content)),
            "region": self._cover,
            "view": self._take_view,
            "check": lambda content, _: session.check(str(content["method"])),
            "save": self._save,
            "cancel": lambda *_: self.cancel(),
            "resume": lambda *_: self.resume(),
            **self._intake.kinds,
        }

    def _hello(self, content: dict[str, Any], _: list[Any]) -> None:
        with self._session.changed:
            self._session.pages.add(_page(content))
            telling.everything(self._session)

    def _choose(self, content: dict[str, Any], _: list[Any]) -> None:
        choice = {key: content[key] for key in CHOICES if key in content}
        self._session.choose(int(content["pane"]), int(content["generation"]), **choice)

    def _cover(self, content: dict[str, Any], buffers: list[Any]) -> None:
        with self._session.changed:
            checker = self._session.checker
            checker.cover(checker.read(content, buffers))

    def _take_view(self, content: dict[str, Any], _: list[Any]) -> None:
        with self._session.changed:
            self._session.view = dict(content["view"])
            self._settled()

    def _save(self, content: dict[str, Any], _: list[Any]) -> None:
        form, pane = str(content["form"]), int(content["pane"])
        saving.send(self._session, form, pane, self._tell, _page(content))

    def resume(self) -> None:
        """Try once more to load the network, and to read the photographs that wait for it."""
        self._session.again()

    def _received(self, file: DroppedFile) -> None:
        with self._session.changed:
            name = name_of(file.data, 1 + self._session._number, name=file.name)
            self._make_sure_of_room(name)
            self._session.add(file.data, name)

    def _make_sure_of_room(self, name: str) -> None:
        held = [one for one in self._session.photographs.values() if one.state != "failed"]
        if len(held) >= _MOST_PHOTOGRAPHS:
            raise ValueError(
                f"{name} is not taken: {_MOST_PHOTOGRAPHS} photographs are on the page. "
                "Make a new Explorer for others."
            )


def _page(content: dict[str, Any]) -> str:
    """The view that sent a message."""
    return str(content.get("page", ""))
