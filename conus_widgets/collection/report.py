"""A report on a collection, to read or to print: HTML that needs no network and no kernel.

Everything that comes from files and labels is escaped by the template's engine.
"""

from __future__ import annotations

import base64
import io
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from conus_widgets.collection.collection import Collection
from conus_widgets.collection.consensus import disagreements
from conus_widgets.collection.verdicts import NATURES, PHASES, WORDS, Verdict
from conus_widgets.machine.beside import written_whole
from conus_widgets.photographs.photograph import PhotographError, read_photograph

TEMPLATE = Path(__file__).with_name("report.html")
CASES = 200  # at most, each on a page of its own
SIDE = 420  # pixels of a photograph's longer side
ROWS = 15  # of each table


def write_report(
    collection: Collection, path: str | os.PathLike[str], *, cases: int = CASES
) -> Path:
    """Write a report: numbers first, then a page for each specimen that needs an eye.

    Parameters
    ----------
    collection : Collection
        Evaluated, or opened.
    path : path
        An ``.html`` file; it appears under its name when it is whole.
    cases : int
        How many specimens get a page: those with a verdict, then those that the network names
        otherwise, the largest loss first.

    Returns
    -------
    Path
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    path = Path(path)
    text = template.render(**_numbers(collection), cases=_cases(collection, cases))
    with written_whole(path, text=True) as file:
        file.write(text)
    return path


def _numbers(collection: Collection) -> dict[str, Any]:
    answers = collection.answers
    found = collection.confusion
    names = collection.accuracy_by_names
    verdicts = collection.log.standing
    return {
        "today": date.today().isoformat(),
        "source": collection.table.source,
        "title": Path(collection.table.source).name or "a collection",
        "network": collection.network_name,
        "notice": collection.notice,
        "grouped": collection.table.grouped,
        "photographs": len(collection),
        "answered": int(answers.answered.sum()),
        "specimens": len(set(collection.specimens)),
        "given": collection.as_given.accuracy,
        "accuracy": collection.accuracy,
        "names": names,
        "has_names": bool(collection.names.entries),
        "pairs": found.pairs()[:ROWS],
        "per": {
            what: _shares(collection.accuracy_per(what))
            for what in ("label", "view", "region", "institution")
            if len(set(collection.known(what)) - {""}) > 1
        },
        "problems": collection.problems[: 4 * ROWS],
        "more_problems": max(0, len(collection.problems) - 4 * ROWS),
        "verdicts": len(verdicts),
        "reviewers": sorted({verdict.by for verdict in verdicts}),
        "disagreements": disagreements(collection.judgements),
        "damaged": collection.log.damaged,
        "pair_notes": [verdict for verdict in verdicts if verdict.kind == "pair note"],
        "words": WORDS,
    }


def _shares(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Rows of a table: those with the most errors first, without what was not known."""
    rows = [(value, one.top1) for value, one in found.items() if value]
    return sorted(rows, key=lambda row: (row[1].part - row[1].whole, row[0]))[: 4 * ROWS]


def _cases(collection: Collection, most: int) -> list[dict[str, Any]]:
    said: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in collection.log.standing:
        if verdict.kind != "pair note":
            said[verdict.case].append(verdict)
    odd = [str(mistake.specimen) for mistake in collection.as_given.mistakes]
    specimens = list(dict.fromkeys([*said, *odd]))[:most]
    places: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(collection.specimens):
        places[name].append(number)
    return [
        {
            "name": name,
            "photographs": [_photograph(collection, number) for number in places[name]],
            "verdicts": [_line(verdict) for verdict in said[name]],
        }
        for name in specimens
        if places[name]
    ]


def _photograph(collection: Collection, number: int) -> dict[str, Any]:
    case = collection.case(number)
    classes = collection.answers.classes
    first = sorted(range(len(classes)), key=lambda c: -float(case.probabilities[c]))[:3]
    return {
        "file": Path(case.record.path).name,
        "label": case.record.label,
        "view": case.record.view,
        "error": case.error,
        "answers": []
        if case.error
        else [(classes[c], float(case.probabilities[c])) for c in first],
        "picture": _thumbnail(case.record.path),
    }


def _line(verdict: Verdict) -> dict[str, str]:
    name = " ".join(part for part in (verdict.qualifier, verdict.name) if part)
    said = [name, NATURES.get(verdict.nature, ""), PHASES.get(verdict.phase, ""), verdict.note]
    return {
        "said": WORDS[verdict.kind],
        "rest": "; ".join(part for part in said if part),
        "by": verdict.by,
        "on": verdict.at[:10],
    }


def _thumbnail(path: str) -> str:
    """Return a photograph as a data address; "" if it can no longer be read."""
    try:
        image = read_photograph(path)
    except PhotographError:
        return ""
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
