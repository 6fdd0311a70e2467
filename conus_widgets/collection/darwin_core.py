"""Darwin Core: occurrences, their photographs, and where these lie on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from . import archive
from .archive import Source, Terms
from .pictures import is_address, is_bare, locate
from .problems import Problem
from .screening import screened
from .table import Record, Table, specimen_key
from .tabular import several
from .views import orientation, orientation_in

#: Terms that are kept beside those of a `Record`: what determinations and reports want to state.
KEPT = {
    term.casefold(): term
    for term in (
        "collectionCode gbifID recordedBy eventDate country stateProvince locality waterBody "
        "decimalLatitude decimalLongitude depth basisOfRecord sex lifeStage typeStatus taxonRank "
        "taxonID scientificNameID acceptedScientificName scientificNameAuthorship "
        "identificationQualifier identifiedBy dateIdentified identificationRemarks "
        "occurrenceRemarks family genus title description creator license rightsHolder references"
    ).split()
}
_LABELS = ("scientificname", "verbatimscientificname", "acceptedscientificname", "species")
_REGIONS = ("country", "countrycode", "waterbody", "continent")
_INSTITUTIONS = ("institutioncode", "ownerinstitutioncode", "institutionid")
_NEEDED = {"collectioncode", "catalognumber", "occurrenceid", *_LABELS, *_REGIONS, *_INSTITUTIONS}
_IDENTIFIERS = ("accessuri", "identifier", "goodqualityaccessuri")
_STRAYED = ("format", "type", "source", "references")  # where identifiers have been seen instead
_MIME = re.compile(r"(?:image|video|audio|application|text)/[\w.+-]+$", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|tiff?|gif|bmp|hei[cf])(?:[?#].*)?$", re.IGNORECASE)
_OTHER = re.compile(r"sound|movingimage|audio/|video/|^text|model/|application/pdf", re.IGNORECASE)


def read_darwin_core(
    path: str | os.PathLike[str],
    photographs: str | os.PathLike[str],
    *,
    label: str = "",
    region: str = "",
    file: str = "",
    keep: Sequence[str] = (),
    views: Mapping[str, str] | None = None,
) -> Table:
    """Read a Darwin Core archive, or a table of media with its occurrences.

    Parameters
    ----------
    path : path
        A zip file or folder with ``meta.xml``, such as the Global Biodiversity Information
        Facility (GBIF) gives out; or a CSV file of media such as iDigBio's, with
        ``occurrence.csv`` beside it if there is one.
    photographs : path
        The folder that the photographs were downloaded to. Each is found by the end of its
        identifier; see `pictures.find`. Nothing is downloaded here.
    label, region : str, optional
        The terms to take them from, such as "species" or "waterBody"; by default scientificName,
        and country or what is nearest to it.
    file : str, optional
        A column that names the file, if there is one.
    keep : sequence of str, optional
        Terms that `Record.others` holds besides those of `KEPT`.
    views : mapping of str to str, optional
        Words for views and what they mean; see `views.orientation`.

    Returns
    -------
    Table

    Raises
    ------
    ReadingError
        If nothing in the archive can be read.
    """
    source, folder = os.path.abspath(path), os.path.abspath(photographs)
    problems: list[Problem] = []
    kept = KEPT | {term.casefold(): term for term in keep}
    with archive.opened(source, problems) as sources:
        needed = _NEEDED | kept.keys() | {label.casefold(), region.casefold(), file.casefold()}
        found = _photographs(sources, file.casefold(), needed, problems)
    located = locate([given for given, *_ in found], folder, search=True)
    problems += located.problems
    rows, grouped = [], False
    for (given, where, key, occurrence, media), (place, reason) in zip(
        found, located.found, strict=True
    ):
        if reason:
            problems.append(Problem(f"{given} ({where})", reason))
            continue
        if is_bare(given) and not file:
            odd = f"is the bare name of a file, no address; it is taken to be {place}."
            problems.append(Problem(f"{given} ({where})", odd, kept=True))
        specimen = specimen_key(
            institution=occurrence.get("institutioncode", ""),
            collection=occurrence.get("collectioncode", ""),
            catalogue=occurrence.get("catalognumber", ""),
            occurrence=occurrence.get("occurrenceid", ""),
            other=occurrence.get("gbifid", key),
        )
        grouped = grouped or bool(specimen)
        word, view = _view(media, views)
        both = {**media, **occurrence}
        others = {name: both[term] for term, name in kept.items() if term in both}
        others |= {"address": given} if is_address(given) else {}
        record = Record(
            place,
            label=_first(both, [label.casefold()] if label else _LABELS),
            specimen=specimen or given,
            view=view,
            region=_first(both, [region.casefold()] if region else _REGIONS),
            institution=_first(both, _INSTITUTIONS),
            occurrence=occurrence.get("occurrenceid", ""),
            catalogue=occurrence.get("catalognumber", ""),
            others=others,
            given_view=word,
        )
        rows.append((record, where))
    return screened(rows, source=source, grouped=grouped, problems=problems, bases=(folder,))


_Found = tuple[str, str, str, Terms, Terms]  # identifier, where, key, occurrence, media


def _photographs(
    sources: list[Source], file: str, needed: set[str], problems: list[Problem]
) -> list[_Found]:
    """Every photograph that the tables name, in the order of the table of media.

    Of an occurrence only the `needed` terms are kept: archives have hundreds.
    """
    media_tables = [source for source in sources if source.kind == "multimedia"]
    core = sources[0] if sources[0] not in media_tables else None
    media = [
        (table.name, line, key, terms)
        for table in media_tables
        for line, key, terms in table.rows(problems)
    ]
    wanted = {key for _, _, key, _ in media}
    occurrences: dict[str, Terms] = {}
    cells: list[_Found] = []
    bare_ones = 0
    for line, key, terms in core.rows(problems) if core else ():
        own = [terms[file]] if terms.get(file) else several(terms.get("associatedmedia", ""))
        where = f"{core.name if core else ''}, line {line}"
        if not own and key not in wanted:
            bare_ones += 1
            continue
        if key and key in occurrences:
            reason = "has the same identifier as an earlier row; the earlier one counts."
            problems.append(Problem(f"{where},", reason))
            continue
        occurrences[key] = {term: terms[term] for term in needed if term in terms}
        cells += ((given, where, key, occurrences[key], {}) for given in own)
    if core and bare_ones:
        reason = f"has {bare_ones:,} occurrences without a photograph; they are passed over."
        problems.append(Problem(core.name, reason, kept=True))
    found: list[_Found] = []
    for name, line, key, terms in media:
        where = f"{name}, line {line}"
        if core and (not key or key not in occurrences):
            reason = f"belongs to occurrence {key!r}, which is not in {core.name}; it is left out."
            problems.append(Problem(f"{where},", reason))
            continue
        given = _identifier(terms, file, where, problems)
        if given:
            found.append((given, where, key, occurrences.get(key, terms), terms))
    # An archive may name the same photograph in both tables.
    named = {(key, given) for given, _, key, _, _ in found}
    return found + [cell for cell in cells if (cell[2], cell[0]) not in named]


def _identifier(terms: Terms, file: str, where: str, problems: list[Problem]) -> str:
    """Return what names the photograph of a row of media, "" if it has none."""
    if file and terms.get(file):
        return terms[file]
    kind = " ".join((terms.get("type", ""), terms.get("format", "")))
    given = next((terms[t] for t in _IDENTIFIERS if t in terms and not _MIME.match(terms[t])), "")
    if _OTHER.search(kind.strip()) and not _PICTURE.search(given):
        problems.append(
            Problem(f"{where},", f"is no photograph but {kind.strip()!r}; it is left out.")
        )
        return ""
    if given:
        return given
    for term in _STRAYED:
        text = terms.get(term, "")
        if _PICTURE.search(text):
            reason = f"has its identifier in the column {term!r}; {text!r} is taken."
            problems.append(Problem(f"{where},", reason, kept=True))
            return text
    problems.append(Problem(f"{where},", "has no identifier of a photograph; it is left out."))
    return ""


def _view(media: Terms, views: Mapping[str, str] | None) -> tuple[str, str]:
    """Return the view in the words given, and in Audiovisual Core's."""
    word = _first(media, ("subjectorientation", "subjectorientationliteral", "view"))
    if word:
        return word, orientation(word, views)
    for term in ("title", "description", "caption", "subjectpart"):
        view, word = orientation_in(media.get(term, ""))
        if view:
            return word, view
    return "", ""


def _first(terms: Terms, names: Sequence[str]) -> str:
    return next((terms[name] for name in names if name in terms), "")
