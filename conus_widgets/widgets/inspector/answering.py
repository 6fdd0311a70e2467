"""Answers to what the page asks: the numbers, lists, thumbnails and cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.verdicts import NATURES, RANKS
from conus_widgets.widgets.inspector.desk import Desk
from conus_widgets.widgets.inspector.lists import SURENESS, Filters, Query
from conus_widgets.widgets.inspector.thumbnails import thumbnails_of
from conus_widgets.widgets.live.guests import hides_folders
from conus_widgets.widgets.live.thumbnails import LARGE, SMALL, Thumbnail

__all__ = ["Answering"]

_MINE = 100  # lines that can be taken back one after the other


class Answering:
    """Says to the page what it asks for.

    Parameters
    ----------
    collection : Collection
    desk : Desk
    tell : callable
        ``tell(kind, buffers=None, **content)`` sends a message.
    """

    def __init__(self, collection: Collection, desk: Desk, tell: Callable[..., None]) -> None:
        self._collection, self._desk, self._tell = collection, desk, tell
        facts = desk.facts
        self._thumbnails = thumbnails_of(facts, self._pictured)

    def state(self, *, blind: bool = False) -> None:
        """Tell what a page needs first, and begin the studies if there is memory for them."""
        facts, ledger, collection = self._desk.facts, self._desk.ledger, self._collection
        self._tell(
            "state",
            title=Path(collection.source).name or "A collection",
            fingerprint=facts.fingerprint,
            photographs=len(facts.records),
            specimens=len(facts),
            grouped=collection.grouped,
            network_name=collection.network_name,
            notice=collection.notice,
            reviewer=ledger.by,
            orcid=ledger.orcid,
            views=facts.all_views,
            regions=facts.all_regions,
            sureness=list(SURENESS),
            ranks=list(RANKS),
            natures=NATURES,
            folder="" if hides_folders() else str(collection.verdicts_folder),
            damaged=[str(one) for one in ledger.log().damaged],
            blind=blind,
            names=list(facts.classes),
            mine=[
                {
                    "id": one.id,
                    "case": one.case,
                    "kind": one.kind,
                    "number": facts.specimen(one.case) if facts.has(one.case) else -1,
                }
                for one in ledger.mine[-_MINE:]
            ],
        )
        if self._desk.studies.fits and not blind:
            self._desk.studies.start()

    def numbers(self) -> None:
        """Tell the matrix and what goes with it."""
        self._tell("numbers", **self._desk.numbers())

    def study(self) -> None:
        """Tell how far the studies are."""
        self._tell("study", **self._desk.study())

    def begin_study(self) -> None:
        """Begin the studies, whatever the memory."""
        self._desk.studies.start()
        self.study()

    def list(self, content: Mapping[str, Any]) -> None:
        """Tell the cases of a list, by number."""
        query = Query(**{key: str(value) for key, value in content["query"].items()})
        filters = Filters(**{key: str(value) for key, value in content["filters"].items()})
        if query.kind in ("suggestions", "slice"):
            self._desk.studies.start()
        found = self._desk.cases(query, filters)
        self._tell("list", [found.astype("<i4").tobytes()], request=content["request"])

    def tiles(self, cases: Iterable[int]) -> None:
        """Tell what stands below thumbnails, and have them made."""
        count = len(self._desk.facts)
        tiles = [self._desk.tile(number) for number in map(int, cases) if 0 <= number < count]
        self._tell("tiles", tiles=tiles)
        self._thumbnails.ask([one["photograph"] for one in tiles], SMALL)

    def pictures(self, content: Mapping[str, Any]) -> None:
        """Have photographs made ready."""
        numbers = [self.photograph(one) for one in content["photographs"]]
        self._thumbnails.ask(numbers, LARGE if content.get("large") else SMALL)

    def case(self, content: Mapping[str, Any]) -> None:
        """Tell a case, its neighbours, and have its photographs made."""
        number, ahead = int(content["case"]), bool(content.get("ahead"))
        if not 0 <= number < len(self._desk.facts):
            raise ValueError(f"There is no case {number}; there are {len(self._desk.facts):,}.")
        found = self._desk.case(number)
        self._tell("case", ahead=ahead, **found)
        numbers = [one["number"] for one in found["photographs"]]
        self._thumbnails.ask(numbers[:1], LARGE, ahead=ahead)
        self._thumbnails.ask(numbers[1:], LARGE, ahead=True)
        self.nearest(numbers[0], pictured=not ahead)

    def changed(self, number: int) -> None:
        """Tell a case that has another state."""
        self._tell("changed", **self._desk.case(number))

    def nearest(self, given: Any, *, pictured: bool = True) -> None:
        """Tell the neighbours of a photograph; the page asks for those that it shows."""
        photograph = self.photograph(given)
        classes = self._desk.nearest(photograph)
        self._tell("nearest", photograph=photograph, classes=classes)
        if pictured:
            shown = [one["photograph"] for row in classes for one in row["photographs"]]
            self._thumbnails.ask(shown, SMALL, ahead=True)

    def photograph(self, given: Any) -> int:
        """Return the number of a photograph.

        Raises
        ------
        ValueError
            If there is none of that number.
        """
        count = len(self._desk.facts.records)
        if not isinstance(given, int) or not 0 <= given < count:
            raise ValueError(f"There is no photograph {given!r}; there are {count:,}.")
        return given

    def close(self) -> None:
        """End the thread that makes thumbnails."""
        self._thumbnails.close()

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
