"""The widget that shows why A was taken for B, and takes down what an expert says of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from conus_widgets.collection.blind import BlindError
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.relabelling import Relabelling
from conus_widgets.collection.verdict_log import LogError
from conus_widgets.collection.verdicts import Verdict, VerdictError
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.inspector.answering import Answering
from conus_widgets.widgets.inspector.asking import Asking
from conus_widgets.widgets.inspector.blindly import Blindly
from conus_widgets.widgets.inspector.desk import Desk
from conus_widgets.widgets.inspector.exchange import Exchange
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.inspector.handing import Handed, Opener
from conus_widgets.widgets.inspector.ledger import Ledger
from conus_widgets.widgets.inspector.lists import Filters, Query
from conus_widgets.widgets.inspector.papers import Papers
from conus_widgets.widgets.inspector.picture import BlindPicture, InspectorPicture
from conus_widgets.widgets.inspector.reasons import Reasons
from conus_widgets.widgets.inspector.studies import Studies
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.loading import Given, worker_of
from conus_widgets.widgets.live.news import Answer
from conus_widgets.widgets.live.saved import Picture
from conus_widgets.widgets.live.widget import Handler, LiveWidget
from conus_widgets.widgets.live.words import sentence

__all__ = ["Inspector"]

_PAGE = Path(__file__).with_name("page")
_ASKS = ("inputs", "labels", "network", "preparation", "size")
_PLACE = "Photographs come from the collection: write Inspector(collection, predictor)."
_SOON = 0.25  # seconds after a verdict until numbers are sent: one message for several verdicts


class Inspector(LiveWidget):
    """Why was A taken for B? Look into a network's mistakes, and say what is right.

    Parameters
    ----------
    collection : Collection
        Evaluated, or opened.
    predictor : Predictor, str or os.PathLike, optional
        The network that was asked; for maps and matched places only. Everything else comes from
        the stored answers, so without one the page says that there are no maps.
    reviewer : str
        Who judges. Without a name the page asks for it before the first verdict.
    orcid : str
        The reviewer's, as 0000-0002-1825-0097.
    explore : callable, optional
        What the button "Open in Explorer" opens: ``explore(predictor, photograph, target=...,
        against=...)``. Give `Explorer` itself; it then appears below.
    blind : bool
        Show a shuffled queue of right and wrong cases without names, matrix or gallery. The
        reviewer decides before the network's answer is shown, and again after.
    reference : str, optional
        For a blind review, a column with names that are known to be right: see `BlindReview`.

    Raises
    ------
    TypeError
        If `collection` is no Collection or `predictor` no predictor.
    StoreError
        If the collection was not evaluated.
    VerdictError
        If the ORCID is not valid.

    Notes
    -----
    A verdict is "saved" when the disk has it. Until then the browser keeps it, and sends it again
    when a widget of the same collection and reviewer appears in it. A reviewer sees what others
    said of a case, and numbers that contain it, after judging that case.

    `explored` can be observed: ``inspector.observe(f, "explored")``.

    Examples
    --------
    >>> inspector = Inspector(collection, predictor, reviewer="Ana")   # doctest: +SKIP
    >>> inspector                                                      # doctest: +SKIP
    >>> inspector.judge("MNCN 7", "right")                             # doctest: +SKIP
    >>> inspector.report("report.html")                                # doctest: +SKIP
    """

    _esm: Any = bundle(_PAGE / "inspector.js")
    _css: Any = styles(_PAGE / "inspector.css", _PAGE / "case.css")
    _rest: ClassVar[float] = 1.0

    def __init__(
        self,
        collection: Collection,
        predictor: Given = None,
        *,
        reviewer: str = "",
        orcid: str = "",
        explore: Callable[..., Any] | None = None,
        blind: bool = False,
        reference: str | None = None,
        **options: Any,
    ) -> None:
        # All this comes first: a widget that is half made would stay on the page.
        if not isinstance(collection, Collection):
            raise TypeError(
                f"The first argument of Inspector is a Collection, not {type(collection).__name__}:"
                " write Inspector(collection, predictor)."
            )
        if explore is not None and not callable(explore):
            raise TypeError(f"explore is {explore!r}: give Explorer itself, or a function.")
        worker = None
        if predictor is not None:
            worker = worker_of(predictor, widget="Inspector", asks=_ASKS, place=_PLACE)
        facts = Facts(collection)
        ledger = Ledger(collection, facts, reviewer, orcid)
        if reference is not None and not blind:
            raise ValueError("reference is of use for a blind review only: give blind=True, too.")
        blindly = Blindly(collection, facts, reviewer, orcid, reference) if blind else None
        self._blindly = blindly
        self._collection, self._facts, self._ledger = collection, facts, ledger
        self._studies = Studies(facts, self._studied)
        self._desk = Desk(collection, facts, ledger, self._studies)
        self._answer = Answering(collection, self._desk, self._tell)
        self._exchange = Exchange(self._tell)
        self._papers = Papers(
            self._seen, self._exchange.send, lambda said: self._tell("problem", text=said)
        )
        self._explored: Handed | None = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        super().__init__(**options)
        reasons = Reasons(facts.paths, collection.fingerprint)
        self._asking = Asking(worker, self.model_id, reasons, self._tell)
        self._opener = None
        if explore is not None and worker is not None:
            self._opener = Opener(
                explore,
                lambda: self.predictor,
                lambda problem: self._tell("opened", problem=problem),
                lambda place, outputs: self._in_context(setattr, place, "outputs", outputs),
            )
        self._asking.load()

    # What Python says and asks: each mirrors a button.

    @property
    def collection(self) -> Collection:
        """What is inspected."""
        return self._collection

    @property
    def predictor(self) -> PredictorProtocol | None:
        """The network; waits until it is loaded. None without one."""
        return self._asking.predictor

    @property
    def reviewer(self) -> str:
        """Who judges."""
        return self._ledger.by

    @property
    def progress(self) -> str:
        """How many cases this reviewer has judged: "43 of 120 reviewed, about 20 minutes left"."""
        found: str = self._desk.numbers()["progress"]
        return found

    @Answer
    def explored(self) -> Handed | None:
        """What was handed over last by "Open in Explorer", a Handed; None before."""
        return self._explored

    def sign(self, reviewer: str, orcid: str = "") -> None:
        """Say who judges from now on.

        Raises
        ------
        ValueError
            In a blind review: its cases are those of the one who began it.
        """
        if self._blindly is not None:
            raise ValueError(
                "A blind review is signed from the start: make another Inspector, with "
                "blind=True and the other reviewer."
            )
        self._ledger.sign(reviewer, orcid)
        self._tell_everything()

    def cases(self, kind: str = "mistakes", a: str = "", b: str = "", **filters: str) -> list[str]:
        """Return the specimens of a list, worst first: see `lists.Query` and `lists.Filters`.

        >>> inspector.cases("pair", "Conus textile", "Conus canonicus")    # doctest: +SKIP
        ['MNCN 7', 'MNCN 12']
        """
        found = self._desk.cases(Query(kind, a, b), Filters(**filters))
        return [self._facts.specimens[number] for number in found.tolist()]

    def open_case(self, case: str) -> None:
        """Show a specimen on the page.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        self._tell("open", case=self._facts.specimen(case))

    def judge(
        self, case: str, kind: str, *, photograph: int | None = None, **parts: Any
    ) -> Verdict:
        """Say what is right; when this returns, the disk has it. See `Review.judge`.

        Raises
        ------
        VerdictError
            If the collection has no such specimen, nobody has signed, or a part is wrong.
        LogError
            If it could not be saved; nothing has changed then.
        """
        given: dict[str, Any] = {"kind": kind, "case": case, **parts}
        if photograph is not None:
            given |= {"seen": self._facts.digests[photograph], "whole": False}
        return self._add(self._ledger.read(given))

    def note(self, case: str, text: str) -> Verdict:
        """Write a note on a specimen."""
        return self.judge(case, "note", note=text)

    def note_on_pair(self, a: str, b: str, text: str) -> Verdict:
        """Write a note on what separates two classes."""
        return self._add(self._ledger.read({"kind": "pair note", "pair": [a, b], "note": text}))

    def undo(self) -> Verdict | None:
        """Take back one's newest verdict or note of this session; None if there is none."""
        found = self._ledger.undo()
        if found is not None:
            self._tell("undone", line=found.id)
            self._changed(found)
        return found

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a report to print, HTML, as far as this reviewer may see: see `write_report`."""
        return self._papers.report(path)

    def identifications(self, path: str | os.PathLike[str]) -> Path:
        """Write the determinations as Darwin Core, CSV."""
        return self._papers.identifications(path)

    def labels(self, path: str | os.PathLike[str]) -> Relabelling:
        """Write the labels as the verdicts leave them, CSV; returns what has changed."""
        return self._papers.labels(path)

    def download_log(self, path: str | os.PathLike[str]) -> Path:
        """Write the whole log, of all reviewers, as one file of JSON lines."""
        return self._papers.log(path, self._ledger.text())

    def upload_log(self, path: str | os.PathLike[str]) -> Any:
        """Merge a log that was downloaded elsewhere; returns what was new: see `merge_log`.

        In a blind review: decisions that a page had kept, and that it let you download.
        """
        found = self._merge(Path(path).read_bytes(), Path(path).name)
        self._tell_everything()
        return found

    def picture(self) -> Picture:
        """Return the numbers as they stand: a picture (HTML and text) that needs no kernel."""
        if self._blindly is not None:
            return BlindPicture(self._ledger.by, str(self._blindly.review.progress))
        return InspectorPicture(self._desk.numbers(), self._collection, reviewer=self._ledger.by)

    def close(self) -> None:
        """Take the widget off the page and end the session; the log stays."""
        if "_answer" in vars(self):  # one whose arguments were refused has nothing to close
            self._answer.close()
            self._ledger.close()
            if self._blindly is not None:
                self._blindly.review.close()
        super().close()

    # What the page asks

    def _kinds(self) -> Mapping[str, Handler]:
        answer = self._answer
        return {
            "hello": lambda content, _: self._tell_everything(),
            "sign": lambda content, _: self.sign(str(content["by"]), str(content["orcid"])),
            "list": lambda content, _: answer.list(content),
            "tiles": lambda content, _: answer.tiles(content["cases"]),
            "pictures": lambda content, _: answer.pictures(content),
            "case": lambda content, _: answer.case(content),
            "nearest": lambda content, _: answer.nearest(content["photograph"]),
            "study": lambda content, _: answer.begin_study(),
            "map": lambda content, _: self._map(content),
            "patches": lambda content, _: self._patches(content),
            "resume": lambda content, _: self._asking.load(),
            "verdict": lambda content, _: self._verdict(content["verdict"]),
            "undo_decision": lambda content, _: self._undo_decision(),
            "paper": lambda content, _: self._papers.send(str(content["paper"])),
            "log": lambda content, _: self._exchange.send("verdicts.jsonl", self._ledger.text()),
            "upload": self._upload,
            "explore": lambda content, _: self._hand_over(content),
        }

    def _tell_everything(self) -> None:
        if self._blindly is not None:
            self._answer.state(blind=True)
            self._asking.tell()
            self._tell("blind", **self._blindly.now())
            return
        self._answer.state()
        self._asking.tell()
        self._tell_numbers()

    def _tell_numbers(self) -> None:
        self._answer.numbers()
        self._saved.renew()

    def _studied(self) -> None:
        if self.comm is not None:
            self._answer.study()

    def _verdict(self, given: dict[str, Any]) -> None:
        """Save what the page says; tell it when the disk has it, or why not."""
        identity = str(given.get("id", ""))
        try:
            if self._blindly is not None:
                self._decide(self._blindly, given)
            else:
                self._add(self._ledger.read(given))
        except (VerdictError, BlindError) as error:
            self._tell("refused", line=identity, reason=sentence(error), final=True)
        except LogError as error:
            self._tell("refused", line=identity, reason=sentence(error), final=False)

    def _decide(self, blindly: Blindly, given: dict[str, Any]) -> None:
        """Save a decision. Whether it is that of the label is not told: that would be no secret."""
        place = blindly.decide(given)
        self._tell("saved", line=given["id"], case=f"Case {place}", verdict="decision", undoes="")
        self._tell("blind", **blindly.now())
        self._saved.renew()

    def _undo_decision(self) -> None:
        if self._blindly is not None and self._blindly.review.undo() is not None:
            self._tell("blind", **self._blindly.now())

    def _add(self, verdict: Verdict) -> Verdict:
        self._ledger.add(verdict)
        self._tell(
            "saved",
            line=verdict.id,
            case=verdict.case,
            verdict=verdict.kind,
            undoes=verdict.undoes,
        )
        self._changed(verdict)
        return verdict

    def _changed(self, verdict: Verdict) -> None:
        """Tell the page of a case that has another state; of all numbers, soon."""
        if self._facts.has(verdict.case):
            self._answer.changed(self._facts.specimen(verdict.case))
        else:
            self._tell("noted")  # a note on a pair stands in many cases
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_SOON, self._numbers_late)
                self._timer.daemon = True
                self._timer.start()

    def _numbers_late(self) -> None:
        with self._lock:
            self._timer = None
        if self.comm is not None:
            self._tell_numbers()

    def _upload(self, content: dict[str, Any], buffers: list[Any]) -> None:
        whole = self._exchange.take(content, buffers)
        if whole is not None:
            name, data = whole
            self._tell("merged", text=str(self._merge(data, name)))
            self._tell_everything()

    def _merge(self, data: bytes, name: str) -> Any:
        merging = self._ledger if self._blindly is None else self._blindly
        return merging.merge(data, name)

    def _hand_over(self, content: dict[str, Any]) -> None:
        classes = self._facts.classes
        photograph = self._answer.photograph(content["photograph"])
        self._explored = Handed(
            self._facts.records[photograph].path,
            classes[int(content["target"])],
            classes[int(content["against"])],
        )
        self._news.tell("explored", self._explored)
        if self._opener is not None:
            self._opener.open(self._explored)

    def _map(self, content: dict[str, Any]) -> None:
        photograph = self._answer.photograph(content["photograph"])
        self._asking.map(
            photograph,
            self._class(content["target"]),
            self._class(content["other"]),
            ahead=bool(content.get("ahead")),
        )

    def _patches(self, content: dict[str, Any]) -> None:
        self._asking.patches(
            self._answer.photograph(content["photograph"]),
            self._answer.photograph(content["neighbour"]),
            self._class(content["target"]),
            self._class(content["other"]),
            masked=bool(content.get("masked", True)),
        )

    def _class(self, number: Any) -> int:
        return range(len(self._facts.classes))[int(number)]

    def _seen(self) -> Collection:
        """Return the collection as the reviewer may see it."""
        by = self._ledger.by
        return self._collection.seen_by(by) if by else self._facts.collection

    def _ipython_display_(self, **options: Any) -> None:
        super()._ipython_display_(**options)
        if self._opener is not None and self.comm is not None:
            self._opener.show()
