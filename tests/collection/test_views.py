import pytest

from conus_widgets.collection.views import ORIENTATIONS, orientation, orientation_in


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("apertural, Aperture,VENTRAL,ventral view,A,Apertural_view,front view", "ventral"),
        ("dorsal,Abapertural,dorsal side,B,back,Rückenansicht,vue dorsale", "dorsal"),
        ("lateral,side,side view", "lateral"),
        ("left side,left", "left"),
        ("apical,Apex,spire view", "apical"),
        ("http://rs.tdwg.org/acorient/values/r0006,acorient:r0006", "dorsal"),
        ("unspecifiedOrientation,acorient:r0000,,3,whatever,view", ""),
    ],
)
def test_words_for_views(words, meaning):
    for word in words.split(","):
        assert orientation(word) == meaning, word


def test_all_values_of_audiovisual_core_mean_themselves():
    for number, value in enumerate(ORIENTATIONS):
        expected = value if number else ""
        assert orientation(value) == orientation(f"acorient:r{number:04}") == expected
    assert orientation("acorient:r0099") == ""


def test_words_of_ones_own_come_first():
    own = {"1": "ventral", "2": "back", "A": "dorsal", "x": "from the moon"}
    found = [orientation(word, own) for word in ("1", "2", "a", "X", "B")]
    assert found == ["ventral", "dorsal", "dorsal", "from the moon", "dorsal"]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Conus textile, dorsal view of the holotype", ("dorsal", "dorsal")),
        ("MNHN_IM_2000_1_apertural.jpg", ("ventral", "apertural")),
        ("apertural, that is ventral", ("ventral", "apertural")),
        ("apertural and dorsal views", ("", "")),
        ("back of the label; top shelf; A", ("", "")),
        ("Conus dorsalis", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_sentence_names_a_view_or_it_does_not(sentence, found):
    assert orientation_in(sentence) == found
