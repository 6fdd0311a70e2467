import pytest

from conus_widgets.collection.pattern import Pattern

LSV = "{label}_{specimen}_{view}"


@pytest.mark.parametrize(
    ("pattern", "name", "label", "fields"),
    [
        (LSV, "Conus_textile_3_A", "", ("Conus_textile", "3", "A")),
        # The folder knows where the label ends, however it is written there.
        (LSV, "Conus_textile_MNHN_12_A", "Conus textile", ("Conus textile", "MNHN_12", "A")),
        (LSV, "x/y/CONUS-textile_MNHN_12_A", "Conus_textile", ("Conus_textile", "MNHN_12", "A")),
        # ... unless the name says something else.
        (LSV, "Conus_ater_12_A", "Conus textile", ("Conus_ater", "12", "A")),
        (LSV, "Conus textile_12", "Conus textile", None),
        (LSV, "织锦芋螺_12_背", "", ("织锦芋螺", "12", "背")),
        (LSV, 'a"b\n<i>_1_A', "", ('a"b\n<i>', "1", "A")),
    ],
)
def test_names_with_label_specimen_and_view(pattern, name, label, fields):
    found = Pattern(pattern).read(name, label)
    assert found == (fields and dict(zip(("label", "specimen", "view"), fields, strict=True)))


@pytest.mark.parametrize(
    ("pattern", "name", "fields"),
    [
        ("{specimen}-{view}", "MNHN-IM-2000-12-A", {"specimen": "MNHN-IM-2000-12", "view": "A"}),
        ("{view}_{specimen}", "A_IM_12", {"view": "A", "specimen": "IM_12"}),
        ("{specimen} ({view})", "12 (A)", {"specimen": "12", "view": "A"}),
        ("{_}_{specimen}", "IMG_12", {"specimen": "12"}),
        (
            "{label}/{specimen}/{view}",
            "root/x y/12/A",
            {"label": "x y", "specimen": "12", "view": "A"},
        ),
        ("{genus}/{label}/{_}", "Conus/Conus ater/1", {"genus": "Conus", "label": "Conus ater"}),
        ("{label}/{specimen}/{view}", "12/A", None),
        ("shell.{specimen}", "shellx12", None),
        ("{specimen}", "a/b", {"specimen": "b"}),
    ],
)
def test_names_of_other_forms(pattern, name, fields):
    assert Pattern(pattern).read(name) == fields


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "no field"),
        ("{_}_x", "no field"),
        ("label_specimen", "no field"),
        ("{label", "cannot be read"),
        ("{}_{view}", "a field ''"),
        ("{0}", "a field '0'"),
        ("{a b}", "a field 'a b'"),
        ("{label}{view}", "side by side"),
        ("{view}_{view}", "{view} twice"),
    ],
)
def test_patterns_that_cannot_be_used(pattern, words):
    with pytest.raises(ValueError, match=words):
        Pattern(pattern)
