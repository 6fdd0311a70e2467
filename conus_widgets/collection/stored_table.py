"""A collection's table inside its store."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

from conus_widgets.collection import arrow, parts
from conus_widgets.collection.problems import Problem
from conus_widgets.collection.table import Record, Table

NAME = "table.parquet"
_TEXTS = (
    "label",
    "specimen",
    "view",
    "region",
    "institution",
    "occurrence",
    "catalogue",
    "given_view",
)
_ABOUT = b"conus_widgets"


def write(folder: Path, table: Table) -> None:
    """Write a table into a store's folder.

    Raises
    ------
    OSError
        If it cannot be written; an older table stays as it was.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    records = table.records
    columns = {
        "path": arrow.blobs(os.fsencode(record.path) for record in records),
        **{name: arrow.texts(getattr(record, name) for record in records) for name in _TEXTS},
        "others": arrow.texts(json.dumps(dict(record.others)) for record in records),
    }
    about = {
        "source": table.source,
        "grouped": table.grouped,
        "problems": [[p.file, p.reason, p.kept] for p in table.problems],
    }
    written = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    written = written.replace_schema_metadata({_ABOUT: json.dumps(about).encode()})
    parts.write_whole(
        folder, folder / NAME, lambda file: parquet.write_table(written, file, compression="zstd")
    )


class StoredTable:
    """A table as it was saved; records are made when they are asked for.

    Parameters
    ----------
    folder : Path
        Of the store.

    Attributes
    ----------
    paths : list of bytes
    source : str
    grouped : bool
        As of a `Table`.
    """

    def __init__(self, folder: Path) -> None:
        self._columns = arrow.read(folder / NAME, ["path", *_TEXTS, "others"])
        self._about: dict[str, Any] = json.loads(self._columns.schema.metadata[_ABOUT])
        self.paths: list[bytes] = arrow.values(self._columns, "path")
        self.source: str = self._about["source"]
        self.grouped: bool = self._about["grouped"]
        self._texts: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def column(self, name: str) -> list[str]:
        """Return what stands in this field of each record, "label" or "view" say."""
        if name not in self._texts:
            self._texts[name] = arrow.values(self._columns, name)
        return self._texts[name]

    @property
    def records(self) -> Sequence[Record]:
        """All records; one is made when it is asked for."""
        return _Stored(self)

    def record(self, place: int) -> Record:
        """Return one record."""
        row = self._columns.slice(place, 1)
        return _records(row)[0]

    @cached_property
    def table(self) -> Table:
        """The whole table."""
        return Table(
            records=tuple(_records(self._columns)),
            problems=tuple(Problem(*given) for given in self._about["problems"]),
            source=self.source,
            grouped=self.grouped,
        )


class _Stored(Sequence[Record]):
    """The records of a stored table."""

    def __init__(self, stored: StoredTable) -> None:
        self._stored = stored

    def __len__(self) -> int:
        return len(self._stored)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return self._stored.table.records[place]
        return self._stored.record(range(len(self))[place])


def _records(columns: Any) -> list[Record]:
    texts = [arrow.values(columns, name) for name in _TEXTS]
    paths = map(os.fsdecode, arrow.values(columns, "path"))
    texts_of_others = arrow.values(columns, "others")
    known = {text: json.loads(text) for text in set(texts_of_others)}  # most have none
    others = [known[text] for text in texts_of_others]
    return [
        Record(path=path, others=other, **dict(zip(_TEXTS, given, strict=True)))
        for path, other, *given in zip(paths, others, *texts, strict=True)
    ]
