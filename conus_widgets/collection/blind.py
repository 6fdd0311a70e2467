"""Blind reviewing: an expert decides before the network's answer is shown, and again after."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from conus_widgets.collection.blind_queue import mixed
from conus_widgets.collection.blind_reference import WITHOUT_NAME, Answer, Reference
from conus_widgets.collection.blind_report import BlindReport, Decided
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.pace import Progress, progress
from conus_widgets.collection.review import Review
from conus_widgets.collection.verdicts import Verdict, VerdictError


class BlindError(ValueError):
    """A step out of turn, such as asking for the answer before the first decision."""


@dataclass(frozen=True)
class BlindCase:
    """The part of a case that may be shown before the first decision.

    Names of files and specimens often hold the label: pages show `place`, not `case`.

    Parameters
    ----------
    case : str
        The specimen.
    place, total : int
        Its place in the queue, from 1, and how many there are.
    photographs : tuple of int
        Their numbers in the table.
    phase : str
        "before" or "after": which decision is next; "" if both are there.
    """

    case: str
    place: int
    total: int
    photographs: tuple[int, ...]
    phase: str


class BlindReview:
    """A queue of right and wrong answers, each decided twice. `Collection.blind` makes it.

    Everything that is decided stands in the verdict log, so a review that was stopped or killed
    goes on from where it was. Other reviewers' verdicts stay hidden: see `Collection.seen_by`.

    Parameters
    ----------
    collection : Collection
        Evaluated, or opened.
    by : str
        The reviewer's name.
    orcid : str
    reference : str, optional
        A column of the table with names that are known to be right, as from an expert who had the
        shell in hand. What is right and wrong in the queue and in the report goes by it; specimens
        without such a name are left out of the queue. Without it the queue goes by the labels as
        they were given, and the report says nothing of right and wrong.
    count : int, optional
        Cases. By default all wrong ones, and as many right ones.
    wrong : float
        Which share of them the network is wrong about, as far as there are enough.
    seed : int
        Which cases. Reviewers with the same seed get the same cases, each in another order.

    Examples
    --------
    >>> blind = collection.blind("Ana", reference="determined by shell in hand")  # doctest: +SKIP
    >>> case = blind.next()                                                       # doctest: +SKIP
    >>> blind.decide(case.case, "Conus textile", phase="before")                  # doctest: +SKIP
    >>> blind.answer(case.case).name                                              # doctest: +SKIP
    >>> blind.decide(case.case, "Conus canonicus", phase="after")                 # doctest: +SKIP
    >>> print(blind.report())                                                     # doctest: +SKIP
    """

    def __init__(
        self,
        collection: Collection,
        by: str,
        *,
        orcid: str = "",
        reference: str | None = None,
        count: int | None = None,
        wrong: float = 0.5,
        seed: int = 0,
    ) -> None:
        if count is not None and count < 1:
            raise ValueError(f"count is {count}: a queue needs at least 1 case.")
        if not 0 <= wrong <= 1:
            raise ValueError(f"wrong is {wrong}: it is a share, between 0 and 1.")
        seen = collection.seen_by(by)
        self._reference = Reference(seen, reference)
        self.review = Review(seen, by, orcid=orcid)
        self.queue = self._queue(count, wrong, seed)
        self._places = {case: place for place, case in enumerate(self.queue, 1)}
        self._shown: dict[tuple[str, str], float] = {}

    @property
    def by(self) -> str:
        """The reviewer."""
        return self.review.by

    @property
    def progress(self) -> Progress:
        """How many cases of the queue are decided twice, and how long the rest takes."""
        return progress(self.review.log.standing, self.queue, self.by)

    def case(self, case: str) -> BlindCase:
        """Return what may be shown of a case; the time until it is decided runs from here.

        Raises
        ------
        BlindError
            If it is not in the queue.
        """
        if case not in self._places:
            raise BlindError(f"{case!r} is not one of the {len(self.queue)} cases of this queue.")
        phase = self.phase(case)
        self._shown.setdefault((case, phase), time.monotonic())
        return BlindCase(
            case, self._places[case], len(self.queue), self._reference.photographs[case], phase
        )

    def next(self) -> BlindCase | None:
        """Return the first case of the queue that is not decided twice; None at the end."""
        phases = self._phases()
        return next((self.case(case) for case in self.queue if phases.get(case, "before")), None)

    def phase(self, case: str) -> str:
        """Return which decision on a case is next: "before", "after", or "" if none is.

        A first decision that was taken back is not asked for again: the answer has been seen.
        """
        return self._phases().get(case, "before")

    def answer(self, case: str) -> Answer:
        """Return what the network says; the time of the second decision runs from here.

        Raises
        ------
        BlindError
            Before the first decision is saved.
        """
        if self.phase(case) == "before":
            raise BlindError(
                f"The answer to {case!r} is shown after the first decision: call "
                'decide(..., phase="before") first.'
            )
        self._shown.setdefault((case, "after"), time.monotonic())
        return self._reference.answers[case]

    def decide(
        self,
        case: str,
        name: str = "",
        *,
        phase: str,
        kind: str = "",
        rank: str = "species",
        qualifier: str = "",
        note: str = "",
        seconds: float | None = None,
        id: str = "",
        at: str = "",
    ) -> Verdict:
        """Save a decision; when this returns, the disk has it.

        Parameters
        ----------
        case : str
            The specimen.
        name : str
            Which species it is; or a genus or another rank.
        phase : str
            "before" or "after". It must be the one that is next.
        kind : str
            One of `WITHOUT_NAME`, if no name is given.
        rank, qualifier, note
            See `Verdict`.
        seconds : float, optional
            How long it took. By default the time since the case, or the answer, was asked for.
        id, at : str
            Of a decision that was made on a page: its UUID and moment. One that is there already is
            returned, and counts once.

        Returns
        -------
        Verdict
            Of kind "right" if the name is that of the label, else "wrong", or `kind`. The reviewer
            has not seen the label; the words are those of the log, where all verdicts are compared.

        Raises
        ------
        BlindError
            For another case or phase than is next.
        VerdictError
            If a part is wrong.
        LogError
            If it could not be saved; nothing has changed then.
        """
        kept = next((v for v in self.review.log.verdicts if id and v.id == id), None)
        if kept is not None:
            return kept
        shown = self.case(case)
        if phase != shown.phase:
            due = f"the one {shown.phase} it is next" if shown.phase else "both are there"
            raise BlindError(
                f"The decision {phase!r} the answer to {case!r} is out of turn: {due}."
            )
        if bool(name.strip()) == bool(kind) or (kind and kind not in WITHOUT_NAME):
            raise VerdictError(
                f"name is {name!r} and kind is {kind!r}: give either a name or one of "
                f"{', '.join(WITHOUT_NAME)}."
            )
        if seconds is None:
            seconds = time.monotonic() - self._shown[case, phase]
        named: dict[str, Any] = {}
        if name:
            named = {"name": name, "rank": rank, "qualifier": qualifier}
            kind = "right" if self._reference.is_label(case, name, rank, qualifier) else "wrong"
            if kind == "wrong":
                named["nature"] = "redetermination"
        signed = self.review.signature | ({"model": ""} if phase == "before" else {})
        stamp: dict[str, Any] = {key: value for key, value in (("id", id), ("at", at)) if value}
        return self.review.add(
            Verdict(
                kind,
                case,
                note=note,
                phase=phase,
                seconds=round(seconds, 1),
                **named,
                **signed,
                **stamp,
            )
        )

    def undo(self) -> Verdict | None:
        """Take back the newest decision of this session, if it was one after the answer.

        Raises
        ------
        BlindError
            If it was one before the answer, which has been seen since.
        """
        newest = self.review.newest
        if newest is not None and newest.phase == "before":
            raise BlindError(
                f"The decision before the answer to {newest.case!r} stays: the answer has been "
                "seen. Decide otherwise after it."
            )
        return self.review.undo()

    def report(self) -> BlindReport:
        """Return how this reviewer's decisions changed: see `BlindReport`."""
        before: dict[str, Verdict] = {}
        after: dict[str, Verdict] = {}
        for verdict in self.review.log.standing:
            if verdict.by == self.by and verdict.phase == "before":
                before.setdefault(verdict.case, verdict)
            elif verdict.by == self.by and verdict.phase == "after":
                after[verdict.case] = verdict
        started = {v.case for v in self.review.log.verdicts if v.phase and v.by == self.by}
        decided, left_out = [], Counter[str]()
        for case in sorted(started):
            found = self._reference.compare(case, before.get(case), after.get(case))
            if isinstance(found, Decided):
                decided.append(found)
            else:
                left_out[found] += 1
        return BlindReport(self.by, tuple(decided), dict(left_out), self._reference.column)

    def close(self) -> None:
        """End the session; the log stays."""
        self.review.close()

    def _phases(self) -> dict[str, str]:
        """Which decision is next, of all cases that were begun."""
        log = self.review.log
        begun = {v.case for v in log.verdicts if v.by == self.by and v.phase == "before"}
        standing = {(v.case, v.phase) for v in log.standing if v.by == self.by}
        return {
            case: "after"
            if (case, "before") in standing and (case, "after") not in standing
            else ""
            for case in begun
        }

    def _queue(self, count: int | None, wrong: float, seed: int) -> tuple[str, ...]:
        said = [v for v in self.review.log.verdicts if v.by == self.by and v.judges]
        # A case whose answer was seen in an open review cannot be decided blindly any more.
        seen = {v.case for v in said if not v.phase} - {v.case for v in said if v.phase}
        wrong_ones, right_ones = self._reference.wrong_and_right()
        return mixed(
            wrong_ones, right_ones, count=count, share=wrong, seed=seed, by=self.by, without=seen
        )
