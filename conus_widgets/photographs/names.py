"""Names of photographs, and the error that starts with a photograph's name."""

import os
from typing import Any

NAMELESS = "photograph"  # what has no file name is called

# Ways out, for errors.
AGAIN = "copy or download it again"
SAVE_AS = "open it in a picture program and save it as JPEG or PNG"


class PhotographError(ValueError):
    """A photograph cannot be used.

    The message is one sentence that starts with the photograph's name and says what to do.

    Attributes
    ----------
    name : str
        The file's name, or the name given by the caller; control characters are shown escaped.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem

    def __reduce__(self) -> tuple[type["PhotographError"], tuple[str, str]]:
        return PhotographError, (self.name, self.problem)


def name_of(source: Any, number: int | None = None, *, name: str | None = None) -> str:
    """Return what to call a photograph: one line of plain text, whatever its file is called.

    Parameters
    ----------
    source : photograph
        In any form; the name of its file is taken.
    number : int, optional
        Its place, counted from 1, among those that were given together or stand on the page.
    name : str, optional
        The name that somebody gave it, in place of its file's.

    Returns
    -------
    str
        Without any name "photograph 3", or only "photograph" if it has no number. Letters that do
        not print are shown escaped: see `plain`.
    """
    if name is None:
        if isinstance(source, str | os.PathLike):
            path = os.fsdecode(os.fspath(source))
            name = os.path.basename(path) or path
        else:
            given = getattr(source, "name", None) or getattr(source, "filename", None)
            name = os.path.basename(os.fsdecode(given)) if isinstance(given, str | bytes) else ""
    name = plain(name) or NAMELESS
    return name if name != NAMELESS or number is None else f"{NAMELESS} {number}"


def plain(text: str) -> str:
    """Text with everything that does not print shown escaped.

    That is line ends, turned writing, and what stands for bytes of a name that are no UTF-8: no
    terminal, file or page takes those.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
