"""Names that mean the same: synonyms, from your own file or from WoRMS' Taxon Match."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .columns import bare
from .delimited import read_delimited
from .problems import Problem, ReadingError
from .spelling import folded
from .taxa import parse

_LABEL = "label scientificname originalname name species taxon class".split()
_ACCEPTED = "scientificnameaccepted acceptedname accepted acceptedscientificname validname".split()
_APHIA = "aphiaidaccepted acceptedaphiaid aphiaid validaphiaid".split()
_SURE_MATCHES = ("", "exact", "exactsubgenus", "exactgenus")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known about one label.

    Attributes
    ----------
    label : str
        As the file has it.
    accepted : str
        The name that counts today; "" if there are several (`candidates`).
    candidates : tuple of str
        All names that it may mean; more than one makes it ambiguous: its taxon was split.
    aphia : str
        The accepted name's AphiaID in the World Register of Marine Species (WoRMS).
    genus, subgenus : str
        Of the accepted name.
    """

    label: str
    accepted: str
    candidates: tuple[str, ...]
    aphia: str = ""
    genus: str = ""
    subgenus: str = ""


@dataclass(frozen=True)
class Names:
    """A synonymy. Without entries every name stands for itself.

    Attributes
    ----------
    entries : mapping of str to Entry
        By the label as it stands in the file.
    problems : tuple of Problem
        What is odd in the file.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def entry(self, label: str) -> Entry | None:
        """Return what the file says about a label, None if nothing.

        A label is looked up as it is; then without regard to case, underscores and spaces; then
        without subgenus and authorship. "Conus cf. textile" is not looked up as *Conus textile*.
        """
        if label in self.entries:
            return self.entries[label]
        return self._folded.get(folded(label)) or self._canonical.get(_canonical(label))

    def accepted(self, label: str) -> str:
        """Return the name that a label stands for: itself, if the file does not know it for sure.

        Authorship and subgenus are left out, so that a name is the same however it is written.
        """
        entry = self.entry(label)
        if entry is not None and entry.accepted:
            return entry.accepted
        return label if entry is not None else _canonical(label) or label

    def mapping(self, labels: Iterable[str]) -> dict[str, str]:
        """Return the accepted name of each label; ambiguous ones stay as they are."""
        return {label: self.accepted(label) for label in labels}

    def ambiguous(self, labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the labels whose taxon was split, and the names that they may mean today."""
        found = {}
        for label in labels:
            entry = self.entry(label)
            if entry is not None and len(entry.candidates) > 1:
                found[label] = entry.candidates
        return found

    def genus(self, label: str) -> str:
        """Return the genus of a label's accepted name, "" if it cannot be told.

        A split name has one if all names that it may mean share it.
        """
        entry = self.entry(label)
        if entry is None:
            return parse(label).sure_genus
        if entry.accepted:
            return entry.genus
        genera = {parse(name).sure_genus for name in entry.candidates}
        return genera.pop() if len(genera) == 1 else ""

    def genera(self, labels: Iterable[str]) -> dict[str, str]:
        """Return the genus of each label, or the label itself if it names none."""
        return {label: self.genus(label) or label for label in labels}

    @cached_property
    def _folded(self) -> dict[str, Entry | None]:
        return _by(self.entries.values(), folded)

    @cached_property
    def _canonical(self) -> dict[str, Entry | None]:
        return _by(self.entries.values(), _canonical)


def _by(entries: Iterable[Entry], key: Callable[[str], str]) -> dict[str, Entry | None]:
    """Entries by a looser form of their labels; None for homonyms, which it cannot tell apart."""
    found: dict[str, Entry | None] = {}
    for entry in entries:
        loose = key(entry.label)
        clash = loose in found and not _agree(found[loose], entry)
        found[loose] = None if clash else entry
    found.pop("", None)
    return found


def _agree(one: Entry | None, other: Entry) -> bool:
    return one is not None and one.candidates == other.candidates


def _canonical(label: str) -> str:
    taxon = parse(label)
    return taxon.canonical if taxon.certain else ""


def read_names(path: str | os.PathLike[str]) -> Names:
    """Read which names mean the same.

    Parameters
    ----------
    path : path
        A CSV file. The column with the given names is called label, name or ScientificName; the
        one with the accepted names accepted, accepted name or ScientificName_accepted. AphiaID,
        genus and subgenus are read if they are there. What WoRMS' Taxon Match returns is such a
        file. A label that stands there with two accepted names, or with "|" between them, is
        ambiguous.

    Raises
    ------
    ReadingError
        If the file cannot be read or lacks one of the two columns.
    """
    source = os.path.abspath(path)
    table = read_delimited(source)
    problems = list(table.problems)
    by_name: dict[str, int] = {}
    for place, column in enumerate(table.columns):
        by_name.setdefault(bare(column), place)
    of_label = next((by_name[name] for name in _LABEL if name in by_name), None)
    of_accepted = next((by_name[name] for name in _ACCEPTED if name in by_name), None)
    if of_label is None or of_accepted is None:
        missing = "given names (label)" if of_label is None else "accepted names (accepted name)"
        raise ReadingError(
            f"{source} has no column for the {missing}, but "
            f"{', '.join(map(repr, table.columns[:8]))}; rename it in the first row."
        )
    of_aphia = next((by_name[name] for name in _APHIA if name in by_name), None)
    collected: dict[str, dict[str, tuple[str, str, str]]] = {}
    file = os.path.basename(source)
    for row in table.rows:
        cells = [cell.strip() for cell in row.cells]
        label = cells[of_label]
        if not label:
            continue
        names = [part.strip() for part in re.split(r"[|;]", cells[of_accepted]) if part.strip()]
        match = cells[by_name["matchtype"]] if "matchtype" in by_name else ""
        if bare(match) not in _SURE_MATCHES:
            reason = f"was matched only as {match!r}; see if {names[:1]} is meant."
            problems.append(Problem(f"{label} ({file}, line {row.line})", reason, kept=True))
        if not names:
            reason = "has no accepted name; it stands for itself."
            problems.append(Problem(f"{label} ({file}, line {row.line})", reason, kept=True))
        known = collected.setdefault(label, {})
        for name in names:
            known.setdefault(
                _canonical(name) or name,
                (
                    cells[of_aphia] if of_aphia is not None and len(names) == 1 else "",
                    cells[by_name["genus"]] if "genus" in by_name else "",
                    cells[by_name["subgenus"]].strip("()") if "subgenus" in by_name else "",
                ),
            )
    entries = _followed(collected, file, problems)
    problems += (
        Problem(
            f"{label} ({file})",
            f"may mean {len(entry.candidates)} names ({', '.join(entry.candidates[:4])}); it is "
            "ambiguous and stays as it is.",
            kept=True,
        )
        for label, entry in entries.items()
        if len(entry.candidates) > 1
    )
    return Names(entries, tuple(problems))


def _followed(
    collected: Mapping[str, Mapping[str, tuple[str, str, str]]],
    file: str,
    problems: list[Problem],
) -> dict[str, Entry]:
    """Entries in which the accepted name of an accepted name is followed to its end."""
    onwards: dict[str, Mapping[str, tuple[str, str, str]]] = {}
    for label, names in collected.items():
        onwards.setdefault(_canonical(label) or label, names)
    entries = {}
    for label, names in collected.items():
        ends: dict[str, tuple[str, str, str]] = {}
        for name, about in names.items():
            passed = {_canonical(label) or label}
            while (
                name not in passed
                and (further := onwards.get(name))
                and len(further) == 1
                and name not in further
            ):
                passed.add(name)
                (name, about), *_ = further.items()
            if name in passed and len(passed) > 1:
                reason = f"leads round in a circle to {name!r}; correct the accepted names."
                problems.append(Problem(f"{label} ({file})", reason, kept=True))
            ends.setdefault(name, about)
        accepted, (aphia, genus, subgenus) = (
            next(iter(ends.items())) if len(ends) == 1 else ("", ("", "", ""))
        )
        entries[label] = Entry(
            label,
            accepted,
            tuple(ends),
            aphia,
            parse(accepted).sure_genus or genus,
            parse(accepted).subgenus or subgenus,
        )
    return entries
