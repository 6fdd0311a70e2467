"""The reading of any collection: a folder, a table or an archive, by its path."""

from __future__ import annotations

import os

from conus_widgets.collection.collection import Collection

_ARCHIVES = (".zip", ".dwca")


def read_collection(
    path: str | os.PathLike[str],
    photographs: str | os.PathLike[str] | None = None,
    *,
    pattern: str | None = None,
    names: str | os.PathLike[str] | None = None,
) -> Collection:
    """Read a folder with a folder for each class, a CSV or Parquet file, or a Darwin Core archive.

    Parameters
    ----------
    path : path
        An archive is a .zip, or a folder with meta.xml.
    photographs : path, optional
        The folder of the photographs of a table or an archive.
    pattern : str, optional
        For a folder, what names of files say: see `read_folder`.
    names : path, optional
        Which names mean the same: see `Collection`.

    Raises
    ------
    ValueError
        If the photographs of an archive are not given, or the source cannot be read.
    """
    given = os.fspath(path)
    if os.path.isdir(given):
        if not os.path.exists(os.path.join(given, "meta.xml")):
            return Collection.from_folder(given, pattern, names=names)
    elif not given.lower().endswith(_ARCHIVES):
        return Collection.from_table(given, photographs, names=names)
    if photographs is None:
        raise ValueError(
            f"{given} is an archive of occurrences: say where its photographs are, with "
            "--photographs DIR."
        )
    return Collection.from_darwin_core(given, photographs, names=names)
