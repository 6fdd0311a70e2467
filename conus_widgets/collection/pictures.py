"""The files of photographs on this machine, found by the end of their names elsewhere.

Archives name photographs by addresses. An address is printed, never fetched.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

from .problems import Problem
from .walking import SUFFIXES, Walk, walk

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
NOT_HERE = "is not in the folder of the photographs; download it and put it there."


@dataclass(frozen=True, slots=True)
class Match:
    """Which file an identifier means.

    Attributes
    ----------
    file : str
        Relative to the folder, with "/"; "" if none can be told.
    reason : str
        Why not: the rest of a sentence that begins with the identifier; "" if a file was found.
    parts : int
        How many parts of the path agree: the file's name, its folder, and so on.
    """

    file: str
    reason: str = ""
    parts: int = 0


@dataclass
class Located:
    """Where photographs lie.

    Attributes
    ----------
    found : list of (str, str)
        For each identifier the path of its file, or "" and the reason why none was found.
    problems : list of Problem
        What is to say about the folder itself.
    """

    found: list[tuple[str, str]]
    problems: list[Problem] = field(default_factory=list)


def locate(identifiers: Sequence[str], folder: str, *, search: bool) -> Located:
    """Return where the photographs lie that identifiers mean.

    Parameters
    ----------
    identifiers : sequence of str
    folder : str
        A path is first followed from here.
    search : bool
        Whether to look below the folder for what a path does not lead to, as `find` does.
    """
    direct = {
        given: os.path.normpath(os.path.join(folder, given))
        for given in dict.fromkeys(identifiers)
        if not is_address(given) and os.path.lexists(os.path.join(folder, given))
    }
    if not search:
        return Located([(direct[i], "") if i in direct else ("", _lost(i)) for i in identifiers])
    if os.path.isdir(folder):
        here = walk(folder)
    else:
        here = Walk(problems=[Problem(folder, "is no folder; give the one of the photographs.")])
    found = []
    used = set()
    for given, match in zip(identifiers, find(identifiers, here.files), strict=True):
        path = direct.get(given) or (os.path.join(folder, *match.file.split("/")))
        reason = "" if given in direct else match.reason
        found.append(("", reason) if reason else (path, ""))
        used.add(path)
    problems = list(here.problems)
    rest = [f for f in here.files if os.path.join(folder, *f.split("/")) not in used]
    if rest:
        problems.append(
            Problem(
                folder,
                f"holds {len(rest):,} of {len(here.files):,} photographs that no row names, such "
                f"as {rest[0]!r}.",
                kept=True,
            )
        )
    return Located(found, problems)


def _lost(identifier: str) -> str:
    if is_address(identifier):
        return "is an address; download the photograph and give the folder that it is in."
    return "is not there; correct it, or give the folder of the photographs."


def is_address(identifier: str) -> bool:
    """Whether an identifier is an address of the web rather than a path."""
    return bool(_ADDRESS.match(identifier)) and not identifier.casefold().startswith("file:")


def is_bare(identifier: str) -> bool:
    """Whether an identifier is nothing but the name of a file."""
    return not re.search(r"[/\\]", identifier)


def find(identifiers: Sequence[str], files: Sequence[str]) -> list[Match]:
    """Find the file that each identifier means, by the longest tail that agrees.

    Parameters
    ----------
    identifiers : sequence of str
        Addresses, paths or names of files, in any order; one may occur several times.
    files : sequence of str
        Files of a folder, relative to it, with "/".

    Returns
    -------
    list of Match, one for each identifier

    Notes
    -----
    ``https://host/photos/2735077/original.jpg`` means ``x/2735077/original.jpg`` rather than
    ``x/original.jpg``. Two files that agree as far as each other are a collision, and so are two
    identifiers for which the same file is the best: nothing is guessed. The longer tail wins; what
    is left has no file. Case, "%20" and the two ways to write an accent make no difference, unless
    two files differ by nothing else. In an address such as ``media?id=12345`` the values after
    the question mark may be the name; an identifier without ".jpg" or the like may mean a file
    that has one.
    """
    index = _Index(files)
    wanted = {identifier: index.look_up(identifier) for identifier in dict.fromkeys(identifiers)}
    claims: dict[str, dict[tuple[str, ...], int]] = {}
    for match, whole in wanted.values():
        if match.file:
            claims.setdefault(match.file, {})[whole] = match.parts
    decided = {}
    for identifier, (match, _) in wanted.items():
        if match.file:
            rivals = claims[match.file]
            longest = max(rivals.values())
            if match.parts < longest:
                match = Match("", NOT_HERE)
            elif sum(parts == longest for parts in rivals.values()) > 1:
                reason = (
                    f"ends like {len(rivals) - 1} other identifiers, but only {match.file!r} does; "
                    "keep the folders of the photographs, or name the files in a column."
                )
                match = Match("", reason)
        decided[identifier] = match
    return [decided[identifier] for identifier in identifiers]


class _Index:
    """All tails of all files."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = [(file, tuple(map(_same, file.split("/")))) for file in files]
        self._tails = _tails(self._files)
        self._cased: dict[str, list[str]] = {}
        self._depth = max((len(parts) for _, parts in self._files), default=0)

    @cached_property
    def _stems(self) -> dict[tuple[str, ...], list[str]]:
        """The same, without ".jpg"."""
        return _tails((f, (*p[:-1], os.path.splitext(p[-1])[0])) for f, p in self._files)

    def _by_case(self, tail: str, files: list[str]) -> list[str]:
        """Of files that differ by case, the one that is written like the tail, if there is one."""
        # Remembered, because a hundred thousand photographs may all be called original.jpg.
        if tail not in self._cased:
            exact = [file for file in files if f"/{file}".endswith(f"/{tail}")]
            self._cased[tail] = exact if len(exact) == 1 else files
        return self._cased[tail]

    def look_up(self, identifier: str) -> tuple[Match, tuple[str, ...]]:
        """Return the match, and the path by which it was found: what tells identifiers apart."""
        best: tuple[int, list[str], tuple[str, ...]] = (0, [], ())
        for whole in _ways(identifier):
            parts = tuple(map(_same, whole))
            suffix = os.path.splitext(parts[-1])[1]
            for table in (self._tails,) if suffix in SUFFIXES else (self._tails, self._stems):
                length = min(len(parts), self._depth)
                while length > best[0] and parts[-length:] not in table:
                    length -= 1
                if length > best[0]:
                    best = length, table[parts[-length:]], whole
        length, files, whole = best
        if len(files) > 1:
            files = self._by_case("/".join(whole[-length:]), files)
        if not files:
            return Match("", NOT_HERE), whole
        if len(files) > 1:
            tail = "/".join(whole[-length:])
            reason = (
                f"could be any of {len(files):,} files that end in {tail!r}, such as {files[0]!r} "
                f"and {files[1]!r}; keep their folders, or name the file in a column."
            )
            return Match("", reason), whole
        return Match(files[0], "", length), whole


def _tails(files: Iterable[tuple[str, tuple[str, ...]]]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for file, parts in files:
        for start in range(len(parts)):
            found.setdefault(parts[start:], []).append(file)
    return found


def _ways(identifier: str) -> list[tuple[str, ...]]:
    """Return the paths that an identifier may stand for, as their parts."""
    text = identifier.strip()
    if not _ADDRESS.match(text):
        parts = tuple(part for part in re.split(r"[/\\]", text) if part not in ("", ".", ".."))
        return [parts] if parts else []
    try:
        address = urlsplit(text)
    except ValueError:  # an unfinished address such as "http://[::1"
        return []
    raw = [part for part in address.path.split("/") if part]
    host = [address.netloc] if address.netloc else []
    ways = [(*host, *raw)]
    if "%" in address.path:
        ways.append((*host, *map(unquote, raw)))
    for _, value in parse_qsl(address.query) if address.query else ():
        ways.append((*ways[0], *(part for part in value.split("/") if part)))
    if address.fragment:  # a "#" within the name of a file
        ways.append((*ways[0][:-1], f"{ways[0][-1]}#{address.fragment}") if ways[0] else ())
    return [way for way in dict.fromkeys(ways) if way]


def _same(part: str) -> str:
    if part.isascii():
        return part.lower()
    return unicodedata.normalize("NFC", part).casefold()
