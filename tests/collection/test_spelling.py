import itertools
import random

import pytest

from conus_widgets.collection.spelling import close_names, folded, letters_apart


def levenshtein(a, b):
    """By its definition, slowly."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        levenshtein(a[1:], b) + 1,
        levenshtein(a, b[1:]) + 1,
        levenshtein(a[1:], b[1:]) + (a[0] != b[0]),
    )


def test_distances_are_those_of_the_definition_up_to_the_limit():
    rng = random.Random(0)
    for _ in range(300):
        a, b = ("".join(rng.choices("abc", k=rng.randrange(6))) for _ in "ab")
        for most in (0, 1, 2, 4):
            assert letters_apart(a, b, most) == min(levenshtein(a, b), most + 1)


def test_twin_classes_by_a_slip_of_the_pen_are_found():
    names = ["Ursus arctos", "Ursus arctus", "Ursus_arctos", "Ursus maritimus", "Ursus acrtos"]
    assert close_names(names) == [
        ("Ursus arctos", "Ursus arctus", 1),
        ("Ursus arctos", "Ursus_arctos", 0),
        ("Ursus arctos", "Ursus acrtos", 2),
        ("Ursus arctus", "Ursus_arctos", 1),
        ("Ursus_arctos", "Ursus acrtos", 2),
    ]


@pytest.mark.parametrize("pair", ["A B", "cat dog", "Ab Av", "sp.1 sp.2", "Conus_1 Conus_12"])
def test_names_that_are_meant_to_differ_are_not_reported(pair):
    assert close_names([name.replace("_", " sp. ") for name in pair.split()]) == []


def test_the_quick_look_loses_no_pair():
    rng = random.Random(1)
    words = ["".join(rng.choices("aeioukst", k=rng.randrange(6, 9))) for _ in range(350)]
    words = list(dict.fromkeys(words + [w[:3] + "u" + w[4:] for w in words[:40]]))
    slow = {
        (a, b)
        for a, b in itertools.combinations(words, 2)
        if letters_apart(folded(a), folded(b), 2) <= 2
    }
    found = close_names(words)
    assert {(a, b) for a, b, _ in found} == slow and len(slow) > 40


def test_accents_in_either_form_are_the_same():
    assert close_names(["Conus ro\u00eblken", "Conus roe\u0308lken"]) == [
        ("Conus ro\u00eblken", "Conus roe\u0308lken", 0)
    ]
