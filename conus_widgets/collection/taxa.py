"""Names of taxa: what a label says about genus and species, and how sure it is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_CERTAIN_RANKS = ("species", "subspecies", "variety", "form")


@dataclass(frozen=True, slots=True)
class Taxon:
    """A name, taken apart. Parts that it does not have are "".

    Attributes
    ----------
    verbatim : str
        As it was given.
    genus, subgenus, epithet, infraspecific, authorship : str
    qualifier : str
        What makes it doubtful or open: "cf.", "aff.", "?", "sp. 1", "complex", "indet." ...
    rank : str
        Of what is named: "family", "genus", "subgenus", "species", "subspecies", "variety" or
        "form"; "" if the text is no name of a taxon ("dark tip").
    doubtful : str
        The rank from which on the name is in doubt: "cf. Conus" is doubtful from the genus on,
        "Conus cf. textile" from the species on. "" if it is not.
    """

    verbatim: str
    genus: str = ""
    subgenus: str = ""
    epithet: str = ""
    infraspecific: str = ""
    authorship: str = ""
    qualifier: str = ""
    rank: str = ""
    doubtful: str = ""

    @property
    def canonical(self) -> str:
        """The name without subgenus, authorship and doubt: "Conus textile"; "" if it is not one."""
        return " ".join(part for part in (self.genus, self.epithet, self.infraspecific) if part)

    @property
    def certain(self) -> bool:
        """Whether it names a species, or less, without a doubt."""
        return self.rank in _CERTAIN_RANKS and not self.qualifier

    @property
    def sure_genus(self) -> str:
        """The genus, if that is beyond doubt and written out."""
        return "" if self.doubtful == "genus" or self.genus.endswith(".") else self.genus


_QUALIFIERS = {
    "cf": "cf.",
    "cfr": "cf.",
    "conf": "cf.",
    "aff": "aff.",
    "nr": "nr.",
    "near": "nr.",
    "prox": "nr.",
    "?": "?",
}
_OPEN = {"sp": "sp.", "spp": "spp.", "species": "sp.", "indet": "indet.", "undet": "indet."}
_GROUPS = {"complex": "complex", "group": "group", "gr": "group", "grp": "group", "agg": "agg."}
_NO_NAMES = {*_GROUPS, "x", "s", "sensu"}
_BELOW = {
    "subsp": "subspecies",
    "ssp": "subspecies",
    "var": "variety",
    "v": "variety",
    "f": "form",
    "fo": "form",
    "forma": "form",
    "form": "form",
    "morph": "form",
}
_FAMILIES = (("oidea", "superfamily"), ("idae", "family"), ("inae", "subfamily"))
_PARTICLES = frozenset(
    "da de del della der des di do dos du la le ten ter van von vom zu zur den el in et and ex non "
    "auct auct. auctt.".split()
)
_GENUS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?\.?$")
_SUBGENUS = re.compile(r"\(([^\W\d_][^\W\d_]+)\)$")
_EPITHET = re.compile(r"[^\W\d_A-ZÀ-Þ]+(?:[-'’][^\W\d_]+)*$")


@lru_cache(maxsize=65536)
def parse(verbatim: str, qualifier: str = "") -> Taxon:
    """Take a name apart.

    Parameters
    ----------
    verbatim : str
        Such as "Conus (Cylinder) textile Linnaeus, 1758" or "Conus cf. textile".
    qualifier : str
        Darwin Core's ``identificationQualifier``, if the doubt stands in a column of its own.
    """
    tokens = _tokens(verbatim)
    parts: dict[str, str] = {}
    doubts: list[tuple[str, str]] = []  # qualifier, rank
    _take_doubt(tokens, doubts, "genus")
    if not tokens or not tokens[0][0].isupper() or not _GENUS.match(tokens[0].rstrip("?")):
        return Taxon(verbatim)
    first = _without_mark(tokens.pop(0), doubts, "genus")
    parts["genus"], rank = first, "genus"
    if tokens and (found := _SUBGENUS.match(tokens[0])):
        parts["subgenus"] = found[1]
        rank = "subgenus"
        tokens.pop(0)
    _take_doubt(tokens, doubts, "species")
    if tokens and _bare(tokens[0]) in _OPEN:
        doubts.append((" ".join([_OPEN[_bare(tokens[0])], *tokens[1:]]), "species"))
        tokens = []
    elif tokens and not _begins_authorship(tokens):
        parts["epithet"] = _without_mark(tokens.pop(0), doubts, "species")
        rank = "species"
        rank = _take_infraspecific(tokens, parts, doubts) or rank
        _take_doubt(tokens, doubts, "species")
    if rank == "genus" and (family := next((r for end, r in _FAMILIES if first.endswith(end)), "")):
        parts["genus"], rank = "", family
    if tokens and _bare(tokens[0]) in _GROUPS:
        doubts.append((_GROUPS[_bare(tokens.pop(0))], "species"))
    if any(token in ("x", "×") for token in tokens):
        doubts.append(("×", "species"))
        tokens = []
    if tokens and tokens[-1].endswith("?"):
        tokens[-1] = _without_mark(tokens[-1], doubts, "species")
    if not doubts and qualifier.strip():
        about_genus = first and qualifier.strip().endswith(first)
        doubts.append((qualifier.strip(), "genus" if about_genus else "species"))
    ranks = [of for _, of in doubts]
    return Taxon(
        verbatim,
        **parts,
        authorship=" ".join(token for token in tokens if token),
        qualifier=" ".join(dict.fromkeys(said for said, _ in doubts)),
        rank=rank,
        doubtful="genus" if "genus" in ranks else next(iter(ranks), ""),
    )


def _tokens(verbatim: str) -> list[str]:
    text = unicodedata.normalize("NFC", verbatim)
    text = re.sub(r"<[^<>]{0,40}>", " ", text).replace("\u2020", " ")  # <i>, a fossil's dagger
    if " " not in text.strip():
        text = text.replace("_", " ")
    text = re.sub(r"[\"“”„«»]", " ", text)
    if text.isupper():
        text = text.strip().capitalize()
    return re.sub(r"\?(?=\w)", "? ", text).split()


def _bare(token: str) -> str:
    return token.casefold().rstrip(".,;:")


def _take_doubt(tokens: list[str], doubts: list[tuple[str, str]], rank: str) -> None:
    while tokens and (word := _word(tokens[0])) in _QUALIFIERS:
        doubts.append((_QUALIFIERS[word], rank))
        tokens.pop(0)


def _word(token: str) -> str:
    """Return a token as a word to look up: "Cf." -> "cf", "(?)" -> "?"."""
    return token.strip("()").casefold().rstrip(".,;:")


def _without_mark(token: str, doubts: list[tuple[str, str]], rank: str) -> str:
    if token.endswith("?"):
        doubts.append(("?", rank))
    return token.rstrip("?")


def _begins_authorship(tokens: list[str]) -> bool:
    """Whether the next token is no epithet: a capital letter, a bracket, or "de Blainville"."""
    if not _EPITHET.match(tokens[0].rstrip("?")):
        return True
    rest = iter(tokens)
    if next(rest) not in _PARTICLES:
        return False
    after = next((token for token in rest if token not in _PARTICLES), "")
    return after[:1].isupper() or after[:1] in ("(", "[")


def _take_infraspecific(
    tokens: list[str], parts: dict[str, str], doubts: list[tuple[str, str]]
) -> str:
    """Take the name below the species, if there is one, and return its rank."""
    mark = _BELOW.get(_bare(tokens[0]), "") if len(tokens) > 1 else ""
    if mark:
        if not _EPITHET.match(tokens[1].rstrip("?")):
            return ""
        tokens.pop(0)
    elif tokens and _word(tokens[0]) in _QUALIFIERS and len(tokens) > 1:
        _take_doubt(tokens, doubts, "subspecies")
    if not tokens or _begins_authorship(tokens) or _bare(tokens[0]) in _NO_NAMES:
        return ""
    parts["infraspecific"] = _without_mark(tokens.pop(0), doubts, "subspecies")
    return mark or "subspecies"
