"""Opening a case on 1 GiB must not pay for what only long work needs."""

import subprocess
import sys

HEAVY = (
    "pandas",
    "sklearn",
    "cleanlab",
    "crepes",
    "pyarrow",
    "scipy.stats",
    "theano",
    "distributed",
)
CASE = """
import sys
import numpy as np
from conus_widgets.training import last_layer
from conus_widgets.collection.accuracy import accuracy
from conus_widgets.collection.calibration import calibration
from conus_widgets.collection.confusion import confusion, mistakes
from conus_widgets.collection.masks import specimen_mask
from conus_widgets.collection.neighbours import neighbours
from conus_widgets.collection.outlying import outlying
from conus_widgets.collection.patches import matched_patches
from conus_widgets.collection import prediction_sets, slices, suggestions
from conus_widgets.collection.risk import risk_curve
from conus_widgets.collection.synonyms import accuracy_by_names

rows = np.random.default_rng(0).dirichlet(np.ones(3), 20)
labels, specimens = np.arange(20) % 3, np.arange(20) // 2
names = [f"class {n}" for n in labels]
classes = ["class 0", "class 1", "class 2"]
accuracy(rows, labels, specimens)
accuracy_by_names(rows, names, specimens, classes, accepted={})
calibration(rows, labels)
confusion(rows, names, specimens, classes).pairs()
mistakes(rows, labels, range(20))
neighbours(0, rows, rows[0], labels, specimens, ["A"] * 20)
outlying(rows, labels, specimens)
risk_curve(rows, labels)
specimen_mask(np.zeros((20, 20, 3), np.uint8))
matched_patches(rows.reshape(3, 4, 5), rows.reshape(3, 4, 5))
print(",".join(sys.modules))
"""


def test_what_a_case_needs_imports_nothing_heavy():
    found = subprocess.run(
        [sys.executable, "-c", CASE], capture_output=True, text=True, check=True
    ).stdout.strip()
    loaded = set(found.split("\n")[-1].split(","))
    assert not loaded & set(HEAVY)
