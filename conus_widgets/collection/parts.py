"""The parts of a store: rows in a Parquet file, their features in a ``.npy`` of the same name.

A part is written once, moved into place whole, and never changed; it counts as soon as its Parquet
file is there. Many small ones (a *batch* each) are merged into large ones, which stay for good and
whose features are mapped into memory. Several processes may write parts at the same time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection import arrow
from conus_widgets.collection.digests import HASH_BYTES, MEASURES

ANSWERS, FEATURES, UNFINISHED = "answers", "features", "unfinished"
BATCH, LARGE = "batch-", "part-"  # how their names begin

_LIGHT = ("path", "size", "modified", "asked", "digest", "label", "error", "loss")
_HEAVY = ("probabilities", "logits", "hash", *MEASURES)


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known of N photographs, column by column.

    Attributes
    ----------
    path : list of bytes
        As the system spells it.
    size, modified : int64 arrays (N,)
        Of the file when it was read, in bytes and nanoseconds; -1 if it could not be read.
    asked : int64 array (N,)
        When it was asked, in nanoseconds.
    digest, label, error : lists of str
        SHA-256 of the file; the label at that time; what is wrong with the photograph, or "".
    loss : float32 array (N,)
        Minus the logarithm of the label's probability; not a number if the model has no such
        class.
    probabilities, logits : float32 arrays (N, C)
        Not numbers for a photograph that could not be used.
    hash : uint8 array (N, 32)
    measures : float32 array (N, 6)
        See `digests.MEASURES`.
    features : float16 array (N, F)
    """

    path: list[bytes]
    size: NDArray[Any]
    modified: NDArray[Any]
    asked: NDArray[Any]
    digest: list[str]
    label: list[str]
    error: list[str]
    loss: NDArray[Any]
    probabilities: NDArray[Any]
    logits: NDArray[Any]
    hash: NDArray[Any]
    measures: NDArray[Any]
    features: NDArray[Any]

    def __len__(self) -> int:
        return len(self.path)

    def take(self, places: Sequence[int] | NDArray[Any]) -> Rows:
        """Return some of the rows."""
        chosen = np.asarray(places, np.int64)
        found: dict[str, Any] = {}
        for name, column in _columns(self):
            listed = isinstance(column, list)
            found[name] = [column[n] for n in chosen] if listed else column[chosen]
        return Rows(**found)

    @classmethod
    def joined(cls, several: Sequence[Rows]) -> Rows:
        """Return the rows of one or more, one after the other."""
        found: dict[str, Any] = {}
        for name, first in _columns(several[0]):
            columns = [getattr(rows, name) for rows in several]
            listed = isinstance(first, list)
            found[name] = list(itertools.chain(*columns)) if listed else np.concatenate(columns)
        return cls(**found)

    @classmethod
    def empty(cls, count: int, classes: int, features: int) -> Rows:
        """Return rows of photographs of which nothing is known."""
        return cls(
            path=[b""] * count,
            size=np.full(count, -1, np.int64),
            modified=np.full(count, -1, np.int64),
            asked=np.full(count, time.time_ns(), np.int64),
            digest=[""] * count,
            label=[""] * count,
            error=[""] * count,
            loss=np.full(count, np.nan, np.float32),
            probabilities=np.full((count, classes), np.nan, np.float32),
            logits=np.full((count, classes), np.nan, np.float32),
            hash=np.zeros((count, HASH_BYTES), np.uint8),
            measures=np.full((count, len(MEASURES)), np.nan, np.float32),
            features=np.full((count, features), np.nan, np.float16),
        )


def _columns(rows: Rows) -> Iterator[tuple[str, Any]]:
    for field in fields(rows):
        yield field.name, getattr(rows, field.name)


class DamagedPart(ValueError):
    """A part that cannot be read; its photographs have to be asked again."""


class Part:
    """One part, of which only what is asked for is read.

    Parameters
    ----------
    folder : Path
        Of the store.
    name : str
        Without an ending.
    classes, features : int
        What its rows must have.

    Raises
    ------
    FileNotFoundError
        If it is gone: its rows stand in a larger part now.
    DamagedPart
        If its files are damaged or do not belong together.
    """

    def __init__(self, folder: Path, name: str, classes: int, features: int) -> None:
        self.name = name
        self._file = folder / ANSWERS / f"{name}.parquet"
        self._features_file = folder / FEATURES / f"{name}.npy"
        self._classes, self._width = classes, features
        light = self._read(_LIGHT)
        self.path: list[bytes] = arrow.values(light, "path")
        self.digest: list[str] = arrow.values(light, "digest")
        self.label: list[str] = arrow.values(light, "label")
        self.error: list[str] = arrow.values(light, "error")
        self.size, self.modified, self.asked, self.loss = (
            arrow.array(light, name) for name in ("size", "modified", "asked", "loss")
        )
        if not self.large:  # it may be merged and removed before anybody asks for more
            self.features  # noqa: B018
            self._heavy  # noqa: B018

    def __len__(self) -> int:
        return len(self.path)

    @property
    def large(self) -> bool:
        """Whether it stays for good."""
        return self.name.startswith(LARGE)

    @cached_property
    def features(self) -> NDArray[Any]:
        """float16 (N, F); of a large part mapped into memory."""
        with self._explained():
            mode: Any = "r" if self.large else None
            found: NDArray[Any] = np.load(self._features_file, mmap_mode=mode, allow_pickle=False)
            if found.shape != (len(self), self._width) or found.dtype != np.float16:
                raise ValueError(f"its features are {found.dtype} {found.shape}")
            return found

    @property
    def probabilities(self) -> NDArray[Any]:
        """float32 (N, C)."""
        return self._column("probabilities")

    @property
    def logits(self) -> NDArray[Any]:
        """float32 (N, C)."""
        return self._column("logits")

    @property
    def hash(self) -> NDArray[Any]:
        """uint8 (N, 32)."""
        return self._column("hash")

    @property
    def measures(self) -> NDArray[Any]:
        """float32 (N, 6)."""
        return _measures(self._read(MEASURES) if self.large else self._heavy)

    def rows(self, places: Sequence[int] | NDArray[Any]) -> Rows:
        """Return some of its rows, whole."""
        heavy = self._read(_HEAVY) if self.large else self._heavy
        columns = {name: getattr(self, name) for name in _LIGHT}
        columns |= {name: arrow.array(heavy, name) for name in _HEAVY[:3]}
        whole = Rows(measures=_measures(heavy), features=self.features, **columns)
        return whole.take(places)

    def _column(self, name: str) -> NDArray[Any]:
        found = arrow.array(self._read([name]) if self.large else self._heavy, name)
        if name != "hash" and found.shape[1:] != (self._classes,):
            raise DamagedPart(
                f"{self._file} is of another model: it has {found.shape[1]} {name} a photograph, "
                f"not {self._classes}."
            )
        return found

    @cached_property
    def _heavy(self) -> Any:
        return self._read(_HEAVY)

    def _read(self, columns: Sequence[str]) -> Any:
        with self._explained():
            return arrow.read(self._file, columns)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError) as error:  # Arrow's own errors are of these kinds
            words = str(error).strip().splitlines() or [type(error).__name__]
            raise DamagedPart(f"{self._file} cannot be read ({words[0]}).") from error


def _measures(table: Any) -> NDArray[Any]:
    return np.stack([arrow.array(table, name) for name in MEASURES], axis=1)


def write(folder: Path, rows: Rows, kind: str, ident: str | None = None) -> str:
    """Write a part of a store; return its name.

    Parameters
    ----------
    folder : Path
        Of the store.
    rows : Rows
    kind : {BATCH, LARGE}
    ident : str, optional
        What follows in its name; by default one that no other part has.

    Raises
    ------
    OSError
        If the disk is full, say. Nothing is left of the part then.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    name = kind + (ident or uuid.uuid4().hex)
    columns = {
        "path": arrow.blobs(rows.path),
        **{name: arrow.texts(getattr(rows, name)) for name in ("digest", "label", "error")},
        **{
            name: arrow.numbers(getattr(rows, name))
            for name in ("size", "modified", "asked", "loss", "probabilities", "logits", "hash")
        },
        **{name: arrow.numbers(rows.measures[:, n]) for n, name in enumerate(MEASURES)},
    }
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    features = np.ascontiguousarray(rows.features, np.float16)
    # The features first: a part counts when its answers are there.
    place = folder / FEATURES / f"{name}.npy"
    write_whole(folder, place, lambda file: np.save(file, features, allow_pickle=False))
    try:
        write_whole(
            folder,
            folder / ANSWERS / f"{name}.parquet",
            lambda file: parquet.write_table(
                table, file, compression="zstd", use_dictionary=["label", "error"]
            ),
        )
    except BaseException:
        with contextlib.suppress(OSError):
            place.unlink()
        raise
    return name


def remove(folder: Path, name: str) -> None:
    """Remove a part whose rows stand elsewhere; its answers first."""
    for file in (folder / ANSWERS / f"{name}.parquet", folder / FEATURES / f"{name}.npy"):
        file.unlink(missing_ok=True)


def names(folder: Path) -> list[str]:
    """Return the names of all parts, the large ones last."""
    found = [file.stem for file in (folder / ANSWERS).glob("*.parquet")]
    return sorted(name for name in found if name.startswith((BATCH, LARGE)))


def write_whole(folder: Path, place: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file of a store among its unfinished ones, and move it into place.

    Not beside its place: who reads all Parquet files of a folder would meet half a file there.

    Raises
    ------
    OSError
        If it cannot be written. Nothing is left of it then.
    """
    beside = folder / UNFINISHED / f"{uuid.uuid4().hex}.part"
    try:
        with open(beside, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    finally:
        beside.unlink(missing_ok=True)
