"""Problems with a photograph or a row: one sentence each, with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conus_widgets.photographs.names import plain

_SHOWN = 5  # files of each reason


class ReadingError(ValueError):
    """A collection cannot be read at all; the message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person should know about one photograph, row, label or file.

    Attributes
    ----------
    file : str
        The photograph, or the file and line, or the label that it is about, as it was given.
    reason : str
        The rest of the sentence that begins with `file`.
    kept : bool
        True: only a remark, the photograph is in the table. False: it had to be left out.
    """

    file: str
    reason: str
    kept: bool = False

    def __str__(self) -> str:
        return f"{plain(self.file)} {plain(self.reason)}"


def by_reason(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Return the files of each reason, in the order of their first appearance.

    A thousand names with non-Latin letters are then one paragraph, not a thousand.
    """
    grouped: dict[str, list[str]] = {}
    for problem in problems:
        grouped.setdefault(problem.reason, []).append(problem.file)
    return grouped


def summed_up(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield a sentence for each reason; of many files that share it, the first are named."""
    for reason, files in by_reason(problems).items():
        if len(files) == 1:
            yield f"{plain(files[0])} {plain(reason)}"
            continue
        some = ", ".join(plain(file) for file in files[:_SHOWN])
        more = f" and {len(files) - _SHOWN:,} more" if len(files) > _SHOWN else ""
        yield f"{some}{more}: {plain(reason)}"
