"""The meaning of a table's columns: the names that people give them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

#: For each thing that a record holds, the names of its column; the first that is there counts.
#: Written as `bare` returns them. Darwin Core's terms are among them.
NAMES: Mapping[str, Sequence[str]] = {
    "file": (
        "file filename filepath path imagepath imagefile photograph photo picture image "
        "img accessuri identifier goodqualityaccessuri mediaurl imageurl url uri"
    ).split(),
    "label": (
        "label class classname scientificname species taxon taxonname speciesname name "
        "acceptedscientificname verbatimscientificname identification determination target"
    ).split(),
    "specimen": "specimen specimenid specimennumber materialsampleid individual shell".split(),
    "view": (
        "view subjectorientation subjectorientationliteral orientation aspect viewtype side"
    ).split(),
    "region": "region waterbody country countrycode continent locality".split(),
    "institution": "institutioncode institution institutionid museum".split(),
    "collection": "collectioncode collection collectionid".split(),
    "catalogue": ("catalognumber cataloguenumber catalogue catalog catno accessionnumber").split(),
    "occurrence": "occurrenceid occurrence gbifid".split(),
    "media": ["associatedmedia"],
}


def bare(name: str) -> str:
    """Strip a column's name of namespace, case, signs: "dwc:Catalog_Number" -> catalognumber."""
    last = re.split(r"[/:#]", name.strip().rstrip("/:#"))[-1]
    return "".join(letter for letter in last.casefold() if letter.isalnum())


def find_column(columns: Sequence[str], thing: str, asked: str | None = None) -> str | None:
    """Return the name of the column that holds a thing, None if there is none.

    Parameters
    ----------
    columns : sequence of str
        The names as they stand in the table.
    thing : str
        A key of `NAMES`.
    asked : str, optional
        The column that a person named instead.

    Raises
    ------
    ValueError
        If there is no column of the name that was asked for; the nearest are named.
    """
    if asked is not None:
        for column in columns:
            if asked in (column, column.strip()):
                return column
        near = difflib.get_close_matches(asked, columns, 3, 0.5) or list(columns)[:8]
        raise ValueError(
            f"There is no column {asked!r} for the {thing}; there are {', '.join(map(repr, near))}."
        )
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(bare(column), column)
    return next((by_name[name] for name in NAMES[thing] if name in by_name), None)
