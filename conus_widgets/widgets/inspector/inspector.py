"""The widget that shows why A was taken for B, and takes down what an expert says of it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.relabelling import Relabelling
from conus_widgets.collection.verdict_log import LogError
from conus_widgets.collection.verdicts import NATURES, RANKS, WORDS, Verdict, VerdictError
from conus_widgets.network.interface import PredictorProtocol
from conus_widgets.widgets.inspector.desk import Desk
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.inspector.ledger import Ledger
from conus_widgets.widgets.inspector.lists import SURENESS, Filters, Query
from conus_widgets.widgets.inspector.papers import Papers
from conus_widgets.widgets.inspector.picture import InspectorPicture
from conus_widgets.widgets.inspector.reasons import Reasons
from conus_widgets.widgets.inspector.studies import Studies
from conus_widgets.widgets.inspector.thumbnails import LARGE, SMALL, Thumbnail, Thumbnails
from conus_widgets.widgets.live.bundle import bundle, styles
from conus_widgets.widgets.live.loading import Given, worker_of
from conus_widgets.widgets.live.news import Answer
from conus_widgets.widgets.live.widget import Handler, LiveWidget
from conus_widgets.widgets.live.words import sentence

__all__ = ["Handed", "Inspector"]

_PAGE = Path(__file__).with_name("page")
_ASKS = ("inputs", "labels", "network", "preparation", "size")
_PART = 4 * 1024 * 1024  # bytes of a file in one message: the server drops 10 MB without a word
_SOON = 0.25  # seconds after a verdict until numbers are sent: one message for several verdicts
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handed:
    """What the button "Open in Explorer" hands over.

    Parameters
    ----------
    photograph : str
        Its path.
    target, against : str
        The answer, and the class that it is held against.
    """

    photograph: str
    target: str
    against: str


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

    Raises
    ------
    TypeError
        If `collection` is no Collection or `predictor` no predictor.
    StoreError
        If the collection was not evaluated.
    VerdictError
        If the ORCID is none.

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
        self._worker = (
            None
            if predictor is None
            else worker_of(
                predictor,
                widget="Inspector",
                asks=_ASKS,
                place="Photographs come from the collection: write Inspector(collection, "
                "predictor).",
            )
        )
        facts = Facts(collection)
        ledger = Ledger(collection, facts, reviewer, orcid)
        self._collection, self._facts, self._ledger = collection, facts, ledger
        self._studies = Studies(facts, self._studied)
        self._desk = Desk(collection, facts, ledger, self._studies)
        paths = [record.path for record in facts.records]
        self._thumbnails = Thumbnails(paths, facts.digests, self._pictured)
        self._reasons = Reasons(paths, collection.fingerprint)
        self._papers = Papers(
            self._seen, self._send_file, lambda said: self._tell("problem", text=said)
        )
        self._explore = explore
        self._explored: Handed | None = None
        self._place: Any = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._network_state, self._network_problem = ("loading" if self._worker else "none"), ""
        self._parts: dict[str, list[bytes]] = {}
        super().__init__(**options)
        self._load()

    # What Python says and asks: each mirrors a button.

    @property
    def collection(self) -> Collection:
        """What is inspected."""
        return self._collection

    @property
    def predictor(self) -> Any:
        """The network; waits until it is loaded. None without one."""
        if self._worker is None:
            return None
        while self._worker.predictor is None:
            ticket = self._load()
            ticket.wait()
            if ticket.error is not None:
                raise ticket.error
        return self._worker.predictor

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
        """Say who judges from now on."""
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
        """Merge a log that was downloaded elsewhere; returns what was new: see `merge_log`."""
        found = self._ledger.merge(Path(path).read_bytes(), Path(path).name)
        self._tell_everything()
        return found

    def picture(self) -> InspectorPicture:
        """The numbers as they stand, as a picture (HTML and text) that needs no kernel."""
        return InspectorPicture(self._desk.numbers(), self._collection, reviewer=self._ledger.by)

    def close(self) -> None:
        """Take the widget off the page and end the session; the log stays."""
        self._thumbnails.close()
        self._ledger.close()
        super().close()

    # What the page asks

    def _kinds(self) -> Mapping[str, Handler]:
        return {
            "hello": lambda content, _: self._tell_everything(),
            "sign": lambda content, _: self.sign(str(content["by"]), str(content["orcid"])),
            "list": lambda content, _: self._list(content),
            "tiles": lambda content, _: self._tiles([int(n) for n in content["cases"]]),
            "pictures": lambda content, _: self._thumbnails.ask(
                self._known(content["photographs"]), LARGE if content.get("large") else SMALL
            ),
            "case": lambda content, _: self._case(int(content["case"]), bool(content.get("ahead"))),
            "nearest": lambda content, _: self._nearest(int(content["photograph"])),
            "map": lambda content, _: self._map(content),
            "patches": lambda content, _: self._patches(content),
            "verdict": lambda content, _: self._verdict(content["verdict"]),
            "study": lambda content, _: self._study(),
            "paper": lambda content, _: self._papers.send(str(content["paper"])),
            "log": lambda content, _: self._send_file("verdicts.jsonl", self._ledger.text()),
            "upload": self._upload,
            "explore": lambda content, _: self._hand_over(content),
            "resume": lambda content, _: self._load(),
        }

    def _tell_everything(self) -> None:
        facts, ledger = self._facts, self._ledger
        collection = self._collection
        self._tell(
            "state",
            title=Path(facts.collection.table.source).name or "A collection",
            fingerprint=facts.fingerprint,
            photographs=len(facts.records),
            specimens=len(facts),
            grouped=facts.collection.table.grouped,
            without_answer=facts.without_answer,
            network_name=collection.network_name,
            notice=collection.notice,
            reviewer=ledger.by,
            orcid=ledger.orcid,
            views=facts.all_views,
            regions=facts.all_regions,
            sureness=list(SURENESS),
            ranks=list(RANKS),
            natures=NATURES,
            words=WORDS,
            folder=str(collection.verdicts_folder),
            damaged=[str(one) for one in ledger.log().damaged],
            mine=[
                {
                    "id": one.id,
                    "case": one.case,
                    "kind": one.kind,
                    "number": facts.specimen(one.case) if facts.has(one.case) else -1,
                }
                for one in ledger.mine[-100:]
            ],
        )
        self._tell_network()
        self._tell_numbers()
        if self._studies.fits:
            self._studies.start()

    def _tell_network(self, remark: str = "") -> None:
        self._tell(
            "network", state=self._network_state, problem=self._network_problem, remark=remark
        )

    def _tell_numbers(self) -> None:
        self._tell("numbers", **self._desk.numbers())
        self._saved.renew()

    def _list(self, content: dict[str, Any]) -> None:
        query = Query(**{key: str(value) for key, value in content["query"].items()})
        filters = Filters(**{key: str(value) for key, value in content["filters"].items()})
        if query.kind in ("suggestions", "slice"):
            self._studies.start()
        found = self._desk.cases(query, filters)
        self._tell(
            "list",
            [found.astype("<i4").tobytes()],
            request=content["request"],
            total=len(found),
        )

    def _tiles(self, cases: list[int]) -> None:
        tiles = [self._desk.tile(number) for number in cases if 0 <= number < len(self._facts)]
        self._tell("tiles", tiles=tiles)
        self._thumbnails.ask([one["photograph"] for one in tiles], SMALL)

    def _known(self, numbers: list[Any]) -> list[int]:
        return [int(one) for one in numbers if 0 <= int(one) < len(self._facts.records)]

    def _pictured(self, number: int, side: int, made: Thumbnail) -> None:
        self._tell(
            "picture",
            [made.jpeg],
            photograph=number,
            large=side == LARGE,
            width=made.width,
            height=made.height,
            problem=made.problem,
        )

    def _case(self, number: int, ahead: bool) -> None:
        if not 0 <= number < len(self._facts):
            raise ValueError(f"There is no case {number}; there are {len(self._facts):,}.")
        found = self._desk.case(number)
        self._tell("case", ahead=ahead, **found)
        numbers = [one["number"] for one in found["photographs"]]
        self._thumbnails.ask(numbers, LARGE, ahead=ahead)
        self._nearest(numbers[0])

    def _nearest(self, photograph: int) -> None:
        classes = self._desk.nearest(photograph)
        self._tell("nearest", photograph=photograph, classes=classes)
        shown = [one["photograph"] for row in classes for one in row["photographs"]]
        self._thumbnails.ask(shown, SMALL, ahead=True)

    def _verdict(self, given: dict[str, Any]) -> None:
        """Save what the page says; tell it when the disk has it, or why not."""
        identity = str(given.get("id", ""))
        try:
            verdict = self._ledger.read(given)
            self._add(verdict)
        except VerdictError as error:
            self._tell("refused", line=identity, reason=sentence(error), final=True)
        except LogError as error:
            self._tell("refused", line=identity, reason=sentence(error), final=False)

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
            number = self._facts.specimen(verdict.case)
            self._tell("changed", **self._desk.case(number))
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

    def _study(self) -> None:
        self._studies.start()
        self._tell("study", **self._desk.study())

    def _studied(self) -> None:
        if self.comm is not None:
            self._tell("study", **self._desk.study())

    def _send_file(self, name: str, data: bytes) -> None:
        """Hand a file to the browser, which saves it, in parts."""
        count = max(1, -(-len(data) // _PART))
        for index in range(count):
            part = data[index * _PART : (index + 1) * _PART]
            self._tell("file", [part], name=name, index=index, count=count)

    def _upload(self, content: dict[str, Any], buffers: list[Any]) -> None:
        name = str(content["name"])[:200]
        parts = self._parts.setdefault(name, [])
        if int(content["index"]) == 0:
            parts.clear()
        parts.append(bytes(buffers[0]))
        if len(parts) < int(content["count"]):
            return
        data = b"".join(self._parts.pop(name))
        found = self._ledger.merge(data, name)
        self._tell("merged", text=str(found))
        self._tell_everything()

    def _hand_over(self, content: dict[str, Any]) -> None:
        classes = self._facts.classes
        (photograph,) = self._known([content["photograph"]])
        self._explored = Handed(
            self._facts.records[photograph].path,
            classes[int(content["target"])],
            classes[int(content["against"])],
        )
        self._news.tell("explored", self._explored)
        if self._explore is not None and self._worker is not None:
            threading.Thread(target=self._open_explorer, daemon=True).start()

    def _open_explorer(self) -> None:
        handed = self._explored
        assert handed is not None and self._explore is not None
        try:
            made = self._explore(
                self.predictor, handed.photograph, target=handed.target, against=handed.against
            )
            data, metadata = made._repr_mimebundle_() if hasattr(made, "comm") else ({}, {})
            if self._place is not None and data:
                output = {"output_type": "display_data", "data": data, "metadata": metadata}
                self._in_context(setattr, self._place, "outputs", (output,))
            self._tell("explored", problem="")
        except Exception as error:
            _log.exception("The Explorer could not be opened.")
            self._tell("explored", problem=sentence(error))

    # In the worker's thread

    def _load(self) -> Any:
        if self._worker is None:
            return None

        def ready(predictor: PredictorProtocol, _: Any) -> None:
            size = predictor.size
            network = predictor.network
            # Compiled, or fetched from its cache, before somebody waits for it.
            network.activations(np.zeros((1, 3, size, size), np.float32), network.layers[-1])
            self._network_state, self._network_problem = "ready", ""
            self._tell_network(self._reasons.remark(predictor))

        def failed(error: BaseException) -> None:
            self._network_state, self._network_problem = "failed", sentence(error)
            self._tell_network()

        return self._worker.submit((self.model_id, "load"), ready, failed=failed)

    def _ask_network(self, owner: str, about: dict[str, Any], work: Callable[[Any], None]) -> None:
        if self._worker is None:
            return

        def failed(error: BaseException) -> None:
            self._tell("no_reason", **about, reason=sentence(error))

        self._worker.submit(
            (self.model_id, owner), lambda predictor, _: work(predictor), failed=failed
        )

    def _map(self, content: dict[str, Any]) -> None:
        (photograph,) = self._known([content["photograph"]])
        target, other = int(content["target"]), int(content["other"])
        about = {"photograph": photograph, "target": target, "other": other}

        def work(predictor: PredictorProtocol) -> None:
            found = self._reasons.map(predictor, photograph, target, other)
            buffers = [found.pop("values"), found.pop("mask")]
            self._tell("map", buffers, **about, **found)

        self._ask_network("ahead" if content.get("ahead") else "map", about, work)

    def _patches(self, content: dict[str, Any]) -> None:
        first, second = self._known([content["photograph"], content["neighbour"]])
        target, other = int(content["target"]), int(content["other"])
        masked = bool(content.get("masked", True))
        about: dict[str, Any] = {"photograph": first, "neighbour": second}

        def work(predictor: PredictorProtocol) -> None:
            found = self._reasons.patches(predictor, first, second, target, other, masked=masked)
            self._tell("patches", **about, **found)

        self._ask_network("patches", about, work)

    def _seen(self) -> Collection:
        """The collection as the reviewer may see it."""
        by = self._ledger.by
        return self._collection.seen_by(by) if by else self._facts.collection

    def _ipython_display_(self, **options: Any) -> None:
        super()._ipython_display_(**options)
        if self._explore is not None and self.comm is not None:
            from IPython.display import display
            from ipywidgets import Output

            if self._place is None:
                self._place = Output()
            display(self._place)
