"""A collection as a table: one record for each photograph, whatever it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .problems import Problem


@dataclass(frozen=True, slots=True)
class Record:
    """One photograph and what is known about it. What is not known is "".

    Attributes
    ----------
    path : str
        The file, as found on this machine.
    label : str
        The name that was given, verbatim.
    specimen : str
        The specimen's key: photographs with the same key show the same specimen. Where nothing
        is known, the photograph's own place in its collection.
    view : str
        Which side is seen, as a value of Audiovisual Core's ``subjectOrientation``; see `views`.
    given_view : str
        The view in the words that were given.
    region : str
        The place in which the specimen lived.
    institution, catalogue, occurrence : str
        Darwin Core's ``institutionCode``, ``catalogNumber`` and ``occurrenceID``.
    others : mapping of str to str
        Everything else that was read, by the name of its column; empty cells are left out.
    """

    path: str
    label: str = ""
    specimen: str = ""
    view: str = ""
    region: str = ""
    institution: str = ""
    occurrence: str = ""
    catalogue: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    given_view: str = ""


@dataclass(frozen=True)
class Table:
    """All photographs of a collection that can be asked about, and what is wrong with the others.

    Attributes
    ----------
    records : tuple of Record
        In the order of the source; reading it again gives the same order.
    problems : tuple of Problem
    source : str
        The folder, file or archive.
    grouped : bool
        Whether the source says which photographs show the same specimen. If not, each one counts
        as a specimen of its own, and a report should say so.
    """

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    source: str
    grouped: bool

    def __len__(self) -> int:
        return len(self.records)

    def labels(self) -> tuple[str, ...]:
        """Return all labels that occur, in alphabetical order; none ("") is not one of them."""
        return tuple(sorted({record.label for record in self.records} - {""}))

    def specimens(self) -> dict[str, list[int]]:
        """Return the places of each specimen's photographs in `records`."""
        found: dict[str, list[int]] = {}
        for place, record in enumerate(self.records):
            found.setdefault(record.specimen, []).append(place)
        return found


def specimen_key(
    *, institution: str, collection: str, catalogue: str, occurrence: str, other: str = ""
) -> str:
    """Return the key of a specimen, "" if nothing tells which one it is.

    A catalogue number counts within its institution or collection; without either, numbers of two
    museums could meet, so that an occurrence's identifier or the `other` name is preferred.
    """
    if catalogue and (institution or collection):
        return ":".join((institution, collection, catalogue))
    return occurrence or other or catalogue
