"""One JavaScript module, or one style sheet, made of several files."""

import re
from pathlib import Path

__all__ = ["PAGES", "bundle", "styles"]

PAGES = Path(__file__).parents[1]
"""The folder of all widgets; each has its JavaScript and CSS in ``page``."""

_BASE = PAGES / "live" / "page" / "base.css"

_IMPORT = re.compile(r'^import\s[^;]*?from\s+"(\.\.?/[^"]+)";\n', re.M)
_EXPORT = re.compile(r"^export (?!default\b)", re.M)


def bundle(entry: Path) -> str:
    """Return the source of one module: `entry`, after all that it imports.

    Parameters
    ----------
    entry : Path
        A JavaScript module. What it imports, and what that imports, is found by itself.

    Raises
    ------
    ImportError
        If modules import each other in a circle, or one of them does not exist.

    Notes
    -----
    anywidget hands one module to the browser, from a blob that cannot import its neighbours. The
    files stay real modules all the same, so that Node tests their functions as they are; here
    their imports of each other and the word ``export`` are taken out, and they share one scope.
    """
    parts: dict[Path, str | None] = {}

    def add(path: Path, asked_by: Path) -> None:
        if path in parts:
            if parts[path] is None:
                raise ImportError(f"{path} and {asked_by} import each other.")
            return
        parts[path] = None
        try:
            source = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise ImportError(f"{asked_by} imports {path}, which does not exist.") from error
        for neighbour in _IMPORT.findall(source):
            add((path.parent / neighbour).resolve(), path)
        del parts[path]  # so that it comes after what it imports
        parts[path] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry.resolve(), entry)
    return "\n".join(part for part in parts.values() if part is not None)


def styles(*paths: Path) -> str:
    """Return one style sheet: what all widgets share, and then `paths` in their order."""
    return "".join(path.read_text(encoding="utf-8") for path in (_BASE, *paths))
