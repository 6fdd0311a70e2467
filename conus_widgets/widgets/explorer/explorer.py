"""The widget that shows why, and lets one check it."""

from __future__ import annotations

import contextvars
import os
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from conus_widgets.widgets.bundle import bundle
from conus_widgets.widgets.dropzone.dropzone import SCRIPTS, STYLE, DropZone
from conus_widgets.widgets.dropzone.parcels import DroppedFile
from conus_widgets.widgets.explorer import composing, saving, telling
from conus_widgets.widgets.explorer.pane import CHOICES, Region
from conus_widgets.widgets.explorer.picture import Picture
from conus_widgets.widgets.explorer.saved import SavedPicture
from conus_widgets.widgets.explorer.session import Session
from conus_widgets.widgets.explorer.sight import name_of
from conus_widgets.worker import worker_for

__all__ = ["Explorer"]

_HERE = Path(__file__).parent
_PARTS = [
    *("numbers", "geometry", "colours", "brush", "flow", "scene", "classes", "tables"),
    *("controls", "stage", "region", "state", "drawing", "explorer"),
]
_MOST_PHOTOGRAPHS = 12


def _load(source: Any) -> Any:
    # Imported in the worker's thread: it takes seconds, and the page must not wait for it.
    from conus_widgets.predictor import load_predictor

    return load_predictor(source)


class Explorer(DropZone):
    """Look through the network's eyes, and test what you see.

    Parameters
    ----------
    predictor : Predictor, str, os.PathLike or None
        A loaded one, or what ``load_predictor`` takes; None is the demonstration network.
    photograph : photograph or list of photographs, optional
        Anything ``read_photograph`` takes. Without one the page asks for it.
    target, against : int or str, optional
        The class that is explained (by default the top one), and the class that it is held
        against: why `target` rather than `against`.
    method : str
        "cam", "hires_cam", "layer_cam", "occlusion" ... as in the menu of the page.
    layer : str, optional
        For methods that look into a layer; the last one by default.

    Notes
    -----
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

    _esm: Any = bundle(*SCRIPTS, *(_HERE / f"{name}.js" for name in _PARTS))
    _css: Any = "".join(
        path.read_text("utf-8") for path in (STYLE, _HERE / "explorer.css", _HERE / "panels.css")
    )

    mark = traitlets.Unicode().tag(sync=True)

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
        super().__init__(**options)
        self._context = contextvars.copy_context()
        self.mark = f"conus-saved-{self.model_id}"
        self._saved = SavedPicture(self.picture, self.mark)
        self._worker = worker_for(predictor, load=_load)
        self._session = Session(
            self._worker, self.model_id, tell=self._tell, settled=self._saved.renew
        )
        self._session.choose(0, 0, target=target, against=against, method=method, layer=layer)
        self._session.start()
        given = photograph if isinstance(photograph, (list, tuple)) else [photograph]
        for number, one in enumerate(given, 1):
            if one is not None:
                self._session.add(one, name_of(one, number))

    @property
    def predictor(self) -> Any:
        """The network; waits until it is loaded."""
        ticket = self._session.start()
        ticket.wait()
        if ticket.error is not None:
            raise ticket.error
        return self._worker.predictor

    @property
    def explanation(self) -> Any:
        """The map that is chosen on the page, an Explanation; waits until it is there.

        Raises
        ------
        RuntimeError
            Where there is no photograph, or the map failed or was stopped.
        """
        session = self._session
        with session.changed:
            pane = session.active
            self._wait_for_sight(pane.photograph)
            session.changed.wait_for(lambda: pane.state not in ("waiting", "running"))
            if pane.state != "done":
                raise RuntimeError(pane.error or "The map was stopped; choose it again.")
            return pane.explanation

    @property
    def evidence(self) -> Any:
        """Share and checked change of the covered region, an Evidence; None where there is none."""
        session = self._session
        with session.changed:
            region = session.checker.region
            unanswered = region.is_empty or region.covered is None
            return None if unanswered else saving.evidence(session, region)

    def look(self, photograph: Any) -> None:
        """Put one more photograph on the page, and show it in the first map."""
        with self._session.changed:
            number = self._session.add(photograph, name_of(photograph, 1 + self._session._number))
            self._session.choose(0, photograph=number, target=None, against=None)

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
        self._session.choose(pane, **choice)

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
        """
        from conus_widgets.explain.area import coverage

        session, predictor = self._session, self.predictor
        size = predictor.size
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
                offset=offset,
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
            session.changed.wait_for(lambda: made.covered is not None or made.error, timeout=60)
            if made.covered is None:
                raise RuntimeError(made.error or "The network did not answer.")
            return saving.evidence(session, made)

    def cancel(self) -> None:
        """Stop slow maps; what they have shown so far stays."""
        self._session.cancel()

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the map that is chosen on the page, as ``.png`` or ``.npz``: see `storage.save`."""
        self.explanation.save(path, force=force)

    def picture(self) -> Picture:
        """The page as it stands, as a picture (HTML and text) that needs no kernel."""
        with self._session.changed:
            return Picture(self._session, self.mark)

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

    def _tell(self, kind: str, buffers: list[bytes] | None = None, **content: Any) -> None:
        # See Classifier: what the page hears must leave by the (sub)shell that it wrote to last.
        self._context.copy().run(self.send, {"kind": kind, **content}, buffers)

    def _message(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        self._context = contextvars.copy_context()
        super()._message(widget, content, buffers)

    def _handle(self, content: dict[str, Any], buffers: list[Any]) -> None:
        kind, session = content.get("kind"), self._session
        if kind == "hello":
            with session.changed:
                telling.everything(session)
        elif kind == "choose":
            choice = {key: content[key] for key in CHOICES if key in content}
            session.choose(int(content["pane"]), int(content["generation"]), **choice)
        elif kind == "drop":
            session.drop(int(content["pane"]))
        elif kind == "region":
            with session.changed:
                session.checker.cover(session.checker.read(content, buffers))
        elif kind == "view":
            with session.changed:
                session.view = dict(content["view"])
            self._saved.renew()
        elif kind == "check":
            session.check(str(content["method"]))
        elif kind == "save":
            saving.send(session, str(content["form"]), int(content["pane"]), self._tell)
        elif kind in ("cancel", "resume"):
            getattr(self, kind)()
        else:
            super()._handle(content, buffers)

    def resume(self) -> None:
        """Try once more to load the network, and to read the photographs that wait for it."""
        self._session.again()

    def _received(self, file: DroppedFile) -> None:
        session = self._session
        with session.changed:
            held = [one for one in session.photographs.values() if one.state != "failed"]
            if len(held) >= _MOST_PHOTOGRAPHS:
                raise ValueError(
                    f"{file.name} is not taken: {_MOST_PHOTOGRAPHS} photographs are on the page. "
                    "Make a new Explorer for others."
                )
            session.add(file.data, file.name)

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.display import publish_display_data

        data, metadata = self._repr_mimebundle_() or ({}, {})
        plain = {"text/plain": f"{type(self).__name__}: run this cell for the live tool."}
        publish_display_data({**data, **plain}, metadata)
        self._saved.show()

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.picture()!r}"
