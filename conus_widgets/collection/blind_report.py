"""The report of a blind review: did decisions get better after the model's answer was seen?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from scipy.special import bdtr

from conus_widgets.collection.wilson import Share


@dataclass(frozen=True)
class Decided:
    """One case that was decided twice.

    Parameters
    ----------
    changed : bool
        Whether the second decision is another one.
    to_answer : bool
        Whether it changed to what the model says.
    seconds_before, seconds_after : float, optional
        How long each decision took.
    right_before, right_after, model_right : bool, optional
        Against the reference; None without one.
    """

    changed: bool
    to_answer: bool
    seconds_before: float | None = None
    seconds_after: float | None = None
    right_before: bool | None = None
    right_after: bool | None = None
    model_right: bool | None = None


@dataclass(frozen=True)
class Table:
    """A 2 x 2 table of cases: right or wrong before, right or wrong after.

    Parameters
    ----------
    stayed_right, became_wrong, became_right, stayed_wrong : int
    """

    stayed_right: int
    became_wrong: int
    became_right: int
    stayed_wrong: int

    @classmethod
    def of(cls, cases: Sequence[Decided]) -> Table:
        """Count cases that have a reference."""
        pairs = [(bool(case.right_before), bool(case.right_after)) for case in cases]
        order = ((True, True), (True, False), (False, True), (False, False))
        return cls(*(pairs.count(pair) for pair in order))

    @property
    def whole(self) -> int:
        """The number of cases."""
        return self.stayed_right + self.became_wrong + self.became_right + self.stayed_wrong

    @property
    def before(self) -> Share:
        """Right before, of all."""
        return Share(self.stayed_right + self.became_wrong, self.whole)

    @property
    def after(self) -> Share:
        """Right after, of all."""
        return Share(self.stayed_right + self.became_right, self.whole)

    @property
    def mended(self) -> Share:
        """Of those that were wrong before: right after."""
        return Share(self.became_right, self.became_right + self.stayed_wrong)

    @property
    def spoilt(self) -> Share:
        """Of those that were right before: wrong after."""
        return Share(self.became_wrong, self.became_wrong + self.stayed_right)

    @property
    def p_value(self) -> float:
        """Of the exact McNemar test, two-sided: that as many became right as became wrong.

        Notes
        -----
        Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
        percentages", Psychometrika 12 (1947), 153-157; exactly, by the sign test on the cases that
        changed: F. Mosteller, "Some statistical problems in measuring the subjective response to
        drugs", Biometrics 8 (1952), 220-226.
        """
        changed = self.became_right + self.became_wrong
        if not changed:
            return 1.0
        return min(1.0, 2 * float(bdtr(min(self.became_right, self.became_wrong), changed, 0.5)))

    def __str__(self) -> str:
        rows = [
            ("", "right after", "wrong after"),
            ("right before", f"{self.stayed_right:,}", f"{self.became_wrong:,}"),
            ("wrong before", f"{self.became_right:,}", f"{self.stayed_wrong:,}"),
        ]
        return "\n".join(f"{a:<14}{b:>12}{c:>13}" for a, b, c in rows)


@dataclass(frozen=True)
class BlindReport:
    """How one reviewer decided before and after the model's answer was shown.

    Parameters
    ----------
    by : str
        The reviewer.
    cases : tuple of Decided
        Decided twice, and not left out.
    left_out : mapping of str to int
        Why cases are not counted, and how many.
    reference : str, optional
        The column that says what is right; None without one. Then nothing is said of right or
        wrong, only of how often a mind changed.
    """

    by: str
    cases: tuple[Decided, ...]
    left_out: Mapping[str, int]
    reference: str | None

    @property
    def changed(self) -> Share:
        """Cases in which the second decision is another one."""
        return Share(sum(case.changed for case in self.cases), len(self.cases))

    @property
    def to_answer(self) -> Share:
        """Of the changed ones, those that went to what the model says."""
        return Share(sum(case.to_answer for case in self.cases), self.changed.part)

    @property
    def table(self) -> Table | None:
        """All cases; None without a reference."""
        return None if self.reference is None else Table.of(self.cases)

    @property
    def model_right(self) -> Table | None:
        """The cases in which the model is right: what became right here, it gave."""
        return self._where(True)

    @property
    def model_wrong(self) -> Table | None:
        """The cases in which the model is wrong: what became wrong here, it cost."""
        return self._where(False)

    @property
    def seconds(self) -> tuple[float | None, float | None]:
        """The median time of a decision before and after; None if none was taken."""
        found = (
            [case.seconds_before for case in self.cases],
            [case.seconds_after for case in self.cases],
        )
        before, after = ([second for second in column if second is not None] for column in found)
        return (median(before) if before else None, median(after) if after else None)

    def __str__(self) -> str:
        lines = [
            f"{self.by} decided {len(self.cases):,} cases before and after the model's answer.",
            f"Another decision after it: {self.changed}.",
            f"Of these, changed to the model's answer: {self.to_answer}.",
        ]
        before, after = self.seconds
        if before is not None and after is not None:
            lines.append(f"Median time: {before:.0f} s before, {after:.0f} s after.")
        lines += [f"Left out, {reason}: {count:,}." for reason, count in self.left_out.items()]
        if self.table is not None:
            lines += ["", str(self.table), "", *_compared(self.table, self.reference or "")]
            for word, part in (("right", self.model_right), ("wrong", self.model_wrong)):
                if part is not None and part.whole:
                    lines.append(
                        f"Where the model is {word} ({part.whole:,}): {part.became_right:,} became "
                        f"right, {part.became_wrong:,} became wrong."
                    )
            lines.append(
                "The queue was mixed of right and wrong answers on purpose: these shares are of "
                "the queue, not of the collection."
            )
        return "\n".join(lines)

    def _where(self, model_right: bool) -> Table | None:
        if self.reference is None:
            return None
        return Table.of([case for case in self.cases if case.model_right is model_right])


def _compared(table: Table, reference: str) -> list[str]:
    return [
        f"Right by {reference!r} before: {table.before}.",
        f"Right by {reference!r} after: {table.after}.",
        f"Wrong that became right: {table.mended}.",
        f"Right that became wrong: {table.spoilt}.",
        f"As many each way? Exact McNemar test: p = {table.p_value:.3g}.",
    ]
