"""The widget in which a network learns the classes of named boxes of photographs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from conus_widgets.collection.reading import read_collection
from conus_widgets.network.interface import Cancelled, PredictorProtocol
from conus_widgets.photographs.photograph import open_photograph
from conus_widgets.widgets.dropzone.intake import ZONE, DroppedFile, Intake, Receiving
from conus_widgets.widgets.finetuner.boxes import Boxes, Held
from conus_widgets.widgets.finetuner.chosen import Chosen
from conus_widgets.widgets.finetuner.left_out import left_out
from conus_widgets.widgets.finetuner.picture import Picture
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.loading import Given
from conus_widgets.widgets.live.network_widget import NetworkWidget
from conus_widgets.widgets.live.news import Answer
from conus_widgets.widgets.live.thumbnails import TINY, Thumbnail, Thumbnails, make_thumbnail
from conus_widgets.widgets.live.widget import Handler
from conus_widgets.widgets.live.words import sentence
from conus_widgets.worker import Ticket

if TYPE_CHECKING:
    from conus_widgets.training.finetuning import FineTuned
    from conus_widgets.training.last_stages import Point

__all__ = ["FineTuner"]

_PAGE = Path(__file__).with_name("page")
_MOST_PLACES = 10_000  # photographs that are on their way


class FineTuner(Receiving, NetworkWidget):
    """Put photographs into named boxes, have a network learn them, and try it.

    Parameters
    ----------
    folder : path, optional
        A folder with a folder for each class, or a table (see `read_collection`): its photographs
        are in boxes from the beginning.
    start : Predictor, str, os.PathLike or None
        The network that it starts from; None is the demonstration.
    pattern : str, optional
        What the names of files in `folder` say: see `read_folder`.
    **options
        As for `DropZone`.

    Raises
    ------
    TypeError
        If `start` is no predictor, or for an argument that does not exist.
    ValueError
        If `folder` cannot be read.

    Notes
    -----
    `tuned` can be observed: it is there as soon as a network has learnt, and holds its figures.
    Photographs go no further than the machine that runs the kernel, and live as long as it does.

    Examples
    --------
    >>> tuner = FineTuner()                                # doctest: +SKIP
    >>> tuner                                              # doctest: +SKIP
    >>> tuner.beside(Classifier)                           # doctest: +SKIP
    >>> tuner.tuned.write("my-network")                    # doctest: +SKIP
    """

    _esm: Any = bundle(_PAGE / "finetuner.js")
    _css: Any = styles(ZONE, _PAGE / "finetuner.css")
    _asks = ("checkpoint", "network", "notice", "preparation", "stream")
    _place = "Write FineTuner(), then put photographs into boxes on the page."

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        start: Given = None,
        *,
        pattern: str | None = None,
        **options: Any,
    ) -> None:
        worker = self._worker_of(start)
        self._boxes = Boxes()
        self._left_out: list[str] = []
        self._chosen: Chosen | None = None
        self._report_told: dict[str, Any] = {}
        if folder is not None:
            self._fill(folder, pattern)
        super().__init__(worker, **options)
        self._intake = Intake(self, self._received)
        self._thumbnails: Thumbnails[str] = Thumbnails(self._thumbnail, self._pictured)
        self._telling = threading.Lock()  # an older change must not be told after a newer one
        self._places: dict[str, int] = {}
        self._stop = threading.Event()
        self._ticket: Ticket | None = None
        self._tuned: FineTuned | None = None
        self._learnt: PredictorProtocol | None = None
        self._points: list[dict[str, Any]] = []
        self._lines: list[str] = []
        self._state: dict[str, Any] = {"text": "", "running": False, "done": 0, "total": 0}
        self._start()  # the network is loaded while photographs are chosen

    @Answer
    def tuned(self) -> FineTuned | None:
        """What was learnt last; None before that."""
        return self._tuned

    @property
    def predictor(self) -> PredictorProtocol:
        """The network as it is: what was learnt last, or before that the start."""
        return super().predictor if self._learnt is None else self._learnt

    def beside(self, make: Callable[[PredictorProtocol], Any]) -> ipywidgets.VBox:
        """Return a place that shows ``make(predictor)`` each time a network has learnt.

        Parameters
        ----------
        make : callable
            As `Classifier`, or a function that returns a widget.
        """
        hint = ipywidgets.Label("What was learnt can be tried here.")
        place = ipywidgets.VBox([hint])

        def show(_: Any = None) -> None:
            if self._learnt is not None:
                before, place.children = place.children, (make(self._learnt),)
                for widget in set(before) - set(place.children):
                    widget.close()  # it holds a network that is out of date

        self.observe(show, "tuned")
        show()
        return place

    def picture(self) -> Picture | None:
        """Return what the page says of the last learning; None before that."""
        return Picture(self._lines) if self._lines else None

    def close(self) -> None:
        """Take the widget off the page."""
        if "_thumbnails" in vars(self):  # one whose arguments were refused has none
            self._thumbnails.close()
        super().close()

    def _fill(self, folder: str | os.PathLike[str], pattern: str | None) -> None:
        found = read_collection(folder, pattern=pattern)
        rows = zip(found.table.records, found.labels, found.specimens, strict=True)
        for number, (record, label, group) in enumerate(rows):
            if label:
                name = Path(str(record.path)).name
                held = Held(f"folder-{number}", name, record.path, ("folder", group))
                self._boxes.put(self._boxes.named(label), held)
        self._left_out = left_out(found)
        self._boxes.changes()  # no news: a page that comes is told all

    def _kinds(self) -> Mapping[str, Handler]:
        boxes = self._boxes

        def then_told(change: Callable[[dict[str, Any]], Any]) -> Handler:
            def handle(content: dict[str, Any], _: list[Any]) -> None:
                try:
                    change(content)
                finally:
                    self._tell_changes()

            return handle

        return {
            "hello": lambda *_: self._tell_all(),
            "folder": then_told(self._choose),
            "place": self._placed,
            "failed": then_told(self._not_taken),
            "add": then_told(lambda c: boxes.add(c["name"])),
            "rename": then_told(lambda c: boxes.rename(int(c["box"]), c["name"])),
            "remove": then_told(lambda c: boxes.remove(int(c["box"]))),
            "discard": then_told(lambda c: boxes.discard(str(c["key"]))),
            "join": then_told(lambda c: boxes.join(map(str, c["keys"]))),
            "pictures": lambda content, _: self._asked_to_show(content["photographs"]),
            "part": then_told(lambda c: boxes.part(map(str, c["keys"]))),
            "learn": lambda content, _: self._asked(int(content["stages"])),
            "stop": lambda *_: self._stop.set(),
            "save": lambda content, _: self._save(str(content["folder"])),
            "resume": lambda *_: self._start(),
            **self._intake.kinds,
        }

    def _choose(self, content: dict[str, Any]) -> None:
        """Remember the folder that was chosen on the page: a page that comes later is told."""
        count, key = int(content["photographs"]), str(content["folder"])
        self._chosen = Chosen(key, str(content["name"]), count, content["left_out"])

    def _not_taken(self, content: dict[str, Any]) -> None:
        """Remember why a photograph of the chosen folder does not come."""
        self._places.pop(str(content["upload"]), None)
        if self._chosen is not None and self._chosen.key == content["folder"]:
            self._chosen.refuse(str(content["upload"]), str(content["reason"]))

    def _placed(self, content: dict[str, Any], _: list[Any]) -> None:
        """Remember into which box a photograph that is on its way goes."""
        if len(self._places) >= _MOST_PLACES:
            raise ValueError(f"{_MOST_PLACES:,} photographs are on their way: give fewer at once.")
        name = content.get("name")
        box = self._boxes.named(str(name)) if name is not None else int(content["box"])
        self._places[str(content["upload"])] = box
        if self._chosen is not None and self._chosen.key == content.get("folder"):
            self._chosen.announce(str(content["upload"]))
        self._tell_changes()

    def _received(self, file: DroppedFile) -> None:
        box = self._places.pop(file.upload, 0)
        open_photograph(file.data, name=file.name)  # a bad one is refused here, and costs itself
        self._boxes.put(box, Held(file.upload, file.name, file.data, ("alone", file.upload)))
        if self._chosen is not None:
            self._chosen.take(file.upload)
        self._tell_changes()

    def _asked_to_show(self, keys: Iterable[Any]) -> None:
        there = (str(key) for key in keys if self._boxes.held(str(key)) is not None)
        self._thumbnails.ask(there, TINY)

    def _thumbnail(self, key: str, side: int) -> Thumbnail:
        held = self._boxes.held(key)
        if held is None:  # removed meanwhile, and its row with it
            return Thumbnail(b"")
        return make_thumbnail(held.data, side, name=held.name)

    def _pictured(self, key: str, _: int, made: Thumbnail) -> None:
        about = {"width": made.width, "height": made.height, "problem": made.problem}
        self._tell("picture", [made.jpeg], photograph=key, large=False, **about)

    def _asked(self, stages: int) -> None:
        """Queue the learning: the network belongs to its worker's thread."""
        if problem := self._boxes.missing():
            raise ValueError(problem)
        if self._ticket is not None and not self._ticket.done:
            raise ValueError("A network is learning already: stop it first.")
        self._stop.clear()
        self._points = []
        self._tell("curve", points=self._points)
        examples = self._boxes.examples()
        self._tell_state("The photographs wait for the network.")
        self._ticket = self._worker.submit(
            self.model_id,
            lambda predictor, ticket: self._learn(predictor, ticket, examples, stages),
            failed=self._failed,
        )

    def _failed(self, error: BaseException) -> None:
        self._tell("problem", text=sentence(error))
        self._tell_early_end("It failed")

    def _tell_early_end(self, words: str) -> None:
        said = "nothing was learnt" if self._tuned is None else "what was learnt before is kept"
        self._tell_state(f"{words}; {said}.", running=False)

    def _learn(self, start: PredictorProtocol, ticket: Ticket, examples: Any, stages: int) -> None:
        # Imported here: it takes seconds, and the page must not wait for it.
        from conus_widgets.collection.finetuning import describe, describe_stages
        from conus_widgets.training.finetuning import Examples, finetune
        from conus_widgets.training.last_stages import train_last_stages

        def cancelled() -> bool:
            return ticket.checkpoint() or self._stop.is_set()

        def progress(words: str) -> Callable[[int, int], None]:
            return lambda done, total: self._tell_state(words, done=done, total=total)

        ended = "Done"
        try:
            seen = progress("The network looks at the photographs.")
            tuned = finetune(Examples(*examples), start, progress=seen, cancelled=cancelled)
            lines = describe(tuned).split("\n")
            self._keep(tuned, lines)
            if stages:
                again = progress("The network looks at more views of them.")
                deeper = train_last_stages(
                    tuned,
                    start,
                    stages=stages,
                    judge=False,
                    watch=self._watched,
                    progress=again,
                    cancelled=cancelled,
                )
                self._keep(deeper[0], [*lines, *describe_stages(tuned, deeper[1]).split("\n")])
                if deeper[1].curve.stopped:
                    ended = "Stopped, and the best so far is kept"
        except Cancelled:
            self._tell_early_end("Stopped")
            return
        self._tell_state(f"{ended}. It can be tried, and saved.", running=False)

    def _watched(self, point: Point) -> None:
        loss = None if point.epoch == 0 else point.loss
        held = {"held": point.held_out_loss, "right": point.right, "specimens": point.specimens}
        self._points.append({"epoch": point.epoch, "loss": loss, **held})
        self._tell("point", point=self._points[-1])
        self._tell_state(f"Training: {point}.")

    def _keep(self, tuned: FineTuned, lines: list[str]) -> None:
        notice = tuned.checkpoint.notice
        self._lines = [*lines, notice] if notice else lines
        self._learnt, self._tuned = tuned.predictor(), tuned
        self._tell("figures", lines=self._lines)
        self._news.tell("tuned", tuned)
        self._saved.renew()

    def _save(self, folder: str) -> None:
        if self._tuned is None:
            raise ValueError("Nothing was learnt yet.")
        if not folder.strip():
            raise ValueError("Give the name of a folder for the network, as my-network.")
        file = self._tuned.write(Path(folder.strip()).expanduser())
        self._tell_state(
            f"Saved in {file.parent}: load_predictor({str(file.parent)!r}).",
            self._state["running"],  # the next one may be learning
        )

    def _tell_state(
        self, text: str, running: bool = True, *, done: int = 0, total: int = 0
    ) -> None:
        self._state = {"text": text, "running": running, "done": done, "total": total}
        self._tell("state", **self._state, learnt=self._tuned is not None)

    def _tell_changes(self) -> None:
        with self._telling:
            changes, report = self._boxes.changes(), self._report()
            news = report if report != self._report_told else {}
            if changes or news:
                self._report_told = report
                self._tell("changes", boxes=changes, missing=self._boxes.missing(), **news)

    def _report(self) -> dict[str, Any]:
        """Return how much of folders was taken, and what was left out."""
        chosen = self._chosen
        if chosen is None:
            return {"taken": "", "left_out": self._left_out}
        return {"taken": chosen.taken(), "left_out": [*self._left_out, *chosen.left_out()]}

    def _tell_all(self) -> None:
        with self._telling:
            boxes, missing = self._boxes.form(), self._boxes.missing()
            self._report_told = self._report()
            self._tell("boxes", boxes=boxes, missing=missing, **self._report_told)
        if self._points:
            self._tell("curve", points=self._points)
        if self._lines:
            self._tell("figures", lines=self._lines)
        self._tell("state", **self._state, learnt=self._tuned is not None)
