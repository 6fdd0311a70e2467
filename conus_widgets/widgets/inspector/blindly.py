"""Blind reviewing on the page: decide, then see the network's answer, then decide again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conus_widgets.collection.blind import BlindError, BlindReview
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.verdicts import VerdictError
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.live.words import percent

__all__ = ["Blindly"]

_TEXTS = ("name", "rank", "qualifier", "note", "id", "at")


class Blindly:
    """The queue of a blind review, as the page may see it.

    Names of specimens and files often hold the label, so the page never hears them: it knows a case
    by the digest of its photograph.

    Parameters
    ----------
    collection : Collection
    facts : Facts
    by, orcid : str
        The reviewer.
    reference : str, optional
        A column of names that are known to be right: see `BlindReview`.

    Raises
    ------
    ValueError
        Without a reviewer, or if the table has no such column.
    """

    def __init__(
        self, collection: Collection, facts: Facts, by: str, orcid: str, reference: str | None
    ) -> None:
        if not by.strip():
            raise ValueError('A blind review is signed from the start: give reviewer="your name".')
        self._facts = facts
        self.review: BlindReview = collection.blind(by, orcid=orcid, reference=reference)

    def now(self) -> dict[str, Any]:
        """Return what the page shows: the case that is next, or the report at the end."""
        found = self.review.next()
        about: dict[str, Any] = {"progress": str(self.review.progress), "place": 0, "report": ""}
        if found is None:
            return about | {"total": len(self.review.queue), "report": str(self.review.report())}
        facts = self._facts
        about |= {
            "place": found.place,
            "total": found.total,
            "phase": found.phase,
            "photographs": [
                {
                    "number": number,
                    "digest": facts.digests[number],
                    "view": facts.views[number],
                    "given_view": facts.records[number].given_view,
                    "region": facts.records[number].region,
                    "file": "",
                }
                for number in found.photographs
            ],
            "top": [],
        }
        if found.phase == "after":
            answer = self.review.answer(found.case)
            about["top"] = [
                {
                    "name": name,
                    "class": facts.class_number(name),
                    "part": round(part, 4),
                    "percent": percent(part),
                }
                for name, part in answer.classes
            ]
        return about

    def decide(self, given: Mapping[str, Any]) -> int:
        """Save a decision of the page; return the place of its case in the queue.

        Raises
        ------
        VerdictError
            If no specimen of the queue has that photograph, or a part is wrong.
        BlindError
            If the decision is out of turn.
        LogError
            If it could not be saved; nothing has changed then.
        """
        digest = str(given.get("seen", ""))
        cases = {
            self._facts.records[number].specimen
            for number, other in enumerate(self._facts.digests)
            if digest and other == digest
        } & set(self.review.queue)
        if len(cases) > 1 and (due := self.review.next()) is not None:
            cases &= {due.case}  # a file that stands for several specimens
        if len(cases) != 1:
            raise VerdictError(f"The photograph {digest[:12]!r} is of no case in this queue.")
        (case,) = cases
        texts = {name: str(given[name]) for name in _TEXTS if given.get(name)}
        seconds = given.get("seconds")
        self.review.decide(
            case,
            phase=str(given.get("phase", "")),
            kind=str(given.get("without", "")),
            seconds=seconds if isinstance(seconds, (int, float)) else None,
            **texts,
        )
        return self.review.queue.index(case) + 1

    def merge(self, data: bytes, name: str) -> str:
        """Save decisions that a page had kept and that were downloaded; return what became of them.

        Parameters
        ----------
        data : bytes
            JSON lines. They say neither the specimen nor whether the name is that of the label,
            for the page knows neither: that is found here, as when the page itself sends them.
        name : str
            What the file is called.

        Raises
        ------
        VerdictError
            If no line is a decision of this reviewer.
        LogError
            If one could not be saved; those before it are.
        """
        by = _spaced(self.review.by)
        saved = known = others = 0
        refused: list[str] = []
        for given in _objects(data):
            if given.get("kind") != "decision" or _spaced(str(given.get("by"))) != by:
                others += 1
                continue
            identity = str(given.get("id", ""))
            if any(one.id == identity for one in self.review.review.log.verdicts):
                known += 1
                continue
            try:
                self.decide(given)
                saved += 1
            except (VerdictError, BlindError) as error:
                refused.append(str(error))
        if not saved + known + len(refused):
            raise VerdictError(
                f"{name} holds no decision of {self.review.by}: choose what this page let you "
                "download."
            )
        said = [f"{saved:,} decisions were new, {known:,} were there already"]
        if refused:
            said.append(f"{len(refused):,} were refused ({refused[0].rstrip('.')})")
        if others:
            said.append(f"{others:,} lines are no decisions of {self.review.by}")
        return "; ".join(said) + "."


def _spaced(name: str) -> str:
    """Return a name as a page signs with it: one space between its parts."""
    return " ".join(name.split())


def _objects(data: bytes) -> Iterator[dict[str, Any]]:
    """Each line of a file; {} for one that cannot be read."""
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        if not line.strip(b"\0 \t"):
            continue
        try:
            given = json.loads(line.strip(b"\0 \t"))
        except (ValueError, RecursionError):
            given = {}
        yield given if isinstance(given, dict) else {}
