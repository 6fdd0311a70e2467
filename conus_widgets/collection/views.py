"""Words for views: which side of a shell a photograph shows, as Audiovisual Core names it."""

from __future__ import annotations

import re
from collections.abc import Mapping

UNSPECIFIED = "unspecifiedOrientation"
#: The controlled values of Audiovisual Core's subjectOrientation, in the order of their numbers:
#: http://rs.tdwg.org/acorient/values/r0000 and following.
ORIENTATIONS = (
    UNSPECIFIED,
    "anterior",
    "posterior",
    "lateral",
    "right",
    "left",
    "dorsal",
    "ventral",
    "upper",
    "lower",
    "apical",
    "basal",
    "oral",
    "aboral",
)

# By convention a shell lies with its aperture up, so that the aperture is on its ventral side.
_WORDS = {
    "ventral": (
        "a",
        "aperture",
        "apertural",
        "adapertural",
        "ventrally",
        "front",
        "mündung",
        "mündungsansicht",
        "ouverture",
        "abertura",
        "apertura",
        "ventrale",
    ),
    "dorsal": (
        "b",
        "abapertural",
        "dorsally",
        "dorsum",
        "back",
        "rücken",
        "rückenansicht",
        "dos",
        "dorso",
        "dorsale",
    ),
    "lateral": ("side", "laterally", "seite", "seitenansicht", "profile", "latéral", "laterale"),
    "apical": ("apex", "apically", "spire", "top", "spitze", "apicale"),
    "basal": ("base", "basally", "bottom", "umbilical", "umbilicus", "basale"),
    "anterior": ("siphonal",),
}
_KNOWN = {
    **{value.casefold(): value for value in ORIENTATIONS},
    **{word: value for value, words in _WORDS.items() for word in words},
}
_ADDRESS = re.compile(r"(?:https?://rs\.tdwg\.org/acorient/values/|acorient:)?r00(\d\d)$", re.I)
_FILLERS = re.compile(r"\b(?:view|views|ansicht|vue|vista)\b")


def orientation(word: str, own: Mapping[str, str] | None = None) -> str:
    """Return the view that a word means, "" for an unknown one.

    Parameters
    ----------
    word : str
        Such as "apertural", "Dorsal view", "A", or a term's address.
    own : mapping of str to str, optional
        Words of one's own and what they mean, such as ``{"1": "ventral", "2": "back"}``. They
        come first. A meaning that is no known word stays as it is: it is a view of one's own.
    """
    text = _tidy(word)
    for given, meaning in (own or {}).items():
        if _tidy(given) == text:
            return orientation(meaning) or meaning.strip()
    if number := _ADDRESS.match(text):
        place = int(number[1])
        found = ORIENTATIONS[place] if place < len(ORIENTATIONS) else ""
    else:
        plain = " ".join(_FILLERS.sub(" ", text).split())
        tries = (text, plain, plain.removesuffix(" side"))
        found = next((_KNOWN[one] for one in tries if one in _KNOWN), "")
    return "" if found == UNSPECIFIED else found


def orientation_in(text: str) -> tuple[str, str]:
    """Return the one view that a sentence names, and the word; ("", "") for none or several.

    Single letters and words that mean other things as well ("back", "top") do not count here.
    """
    found: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]+", text.casefold()):
        if word in _TELLING:
            found.setdefault(_KNOWN[word], word)
    return next(iter(found.items())) if len(found) == 1 else ("", "")


def _tidy(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").split()).rstrip(".")


_TELLING = {
    "ventral",
    "dorsal",
    "lateral",
    "apical",
    "basal",
    "aperture",
    "apertural",
    "abapertural",
    "adapertural",
    "ventrally",
    "dorsally",
    "umbilical",
}
