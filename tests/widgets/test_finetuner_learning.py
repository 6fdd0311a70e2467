"""The fine-tuner without a page: what is kept, and what is said, when a learning ends early."""

import numpy as np
import pytest
from networks import random_checkpoint

from conus_widgets import Classifier, FineTuner, Predictor
from conus_widgets.training import last_stages
from conus_widgets.widgets.finetuner.boxes import Held

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browser")
NOTICE = "demonstration; last layer fitted to 8 specimens"


@pytest.fixture
def tuner():
    """Four dark and four bright photographs in two boxes; `told` is what the page is told."""
    made = FineTuner(start=Predictor(random_checkpoint(notice="demonstration")))
    rng = np.random.default_rng(0)
    for name, least in (("dark", 0), ("bright", 150)):
        box = made._boxes.add(name)
        for n in range(4):
            picture = rng.integers(least, least + 100, (50, 60, 3)).astype(np.uint8)
            made._boxes.put(box, Held(f"{name}-{n}", f"{n}.png", picture, ("alone", n)))
    made.told = []
    made._tell = lambda kind, **content: made.told.append((kind, content))
    yield made
    made.close()


def learn(tuner, stages):
    tuner._kinds()["learn"]({"stages": stages}, [])
    assert tuner._ticket.wait(60)
    tuner._news.deliver()


def last(tuner, kind):
    return next(content for one, content in reversed(tuner.told) if one == kind)


def test_a_stage_that_fails_costs_no_last_layer(tuner, monkeypatch, tmp_path):
    beside = tuner.beside(Classifier)
    learn(tuner, 0)
    assert last(tuner, "state")["text"] == "Done. It can be tried, and saved."
    before, tuned = beside.children[0], tuner.tuned

    def fails(*_, **__):
        tuner._kinds()["save"]({"folder": str(tmp_path)}, [])
        assert last(tuner, "state")["running"], "it is learning still"
        raise FloatingPointError("The loss is nan")

    monkeypatch.setattr(last_stages, "train_last_stages", fails)
    tuner._points.append({"epoch": 0})  # the curve of an earlier learning
    learn(tuner, 1)
    assert last(tuner, "problem")["text"].startswith("The loss is nan")
    state = last(tuner, "state")
    assert state["text"] == "It failed; what was learnt before is kept." and not state["running"]
    assert tuner.tuned is not tuned and (tmp_path / "finetuned.npz").exists()
    assert last(tuner, "figures")["lines"].count(NOTICE) == 1 == repr(tuner.picture()).count(NOTICE)
    assert last(tuner, "curve")["points"] == []
    assert before.comm is None, "the classifier of the network before is closed"
    assert beside.children[0].comm is not None


def test_a_stop_at_once_leaves_nothing_behind(tuner, monkeypatch):
    monkeypatch.setattr(tuner._stop, "clear", tuner._stop.set)
    learn(tuner, 0)
    assert last(tuner, "state")["text"] == "Stopped; nothing was learnt."
    assert tuner.tuned is None and tuner.picture() is None


def test_a_stop_keeps_the_best_and_says_so(tuner):
    """Each epoch is told once: a curve that is told again and again costs more with each."""
    tell = tuner._tell

    def told(kind, **content):
        tell(kind, **content)
        if kind == "point" and content["point"]["epoch"] == 2:
            tuner._kinds()["stop"]({}, [])

    tuner._tell = told
    learn(tuner, 1)
    text = "Stopped, and the best so far is kept. It can be tried, and saved."
    assert last(tuner, "state")["text"] == text and not last(tuner, "state")["running"]
    assert tuner.tuned is not None
    epochs = [content["point"]["epoch"] for kind, content in tuner.told if kind == "point"]
    assert epochs == [0, 1, 2]
    assert [kind for kind, _ in tuner.told].count("curve") == 1, "the empty one"
