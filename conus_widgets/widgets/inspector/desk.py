"""The desk: facts, verdicts and the numbers that follow, as one reviewer may see them now."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.consensus import Judgement, judgements, kappa
from conus_widgets.collection.pace import progress
from conus_widgets.collection.verdict_log import Log
from conus_widgets.collection.verdicts import Verdict
from conus_widgets.widgets.inspector import cases
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.inspector.ledger import Ledger
from conus_widgets.widgets.inspector.lists import Filters, Query, cases_of
from conus_widgets.widgets.inspector.standing import Standing, Standings
from conus_widgets.widgets.inspector.studies import Studies

__all__ = ["Desk"]


class Desk:
    """What the page asks for, answered from memory.

    Parameters
    ----------
    collection : Collection
    facts : Facts
    ledger : Ledger
    studies : Studies

    Notes
    -----
    Any thread may call it. Everything follows the log on the disk: another reviewer may write too.
    """

    def __init__(
        self, collection: Collection, facts: Facts, ledger: Ledger, studies: Studies
    ) -> None:
        self.facts, self.ledger, self.studies = facts, ledger, studies
        self._collection = collection
        self._standings = Standings(facts)
        self._lock = threading.RLock()
        self._of: tuple[Log, str] | None = None
        self._log = Log()
        self._judged: Mapping[tuple[str, str], Judgement] = {}
        self._standing: Standing | None = None

    def _follow(self) -> Standing:
        """Read what has changed; return the labels and numbers of now."""
        with self._lock:
            whole = self.ledger.log()
            of = (whole, self.ledger.by)
            if self._standing is None or self._of is None or self._of[0] is not whole:
                fresh = True
            else:
                fresh = self._of[1] != self.ledger.by
            if fresh:
                self._of, self._log = of, whole.seen_by(self.ledger.by)
                self._judged = judgements(self._log.standing)
                self._standing = self._standings.of(self._judged)
            assert self._standing is not None
            return self._standing

    @property
    def standing(self) -> Standing:
        """The labels as the verdicts leave them, as far as the reviewer may see."""
        return self._follow()

    @property
    def lines(self) -> tuple[Verdict, ...]:
        """The lines that stand and may be seen."""
        self._follow()
        return self._log.standing

    def is_reviewed(self, specimen: int) -> bool:
        """Whether this reviewer has judged a specimen, or a photograph of it."""
        return self.facts.specimens[specimen] in self._own()

    def _own(self) -> set[str]:
        self._follow()
        by = self.ledger.by
        return {
            judged.case
            for judged in self._judged.values()
            if any(one.by == by for one in judged.verdicts)
        }

    def cases(self, query: Query, filters: Filters) -> NDArray[Any]:
        """Return the specimens of a list that are left by the filters, int64, worst first."""
        standing = self._follow()
        found = cases_of(
            query,
            self.facts,
            standing,
            judged=self._judged,
            suggested=self.studies.suggested,
            in_slice=self.studies.in_slice,
        )
        if filters == Filters():
            return found
        own = self._own()
        names = self.facts.specimens
        kept = [filters.keeps(n, self.facts, standing, names[n] in own) for n in found.tolist()]
        return found[np.array(kept, bool)] if len(found) else found

    def case(self, specimen: int) -> dict[str, Any]:
        """Return a case as it is shown."""
        standing = self._follow()
        found = cases.case(
            specimen,
            self.facts,
            standing,
            judged=self._judged,
            lines=self._log.standing,
            studies=self.studies,
        )
        return found | {"reviewed": self.is_reviewed(specimen)}

    def nearest(self, photograph: int) -> list[dict[str, Any]]:
        """Return the neighbours of a photograph; none if it has no answer."""
        if not self.facts.answered[photograph]:
            return []
        return cases.nearest(
            photograph, self.facts, self._follow(), judged=self._judged, studies=self.studies
        )

    def tile(self, specimen: int) -> dict[str, Any]:
        """Return what stands below a thumbnail."""
        found = cases.tile(specimen, self.facts, self._follow(), self._judged)
        return found | {"reviewed": self.is_reviewed(specimen)}

    def numbers(self) -> dict[str, Any]:
        """Return matrix, pairs, slices and progress."""
        standing = self._follow()
        found = standing.numbers()
        low, high = found.right.interval
        by = self.ledger.by
        own = self._own()
        hidden = {
            verdict.case
            for verdict in self.ledger.log().standing
            if verdict.judges and verdict.by != by and verdict.case not in own
        }
        names = self.facts.specimens
        mistaken = np.flatnonzero(standing.mistaken)
        return {
            "names": list(found.names),
            "classes": found.classes,
            "genera": list(self.facts.genera),
            "cells": [list(cell) for cell in found.cells()],
            "pairs": [
                [pair.first, pair.second, pair.first_as_second, pair.second_as_first]
                for pair in found.pairs()
            ],
            "right": {
                "part": found.right.part,
                "whole": found.right.whole,
                "low": low,
                "high": high,
            },
            "mistakes": len(mistaken),
            "reviewed_mistakes": sum(names[n] in own for n in mistaken.tolist()),
            "unanswered": int((standing.answers < 0).sum()),
            "progress": str(progress(self._log.standing, names, by)) if by else "",
            "others_hidden": len(hidden),
            "agreement": self._agreement(),
            "disagreements": len({one.case for one in self._judged.values() if not one.agreed}),
            "study": self.study(),
        }

    def study(self) -> dict[str, Any]:
        """Return how far the studies are, and the slices."""
        studies = self.studies
        return {
            "state": studies.state,
            "problems": studies.problems,
            "sentence": studies.sentence,
            "suggestions": len(studies.suggested),
            "slices": []
            if studies.slices is None
            else [
                {
                    "what": one.what,
                    "value": one.value,
                    "part": one.errors.part,
                    "whole": one.errors.whole,
                    "rest": one.rest.value,
                    "worse": one.worse,
                }
                for one in studies.slices.found
            ],
        }

    def _agreement(self) -> list[dict[str, Any]]:
        by = self.ledger.by
        others = {one.by for judged in self._judged.values() for one in judged.verdicts} - {by}
        found = []
        for other in sorted(others):
            value, count = kappa(self._judged, by, other)
            if count:
                found.append(
                    {"by": other, "kappa": None if np.isnan(value) else value, "cases": count}
                )
        return found
