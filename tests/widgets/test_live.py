"""The base of the widgets: messages, what is told, the saved picture, photographs, names."""

import contextvars
import io
import logging
import threading

import numpy as np
import pytest
import traitlets
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.photographs.photograph import PhotographError
from conus_widgets.widgets import Classifier, DropZone, Explorer
from conus_widgets.widgets.dropzone.intake import Intake, Receiving
from conus_widgets.widgets.live import loading, saved
from conus_widgets.widgets.live.network_widget import NetworkWidget
from conus_widgets.widgets.live.saved import Picture
from conus_widgets.widgets.live.widget import LiveWidget

WHERE = contextvars.ContextVar("WHERE", default="the main shell")


class Counted(Picture):
    def __init__(self, n):
        self.n = n

    def body(self):
        return f"<b>{self.n}</b>", "Counted."

    def __repr__(self):
        return f"counted {self.n}"


class Counter(Receiving, LiveWidget):
    """Counts messages, and has two intakes."""

    _esm = "export default { render() {} };"

    step = traitlets.Int(1).tag(sync=True)

    def __init__(self, **options):
        super().__init__(**options)
        self.count, self.logs, self.photographs = 0, [], []
        self.intakes = [
            Intake(self, self.photographs.append),
            Intake(self, self.logs.append, kind="log"),
        ]

    def picture(self):
        return Counted(self.count)

    def _kinds(self):
        kinds = {"add": self._add, "refuse": self._refuse, "break": lambda *_: 1 / 0}
        for intake in self.intakes:
            kinds |= intake.kinds
        return kinds

    def _add(self, content, buffers):
        self.count += self.step * len(buffers)
        self._tell("count", count=self.count)
        self._saved.renew()

    def _refuse(self, content, buffers):
        raise ValueError(f"{content['what']} is refused.")


@pytest.fixture
def counter(monkeypatch):
    widget = Counter()
    widget.sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: widget.sent.append(content))
    yield widget
    widget.close()


def say(widget, *buffers, **content):
    widget._message(widget, content, list(buffers))
    return widget.sent


def part(name, upload="1", **more):
    return {"kind": "file", "upload": upload, "name": name, "index": 0, "count": 1, **more}


def test_a_message_reaches_its_method_and_its_receipt_says_so(counter):
    assert say(counter, b"1", b"2", kind="add", id=7) == [
        {"kind": "count", "count": 2},
        {"kind": "heard", "id": 7, "error": ""},
    ]


def test_a_message_that_fails_costs_itself(counter, caplog):
    say(counter, kind="refuse", what="It", id=1)
    assert counter.sent.pop() == {"kind": "heard", "id": 1, "error": "It is refused."}
    assert caplog.records == [], "a mistake of the user is no news for the log"
    say(counter, kind="break", id=2)
    say(counter, kind="refuse")  # nobody waits for a receipt, and something is missing
    assert counter.sent[0]["error"] == "division by zero"
    assert counter.sent[1] == {"kind": "problem", "text": "KeyError: 'what'"}
    assert len(caplog.records) == 2
    assert say(counter, b"1", kind="add", id=3)[-1]["error"] == ""
    assert counter.count == 1


@pytest.mark.parametrize("kind", ["subtract", ["add"], None, 3])
def test_a_message_of_no_kind_is_logged_and_answered(counter, caplog, kind):
    with caplog.at_level(logging.WARNING):
        assert say(counter, kind=kind, id=1)[-1]["id"] == 1
    assert "Counter knows no message" in caplog.text


def test_what_is_told_leaves_by_the_shell_that_the_page_wrote_to_last(counter, monkeypatch):
    seen = []
    monkeypatch.setattr(counter, "send", lambda content, buffers=None: seen.append(WHERE.get()))

    def subshell():
        WHERE.set("a subshell")
        counter._message(counter, {"kind": "hello"}, [])

    for call in (subshell, lambda: counter._tell("count", count=1)):
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    assert seen == ["a subshell"]


def test_the_saved_picture_is_marked_and_the_one_for_the_user_is_not(counter, monkeypatch):
    import IPython.display

    published = []
    monkeypatch.setattr(
        IPython.display, "publish_display_data", lambda data, *_, **more: published.append(data)
    )
    say(counter, b"1", kind="add")
    assert published == [], "nothing is renewed before it was shown"
    counter._ipython_display_()
    say(counter, b"1", kind="add")
    assert [data["text/plain"] for data in published] == [
        "Counter: run this cell for the live tool.",
        "counted 1",
        "counted 2",
    ]
    assert counter.mark in published[-1]["text/html"] and "<b>2</b>" in published[-1]["text/html"]
    html = counter.picture()._repr_html_()
    assert counter.mark not in html and "<style>" not in html, "else it would be hidden"
    assert repr(counter) == "Counter: counted 2"
    counter.close()
    counter._ipython_display_()
    assert "was closed" in published[-1]["text/plain"] and "<b>2</b>" in published[-1]["text/html"]


def test_a_picture_for_many_changes_waits_until_they_rest(monkeypatch):
    made, rest = [], threading.Event()
    picture = saved.SavedPicture(lambda: made.append(1) or Counted(0), "mark", rest=0.05)
    picture._shown = True
    monkeypatch.setattr(picture, "_publish", lambda update: (made.append(1), rest.set()))
    for _ in range(20):
        picture.renew()
    assert rest.wait(10) and made == [1]


def test_two_intakes_of_a_widget_do_not_mix(counter):
    say(counter, b"a", **part("a.png"))
    say(counter, b"b", **part("b.csv") | {"kind": "log"})
    assert [file.data for file in counter.photographs] == [b"a"]
    assert [file.data for file in counter.logs] == [b"b"]


def test_a_limit_that_is_set_later_holds(counter):
    counter.limit = 3
    assert (
        "a.png has 4 bytes; at most 3 bytes are taken"
        in say(counter, b"1234", **part("a.png", id=1))[-1]["error"]
    )
    counter.limit = 4
    assert say(counter, b"1234", **part("a.png", id=2))[-1]["error"] == ""


def test_the_mark_is_the_base_s_own():
    with pytest.raises(TypeError, match="no argument 'mark'"):
        Counter(mark="other")


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda f: Classifier(StandIn(), on_photograph=f), "there are predictor, top"),
        (lambda f: Explorer(StandIn(), on_photograph=f), "the nearest is 'photograph'"),
        (lambda f: Counter(on_photograph=f), "there are"),
    ],
)
def test_what_a_widget_does_not_have_is_not_taken(make, words):
    with pytest.raises(TypeError, match=f"no argument 'on_photograph'; {words}"):
        make(print)
    for name in ("files", "on_photograph"):
        assert not hasattr(Classifier, name) and not hasattr(Explorer, name)


class Patient(NetworkWidget):
    _esm = "export default { render() {} };"
    _asks = ("predict",)
    _place = "Write Patient()."

    def __init__(self, predictor=None, **options):
        super().__init__(self._worker_of(predictor), **options)


def test_a_widget_s_network_is_loaded_once_it_can_be(monkeypatch, tmp_path):
    found = [OSError("The disk is not there."), StandIn()]

    def load(source):
        if isinstance(one := found.pop(0), OSError):
            raise one
        return one

    monkeypatch.setattr(loading, "load", load)
    widget = Patient(tmp_path)
    with pytest.raises(OSError, match="disk is not there"):
        _ = widget.predictor
    assert isinstance(widget.predictor, StandIn) and widget.predictor is widget.predictor
    widget._worker.close()
    widget.close()
    with pytest.raises(TypeError, match="first argument of Patient .* A photograph. Write Patient"):
        Patient(b"...")


# What a photograph is called


def picture(seed):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize((56, 42), 2)


def test_a_photograph_has_one_name_in_every_widget():
    """Nameless ones have their number on the page; whatever does not print is shown escaped."""
    odd = "a\u202eb\n.png"
    classifier, explorer, zone = Classifier(StandIn()), Explorer(StandIn()), DropZone()
    photograph = png(picture(1))
    for widget in (classifier, explorer, zone):
        widget.sent = []
        widget.send = lambda content, buffers=None, widget=widget: widget.sent.append(content)
        for upload, name in enumerate(("first.png", "", odd, "photograph")):
            say(widget, photograph, **part(name, str(upload)))
    names = [card.name for card in classifier._board.cards]
    assert names == ["first.png", "photograph 2", r"a\u202eb\n.png", "photograph 4"]
    assert [one.name for one in explorer._state.photographs.values()] == names
    assert [file.name for file in zone.files] == names
    assert classifier.classify(picture(2)).names == ["photograph 5"]
    explorer.add(picture(2))
    assert [one.name for one in explorer._state.photographs.values()][-1] == "photograph 5"
    with pytest.raises(PhotographError, match="^photograph 6 "):
        classifier.classify(b"no picture")
    for widget in (classifier, explorer):
        widget._worker.close()
    for widget in (classifier, explorer, zone):
        widget.close()


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_an_error_about_one_of_several_says_which():
    stand_in, nan = StandIn(), np.full((56, 42, 3), np.nan)
    named = picture(2)
    named.filename = "shell.png"
    with pytest.raises(PhotographError, match="^photograph 2 has 7056 of 7056 values"):
        explain.cam(stand_in, [picture(1), nan])
    with pytest.raises(PhotographError, match="^photograph 3 "):
        explain.cam(stand_in, [named, picture(1), b"no picture"])
    with pytest.raises(PhotographError, match="^photograph has"):
        explain.cam(stand_in, nan)
