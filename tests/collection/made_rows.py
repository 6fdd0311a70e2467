"""Rows of a store as tests need them: random, and right in form."""

import numpy as np

from conus_widgets.collection.answers import losses
from conus_widgets.collection.fingerprint import Fingerprint
from conus_widgets.collection.parts import Rows
from conus_widgets.network.interface import softmax

CLASSES = 5


def fingerprint(features=8, classes=CLASSES):
    labels = tuple(f"species {n}" for n in range(classes))
    return Fingerprint("made", "0" * 64, labels, features)


def rows(count, *, first=0, seed=0, features=8, classes=CLASSES, asked=None):
    """Return rows of the photographs /photos/<first>.jpg and so on."""
    rng = np.random.default_rng((seed, first))
    logits = rng.normal(0, 3, (count, classes)).astype("float32")
    label = rng.integers(classes, size=count)
    found = Rows.empty(count, classes, features)
    found.path[:] = [b"/photos/%d.jpg" % (first + n) for n in range(count)]
    found.digest[:] = [rng.bytes(32).hex() for _ in range(count)]
    found.label[:] = [f"species {n}" for n in label]
    found.size[:] = rng.integers(1, 10**7, count)
    found.modified[:] = rng.integers(1, 10**18, count)
    found.logits[:], found.probabilities[:] = logits, softmax(logits)
    found.loss[:] = losses(logits, label)
    found.hash[:] = rng.integers(0, 256, found.hash.shape)
    found.measures[:] = rng.uniform(0, 255, found.measures.shape)
    found.features[:] = rng.normal(0, 1, found.features.shape)
    if asked is not None:
        found.asked[:] = asked
    return found
