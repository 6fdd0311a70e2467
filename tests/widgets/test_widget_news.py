"""Observers of the widgets' answers: they are called, once each, where they can work."""

import asyncio
import threading

import ipywidgets
import numpy as np
import pytest
import traitlets
from explorer_page import Page, picture
from stand_in import StandIn

from conus_widgets.widgets import Classifier

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browser")
pytest_plugins = ["explorer_page"]  # its fixtures


@pytest.fixture
def classifier():
    widget = Classifier(StandIn(regions=["Panamic"]))
    yield widget
    widget._worker.close()
    widget.close()


class Heard:
    """An observer that keeps what it was called with."""

    def __init__(self, widget, name):
        self.changes, self.threads = [], set()
        widget.observe(self, name)

    def __call__(self, change):
        self.changes.append(change)
        self.threads.add(threading.current_thread().name)

    @property
    def new(self):
        return [change.new for change in self.changes]


def test_each_prediction_is_heard_before_classify_returns(classifier):
    heard, everything = Heard(classifier, "prediction"), Heard(classifier, "predictions")
    first = classifier.classify(picture(1))
    assert heard.new == [first] and heard.changes[0].old is None
    assert heard.changes[0].owner is classifier and heard.changes[0].name == "prediction"
    others = classifier.classify([picture(2), b"no picture", picture(3)])
    assert [new is answer for new, answer in zip(heard.new[1:], others[::2], strict=True)] == [1, 1]
    assert heard.changes[-1].old is others[0]
    assert len(everything.new[-1]) == 3 and everything.new[-1][-1] is others[2]
    classifier.clear()
    classifier._news.deliver()
    assert everything.new[-1] == [] and classifier.predictions == []
    assert len(heard.new) == 3, "the last prediction stays what it is"


def test_no_observer_runs_in_the_worker_s_thread_or_under_its_lock(classifier):
    """There it could not ask for anything more without waiting for ever."""
    asked = []

    def again(change):
        free = threading.Thread(target=lambda: asked.append(classifier.predictions))
        free.start()
        free.join(10)
        assert not free.is_alive(), "the widget is locked"
        if len(asked) < 3:
            asked.append(classifier.classify(picture(5)))

    heard = Heard(classifier, "prediction")
    classifier.observe(again, "prediction")
    classifier.classify(picture(1))
    assert len(asked) >= 3 and "conus-worker" not in heard.threads


def test_photographs_of_the_page_are_heard_of_too(classifier):
    page = Page(classifier)
    came = threading.Event()
    classifier.observe(lambda change: came.set(), "prediction")
    import io

    file = io.BytesIO()
    picture(1).save(file, "PNG")
    page.say([file.getvalue()], kind="file", name="a.png", upload="1", index=0, count=1, size=1)
    assert came.wait(10)


def test_in_a_running_loop_observers_run_in_its_thread():
    """As in a kernel, whose cells run in its event loop."""

    async def cell():
        widget = Classifier(StandIn())
        heard = Heard(widget, "prediction")
        page = Page(widget)
        widget._board.add(picture(1), name="a.png")
        widget._board.start()
        page.until(lambda: widget.prediction is not None)
        assert heard.changes == [], "not while the cell runs"
        for _ in range(100):
            await asyncio.sleep(0.01)
            if heard.changes:
                break
        assert heard.new == [widget.prediction]
        assert heard.threads == {threading.current_thread().name}
        widget._worker.close()
        widget.close()

    asyncio.run(cell())


def test_a_mistake_in_an_observer_is_shown_and_costs_nothing_else(classifier, capsys):
    classifier.observe(lambda change: 1 / 0, "prediction")
    assert classifier.classify(picture(1)).labels
    assert classifier.classify(picture(2)).labels
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_prediction_can_be_linked_and_cannot_be_set(classifier):
    class Other(traitlets.HasTraits):
        value = traitlets.Any()

    other = Other()
    link = traitlets.dlink((classifier, "prediction"), (other, "value"))
    answer = classifier.classify(picture(1))
    assert other.value is answer
    link.unlink()
    with pytest.raises(traitlets.TraitError):
        classifier.prediction = None
    label = ipywidgets.Label()
    ipywidgets.dlink((classifier, "prediction"), (label, "value"), lambda one: one.labels[0])
    assert label.value == answer.labels[0]
    assert "None before the first" in Classifier.prediction.__doc__


def test_no_answer_is_part_of_what_the_notebook_saves(classifier, explore):
    classifier.classify(picture(1))
    explorer, _ = explore(picture(1))
    for widget in (classifier, explorer):
        names = set(widget.get_state())
        assert not names & {"prediction", "predictions", "explanation", "evidence"}


def deliver(widget):
    with widget._state.changed:  # what was announced to the page is announced to observers
        pass
    widget._news.deliver()


def test_the_explorer_s_map_and_evidence_are_heard(explore, linear):
    widget, page = explore(picture(1), target="banded")
    maps, evidences = Heard(widget, "explanation"), Heard(widget, "evidence")
    widget.choose(target="tented")
    assert [one.target.words for one in maps.new[-1:]] == ["tented"]
    widget.choose(method="gradient")
    assert widget.explanation is maps.new[-1] and maps.new[-1].method == "gradient"
    found = widget.cover((0, 0, 20, 20))
    assert np.array_equal(evidences.new[-1].changes, found.changes)
    page.say(kind="hello")
    # A stroke is heard of at its end.
    number = page.of("area")[-1][0]["generation"]
    before = len(evidences.new)
    for n in range(1, 5):
        mask = np.zeros((56, 56), bool)
        mask[: 8 * n] = True
        assert page.cover(mask, number + n, final=n == 4) == ""
        page.until(lambda n=n: page.of("checked")[-1][0]["generation"] == number + n)
    deliver(widget)
    assert len(evidences.new) == before + 1
    assert evidences.new[-1].fraction == pytest.approx(32 / 56)
    page.cover(np.zeros((56, 56), bool), number + 9)
    deliver(widget)
    assert evidences.new[-1] is None and widget.evidence is None
    # Choosing another map to act on is a change as well.
    widget.choose(pane=1, method="cam", target="plain")
    page.say(kind="keep", kept={"active": 1})
    deliver(widget)
    assert maps.new[-1].target.words == "plain"
    assert "conus-worker" not in maps.threads | evidences.threads
