"""A case as plain data: a specimen, its names, its neighbours and its verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.consensus import Judgement
from conus_widgets.collection.neighbours import neighbours
from conus_widgets.collection.specimens import NO_CLASS
from conus_widgets.collection.verdicts import NATURES, WORDS, Verdict, pair_key
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.inspector.standing import NOT_COUNTED, Standing
from conus_widgets.widgets.inspector.studies import Studies
from conus_widgets.widgets.live.guests import hides_folders
from conus_widgets.widgets.live.words import percent

__all__ = ["case", "line", "nearest", "opposed", "state_of", "tile"]

_TOP = 5
_COUNT = 5  # neighbours of each class
_KNOWN = ("institution", "catalogue", "occurrence")


def opposed(specimen: int, facts: Facts, standing: Standing) -> tuple[int, int]:
    """Return the classes that a case is about: the answer, and what it is held against.

    That is the label, or, if the answer agrees with it or it is no class, the class that the
    network finds most probable of all others. -1, -1 without an answer.
    """
    answer = int(standing.answers[specimen])
    if answer < 0:
        return NO_CLASS, NO_CLASS
    label = facts.class_number(facts.label(specimen))
    if label in (answer, NO_CLASS):
        ranked = _ranked(standing, specimen)
        label = ranked[1] if len(ranked) > 1 else answer
    return answer, label


def state_of(specimen: int, facts: Facts, judged: Mapping[tuple[str, str], Judgement]) -> str:
    """Return what the verdicts that may be seen say of a specimen.

    That is the kind that its reviewers agree on, "disagreement", or "" if nobody judged it.
    A photograph's comes after the specimen's.
    """
    name = facts.specimens[specimen]
    keys = [(name, ""), *((name, facts.digests[one]) for one in facts.photographs[specimen])]
    found = [judged[key] for key in keys if key in judged]
    if any(not one.agreed for one in found):
        return "disagreement"
    return found[0].verdicts[-1].kind if found else ""


def tile(
    specimen: int, facts: Facts, standing: Standing, judged: Mapping[tuple[str, str], Judgement]
) -> dict[str, Any]:
    """Return what stands below a thumbnail."""
    answer = int(standing.answers[specimen])
    return {
        "case": specimen,
        "name": facts.specimens[specimen],
        "label": facts.label(specimen),
        "answer": facts.classes[answer] if answer >= 0 else "",
        "percent": percent(standing.sureness_of(specimen)) if answer >= 0 else "",
        "photographs": len(facts.photographs[specimen]),
        "photograph": facts.photographs[specimen][0],
        "state": state_of(specimen, facts, judged),
    }


def case(
    specimen: int,
    facts: Facts,
    standing: Standing,
    *,
    judged: Mapping[tuple[str, str], Judgement],
    lines: Sequence[Verdict],
    studies: Studies,
) -> dict[str, Any]:
    """Return a specimen as it is shown.

    Parameters
    ----------
    specimen : int
    facts, standing
    judged, lines
        The judgements, and the lines of the log, that the reviewer may see.
    studies : Studies
    """
    name = facts.specimens[specimen]
    label = facts.label(specimen)
    given = facts.class_number(label)
    answer, other = opposed(specimen, facts, standing)
    probabilities = standing.probabilities[specimen]
    pair = sorted((facts.classes[answer], facts.classes[other])) if answer >= 0 else []
    numbers = facts.photographs[specimen]
    record = facts.records[numbers[0]]
    return {
        **tile(specimen, facts, standing, judged),
        "photographs": [_photograph(number, facts) for number in numbers],
        "given": {
            "name": label,
            "class": given,
            "percent": percent(probabilities[given]) if given != NO_CLASS and answer >= 0 else "",
            "part": _part(probabilities, given) if answer >= 0 else 0.0,
        },
        "named": {
            "name": facts.classes[answer] if answer >= 0 else "",
            "class": answer,
            "percent": percent(probabilities[answer]) if answer >= 0 else "",
            "part": _part(probabilities, answer),
        },
        "against": {"name": facts.classes[other] if answer >= 0 else "", "class": other},
        "counted": bool(standing.rows[specimen] != NOT_COUNTED),
        "top": [
            {
                "name": facts.classes[one],
                "percent": percent(probabilities[one]),
                "part": _part(probabilities, one),
            }
            for one in (_ranked(standing, specimen)[:_TOP] if answer >= 0 else [])
        ],
        "set": studies.set_of(name),
        "doubt": studies.doubt_of(name),
        "agreement": _agreement(numbers, facts),
        "known": [[what, getattr(record, what)] for what in _KNOWN if getattr(record, what)],
        "said": [line(one) for one in lines if one.case == name and one.kind != "pair note"],
        "pair": pair,
        "notes": [
            line(one)
            for one in lines
            if one.kind == "pair note" and pair and one.case == pair_key(*pair)
        ],
    }


def nearest(
    photograph: int,
    facts: Facts,
    standing: Standing,
    *,
    judged: Mapping[tuple[str, str], Judgement],
    studies: Studies,
) -> list[dict[str, Any]]:
    """Return the nearest photographs of both classes in question and of the most probable third.

    Parameters
    ----------
    photograph : int
        One with an answer.
    facts, standing, judged, studies
        As for `case`.

    Returns
    -------
    list of dict
        For each class its name, role ("answer", "label", "against" or "third"), probability and
        `photographs`, the same view first.
    """
    specimen = int(facts.of_photograph[photograph])
    answer, other = opposed(specimen, facts, standing)
    ranked = _ranked(standing, specimen)
    third = next((one for one in ranked if one not in (answer, other)), None)
    given = facts.class_number(facts.label(specimen))
    wanted = {answer: "answer", other: "label" if other == given else "against"}
    if third is not None:
        wanted[third] = "third"
    # Only these classes are asked for, by probabilities that put them first.
    first = np.zeros(len(facts.classes))
    first[list(wanted)] = range(len(wanted), 0, -1)
    found = neighbours(
        photograph,
        facts.features,  # type: ignore[arg-type]  # indexed as an array, and left on the disk
        first,
        np.where(facts.answered, standing.class_of, NO_CLASS),
        facts.of_photograph,
        facts.views,
        count=_COUNT,
        classes=len(wanted),
    )
    probabilities = standing.probabilities[specimen]
    return [
        {
            "class": number,
            "name": facts.classes[number],
            "role": role,
            "percent": percent(probabilities[number]),
            "photographs": [
                {
                    "photograph": one.photograph,
                    "case": int(facts.of_photograph[one.photograph]),
                    "name": facts.records[one.photograph].specimen,
                    "view": facts.views[one.photograph],
                    "same_view": one.same_view,
                    "similarity": round(one.similarity, 3),
                    "state": state_of(int(facts.of_photograph[one.photograph]), facts, judged),
                    "percent": percent(facts.probabilities[one.photograph, number]),
                    "doubt": studies.doubt_of(facts.records[one.photograph].specimen),
                }
                for one in found.get(number, [])
            ],
        }
        for number, role in wanted.items()
    ]


def line(verdict: Verdict) -> dict[str, str]:
    """Return a line of the log as it is shown."""
    name = " ".join(part for part in (verdict.qualifier, verdict.name) if part)
    parts = [name, NATURES.get(verdict.nature, "")]
    return {
        "id": verdict.id,
        "kind": verdict.kind,
        "case": verdict.case,
        "photograph": verdict.photograph,
        "words": WORDS[verdict.kind],
        "name": ", ".join(part for part in parts if part),
        "note": verdict.note,
        "by": verdict.by,
        "at": verdict.at,
    }


def _photograph(number: int, facts: Facts) -> dict[str, Any]:
    record = facts.records[number]
    answered = bool(facts.answered[number])
    best = int(facts.probabilities[number].argmax()) if answered else -1
    return {
        "number": number,
        "digest": facts.digests[number],
        "view": record.view,
        "given_view": record.given_view,
        "region": record.region,
        "file": Path(record.path).name,
        "path": Path(record.path).name if hides_folders() else record.path,
        "label": record.label,
        "answer": facts.classes[best] if answered else "",
        "percent": percent(facts.probabilities[number, best]) if answered else "",
    }


def _agreement(numbers: Sequence[int], facts: Facts) -> str:
    """Whether the network says the same of all photographs of a specimen."""
    asked = [number for number in numbers if facts.answered[number]]
    if len(asked) < 2:
        return ""
    answers = [facts.classes[int(facts.probabilities[one].argmax())] for one in asked]
    if len(set(answers)) == 1:
        count = "Both" if len(asked) == 2 else f"All {len(asked)}"
        return f"{count} photographs are named {answers[0]}."
    said = [
        f"{facts.views[one] or 'no view known'}: {name}"
        for one, name in zip(asked, answers, strict=True)
    ]
    return f"The photographs are named differently ({'; '.join(said)})."


def _ranked(standing: Standing, specimen: int) -> list[int]:
    order: list[int] = np.argsort(-standing.probabilities[specimen], kind="stable").tolist()
    return order


def _part(probabilities: NDArray[Any], place: int) -> float:
    return round(float(probabilities[place]), 4) if place >= 0 else 0.0
