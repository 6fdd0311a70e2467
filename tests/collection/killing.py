"""An evaluation in a process of its own, killed at some moment, and what it left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

CHILD = """
import sys
from pathlib import Path
from conus_widgets.collection import evaluation, store
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.table import Record, Table
from made_photographs import SPECIES
from stand_in import StandIn

folder, out, batch, part_rows, delay = sys.argv[1:]
evaluation.BATCH, store.PART_ROWS = int(batch), int(part_rows)
files = sorted(Path(folder).rglob("*.png"))
table = Table(tuple(Record(str(file), file.parent.name) for file in files), (), folder, False)

def tell(done, total):
    print(done, flush=True)

print(evaluate(table, StandIn(labels=SPECIES, delay=float(delay)), out, progress=tell))
"""


def start(folder, out, *, batch, part_rows, delay):
    """Start an evaluation; the caller reads its lines or kills it."""
    given = [str(folder), str(out), str(batch), str(part_rows), str(delay)]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *given],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parent, *sys.path)))},
    )


def kill_after(folder, out, seconds, **options):
    """Run an evaluation and kill it some seconds after its first answer.

    Returns
    -------
    int or None
        How many photographs it said were answered; None if it ended before.
    """
    with start(folder, out, **options) as child:
        said = int(child.stdout.readline())
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        lines = child.stdout.read().split("\n")
        numbers = [int(line) for line in lines if line.isdecimal()]
        ended = child.wait() == 0
    return None if ended else max([said, *numbers])


def rows_of(out):
    """Return the digest, probabilities and features that a store holds for each photograph."""
    from conus_widgets.collection.store import open_store

    live = open_store(out).live()
    if not live.where:
        return {}
    rows = live.rows(sorted(live.where))
    return {
        path: (digest, probabilities, features)
        for path, digest, probabilities, features in zip(
            rows.path, rows.digest, rows.probabilities, rows.features, strict=True
        )
    }


def assert_same(found, expected):
    """Compare what two stores hold: digests exactly, probabilities within 1e-5."""
    assert found.keys() == expected.keys()
    for path, (digest, probabilities, features) in found.items():
        assert digest == expected[path][0]
        np.testing.assert_allclose(probabilities, expected[path][1], atol=1e-5)
        np.testing.assert_allclose(features, expected[path][2], rtol=2e-3, atol=1e-3)
