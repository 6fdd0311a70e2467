import pytest
from made_files import reasons

from conus_widgets.collection import Names, read_names
from conus_widgets.collection.problems import ReadingError


def names(tmp_path, text):
    path = tmp_path / "names.csv"
    path.write_text(text, "utf-8")
    return read_names(path)


OWN = (
    "label,accepted name,AphiaID,genus,subgenus\n"
    "Cylinder textile,Conus textile,428404,Conus,Cylinder\n"
    "Conus textile,Conus textile,428404,Conus,Cylinder\n"
    "old kind,new kind,,,\n"
)
# The columns of the file that WoRMS returns; the second ScientificName is the one that it found.
WORMS = (
    "ScientificName,AphiaID,Match type,Taxon status,ScientificName,AphiaID_accepted,"
    "ScientificName_accepted,Authority_accepted,Family,Genus,Subgenus\n"
    "Cylinder textile,1,exact,unaccepted,Cylinder textile,428404,Conus (Cylinder) textile,"
    '"Linnaeus, 1758",Conidae,Conus,(Cylinder)\n'
    'Conus textille,2,near_1,accepted,Conus textile,428404,"Conus textile Linnaeus, 1758",,,,\n'
    "Conus nomen,,,,,,,,,,\n"
)


def test_names_that_mean_the_same_become_one(tmp_path):
    found = names(tmp_path, OWN)
    labels = [
        "Cylinder textile",
        "cylinder_textile",
        "Cylinder textile (Linnaeus, 1758)",
        "Conus (Cylinder) textile Linnaeus, 1758",
        "old kind",
        "Conus ebur Hwass, 1792",
        "dark tip",
    ]
    assert list(found.mapping(labels).values()) == [
        *["Conus textile"] * 4,
        "new kind",
        "Conus ebur",
        "dark tip",
    ]
    assert list(found.genera(labels).values()) == [*["Conus"] * 4, "old kind", "Conus", "dark tip"]
    entry = found.entry("Cylinder textile")
    assert (entry.aphia, entry.genus, entry.subgenus) == ("428404", "Conus", "Cylinder")
    assert not found.problems and not found.ambiguous(labels)


def test_a_file_of_worms_taxon_match(tmp_path):
    found = names(tmp_path, WORMS)
    entry = found.entry("Cylinder textile")
    assert (entry.accepted, entry.aphia) == ("Conus textile", "428404")
    assert (entry.genus, entry.subgenus) == ("Conus", "Cylinder")
    assert found.accepted("Conus textille") == "Conus textile"
    assert found.accepted("Conus nomen") == "Conus nomen"
    said = reasons(found)
    assert "Conus textille (names.csv, line 3) was matched only as 'near_1'" in said[0]
    assert "Conus nomen (names.csv, line 4) has no accepted name" in said[1]


def test_doubtful_names_are_not_moved(tmp_path):
    found = names(tmp_path, OWN)
    for label in ("Cylinder cf. textile", "Cylinder sp.", "Cylinder textile?"):
        assert found.accepted(label) == label
        assert found.genus(label) == "Cylinder"
    assert found.genus("cf. Conus textile") == ""


@pytest.mark.parametrize(
    "rows", ["A b,Conus one\nA b,Conus two\n", "A b,Conus one | Conus two\n"], ids=["rows", "cell"]
)
def test_input_9_a_split_name_is_ambiguous_and_never_moved(tmp_path, rows):
    """A class was split after the training: inaturalist#1235. Its genus is all that is sure."""
    found = names(tmp_path, "label,accepted\n" + rows)
    assert found.accepted("A b") == "A b"
    assert found.ambiguous(["A b", "C d"]) == {"A b": ("Conus one", "Conus two")}
    assert found.genus("A b") == "Conus"
    assert "may mean 2 names (Conus one, Conus two); it is ambiguous" in reasons(found)[0]


def test_input_9_a_class_that_became_a_synonym_is_the_same_class(tmp_path):
    """The model says the old name, the specimens have the new one: inaturalist#1479."""
    found = names(tmp_path, "label,accepted\nConus old,Conus new\n")
    classes, labels = (
        ["Conus old", "Conus ater"],
        ["Conus new", "Conus new (Born, 1778)", "Conus ater"],
    )
    same = found.mapping([*classes, *labels])
    assert [same[label] for label in labels] == ["Conus new", "Conus new", "Conus ater"]
    assert [same[name] for name in classes] == ["Conus new", "Conus ater"]


def test_a_name_of_a_name_is_followed_and_circles_are_told(tmp_path):
    found = names(tmp_path, "label,accepted\nA a,B b\nB b,C c\nC c,C c\nX x,Y y\nY y,X x\n")
    assert found.accepted("A a") == found.accepted("B b") == found.accepted("C c") == "C c"
    assert "leads round in a circle" in " ".join(reasons(found))


def test_homonyms_are_told_apart_by_their_authors_or_not_at_all(tmp_path):
    text = "label;accepted\nConus ater Born, 1778;Conus one\nConus ater Smith, 1900;Conus two\n"
    found = names(tmp_path, text)
    assert found.accepted("Conus ater Born, 1778") == "Conus one"
    assert found.accepted("Conus ater Smith, 1900") == "Conus two"
    assert found.accepted("Conus ater") == "Conus ater"


def test_without_a_file_names_are_the_same_however_they_are_written():
    assert Names().mapping(["Conus ater Born, 1778", "Conus_ater", "x y"]) == {
        "Conus ater Born, 1778": "Conus ater",
        "Conus_ater": "Conus ater",
        "x y": "x y",
    }


def test_files_without_names(tmp_path):
    for text, words in (
        ("a,b\n1,2\n", "given names"),
        ("label,b\n1,2\n", "accepted names"),
        ("", "empty"),
    ):
        with pytest.raises(ReadingError, match=words):
            names(tmp_path, text)
