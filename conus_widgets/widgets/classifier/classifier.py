"""The widget that answers photographs with ranked lists."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import traitlets

from conus_widgets.arguments import whole
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.preparation import is_alone, several
from conus_widgets.widgets.classifier.board import Board
from conus_widgets.widgets.classifier.cards import Settings
from conus_widgets.widgets.classifier.picture import Picture
from conus_widgets.widgets.dropzone.intake import ZONE, DroppedFile, Intake, Receiving
from conus_widgets.widgets.live.arguments import existing
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.loading import Given, predictor_of
from conus_widgets.widgets.live.network_widget import NetworkWidget
from conus_widgets.widgets.live.news import Answer
from conus_widgets.widgets.live.widget import Handler
from conus_widgets.worker import Ticket

__all__ = ["Classifier"]

_PAGE = Path(__file__).with_name("page")
_HOLD = 256 * 1024 * 1024
_MOST_VIEWS = 1000


class Classifier(Receiving, NetworkWidget):
    """Drop photographs of shells, read ranked lists.

    Parameters
    ----------
    predictor : Predictor, str, os.PathLike or None
        A loaded one, or what ``load_predictor`` takes; None is the demonstration network. Loading
        begins at once, in the background.
    top : int
        How many classes an answer lists, at least 1.
    views : int
        1: the photograph as it is. 2 to 1,000: the mean of so many random views. Each is a run of
        the network: 100 views take a hundred times as long as one. They need no more memory, as
        only a batch of them is there at a time.
    seed : int or None
        Of the random views, 0 or more; None: other views each time.
    region : str or None
        Weigh the classes by this region.
    specimen : bool
        Take all photographs on the page for one specimen.
    original : bool or None
        Have files sent unchanged. None: only if the network needs it, that is if its
        photographs were resized by nearest neighbour, so that smoothed ones look foreign to it.

    **options
        `long_side` (pixels; four times the network's input, unless it is given) and `limit`
        (bytes): see `DropZone`. ``layout`` and other traits of every widget.

    Raises
    ------
    TypeError
        If `predictor` is no predictor, or for an argument that does not exist.
    ValueError
        For a `top`, `views` or `seed` out of its range, and for an unknown region if the network is
        loaded already. If it is not, the page says so as soon as it is, and so does each answer.

    Notes
    -----
    `prediction` and `predictions` can be observed: ``classifier.observe(f, "prediction")`` calls
    ``f(change)`` with each new answer, between two cells, or before `classify` returns.

    `views`, `region`, `specimen` and `original` are also the controls on the page, and can be set
    from Python; what is on the page is then classified again. Photographs go no further than the
    machine that runs the kernel.

    Examples
    --------
    >>> classifier = Classifier()           # doctest: +SKIP
    >>> classifier                          # doctest: +SKIP
    >>> classifier.prediction.labels[0]     # doctest: +SKIP
    'tented'
    """

    _esm: Any = bundle(_PAGE / "classifier.js")
    _css: Any = styles(ZONE, _PAGE / "classifier.css")
    _asks = ("info", "labels", "notice", "predict", "regions", "resample", "size")
    _place = (
        "Write Classifier(), then drop photographs on the page, or give them to its classify()."
    )

    _from_page = frozenset({"region", "specimen", "views"})

    views = traitlets.Int(1, min=1, max=_MOST_VIEWS).tag(sync=True)
    region = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    specimen = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        predictor: Given = None,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = 0,
        region: str | None = None,
        specimen: bool = False,
        original: bool | None = None,
        **options: Any,
    ) -> None:
        # All this comes first: a widget that is half made would stay on the page.
        worker = self._worker_of(predictor)
        self._ready = predictor_of(worker, predictor)
        self._top = whole("top", top, least=1)
        self._seed = whole("seed", seed, or_none=True)
        views = whole("views", views, least=1, most=_MOST_VIEWS)
        if isinstance(region, str) and region and self._ready is not None:
            _known_region(region, self._ready)
        super().__init__(
            worker,
            original=bool(original),
            views=views,
            region=region,
            specimen=specimen,
            **options,
        )
        self._undecided = {"original"} if original is None else set()
        self._undecided |= {"long_side"} - set(options)
        self._intake = Intake(self, self._received)
        self._board = Board(
            self._worker,
            self.model_id,
            settings=self._settings,
            tell=self._tell,
            loaded=lambda predictor: self._in_context(self._take_wishes, predictor),
            finished=self._saved.renew,
            answered=self._answered,
        )
        self.observe(self._changed, names=["views", "region", "specimen"])
        self._board.start()

    @Answer
    def prediction(self) -> Any:
        """The last answer, a Prediction; None before the first."""
        return self._board.last

    @Answer
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

    def classify(self, photographs: Any) -> Any:
        """Put photographs on the page and wait for their answers.

        Parameters
        ----------
        photographs : photograph or list of photographs
            Anything ``read_photograph`` takes, or several: see `preparation.several`.

        Returns
        -------
        Prediction, or list of (Prediction or Exception)
            For a list, and unless `specimen` is set, one answer each; a photograph that cannot be
            read has its error there.

        Raises
        ------
        PhotographError
            If a single photograph cannot be read.
        RuntimeError
            If the network cannot be loaded, or somebody stopped the work.
        ValueError
            For no photograph: None, or an empty list for a specimen.
        """
        sources = several(photographs)
        if self.specimen and not sources:
            raise ValueError("No photograph was given: a specimen needs at least one.")
        board = self._board
        with board.changed:
            cards = [board.add(source) for source in sources]
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
                raise RuntimeError(
                    board.problem if board.phase == "failed" else "The classification was stopped."
                )
            answers = (
                [board.together] if self.specimen else [c.error or c.prediction for c in cards]
            )
        self._news.deliver()
        if not self.specimen and not is_alone(photographs):
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
        self._board.clear()

    def picture(self) -> Picture:
        """Return the answers as they stand: a picture (HTML and text) that needs no kernel."""
        with self._board.changed:
            together = self._board.together if self.specimen else None
            return Picture(self._board.cards, together)

    def _changed(self, change: Any) -> None:
        if change.name == "region":
            self._board.problem = ""
        self._board.again()

    def _answered(self) -> None:
        self._news.tell("prediction", self.prediction)
        self._news.tell("predictions", self.predictions)

    @traitlets.validate("region")
    def _validate_region(self, proposal: Any) -> str | None:
        region: str | None = proposal["value"] or None
        if region is not None and self._ready is not None:
            _known_region(region, self._ready)
        return region

    def _start(self) -> Ticket:
        return self._board.start()

    def _settings(self) -> Settings:
        return Settings(self._top, self.views, self._seed, self.region or None, self.specimen)

    def _take_wishes(self, predictor: PredictorProtocol) -> str:
        """Take what the network wants; return what is wrong with the settings, or nothing."""
        self._ready = predictor
        wishes = {"long_side": 4 * predictor.size, "original": predictor.resample == "nearest"}
        for name in self._undecided:
            setattr(self, name, wishes[name])
        self._undecided = set()
        try:
            if self.region is not None:
                _known_region(self.region, predictor)
        except ValueError as error:
            return str(error)
        return ""

    def _kinds(self) -> Mapping[str, Handler]:
        board = self._board
        return {
            "hello": lambda *_: board.tell_everything(),
            "begin": lambda content, _: board.drops.add(str(content["drop"])),
            "end": lambda content, _: board.end_of_drop(str(content["drop"])),
            "remove": lambda content, _: board.remove(int(content["number"])),
            "cancel": lambda *_: self.cancel(),
            "resume": lambda *_: self.resume(),
            "clear": lambda *_: self.clear(),
            **self._intake.kinds,
        }

    def _received(self, file: DroppedFile) -> None:
        board = self._board
        with board.changed:
            held = sum(len(card.source) for card in board.cards if isinstance(card.source, bytes))
            if held + len(file.data) > _HOLD:
                raise ValueError(
                    f"{file.name} is not taken: the photographs on the page hold {held / 2**20:.0f}"
                    f" MB of at most {_HOLD / 2**20:.0f} MB. Clear the page first."
                )
            board.add(file.data, name=file.name, note=file.note, upload=file.upload)
            if not self.specimen:
                board.start()


def _known_region(region: str, predictor: PredictorProtocol) -> None:
    """Refuse a region that a network does not weigh by."""
    if not predictor.regions:
        raise ValueError(
            f"region is {region!r}, but this network weighs by no region: its folder has no "
            "regions.csv. Leave the region out."
        )
    existing("region", region, list(predictor.regions))
