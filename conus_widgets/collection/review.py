"""A reviewer's session on a collection: verdicts go in, and all derived numbers follow them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.consensus import Judgement, disagreements, kappa
from conus_widgets.collection.identifications import human_rows, known_specimens, write
from conus_widgets.collection.pace import Progress, progress
from conus_widgets.collection.relabelling import Relabelling, relabelled
from conus_widgets.collection.report import write_report
from conus_widgets.collection.verdict_log import Log, LogWriter
from conus_widgets.collection.verdicts import Verdict, VerdictError, pair_key


class Review:
    """What one reviewer says of a collection. `Collection.review` makes it.

    Parameters
    ----------
    collection : Collection
        Evaluated, or opened.
    by : str
        The reviewer's name: it stands in each line.
    orcid : str
        As 0000-0002-1825-0097, if the reviewer has one.

    Examples
    --------
    >>> review = collection.review("Ana")                                  # doctest: +SKIP
    >>> review.judge("MNCN 7", "right")                                    # doctest: +SKIP
    >>> review.judge("MNCN 8", "wrong", name="Conus textile",              # doctest: +SKIP
    ...              rank="species", nature="redetermination")
    >>> review.undo()                                                      # doctest: +SKIP
    """

    def __init__(self, collection: Collection, by: str, *, orcid: str = "") -> None:
        self._collection = collection
        self._writer = LogWriter(collection.verdicts_folder, by, orcid=orcid)
        self._mine: list[Verdict] = []

    @property
    def collection(self) -> Collection:
        """What is reviewed."""
        return self._collection

    @property
    def by(self) -> str:
        """The reviewer's name."""
        return self._writer.by

    @property
    def log(self) -> Log:
        """The reviewers' verdicts, as they stand on the disk."""
        return self._collection.log

    def judge(
        self, case: str, kind: str, *, photograph: int | None = None, **parts: Any
    ) -> Verdict:
        """Add a verdict; when this returns, the disk has it and the numbers follow it.

        Parameters
        ----------
        case : str
            The specimen.
        kind : str
            A key of `verdicts.WORDS`.
        photograph : int, optional
            Its number in the table, if only this one is meant.
        **parts
            `name`, `rank`, `qualifier`, `nature`, `note` and `seconds`: see `Verdict`.

        Raises
        ------
        VerdictError
            If the collection has no such specimen, or a part is wrong.
        LogError
            If it could not be saved; nothing has changed then.
        """
        specimens = self._collection.specimens
        if case not in specimens:
            raise VerdictError(f"No specimen of this collection is called {case!r}.")
        digest = ""
        if photograph is not None:
            if specimens[photograph] != case:
                raise VerdictError(f"Photograph {photograph} is not of specimen {case!r}.")
            digest = self._collection.digests[photograph]
        return self.add(Verdict(kind, case, photograph=digest, **self.signature, **parts))

    def add(self, verdict: Verdict) -> Verdict:
        """Add a verdict that was made elsewhere, as on a page; one that is there counts once.

        Raises
        ------
        VerdictError
            If it is signed by somebody else.
        LogError
            If it could not be saved; nothing has changed then.
        """
        self._writer.add(verdict)
        self._mine.append(verdict)
        self._collection.follow_verdicts()
        return verdict

    @property
    def signature(self) -> dict[str, Any]:
        """The parts of a verdict that say who reviews, and which network's answers are seen."""
        return {
            "by": self._writer.by,
            "orcid": self._writer.orcid,
            "model": self._collection.fingerprint,
        }

    def note_on_pair(self, a: str, b: str, note: str) -> Verdict:
        """Add a note on what separates two classes."""
        return self.add(Verdict("pair note", pair_key(a, b), note=note, **self.signature))

    @property
    def newest(self) -> Verdict | None:
        """The newest verdict or note of this session that stands; None if there is none."""
        standing = {verdict.id for verdict in self.log.standing}
        return next((one for one in reversed(self._mine) if one.id in standing), None)

    def undo(self) -> Verdict | None:
        """Take `newest` back and return it."""
        newest = self.newest
        if newest is not None:
            self._writer.add(Verdict("undo", newest.case, undoes=newest.id, **self.signature))
            self._collection.follow_verdicts()
        return newest

    @property
    def progress(self) -> Progress:
        """How many of the specimens this reviewer has judged, and how long the rest takes."""
        return progress(self.log.standing, self._collection.specimens, self.by)

    def agreement(self) -> dict[str, tuple[float, int]]:
        """How far each other reviewer agrees with this one, by name: see `consensus.kappa`."""
        judged = self._collection.judgements
        others = sorted({verdict.by for verdict in self.log.standing if verdict.judges} - {self.by})
        return {other: kappa(judged, self.by, other) for other in others}

    def disagreements(self) -> list[Judgement]:
        """List the cases of which reviewers say different things: a queue to look at together."""
        return disagreements(self._collection.judgements)

    def identifications(self, path: str | os.PathLike[str]) -> Path:
        """Write all determinations that stand as Darwin Core, CSV: see `identifications`."""
        known = known_specimens(self._collection.table.records)
        return write(path, human_rows(self.log.standing, known))

    def labels(self, path: str | os.PathLike[str]) -> Relabelling:
        """Write the labels as the verdicts leave them, CSV; returns what has changed."""
        found = relabelled(self._collection)
        found.write(path)
        return found

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a report to print, HTML: see `report.write_report`."""
        return write_report(self._collection, path)

    def close(self) -> None:
        """End the session; the log stays."""
        self._writer.close()
