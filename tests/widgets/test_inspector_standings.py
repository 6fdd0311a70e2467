"""Labels and numbers of all specimens at once: the same as one specimen after the other."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "collection"))

from made_rows import fingerprint, rows

from conus_widgets.collection import Collection, Record, Table
from conus_widgets.collection.consensus import judgements, labels_after
from conus_widgets.collection.specimens import NO_CLASS
from conus_widgets.collection.store import writing
from conus_widgets.collection.verdicts import Verdict
from conus_widgets.widgets.inspector.facts import Facts
from conus_widgets.widgets.inspector.standing import NOT_COUNTED, Standings

CLASSES, PHOTOGRAPHS = 12, 400
LABELS = [*(f"species {n}" for n in range(CLASSES)), "species_3", "something else", "another", ""]


def facts_of(folder, seed):
    """Photographs of specimens in no order; some without an answer, a label or a class."""
    rng = np.random.default_rng(seed)
    made = rows(PHOTOGRAPHS, seed=seed, classes=CLASSES)
    for n in np.flatnonzero(rng.random(PHOTOGRAPHS) < 0.2):
        made.error[n] = "7.jpg cannot be read."
        made.probabilities[n] = made.logits[n] = np.nan
    # Of few photographs and of many: sums of floats depend on their order.
    specimens = np.minimum(rng.geometric(0.03, PHOTOGRAPHS), rng.integers(1, 99, PHOTOGRAPHS))
    usual = {one: LABELS[rng.integers(len(LABELS))] for one in set(specimens.tolist())}
    records = tuple(
        Record(
            path.decode(),
            LABELS[rng.integers(len(LABELS))] if rng.random() < 0.05 else usual[specimen],
            f"S{specimen}",
        )
        for path, specimen in zip(made.path, specimens.tolist(), strict=True)
    )
    with writing(folder, fingerprint(classes=CLASSES)) as (store, _):
        store.append(made)
        store.write_table(Table(records, (), "made", True))
    return Facts(Collection.open(folder))


def verdicts_on(facts, seed):
    rng = np.random.default_rng([seed, 1])
    found = []
    for specimen in rng.permutation(len(facts))[: len(facts) // 3].tolist():
        case, kind = facts.specimens[specimen], ("right", "wrong", "no class", "unusable")
        said = {"kind": kind[rng.integers(4)], "case": case, "by": "Ana"}
        if said["kind"] == "wrong":
            name = (*LABELS[:-1], "quite new")[rng.integers(len(LABELS))]
            said |= {"name": name, "rank": "species", "nature": "redetermination"}
        if rng.random() < 0.5:
            one = rng.choice(facts.photographs[specimen])
            said["photograph"] = said["seen"] = facts.digests[one]
        found.append(Verdict(**said))
    return judgements(found)


def one_by_one(facts, judged):
    """The plain way: rows, answers and means, a specimen after the other."""
    given = [one.label for one in facts.records]
    labels = labels_after(given, [one.specimen for one in facts.records], facts.digests, judged)
    places = dict.fromkeys(facts.classes)
    for name in (*given, *filter(None, labels)):
        if name and facts.class_number(name) == NO_CLASS:
            places.setdefault(name)
    places = {name: place for place, name in enumerate(places)}
    rows, answers, means = [], [], []
    for photographs in facts.photographs:
        counted = [n for n in photographs if labels[n] is not None]
        asked = [n for n in counted if facts.answered[n]]
        asked = asked or [n for n in photographs if facts.answered[n]]
        mean = facts.probabilities[asked].mean(axis=0) if asked else np.full(CLASSES, np.nan)
        means.append(mean.astype(np.float32))
        answers.append(int(mean.argmax()) if asked else -1)
        found = set()
        for n in counted:
            number = facts.class_number(labels[n]) if labels[n] else NO_CLASS
            found.add(number if number != NO_CLASS else places.get(labels[n], NOT_COUNTED))
        rows.append(found.pop() if len(found) == 1 else NOT_COUNTED)
    return places, np.array(rows), np.array(answers), np.array(means)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("judged", [False, True], ids=["as given", "after verdicts"])
def test_all_specimens_at_once_are_as_one_after_the_other_to_the_last_bit(tmp_path, seed, judged):
    facts = facts_of(tmp_path / "store", seed)
    assert max(map(len, facts.photographs)) > 16, "means of many, whose last bits show the order"
    said = verdicts_on(facts, seed) if judged else {}
    standing = Standings(facts).of(said)
    names, rows, answers, means = one_by_one(facts, said)
    assert sorted(standing.names) == sorted(names)
    assert [standing.names[row] if row >= 0 else "" for row in standing.rows] == [
        list(names)[row] if row >= 0 else "" for row in rows
    ]
    np.testing.assert_array_equal(standing.answers, answers)
    np.testing.assert_array_equal(standing.probabilities, means)
