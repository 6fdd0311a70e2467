"""Collections of labelled photographs: read as they are, asked once, everything else derived.

This package knows no widget. Tables of any kind become a `Table` of `Record`; what is wrong with
a photograph, a row or a label is a `Problem` in that table, and the rest goes on. A `Collection`
asks a network about them and keeps the answers in a folder.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case import Case
    from .collection import Collection
    from .darwin_core import read_darwin_core
    from .drawn import draw_collection
    from .folder import read_folder
    from .holder import HeldError
    from .names import Names, read_names
    from .problems import Problem
    from .store import StoreError
    from .table import Record, Table
    from .tabular import read_table

_HOMES = {
    "Case": "case",
    "Collection": "collection",
    "HeldError": "holder",
    "Names": "names",
    "Problem": "problems",
    "Record": "table",
    "StoreError": "store",
    "Table": "table",
    "draw_collection": "drawn",
    "read_darwin_core": "darwin_core",
    "read_folder": "folder",
    "read_names": "names",
    "read_table": "tabular",
}

__all__ = [
    "Case",
    "Collection",
    "HeldError",
    "Names",
    "Problem",
    "Record",
    "StoreError",
    "Table",
    "draw_collection",
    "read_darwin_core",
    "read_folder",
    "read_names",
    "read_table",
]


def __getattr__(name: str) -> Any:
    # Imported when they are used: the command line asks this package for a few words only.
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
