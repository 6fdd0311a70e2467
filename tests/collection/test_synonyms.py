"""Names that mean the same take errors away, and only those that the network never made."""

import numpy as np
import pytest

from conus_widgets.collection.synonyms import accuracy_by_names

CLASSES = [f"Conus species{n}" for n in range(6)]


def answers(truth, right, seed):
    """Probabilities (N, 6) whose first class is the truth for about a share `right`."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.ones(6), len(truth)) * 0.4
    other = (truth + rng.integers(1, 5, len(truth))) % 5  # the sixth class is never named
    named = np.where(rng.random(len(truth)) < right, truth, other)
    rows[np.arange(len(truth)), named] += 0.6
    return rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("into", ["a name that is no class", "another class"])
def test_planted_synonyms_take_away_what_the_network_had_right(seed, into):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, 80)
    rows = answers(truth, 0.6, seed)
    given = [CLASSES[t] for t in truth]
    new = "Gastridium species0" if into == "a name that is no class" else CLASSES[5]
    planted = rng.choice(np.flatnonzero(truth == 0), 7, replace=False)
    for index in planted:
        given[index] = new
    found = accuracy_by_names(rows, given, range(80), CLASSES, accepted={new: CLASSES[0]})
    first = rows.argmax(axis=1)
    right = int((first[planted] == truth[planted]).sum())
    assert 0 < right < 7
    assert found.with_synonyms.part - found.as_given.part == right
    assert found.with_synonyms.part == (first == truth).sum()
    assert found.as_given.whole == found.with_synonyms.whole == found.by_genus.whole == 80


@pytest.mark.parametrize("seed", range(3))
def test_each_reading_forgives_at_least_as_much_as_the_stricter(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, 60)
    names = CLASSES + ["Conus old0", "Conus old1", "Nassarius fossil"]
    given = [names[t] if rng.random() < 0.7 else names[rng.integers(9)] for t in truth]
    accepted = {"Conus old0": CLASSES[0], "Conus old1": CLASSES[1], CLASSES[2]: CLASSES[3]}
    genera = {name: name.split()[0] if n % 2 else "Other" for n, name in enumerate(names)}
    found = accuracy_by_names(
        answers(truth, 0.6, seed), given, range(60), CLASSES, accepted=accepted, genera=genera
    )
    assert found.as_given.part <= found.with_synonyms.part <= found.by_genus.part
    assert found.unnamed == given.count("Nassarius fossil")


def test_a_split_name_is_never_moved():
    rows = np.eye(6)[[1, 0]]
    given = [CLASSES[0], CLASSES[0]]
    accepted = {CLASSES[0]: CLASSES[1]}
    moved = accuracy_by_names(rows, given, range(2), CLASSES, accepted=accepted)
    assert moved.with_synonyms.part == 2
    split = accuracy_by_names(
        rows, given, range(2), CLASSES, accepted=accepted, ambiguous={CLASSES[0]}
    )
    assert (split.with_synonyms.part, split.as_given.part, split.ambiguous) == (1, 1, 2)


def test_the_genus_is_that_of_accepted_names():
    rows = np.eye(6)[[1]]
    genera = {CLASSES[1]: "Conus", "Conus correct": "Conus"}
    found = accuracy_by_names(
        rows,
        ["Cylinder wrong"],
        [0],
        CLASSES,
        accepted={"Cylinder wrong": "Conus correct", CLASSES[0]: "Conus correct"},
        genera=genera,
    )
    assert (found.as_given.part, found.with_synonyms.part, found.by_genus.part) == (0, 0, 1)


def test_two_names_of_one_species_on_a_specimen_do_not_contradict():
    rows = np.eye(6)[[0, 0, 1, 1]]
    given = [CLASSES[0], "old", CLASSES[1], CLASSES[2]]
    found = accuracy_by_names(rows, given, list("aabb"), CLASSES, accepted={"old": CLASSES[0]})
    assert found.contradicted == 1
    assert (found.as_given.part, found.with_synonyms.part, found.as_given.whole) == (0, 1, 1)
