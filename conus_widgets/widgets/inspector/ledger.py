"""The ledger: verdicts of the page and of Python are validated, saved, and each counted once."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.log_merge import Merged, merge_log
from conus_widgets.collection.verdict_log import Log, LogReader, LogWriter
from conus_widgets.collection.verdicts import Verdict, VerdictError, now, pair_key
from conus_widgets.widgets.inspector.facts import Facts

__all__ = ["Ledger"]

_TEXTS = ("name", "rank", "qualifier", "nature", "note", "undoes", "id")


class Ledger:
    """One reviewer's way into the log of a collection.

    Parameters
    ----------
    collection : Collection
    facts : Facts
    by : str
        The reviewer's name; "" for a reader, who can judge nothing.
    orcid : str

    Raises
    ------
    VerdictError
        If the ORCID is not valid.
    """

    def __init__(self, collection: Collection, facts: Facts, by: str, orcid: str) -> None:
        self.lock = threading.RLock()
        self._collection, self._facts = collection, facts
        self._reader = LogReader(collection.verdicts_folder)
        self._writer: LogWriter | None = None
        self._mine: list[str] = []
        self.by = self.orcid = ""
        self.sign(by, orcid)

    def sign(self, by: str, orcid: str = "") -> None:
        """Say who judges from now on.

        Raises
        ------
        VerdictError
            If the ORCID is not valid, or the name is too long.
        """
        by = " ".join(by.split())
        Verdict("note", "-", note="-", by=by, orcid=orcid)  # which validates both
        with self.lock:
            if (by, orcid) != (self.by, self.orcid):
                self.close()
                self.by, self.orcid, self._mine = by, orcid, []

    def log(self) -> Log:
        """Return all lines, of all reviewers."""
        with self.lock:
            return self._reader.read()

    def seen(self) -> Log:
        """Return the lines that this reviewer may see: see `Log.seen_by`."""
        return self.log().seen_by(self.by)

    @property
    def mine(self) -> list[Verdict]:
        """One's own lines of this session that stand, in the order in which they were saved."""
        standing = {verdict.id: verdict for verdict in self.log().standing}
        return [standing[one] for one in self._mine if one in standing]

    def read(self, given: Mapping[str, Any]) -> Verdict:
        """Return the verdict that a page sent.

        Parameters
        ----------
        given : mapping
            "kind", "case" (the specimen's name), "seen" (the digest of the photograph that was on
            the page), "whole" (whether the specimen is judged, or only that photograph), "pair"
            (two classes, of a "pair note"), "seconds", "at", and parts of `Verdict`.

        Raises
        ------
        VerdictError
            If the collection has no such specimen, the photograph is not one of it, or a part is
            wrong.
        """
        kind = str(given.get("kind", ""))
        if not self.by:
            raise VerdictError("Nobody has signed: write your name above the cases first.")
        texts = {name: str(given[name]) for name in _TEXTS if given.get(name)}
        signed = {"by": self.by, "orcid": self.orcid, "model": self._collection.fingerprint}
        case, seen = str(given.get("case", "")), str(given.get("seen", ""))
        if kind == "pair note":
            case = pair_key(*map(str, given["pair"]))
        elif kind == "undo":
            pass  # what it takes back says it; a note on a pair has no specimen
        elif not self._facts.has(case):
            raise VerdictError(f"No specimen of this collection is called {case!r}.")
        elif seen and self._facts.photograph(seen, self._facts.specimen(case)) < 0:
            raise VerdictError(
                f"The photograph {seen[:12]} is not one of {case!r}: this verdict was given on "
                "another page."
            )
        seconds = given.get("seconds")
        return Verdict(
            kind,
            case,
            photograph="" if given.get("whole", True) else seen,
            seen=seen,
            at=_moment(str(given.get("at", ""))),
            seconds=seconds if isinstance(seconds, (int, float)) else None,
            **texts,  # type: ignore[arg-type]
            **signed,  # type: ignore[arg-type]
        )

    def add(self, verdict: Verdict) -> bool:
        """Save a line; when this returns, the disk has it. Returns False if it was there already.

        Raises
        ------
        LogError
            If it could not be saved; nothing has changed then.
        VerdictError
            If it takes back what is not one's own.
        """
        with self.lock:
            lines = {one.id: one for one in self._reader.read().verdicts}
            if verdict.id in lines:
                return False
            if verdict.kind == "undo":
                aim = lines.get(verdict.undoes)
                if aim is None or aim.by != self.by:
                    raise VerdictError("Only a line of your own can be taken back.")
            if self._writer is None:
                self._writer = LogWriter(
                    self._collection.verdicts_folder, self.by, orcid=self.orcid
                )
            self._writer.add(verdict)
            if verdict.kind != "undo":
                self._mine.append(verdict.id)
        self._collection.follow_verdicts()
        return True

    def undo(self) -> Verdict | None:
        """Take back one's newest line of this session and return it; None if there is none."""
        with self.lock:
            mine = self.mine
            if not mine:
                return None
            newest = mine[-1]
            self.add(Verdict("undo", newest.case, undoes=newest.id, by=self.by, orcid=self.orcid))
            return newest

    def merge(self, data: bytes, name: str) -> Merged:
        """Add the lines of a log that was downloaded elsewhere: see `merge_log`."""
        with self.lock:
            found = merge_log(
                self._collection.verdicts_folder, data, self._facts.all_specimens, name=name
            )
        self._collection.follow_verdicts()
        return found

    def text(self) -> bytes:
        """Return the whole log as JSON lines, those that were taken back as well."""
        lines = [json.dumps(one.to_dict(), ensure_ascii=False) for one in self.log().verdicts]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")

    def close(self) -> None:
        """End the session; the log stays."""
        with self.lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None


def _moment(given: str) -> str:
    """Return when a verdict was given: as the page says, unless its clock is ahead of ours."""
    ours = datetime.now(UTC)
    try:
        theirs = datetime.fromisoformat(given)
    except ValueError:
        return now()
    if theirs.tzinfo is None or theirs > ours:
        return now()
    return theirs.astimezone(UTC).isoformat(timespec="microseconds")
