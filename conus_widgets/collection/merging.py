"""Batches of a store become large parts.

While a collection is evaluated, batches that were just saved are joined: all their rows count. At
its end everything that is left is merged, and rows that no longer count leave.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conus_widgets.collection import parts
from conus_widgets.collection.parts import BATCH, LARGE, DamagedPart, Rows
from conus_widgets.collection.store import Store, explained


class Gathering:
    """Batches that were saved, gathered until they fill a large part.

    Parameters
    ----------
    rows : int
        Of a large part, at most.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._names: list[str] = []
        self._count = 0

    def add(self, name: str, count: int) -> list[str]:
        """Add a batch; return those before it, if it would be too many with them, else none."""
        full: list[str] = []
        if self._count + count > self._rows:
            full, self._names, self._count = self._names, [], 0
        self._names.append(name)
        self._count += count
        return full


def join(store: Store, names: Sequence[str]) -> None:
    """Make one large part of batches whose rows all count.

    If it was done before, or ended in the middle, nothing is there twice. If a batch cannot be
    read, as on a network's disk that shows it late, all stay for `merge`.

    Raises
    ------
    StoreError
        If the disk is full, say; what was saved before stays.
    """
    ident = names[0].removeprefix(BATCH)
    with explained(store.folder):
        if LARGE + ident not in parts.names(store.folder):
            try:
                found = [store.part(name) for name in names]
            except (FileNotFoundError, DamagedPart):
                return
            rows = Rows.joined([part.rows(np.arange(len(part))) for part in found])
            parts.write(store.folder, rows, LARGE, ident)
        _remove(store, names)


def merge(store: Store) -> None:
    """Merge batches into large parts, and what is left over into one batch.

    A process that ends in the middle of it leaves some rows in two parts, which does no harm.

    Raises
    ------
    StoreError
        As in `join`.
    """
    live = store.live()
    counts: dict[int, list[int]] = {n: [] for n in range(len(live.parts))}
    for number, row in live.where.values():
        counts[number].append(row)
    merged: list[Rows] = []
    sources: list[str] = []
    with explained(store.folder):
        for number, part in enumerate(live.parts):
            if part.large:
                continue
            sources.append(part.name)
            if counts[number]:
                merged.append(part.rows(sorted(counts[number])))
            while sum(map(len, merged)) >= store.part_rows:
                rows = Rows.joined(merged)
                merged.clear()
                parts.write(store.folder, rows.take(np.arange(store.part_rows)), LARGE)
                rest = rows.take(np.arange(store.part_rows, len(rows)))
                merged = [rest] if len(rest) else []
                del rows
                # The last source holds the rest until that is written, too.
                _remove(store, sources[:-1] if merged else sources)
                sources = sources[-1:] if merged else []
        if len(sources) > 1 or (sources and not merged):
            if merged:
                parts.write(store.folder, Rows.joined(merged), BATCH)
            _remove(store, sources)


def _remove(store: Store, names: Sequence[str]) -> None:
    for name in names:
        parts.remove(store.folder, name)
