"""Features of drawn specimens, two photographs each, as the embedded demonstration sees them."""

from functools import lru_cache

import numpy as np

from conus_widgets import load_predictor, shells

FIRST_SEED = 985_000_000  # of drawings that nothing else uses, and no training saw


@lru_cache(maxsize=1)
def predictor():
    return load_predictor()


def drawn_features(count, *, kinds=16, seed=0, size=224):
    """Features (2 * count, F), labels and specimens (2 * count,) of `count` shells, two views."""
    names = list(shells.KINDS)
    features, labels = [], []
    for number in range(count):
        kind = number % kinds
        first = FIRST_SEED + 100_000 * seed + number
        both = [
            shells.draw(names[kind], first, view=v, size=size).image
            for v in ("apertural", "dorsal")
        ]
        features.append(predictor().features(both).astype(np.float16))
        labels += [kind, kind]
    return np.concatenate(features), np.array(labels), np.repeat(np.arange(count), 2)


def mislabel(labels, specimens, wrong, kinds, seed):
    """Return labels of which `wrong` specimens have another one, on all their photographs; and
    which specimens those are."""
    rng = np.random.default_rng(seed)
    labels = labels.copy()
    planted = rng.choice(specimens.max() + 1, wrong, replace=False)
    for specimen in planted:
        mine = specimens == specimen
        labels[mine] = (labels[mine][0] + rng.integers(1, kinds)) % kinds
    return labels, set(planted.tolist())


def found_among(suggestions, planted, first):
    """How many of the planted specimens stand among the first ones suggested."""
    return len(planted & set(suggestions.specimens[:first]))
