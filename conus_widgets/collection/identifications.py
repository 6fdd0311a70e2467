"""Determinations as Darwin Core: one row for each, human and machine never mixed in a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conus_widgets.collection.consensus import judgements
from conus_widgets.collection.table import Record
from conus_widgets.collection.verdicts import NATURES, PHASES, Verdict
from conus_widgets.machine.beside import written_whole

COLUMNS = (
    "occurrenceID",
    "institutionCode",
    "collectionCode",
    "catalogNumber",
    "identificationID",
    "scientificName",
    "taxonRank",
    "identificationQualifier",
    "scientificNameID",
    "identifiedBy",
    "identifiedByID",
    "dateIdentified",
    "identificationRemarks",
    "identificationReferences",
    "identificationVerificationStatus",
    "verbatimIdentification",
    "isCurrent",
    "previousIdentifications",
)
"""Terms of Darwin Core's Identification class, beside those that find the specimen."""

HUMAN, MACHINE = "ValidatedByHuman", "PredictedByMachine"
"""Values of identificationVerificationStatus, as the plankton community recommended them:
tdwg/dwc-qa, issue 185."""


@dataclass(frozen=True)
class Known:
    """What a collection knows of a specimen.

    Parameters
    ----------
    label : str
        The name as it was given.
    identifiers : mapping
        Any of "occurrenceID", "institutionCode", "collectionCode", "catalogNumber".
    """

    label: str
    identifiers: Mapping[str, str]


def known_specimens(records: Iterable[Record]) -> dict[str, Known]:
    """Return what a table knows of each specimen, by its name."""
    return {
        record.specimen: Known(
            record.label,
            {
                "occurrenceID": record.occurrence,
                "institutionCode": record.institution,
                "collectionCode": record.others.get("collectionCode", ""),
                "catalogNumber": record.catalogue or record.specimen,
            },
        )
        for record in records
    }


def human_rows(
    standing: Iterable[Verdict],
    specimens: Mapping[str, Known],
    name_ids: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """Return a row for each verdict that names a taxon.

    Parameters
    ----------
    standing : iterable of Verdict
        As `Log.standing`.
    specimens : mapping of case to Known
        A verdict on a case that is not there still gets its row, with the case as the number.
    name_ids : mapping, optional
        Of a name to its identifier (an AphiaID or LSID).

    Returns
    -------
    list of dict
        Keys are `COLUMNS`, by time. Verdicts that name nothing (unusable, ambiguous ...) have no
        row, and a blind review of a specimen has one: its last decision. `isCurrent` is "true" for
        the newest verdict on a specimen if its reviewers agree, and "false" for all others: two
        current determinations of one specimen are a fault that collections know well.
    """
    said = _last_decisions(standing)
    agreed = [judgement.verdict for judgement in judgements(said).values()]
    current = {verdict.id for verdict in agreed if verdict is not None}
    rows: list[dict[str, str]] = []
    before: dict[str, list[str]] = {}
    for verdict in said:
        if verdict.kind not in ("right", "wrong"):
            continue
        known = specimens.get(verdict.case, Known("", {"catalogNumber": verdict.case}))
        name = known.label if verdict.kind == "right" else verdict.name
        earlier = before.setdefault(verdict.case, [known.label] if known.label else [])
        rows.append(
            {
                **dict.fromkeys(COLUMNS, ""),
                **{key: known.identifiers.get(key, "") for key in COLUMNS[:4]},
                "identificationID": f"urn:uuid:{verdict.id}",
                "scientificName": name,
                "taxonRank": verdict.rank,
                "identificationQualifier": verdict.qualifier,
                "scientificNameID": (name_ids or {}).get(name, ""),
                "identifiedBy": verdict.by,
                "identifiedByID": f"https://orcid.org/{verdict.orcid}" if verdict.orcid else "",
                "dateIdentified": verdict.at,
                "identificationRemarks": _remarks(verdict),
                "identificationReferences": _references(verdict),
                "identificationVerificationStatus": HUMAN,
                "verbatimIdentification": known.label,
                "isCurrent": "true" if verdict.id in current else "false",
                "previousIdentifications": " | ".join(earlier),
            }
        )
        if name not in earlier:
            earlier.append(name)
    return rows


def _last_decisions(standing: Iterable[Verdict]) -> list[Verdict]:
    """Leave out what was decided before the model's answer, if it was decided again after it."""
    said = list(standing)
    again = {(v.by, v.case, v.photograph) for v in said if v.phase == "after"}
    return [v for v in said if v.phase != "before" or (v.by, v.case, v.photograph) not in again]


def machine_rows(
    answers: Iterable[tuple[str, str, float]],
    specimens: Mapping[str, Known],
    *,
    model: str,
    at: str,
) -> list[dict[str, str]]:
    """Return a row for each answer of a network.

    Parameters
    ----------
    answers : iterable of (case, class name, probability)
    specimens : mapping of case to Known
    model : str
        Name and fingerprint of the network.
    at : str
        When it was asked, in ISO 8601.

    Returns
    -------
    list of dict
        None is current: a probability of 1 is not a determination.
    """
    rows = []
    for case, name, probability in answers:
        known = specimens.get(case, Known("", {"catalogNumber": case}))
        rows.append(
            {
                **dict.fromkeys(COLUMNS, ""),
                **{key: known.identifiers.get(key, "") for key in COLUMNS[:4]},
                "scientificName": name,
                "identifiedBy": model,
                "dateIdentified": at,
                "identificationRemarks": f"classified by a machine with probability "
                f"{probability:.3f}",
                "identificationReferences": model,
                "identificationVerificationStatus": MACHINE,
                "verbatimIdentification": known.label,
                "isCurrent": "false",
            }
        )
    return rows


def write(path: str | os.PathLike[str], rows: Iterable[Mapping[str, str]]) -> Path:
    """Write rows as CSV in UTF-8; it appears under its name when it is whole."""
    path = Path(path)
    with written_whole(path, text=True) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _remarks(verdict: Verdict) -> str:
    said = [NATURES[verdict.nature]] if verdict.nature else []
    if verdict.kind == "right":
        said.append("label confirmed")
    if verdict.phase:
        said.append(PHASES[verdict.phase])
    if verdict.photograph:
        said.append("of one photograph")
    if verdict.note:
        said.append(verdict.note)
    return "; ".join(said)


def _references(verdict: Verdict) -> str:
    """Name the network whose answer was seen, and the photograph that was judged."""
    said = [f"model {verdict.model}"] if verdict.model else []
    if verdict.photograph:
        said.append(f"photograph sha256 {verdict.photograph}")
    return "; ".join(said)
