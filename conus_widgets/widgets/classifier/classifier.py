"""The widget that answers photographs with ranked lists."""

import contextvars
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from conus_widgets.widgets.bundle import bundle
from conus_widgets.widgets.classifier.board import Board
from conus_widgets.widgets.classifier.cards import Settings
from conus_widgets.widgets.classifier.picture import Picture
from conus_widgets.widgets.dropzone.dropzone import SCRIPTS, STYLE, DropZone
from conus_widgets.widgets.dropzone.parcels import DroppedFile
from conus_widgets.worker import worker_for

__all__ = ["Classifier"]

_HERE = Path(__file__).parent
_HOLD = 256 * 1024 * 1024


def _load(source: Any) -> Any:
    # Imported here, in the worker's thread: it takes seconds, and the page must not wait for it.
    from conus_widgets.predictor import load_predictor

    return load_predictor(source)


class Classifier(DropZone):
    """Drop photographs of shells, read ranked lists.

    Parameters
    ----------
    predictor : Predictor, str, os.PathLike or None
        A loaded one, or what ``load_predictor`` takes; None is the demonstration network. Loading
        begins at once, in the background.
    top : int
        How many classes an answer lists.
    views : int
        1: the photograph as it is. More: the mean of so many random views.
    seed : int or None
        Of the random views.
    region : str or None
        Weigh the classes by this region.
    specimen : bool
        Take all photographs on the page for one specimen.
    original : bool or None
        Have files sent unchanged. None: only where the network needs it, which is where its
        photographs were resized by nearest neighbour, so that smoothed ones look foreign to it.

    Notes
    -----
    `views`, `region`, `specimen` and `original` are also the controls on the page, and can be set
    from Python; what is on the page is then classified anew. Photographs go no further than the
    machine that runs the kernel.

    Examples
    --------
    >>> classifier = Classifier()           # doctest: +SKIP
    >>> classifier                          # doctest: +SKIP
    >>> classifier.prediction.labels[0]     # doctest: +SKIP
    'tented'
    """

    _esm: Any = bundle(*SCRIPTS, _HERE / "wording.js", _HERE / "parts.js", _HERE / "classifier.js")
    _css: Any = STYLE.read_text("utf-8") + (_HERE / "classifier.css").read_text("utf-8")

    views = traitlets.Int(1, min=1, max=1000).tag(sync=True)
    region = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    specimen = traitlets.Bool(False).tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        predictor: Any = None,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = 0,
        region: str | None = None,
        specimen: bool = False,
        original: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            original=bool(original), views=views, region=region, specimen=specimen, **options
        )
        self._context = contextvars.copy_context()
        self._top, self._seed = top, seed
        self._decide_original = original is None
        self._displayed = False
        self.mark = f"conus-saved-{self.model_id}"
        self._worker = worker_for(predictor, load=_load)
        self._board = Board(
            self._worker,
            self.model_id,
            settings=self._settings,
            tell=self._tell,
            loaded=lambda predictor: self._in_context(self._loaded, predictor),
            finished=self._show_picture,
        )
        self.observe(lambda _: self._board.again(), names=["views", "region", "specimen"])
        self._board.start()

    @property
    def prediction(self) -> Any:
        """The last answer, a Prediction; None before the first."""
        return self._board.last

    @property
    def predictions(self) -> list[Any]:
        """The answers on the page in its order, each a Prediction; a specimen has one."""
        with self._board.changed:
            answers = [card.prediction for card in self._board.cards if card.prediction is not None]
            return answers[:1] if self.specimen else answers

    @property
    def errors(self) -> list[Exception]:
        """What went wrong with photographs on the page, in its order."""
        with self._board.changed:
            return [card.error for card in self._board.cards if card.error is not None]

    @property
    def predictor(self) -> Any:
        """The network; waits until it is loaded."""
        while self._worker.predictor is None:
            ticket = self._board.start()
            ticket.wait()
            if ticket.error is not None:
                raise ticket.error
        return self._worker.predictor

    def classify(self, photographs: Any) -> Any:
        """Put photographs on the page and wait for their answers.

        Parameters
        ----------
        photographs : photograph or list of photographs
            Anything ``read_photograph`` takes.

        Returns
        -------
        Prediction, or list of (Prediction or Exception)
            For a list, and unless `specimen` is set, one answer each; a photograph that cannot be
            read has its error there.

        Raises
        ------
        PhotographError
            Where a single photograph cannot be read.
        RuntimeError
            Where the network cannot be loaded, or somebody stopped the work.
        """
        several = isinstance(photographs, (list, tuple))
        sources = list(photographs) if several else [photographs]
        board = self._board
        with board.changed:
            cards = [board.add(_name(source, n), source) for n, source in enumerate(sources, 1)]
            if self.specimen:
                board.again()
            else:
                board.start()
            try:
                board.changed.wait_for(lambda: all(card.settled for card in cards))
            except KeyboardInterrupt:
                board.cancel()
                raise
            if any(card.state == "stopped" for card in cards):
                raise RuntimeError(board.problem or "The classification was stopped.")
            answers = (
                [board.together] if self.specimen else [c.error or c.prediction for c in cards]
            )
        if several and not self.specimen:
            return answers
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]

    def cancel(self) -> None:
        """Stop; photographs without an answer stay on the page, and `resume` goes on with them."""
        self._board.cancel()

    def resume(self) -> None:
        """Go on with the photographs that have no answer."""
        self._board.resume()

    def clear(self) -> None:
        """Take everything off the page."""
        super().clear()
        self._board.clear()

    def picture(self) -> Picture:
        """The answers as they stand, as a picture (HTML and text) that needs no kernel."""
        with self._board.changed:
            return Picture(
                self._board.cards, self._board.together if self.specimen else None, self.mark
            )

    def _tell(self, kind: str, buffers: list[bytes] | None = None, **content: Any) -> None:
        self._in_context(self.send, {"kind": kind, **content}, buffers)

    def _in_context(self, call: Callable[..., None], *arguments: Any) -> None:
        # ipykernel sends what the page says next to the (sub)shell that wrote to it last, which it
        # knows by a context variable. Unset in the worker's thread, that is the main shell, and
        # the page would wait for whatever cell is running there.
        self._context.copy().run(call, *arguments)

    def _settings(self) -> Settings:
        return Settings(self._top, self.views, self._seed, self.region or None, self.specimen)

    def _loaded(self, predictor: Any) -> None:
        self.long_side = 4 * predictor.size
        if self._decide_original:
            self._decide_original = False
            self.original = predictor.resample == "nearest"

    def _message(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        self._context = contextvars.copy_context()
        super()._message(widget, content, buffers)

    def _handle(self, content: dict[str, Any], buffers: list[Any]) -> None:
        kind, board = content.get("kind"), self._board
        if kind == "hello":
            board.tell_everything()
        elif kind == "begin":
            board.drops.add(str(content["drop"]))
        elif kind == "end":
            board.end_of_drop(str(content["drop"]))
        elif kind == "remove":
            board.remove(int(content["number"]))
        elif kind in ("cancel", "resume", "clear"):
            getattr(self, kind)()
        else:
            super()._handle(content, buffers)

    def _received(self, file: DroppedFile) -> None:
        board = self._board
        with board.changed:
            held = sum(len(card.source) for card in board.cards if isinstance(card.source, bytes))
            if held + len(file.data) > _HOLD:
                raise ValueError(
                    f"{file.name} is not taken: the photographs on the page hold {held / 2**20:.0f}"
                    f" MB of at most {_HOLD / 2**20:.0f} MB. Clear the page first."
                )
            board.add(file.name, file.data, note=file.note, upload=file.upload)
            if not self.specimen:
                board.start()

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.display import publish_display_data

        data, metadata = self._repr_mimebundle_() or ({}, {})
        plain = {"text/plain": f"{type(self).__name__}: run this cell for the live tool."}
        publish_display_data({**data, **plain}, metadata)
        # A second output below the widget, hidden by its script while it lives. JupyterLab shows
        # nothing of a widget without a kernel, not even the other forms in the same output.
        self._displayed = True
        self._show_picture(update=False)

    def _show_picture(self, *, update: bool = True) -> None:
        if self._displayed:
            from IPython.display import publish_display_data

            publish_display_data(
                self.picture()._repr_mimebundle_(),
                transient={"display_id": self.mark},
                update=update,
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.picture()!r}"


def _name(source: Any, number: int) -> str:
    if isinstance(source, (str, os.PathLike)):
        return Path(os.fspath(source)).name
    given = getattr(source, "name", None) or getattr(source, "filename", None)
    return Path(given).name if isinstance(given, str) and given else f"photograph {number}"
