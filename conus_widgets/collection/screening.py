"""A cheap look at every photograph before it is asked about: is it there, and is it one file?

Nothing is decoded here. What is found wrong costs one photograph; what is merely odd is a remark.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterable

from .problems import Problem
from .spelling import close_names
from .table import Record, Table
from .walking import encodable, why

_ODD = re.compile(r"[^\x20-\x7e]|[\"'`<>]")
NO_LABEL = "has no label; the network is asked about it, but no accuracy counts it."


def screened(
    rows: Iterable[tuple[Record, str]],
    *,
    source: str,
    grouped: bool,
    problems: Iterable[Problem] = (),
    bases: tuple[str, ...] = (),
) -> Table:
    """Look at each photograph, and leave out those that cannot be asked about.

    Parameters
    ----------
    rows : iterable of (Record, str)
        And where each stands in its source, such as "line 7"; "" if that says nothing.
    source, grouped
        As in `Table`.
    problems : iterable of Problem
        What is known already; it comes first.
    bases : tuple of str
        Folders whose names need not be said in a problem.
    """
    found = list(problems)
    kept: list[Record] = []
    seen: dict[object, tuple[Record, str]] = {}
    given: dict[str, None] = {}
    for record, where in rows:
        given.setdefault(record.label)
        name = _short(record.path, bases)
        reason, file = _wrong(record.path)
        if reason:
            found.append(Problem(f"{name} ({where})" if where else name, reason))
            continue
        if file in seen:
            found.append(Problem(name, _twice(record, where, *seen[file])))
            continue
        seen[file] = record, where
        kept.append(record)
        found += (Problem(name, reason, kept=True) for reason in oddities(os.path.basename(name)))
        if not record.label:
            found.append(Problem(name, NO_LABEL, kept=True))
    table = Table(tuple(kept), (), source, grouped)
    present = {"", *table.labels()}
    gone = [label for label in given if label not in present]
    found += (
        Problem(label, "has no photograph that can be used: an empty class.") for label in gone
    )
    found += _of_labels(table)
    found += _of_specimens(table, bases)
    return Table(table.records, tuple(found), source, grouped)


def _wrong(path: str) -> tuple[str, object]:
    """Why a photograph cannot be used, or "" and what tells its file from all others."""
    if not encodable(path):
        return "has a name that is not UTF-8, which no table can hold; rename it.", None
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENOENT and os.path.islink(path):
            return "is a link that leads nowhere; put the file itself there.", None
        return why(error), None
    if stat.S_ISDIR(status.st_mode):
        return "is a folder, not a photograph; name the photographs in it.", None
    if not stat.S_ISREG(status.st_mode):
        return "is no ordinary file, but a pipe or a device; it is left out.", None
    if status.st_size == 0:
        return "is empty (0 bytes); copy or download it again.", None
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return why(OSError(errno.EACCES, "")), None
    # A drive that gives no numbers (0) leaves the name to go by.
    place = (status.st_dev, status.st_ino) if status.st_ino else os.path.normcase(path)
    return "", place


def _twice(record: Record, where: str, first: Record, there: str) -> str:
    again = f"is listed twice ({there} and {where})" if where and there else "is there twice"
    if os.path.normpath(record.path) != os.path.normpath(first.path):
        again += f", the first time as {os.path.basename(first.path)}"
    if record.label != first.label:
        again += f", as {first.label!r} and as {record.label!r}: say which is right"
    elif record.specimen != first.specimen:
        again += f", of specimen {first.specimen!r} and of {record.specimen!r}"
    return f"{again}; the first counts."


def oddities(name: str) -> list[str]:
    """List what is odd about a name that can be used: each is the rest of a sentence."""
    if not _ODD.search(name):
        return []
    found = []
    if any(not letter.isprintable() for letter in name):
        found.append("has a line end or another sign in its name that does not print.")
    if any(letter in "\"'`" for letter in name):
        found.append("has a quotation mark in its name.")
    if "<" in name or ">" in name:
        found.append("has markup (< or >) in its name; it is shown as plain text.")
    if any(letter.isalpha() and not _latin(letter) for letter in name):
        found.append("has letters in its name that are not Latin; some programs cannot open it.")
    return found


def _latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith(
        ("LATIN", "FEMININE", "MASCULINE", "MODIFIER")
    )


def _of_labels(table: Table) -> list[Problem]:
    labels = table.labels()
    found = [
        Problem(label, reason.replace("its name", "this label"), kept=True)
        for label in labels
        for reason in oddities(label)
    ]
    if not table.records:
        found.append(Problem(table.source, "holds no photograph that can be used."))
    elif not labels:
        found.append(
            Problem(table.source, "gives no labels, so that no accuracy can be stated.", kept=True)
        )
    elif len(labels) == 1:
        found.append(
            Problem(
                table.source,
                f"has one class only ({labels[0]!r}): whatever tells classes apart needs two.",
                kept=True,
            )
        )
    found += (
        Problem(
            one,
            f"and {other!r} are two labels that differ by {_letters(apart)}; if they mean the "
            "same, correct one, or say so in names.csv.",
            kept=True,
        )
        for one, other, apart in close_names(labels)
    )
    return found


def _letters(apart: int) -> str:
    return {0: "case, spaces or signs only", 1: "one letter"}.get(apart, f"{apart} letters")


def _of_specimens(table: Table, bases: tuple[str, ...]) -> list[Problem]:
    found = []
    for specimen, places in table.specimens().items():
        labels = sorted({table.records[place].label for place in places})
        if len(labels) > 1:
            found.append(
                Problem(
                    _short(table.records[places[0]].path, bases),
                    f"belongs to specimen {specimen!r}, whose {len(places)} photographs have "
                    f"{len(labels)} labels: {', '.join(map(repr, labels[:4]))}.",
                    kept=True,
                )
            )
    return found


def _short(path: str, bases: tuple[str, ...]) -> str:
    for base in bases:
        if path.startswith(base + os.sep):
            return path[len(base) + 1 :]
    return path
