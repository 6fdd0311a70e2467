"""Collections of labelled photographs: read as they are, asked once, everything else derived.

This package knows no widget. Tables of any kind become a `Table` of `Record`; what is wrong with
a photograph, a row or a label is a `Problem` in that table, and the rest goes on.
"""

from .darwin_core import read_darwin_core
from .drawn import draw_collection
from .folder import read_folder
from .names import Names, read_names
from .problems import Problem
from .table import Record, Table
from .tabular import read_table

__all__ = [
    "Names",
    "Problem",
    "Record",
    "Table",
    "draw_collection",
    "read_darwin_core",
    "read_folder",
    "read_names",
    "read_table",
]
