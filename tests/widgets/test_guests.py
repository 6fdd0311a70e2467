"""Limits for visitors: counted for a visit, and never raised by a page."""

import itertools

import pytest

from conus_widgets.machine.machine import SetupError
from conus_widgets.widgets.classifier import Classifier
from conus_widgets.widgets.dropzone.parcels import LIMIT
from conus_widgets.widgets.live import guests

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browser")


@pytest.fixture
def visit(monkeypatch):
    monkeypatch.setattr(guests, "_files", itertools.count(1))
    monkeypatch.setenv(guests.FILES, "2")
    monkeypatch.setenv(guests.MEGABYTES, "1")


def test_a_visit_sends_so_many_files_and_no_more(visit):
    guests.one_more_file("a")
    guests.one_more_file("b")
    with pytest.raises(ValueError, match="c was not taken: a visit may send 2 files, and this is"):
        guests.one_more_file("c")


def test_without_settings_nothing_is_counted_and_nothing_hidden(monkeypatch):
    monkeypatch.delenv(guests.FILES, raising=False)
    monkeypatch.delenv(guests.MEGABYTES, raising=False)
    for _ in range(1000):
        guests.one_more_file("a")
    assert guests.largest_file(LIMIT) == LIMIT and not guests.hides_folders()


def test_a_setting_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv(guests.FILES, "many")
    with pytest.raises(SetupError, match="CONUS_GUEST_FILES is 'many': give a whole number"):
        guests.one_more_file("a")


def test_a_widget_takes_the_limit_and_a_smaller_one_of_its_own(visit):
    assert Classifier().limit == 2**20
    assert Classifier(limit=5).limit == 5


def test_a_page_sets_what_it_may_and_nothing_else():
    classifier = Classifier()
    before = {name: getattr(classifier, name) for name in ("limit", "long_side", "mark", "_esm")}
    forged = {name: 10**9 if isinstance(value, int) else "x" for name, value in before.items()}
    classifier.set_state({**forged, "views": 3, "specimen": True})
    assert {name: getattr(classifier, name) for name in before} == before
    assert (classifier.views, classifier.specimen) == (3, True)
    for nonsense in ([], None, "views", 3):
        classifier.set_state(nonsense)
    assert classifier.views == 3
