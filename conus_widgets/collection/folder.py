"""A folder of photographs: a folder a class, and names of files that may say more."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .pattern import Pattern
from .problems import Problem, ReadingError
from .screening import screened
from .spelling import folded
from .table import Record, Table, specimen_key
from .views import orientation
from .walking import SUFFIXES, walk


def read_folder(
    path: str | os.PathLike[str],
    pattern: str | None = None,
    views: Mapping[str, str] | None = None,
) -> Table:
    """Read a folder that has a folder for each class.

    Parameters
    ----------
    path : path
        The folder. The name of a folder in it is a label, verbatim; what lies deeper belongs to
        that label, too, unless the pattern reads it.
    pattern : str, optional
        What the names of files say, such as ``"{label}_{specimen}_{view}"``; see `Pattern`. A
        specimen's name counts within its label, since numbers often begin again there. Without a
        pattern each photograph counts as a specimen of its own.
    views : mapping of str to str, optional
        Words for views and what they mean, such as ``{"1": "ventral"}``; see `views.orientation`.

    Returns
    -------
    Table

    Raises
    ------
    ReadingError
        If there is no such folder.
    ValueError
        If the pattern cannot be used.
    """
    rule = Pattern(pattern) if pattern is not None else None
    root = os.path.abspath(path)
    if not os.path.isdir(root):
        raise ReadingError(f"{root} is not a folder; give the folder that holds the classes.")
    found = walk(root)
    problems = list(found.problems)
    rows, grouped = [], False
    for file in found.files:
        label = file.split("/")[0] if "/" in file else ""
        record, remarks = _record(root, file, label, rule, views)
        problems += remarks
        if not record.label and not label:
            problems.append(
                Problem(
                    file,
                    "lies in no folder of a class and its name gives no label; it is left out: "
                    "put it into the folder of its class.",
                )
            )
            continue
        grouped = grouped or record.specimen != file
        rows.append((record, ""))
    taken = {file.split("/")[0] for file in found.files if "/" in file}
    what = "" if rule is not None and rule.depth > 1 else ": an empty class"
    problems += (
        Problem(name, f"is a folder without photographs{what}.")
        for name in found.folders
        if "/" not in name and name not in taken
    )
    return screened(rows, source=root, grouped=grouped, problems=problems, bases=(root,))


def _record(
    root: str,
    file: str,
    label: str,
    rule: Pattern | None,
    views: Mapping[str, str] | None,
) -> tuple[Record, list[Problem]]:
    path = os.path.join(root, *file.split("/"))
    if rule is None:
        return Record(path, label=label, specimen=file), []
    stem, suffix = os.path.splitext(file)
    fields = rule.read(stem if suffix.lower() in SUFFIXES else file, label)
    if fields is None:
        reason = f"does not follow the pattern {rule.text!r}; it counts as a specimen of its own."
        remarks = [Problem(file, reason, kept=True)] if label else []
        return Record(path, label=label, specimen=file), remarks
    remarks = []
    said = fields.pop("label", "")
    reads_folders = rule.depth > 1
    if said and label and not reads_folders and folded(said) != folded(label):
        reason = f"has {said!r} in its name and lies in {label!r}; the folder counts."
        remarks.append(Problem(file, reason, kept=True))
    if said and (reads_folders or not label):
        label = said
    specimen = specimen_key(
        institution=fields.get("institution", ""),
        collection=fields.get("collection", ""),
        catalogue=fields.get("catalogue", ""),
        occurrence=fields.get("occurrence", ""),
        other=f"{label}/{fields['specimen']}" if fields.get("specimen") else "",
    )
    view = fields.pop("view", "")
    record = Record(
        path,
        label=label,
        specimen=specimen or file,
        view=orientation(view, views),
        region=fields.pop("region", ""),
        institution=fields.pop("institution", ""),
        occurrence=fields.pop("occurrence", ""),
        catalogue=fields.pop("catalogue", ""),
        others={name: text for name, text in fields.items() if text and name != "specimen"},
        given_view=view,
    )
    return record, remarks
