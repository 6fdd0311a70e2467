"""Verdicts: what an expert says of a specimen or a photograph. Each is added, none is ever edited.

A verdict that names a taxon is a determination (Darwin Core: Identification). The words follow
what collections use: a change of name is not a re-determination, and doubt is part of a name.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

WORDS = {
    "right": "the label is right",
    "wrong": "the label is wrong",
    "no class": "none of the model's classes",
    "not this specimen": "the photograph is not of this specimen",
    "unusable": "the photograph cannot be used",
    "ambiguous": "it cannot be told from these photographs",
    "note": "a note",
    "pair note": "a note on what separates two classes",
    "undo": "an earlier line is taken back",
}
"""The words of a verdict, and what they mean."""

RANKS = ("species", "subspecies", "subgenus", "genus", "family")
NATURES = {"redetermination": "re-determination", "nomenclatural": "change of name"}
"""Reasons for a new name: the shell was looked at again, or only the name has changed."""

PHASES = {
    "before": "before the model's answer was shown",
    "after": "after the model's answer was shown",
}
"""When, of a blind review (`blind`); "" of all others, which see the answer from the start."""

_ORCID = re.compile(r"(\d{4}-){3}\d{3}[\dX]")
_TEXT = 10_000  # characters of a note, at most


class VerdictError(ValueError):
    """A verdict that cannot be kept; the message says which part and why."""


@dataclass(frozen=True)
class Verdict:
    """One line of a log.

    Parameters
    ----------
    kind : str
        A key of `WORDS`.
    case : str
        The specimen; of a "pair note" the two classes, as `pair_key` writes them.
    photograph : str
        SHA-256 of the photograph that was judged; "" for the whole specimen.
    seen : str
        SHA-256 of the photograph that the reviewer was looking at, whatever was judged; "" if that
        is not known.
    by : str
        Who says it.
    orcid : str
        Of that person, as 0000-0002-1825-0097; "" if not given.
    name, rank, qualifier, nature : str
        Of kind "wrong", the new name; its rank, one of `RANKS`; "cf.", "aff.", "?" or ""; and a key
        of `NATURES`.
    note : str
    model : str
        The fingerprint of the network whose answer was on the page; "" without one.
    undoes : str
        Of kind "undo", the `id` of the line that is taken back.
    phase : str
        Of a blind review, a key of `PHASES`; else "".
    seconds : float, optional
        How long the case was on the page before it was judged.
    id : str
        A UUID. A line that comes twice counts once.
    at : str
        When, in ISO 8601 with its offset from UTC.
    others : tuple of (str, str)
        Parts of a line that a newer version wrote: their names, and their values as JSON. They are
        kept, and mean nothing here.

    Raises
    ------
    VerdictError
        If a part is missing, too long or none of the words above.
    """

    kind: str
    case: str
    photograph: str = ""
    by: str = ""
    orcid: str = ""
    name: str = ""
    rank: str = ""
    qualifier: str = ""
    nature: str = ""
    note: str = ""
    model: str = ""
    undoes: str = ""
    seen: str = ""
    phase: str = ""
    seconds: float | None = None
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    at: str = dataclasses.field(default_factory=lambda: now())
    others: tuple[tuple[str, str], ...] = dataclasses.field(default=(), repr=False)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name in ("seconds", "others"):
                continue
            value = getattr(self, field.name)
            if not isinstance(value, str) or len(value) > _TEXT:
                raise VerdictError(
                    f"{field.name} must be text of at most {_TEXT:,} characters, not "
                    f"{type(value).__name__} of length {len(str(value)):,}."
                )
        if self.kind not in WORDS:
            raise VerdictError(f"kind is {self.kind!r}: use one of {', '.join(WORDS)}.")
        if not self.case:
            raise VerdictError("case is empty: a verdict must say which specimen it is about.")
        try:
            uuid.UUID(self.id)
            moment = datetime.fromisoformat(self.at)
        except ValueError as error:
            raise VerdictError(f"id or at cannot be read: {error}.") from error
        if moment.tzinfo is None:
            raise VerdictError(f"at is {self.at!r}: it lacks the offset from UTC.")
        if self.orcid and not _ORCID.fullmatch(self.orcid):
            raise VerdictError(
                f"orcid is {self.orcid!r}: four groups of four digits are needed, as in "
                "0000-0002-1825-0097."
            )
        if self.phase and (self.phase not in PHASES or not self.judges):
            raise VerdictError(
                f"phase is {self.phase!r} of kind {self.kind!r}: use one of {', '.join(PHASES)}, "
                "and only where the label is judged."
            )
        self._validate_seconds()
        if self.kind == "wrong":
            self._validate_name()
        if self.kind in ("note", "pair note") and not self.note.strip():
            raise VerdictError("The note is empty: write what was seen.")
        if self.kind == "undo" and not self.undoes:
            raise VerdictError("An undo must say the id of the line that it takes back.")

    def _validate_seconds(self) -> None:
        given = self.seconds
        if given is None:
            return
        number = isinstance(given, int | float) and not isinstance(given, bool)
        # Not by `isfinite`, which fails for an integer of 400 digits.
        if not number or not 0 <= given <= sys.float_info.max:
            raise VerdictError(f"seconds is {given!r}: a number of 0 or more is needed.")

    def _validate_name(self) -> None:
        if not self.name.strip():
            raise VerdictError("A label that is wrong needs the new name; else use 'ambiguous'.")
        if self.rank not in RANKS:
            raise VerdictError(f"rank is {self.rank!r}: use one of {', '.join(RANKS)}.")
        if self.nature not in NATURES:
            raise VerdictError(f"nature is {self.nature!r}: use one of {', '.join(NATURES)}.")

    @property
    def judges(self) -> bool:
        """Whether it says something of the label, so that it replaces an earlier judgement."""
        return self.kind not in ("note", "pair note", "undo")

    @property
    def moment(self) -> datetime:
        """When: `at` as a number, since pages and other places write it with other offsets."""
        return datetime.fromisoformat(self.at)

    def to_dict(self) -> dict[str, Any]:
        """Return the parts that are not empty, as they stand in the log."""
        found = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "others"
        }
        given = {name: value for name, value in found.items() if value not in ("", None)}
        return given | {name: json.loads(value) for name, value in self.others}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Verdict:
        """Read what `to_dict` wrote; parts that only a newer version knows are kept as `others`.

        Raises
        ------
        VerdictError
            If a part is missing or not of the right form.
        """
        known = {field.name for field in dataclasses.fields(cls)} - {"others"}
        missing = [name for name in ("kind", "case", "id", "at") if not given.get(name)]
        if missing:
            raise VerdictError(f"{' and '.join(missing)} missing.")
        others = tuple((key, json.dumps(given[key])) for key in given if key not in known)
        return cls(**{key: value for key, value in given.items() if key in known}, others=others)


def pair_key(a: str, b: str) -> str:
    """Return the `case` of a note on two classes, the same in either order."""
    return " / ".join(sorted((a, b)))


def now() -> str:
    """Return this moment in ISO 8601, in UTC, to the microsecond: verdicts are sorted by it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
