"""Several JavaScript modules as one."""

import re
from pathlib import Path

__all__ = ["bundle"]

_IMPORT = re.compile(r'^import\s[^;]*?from\s+"\.\.?/[^"]+";\n', re.M)
_EXPORT = re.compile(r"^export (?!default\b)", re.M)


def bundle(*paths: Path) -> str:
    """Return the source of one module made of several, each after those it imports from.

    Notes
    -----
    anywidget hands one module to the browser, from a blob that cannot import its neighbours. The
    files stay real modules all the same, so that Node tests their functions as they are; here
    their imports of each other and the word ``export`` are taken out, and they share one scope.
    """
    parts = (path.read_text(encoding="utf-8") for path in paths)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)
