"""The inspector's benchmark data: two evaluated collections, made once, and their notebooks."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import collection as stored
from benchmarks import network
from benchmarks.browser import hosts
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.table import Record, Table

CASES, GALLERY = 1_000, 10_000  # specimens of two photographs, and of one
SIZE = (1600, 1200)  # pixels of a photograph that is opened
CELL = """\
from conus_widgets import Inspector, load_predictor
from conus_widgets.collection import Collection
Inspector(Collection.open({store!r}), {predictor}, reviewer="bench")"""


def prepare(folder: Path) -> dict[str, Path]:
    """Return the stores "cases" and "gallery"; each is made where it is not there."""
    checkpoint = stored.checkpoint_of("nearest")
    if not (folder / "network" / "checkpoint").exists():
        network.prepare(folder / "network")
    stores = {name: folder / f"inspected-{name}" for name in ("cases", "gallery")}
    shapes = {"cases": (SIZE, 2 * CASES, 2), "gallery": (stored.TINY, GALLERY, 1)}
    for name, store in stores.items():
        if store.exists():
            continue
        size, count, each = shapes[name]
        records = tuple(
            Record(
                str(file),
                f"species {number // each % 70}",
                f"S{number // each:05}",
                ("ventral", "dorsal")[number % 2],
            )
            for number, file in enumerate(stored.photographs(size, count))
        )
        making = store.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        evaluate(Table(records, (), name, True), stored.Quick(checkpoint), making, progress=False)
        making.rename(store)
    for name, store in stores.items():
        shutil.rmtree(store / "verdicts", ignore_errors=True)
        path = str(folder / "network" / "checkpoint")
        predictor = f"load_predictor({path!r})" if name == "cases" else None
        hosts.write_notebook(
            folder / "notebooks" / f"inspected-{name}.ipynb",
            CELL.format(store=str(store), predictor=predictor),
        )
    return stores
