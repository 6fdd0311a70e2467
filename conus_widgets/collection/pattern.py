"""Patterns for names of files: "{label}_{specimen}_{view}" as a rule to read them by."""

from __future__ import annotations

import re
import string

from .spelling import folded

_FIELD = re.compile(r"[A-Za-z]\w*$")


class Pattern:
    """A rule for the names of files.

    Parameters
    ----------
    text : str
        Fields in braces, and the letters between them. Fields are ``label``, ``specimen``,
        ``view``, ``region``, ``institution``, ``collection``, ``catalogue``, ``occurrence``, or
        names of one's own; ``{_}`` passes something over. With "/" the pattern reads folders, too,
        from the last one on. The end of the file's name (".jpg") is not part of it.

    Raises
    ------
    ValueError
        If the pattern cannot be used; the message says why.

    Notes
    -----
    A label may hold the sign that separates fields ("Conus_textile_3_A"), a view may not. What
    is left is shared out so that the label takes as much as it can. If the folder says what the
    label is, the name is first read with exactly that label.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            parts = [(part[0], part[1]) for part in string.Formatter().parse(text)]
        except ValueError as error:
            raise ValueError(f"The pattern {text!r} cannot be read: {error}.") from error
        self._parts = parts
        fields = [name for _, name in parts if name is not None]
        named = [name for name in fields if name != "_"]
        if not named:
            raise ValueError(
                f"The pattern {text!r} has no field; write one such as {{specimen}}_{{view}}."
            )
        for name in named:
            if not _FIELD.match(name):
                raise ValueError(
                    f"The pattern {text!r} has a field {name!r}; a field's name is letters, "
                    "digits and underscores, such as {specimen}."
                )
            if named.count(name) > 1:
                raise ValueError(f"The pattern {text!r} has the field {{{name}}} twice.")
        if any(not before for before, name in parts[1:] if name is not None):
            raise ValueError(
                f"The pattern {text!r} has two fields side by side; put a sign between them, "
                "such as _."
            )
        self.fields = tuple(named)
        self.depth = text.count("/") + 1
        self._separators = "".join(sorted({s for before, _ in parts for s in before})) + "/"
        self._free = self._compiled(None)
        self._with_label: dict[str, re.Pattern[str]] = {}

    def read(self, name: str, label: str = "") -> dict[str, str] | None:
        """Return the fields of a file's name.

        Parameters
        ----------
        name : str
            The file relative to its collection, with "/", without ".jpg".
        label : str
            What its folder says, "" if that says nothing.

        Returns
        -------
        dict of str to str, or None
            None if the name does not follow the pattern.
        """
        tail = "/".join(name.split("/")[-self.depth :])
        if label and "label" in self.fields:
            if label not in self._with_label:
                self._with_label[label] = self._compiled(label)
            found = self._with_label[label].fullmatch(tail)
            if found:
                return {**found.groupdict(), "label": label}
        found = self._free.fullmatch(tail)
        return found.groupdict() if found else None

    def _compiled(self, label: str | None) -> re.Pattern[str]:
        rule = []
        for before, name in self._parts:
            rule.append(re.escape(before))
            if name == "label" and label is not None:
                words = map(re.escape, folded(label).split())
                rule.append(f"(?i:{'[ _-]+'.join(words)})")
            elif name == "_":
                rule.append("[^/]*?")
            elif name == "view":
                rule.append(f"(?P<view>[^{re.escape(self._separators)}]+)")
            elif name is not None:
                rule.append(f"(?P<{name}>[^/]+{'' if name == 'label' else '?'})")
        return re.compile("".join(rule), re.DOTALL)
