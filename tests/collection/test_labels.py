import numpy as np
import pytest

from conus_widgets.collection.labels import compare_labels
from conus_widgets.collection.names import Entry, Names

CLASSES = ["Conus textile", "Conus ater", "dark tip"]


def test_labels_and_classes_however_they_are_written():
    labels = [
        "Conus textile",
        "conus_textile",
        "Conus (Cylinder) textile Linnaeus, 1758",
        "Dark Tip",
    ]
    found = compare_labels([*labels, ""], CLASSES)
    assert found.ids.dtype == np.int64 and found.ids.tolist() == [0, 0, 0, 2, -1]
    assert found.unknown == () and found.empty == ("Conus ater",)
    assert [str(p) for p in found.problems] == [
        "1 of 3 classes do not occur in the collection ('Conus ater'); nothing can be said about "
        "their accuracy."
    ]


def test_input_8_doubtful_names_authors_and_a_fossil():
    labels = [
        "Conus cf. textile",
        "Conus sp.",
        "Conus (Cylinder) textile Linnaeus, 1758",
        "\u2020Conus tarbellianus Grateloup, 1840",
    ]
    found = compare_labels(labels, CLASSES)
    assert found.ids.tolist() == [-1, -1, 0, -1]
    assert found.unknown == (labels[0], labels[1], labels[3])
    said = [str(problem) for problem in found.problems]
    assert "Conus cf. textile is a doubtful name (cf.)" in said[0] and "genus is Conus" in said[0]
    assert "Conus sp. is a doubtful name (sp.)" in said[1]
    assert "tarbellianus Grateloup, 1840 is no class of the model" in said[2]


def test_a_doubt_in_its_own_column_counts():
    found = compare_labels(["Conus ater"] * 2, CLASSES, qualifiers=["", "cf. ater"])
    assert found.ids.tolist() == [1, -1]
    assert str(found.problems[0]).startswith("Conus ater cf. ater is a doubtful name")


def test_a_class_that_is_named_with_its_doubt_is_met_by_it():
    assert compare_labels(["Bellamya_species"], ["Bellamya species"]).ids.tolist() == [0]


def test_labels_that_fit_several_classes_fit_none():
    classes = ["Conus ater Born, 1778", "Conus ater Smith, 1900", "x_y", "x y"]
    found = compare_labels(["Conus ater", "Conus ater Born, 1778", "X y", "x_y"], classes)
    assert found.ids.tolist() == [-1, 0, -1, 2]


def test_input_9_synonyms_and_split_names_move_nothing_but_are_told():
    names = Names(
        {
            "Conus new": Entry("Conus new", "Conus ater", ("Conus ater",)),
            "Conus broad": Entry("Conus broad", "", ("Conus ater", "Conus ebur")),
        }
    )
    found = compare_labels(["Conus new", "Conus broad", "Conus texxtile"], CLASSES, names=names)
    assert found.ids.tolist() == [-1, -1, -1]
    said = [str(problem) for problem in found.problems]
    assert "a synonym of 'Conus ater', which is" in said[0]
    assert "Conus broad is ambiguous (Conus ater, Conus ebur)" in said[1]
    assert "near are 'Conus textile'" in said[2]


def test_input_10_nine_thousand_classes_and_four_hundred_labels():
    classes = [f"Genus{n % 97} species{'abcdefghij'[n % 10]}{n}" for n in range(9140)]
    labels = [classes[n * 22] for n in range(401) for _ in range(3)]
    found = compare_labels(labels, classes)
    assert found.ids.tolist() == [n * 22 for n in range(401) for _ in range(3)]
    assert len(found.empty) == 9140 - 401 and not found.unknown
    (only,) = found.problems  # not one for each of 8,739 classes
    assert str(only).startswith("8,739 of 9,140 classes do not occur in the collection")


def test_nothing_to_compare():
    found = compare_labels([], [])
    assert found.ids.shape == (0,) and not found.problems
    with pytest.raises(ValueError):
        compare_labels(["a"], ["a"], qualifiers=[])
