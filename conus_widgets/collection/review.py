"""A reviewer's session on a collection: verdicts go in, and all derived numbers follow them."""

from __future__ import annotations

import os
from pathlib import Path

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.identifications import Known, human_rows, write
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
    def by(self) -> str:
        return self._writer.by

    @property
    def log(self) -> Log:
        """All reviewers' verdicts, as they stand on the disk."""
        return self._collection.log

    def judge(
        self, case: str, kind: str, *, photograph: int | None = None, **parts: str
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
            `name`, `rank`, `qualifier`, `nature` and `note`: see `Verdict`.

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
        return self._add(Verdict(kind, case, photograph=digest, **self._signed(), **parts))

    def note_on_pair(self, a: str, b: str, note: str) -> Verdict:
        """Add a note on what separates two classes."""
        return self._add(Verdict("pair note", pair_key(a, b), note=note, **self._signed()))

    def undo(self) -> Verdict | None:
        """Take back one's newest verdict or note of this session; None if there is none."""
        standing = {verdict.id for verdict in self.log.standing}
        while self._mine:
            newest = self._mine.pop()
            if newest.id in standing:
                undo = Verdict("undo", newest.case, undoes=newest.id, **self._signed())
                self._writer.add(undo)
                self._collection.follow_verdicts()
                return newest
        return None

    def identifications(self, path: str | os.PathLike[str]) -> Path:
        """Write all determinations that stand as Darwin Core, CSV: see `identifications`."""
        known = {
            record.specimen: Known(
                record.label,
                {
                    "occurrenceID": record.occurrence,
                    "institutionCode": record.institution,
                    "collectionCode": record.others.get("collectionCode", ""),
                    "catalogNumber": record.catalogue or record.specimen,
                },
            )
            for record in self._collection.table.records
        }
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

    def _signed(self) -> dict[str, str]:
        return {
            "by": self._writer.by,
            "orcid": self._writer.orcid,
            "model": self._collection.fingerprint,
        }

    def _add(self, verdict: Verdict) -> Verdict:
        self._writer.add(verdict)
        self._mine.append(verdict)
        self._collection.follow_verdicts()
        return verdict
