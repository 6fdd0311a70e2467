import pytest

from conus_widgets.collection.columns import bare, find_column


def test_names_without_namespace_case_and_signs():
    for name in (
        "dwc:catalogNumber",
        "http://rs.tdwg.org/dwc/terms/catalogNumber",
        "Catalog number",
    ):
        assert bare(name) == "catalognumber"
    assert bare(" AphiaID_accepted ") == "aphiaidaccepted"
    assert bare("") == ""


def test_the_first_known_name_counts():
    columns = ["notes", "Species", "scientificName", "File Name"]
    assert find_column(columns, "label") == "scientificName"
    assert find_column(columns, "file") == "File Name"
    assert find_column(columns, "view") is None


def test_a_column_that_was_asked_for():
    assert find_column(["a", " b "], "label", "b") == " b "
    with pytest.raises(ValueError, match="no column 'specie' for the label; there are 'species'"):
        find_column(["file", "species"], "label", "specie")
