"""Answers that are carried over: files that were only moved, copied or touched are not asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from conus_widgets.collection import files
from conus_widgets.collection.parts import Rows
from conus_widgets.collection.store import Live
from conus_widgets.machine.machine import threads

AT_ONCE = 1024  # answers


def carry(live: Live, paths: Sequence[bytes], save: Callable[[Rows], None]) -> set[bytes]:
    """Save the answers of files that were only moved, copied or touched; return which.

    A file is read for that if one of its size was answered: its content then decides. An address
    is not.
    """
    known: dict[str, bytes] = {}
    sizes: set[int] = set()
    for path, (number, row) in live.where.items():
        part = live.parts[number]
        if not part.error[row]:
            known.setdefault(part.digest[row], path)
            sizes.add(int(part.size[row]))
    if not known:
        return set()
    alike = [
        path for path in paths if (state := files.state_of(path)) is not None and state[0] in sizes
    ]
    carried: set[bytes] = set()
    with ThreadPoolExecutor(max(2, threads())) as pool:
        for start in range(0, len(alike), AT_ONCE):
            some = alike[start : start + AT_ONCE]
            found = [
                (path, *content)
                for path, content in zip(some, pool.map(files.content_of, some), strict=True)
                if content is not None and content[0] in known
            ]
            if not found:
                continue
            rows = live.rows([known[digest] for _, digest, _, _ in found])
            same, _, sizes_now, modified = zip(*found, strict=True)
            save(
                replace(
                    rows,
                    path=list(same),
                    size=np.array(sizes_now, np.int64),
                    modified=np.array(modified, np.int64),
                )
            )
            carried.update(same)
    return carried
