"""The widgets as Python sees them; tests/browser has them on a page."""

import io
import threading
import time

import numpy as np
import pytest
from PIL import Image
from stand_in import StandIn

from conus_widgets.photographs.photograph import PhotographError
from conus_widgets.widgets import Classifier, DropZone
from conus_widgets.widgets.dropzone.parcels import Parcels, TooLargeError
from conus_widgets.widgets.live.words import percent


def picture(seed=0, size=(40, 30)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (3, 4, 3), dtype=np.uint8)).resize(size, 0)


def png(seed=0, size=(40, 30)):
    file = io.BytesIO()
    picture(seed, size).save(file, "PNG")
    return file.getvalue()


class Page:
    """The other end of a widget: speaks as its JavaScript does, and hears what is sent."""

    def __init__(self, widget):
        self.widget = widget
        self.heard = []
        self.number = 0
        widget.send = lambda content, buffers=None: self.heard.append((content, buffers))

    def say(self, buffers=(), **content):
        """Returns the error in the receipt."""
        self.number += 1
        self.widget._message(None, {**content, "id": self.number}, list(buffers))
        receipts = [m for m, _ in self.heard if m.get("id") == self.number]
        assert len(receipts) == 1 and receipts[0]["kind"] == "heard"
        return receipts[0]["error"]

    def drop(self, name, data, chunk=10**9, upload=None):
        upload = upload or f"{name}-{self.number}"
        parts = [data[i : i + chunk] for i in range(0, len(data), chunk)] or [b""]
        for index, part in enumerate(parts):
            error = self.say(
                [memoryview(part)],
                kind="file",
                name=name,
                upload=upload,
                index=index,
                count=len(parts),
                size=len(data),
                note="",
            )
        return error

    def of(self, kind):
        return [message for message, _ in list(self.heard) if message["kind"] == kind]

    def until(self, condition):
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end, self.heard[-5:]
            time.sleep(0.005)


@pytest.fixture
def net():
    return StandIn(regions=["Panamic", "South African"])


@pytest.fixture
def make(net):
    """Make a classifier that is ready, with its page."""
    made = []

    def classifier(predictor=None, **options):
        widget = Classifier(predictor or net, **options)
        page = Page(widget)
        made.append(widget)
        page.until(lambda: widget._board.phase == "ready")
        return widget, page

    yield classifier
    for widget in made:
        widget._worker.close()
        widget.close()


# Parcels and the drop zone


def test_a_file_arrives_unchanged_however_it_is_cut():
    data = bytes(range(256)) * 3
    for chunk in (1, 100, 256, 767, 768, 10_000):
        zone = DropZone()
        page = Page(zone)
        assert page.drop("a.png", data, chunk) == ""
        assert [(file.name, file.data) for file in zone.files] == [("a.png", data)]


def test_two_files_may_arrive_interleaved():
    parcels = Parcels()
    content = {"count": 2, "size": 4}
    a, b = {**content, "upload": "a", "name": "a"}, {**content, "upload": "b", "name": "b"}
    assert parcels.add({**a, "index": 0}, [b"a1"]) is None
    assert parcels.add({**b, "index": 0}, [b"b1"]) is None
    assert parcels.add({**b, "index": 1}, [b"b2"]).data == b"b1b2"
    assert parcels.add({**a, "index": 1}, [b"a2"]).data == b"a1a2"


def test_a_file_over_the_limit_is_refused_at_its_first_chunk_even_if_it_lies():
    parcels = Parcels(limit=10)
    message = {"upload": "u", "name": "big.tif", "index": 0, "count": 3}
    with pytest.raises(TooLargeError, match=r"big\.tif has .* at most"):
        parcels.add({**message, "size": 11}, [b"1234"])
    parcels.add({**message, "size": 3}, [b"12345678"])
    with pytest.raises(TooLargeError):
        parcels.add({**message, "size": 3, "index": 1}, [b"12345678"])
    assert not parcels._open, "nothing of it may be kept"
    parcels = Parcels(limit=64 * 2**20)
    with pytest.raises(TooLargeError, match=r"has 64\.1 MB; at most 64 MB are taken"):
        parcels.add({**message, "size": 64 * 2**20 + 1}, [b"1"])


@pytest.mark.parametrize("index, count", [(1, 2), (0, 0), (-1, 2)])
def test_a_chunk_out_of_turn_is_an_error_in_words(index, count):
    zone = DropZone()
    error = Page(zone).say(
        [b"x"], kind="file", name="a.jpg", upload="u", index=index, count=count, size=1
    )
    assert error.startswith("a.jpg did not arrive whole")
    assert zone.files == []


def test_abandoned_parcels_are_forgotten():
    parcels = Parcels()
    for n in range(50):
        parcels.add({"upload": n, "name": "a", "index": 0, "count": 2, "size": 2}, [b"x"])
    assert len(parcels._open) <= 4


def test_a_name_is_only_a_name():
    zone = DropZone()
    for name in ("../../etc/passwd", "C:\\fakepath\\shell.jpg", "a\x1b[31m\n.jpg", ""):
        Page(zone).drop(name, b"x")
    assert [file.name for file in zone.files] == [
        "passwd",
        "shell.jpg",
        r"a\x1b[31m\n.jpg",
        "photograph 4",
    ]


def test_callbacks_get_files_and_their_failure_is_told():
    got = []
    zone = DropZone(on_photograph=got.append)
    assert Page(zone).drop("a.png", b"x") == ""
    zone.on_photograph(lambda file: 1 / 0)
    assert "division" in Page(zone).drop("b.png", b"x")
    assert [file.name for file in got] == ["a.png", "b.png"]


def test_no_bytes_in_the_saved_state(make):
    widget, page = make()
    widget.classify(png())
    state = {key: value for key, value in widget.get_state().items() if key not in ("_esm", "_css")}
    assert len(repr(state)) < 1500
    assert not [value for value in state.values() if isinstance(value, (bytes, memoryview))]


# The classifier


def test_classify_is_what_the_predictor_says(make, net):
    widget, _ = make(top=3)
    answer = widget.classify(png(1))
    direct = net.predict(png(1), top=3)
    assert answer.labels == direct.labels and answer.probabilities == direct.probabilities
    assert widget.prediction is answer
    assert widget.predictor is net


def test_a_list_is_answered_in_its_order_errors_in_their_place(make, tmp_path):
    widget, _ = make()
    (tmp_path / "shell.png").write_bytes(png(2))
    answers = widget.classify([png(1), b"no picture", tmp_path / "shell.png"])
    assert [answer.names for answer in (answers[0], answers[2])] == [
        ["photograph 1"],
        ["shell.png"],
    ]
    assert isinstance(answers[1], PhotographError) and str(answers[1]).startswith("photograph 2")
    assert widget.predictions == [answers[0], answers[2]] and widget.errors == [answers[1]]
    with pytest.raises(PhotographError):
        widget.classify(b"no picture")


def test_a_drop_gets_its_card_its_thumbnail_and_its_announcement(make):
    widget, page = make()
    page.say(kind="begin", drop="d")
    page.drop("shell.png", png(1, (400, 300)), chunk=64, upload="u1")
    page.until(lambda: [m for m in page.of("card") if m["card"]["state"] == "done"])
    assert page.of("finished") == [], "more may come in this drop"
    page.say(kind="end", drop="d")
    page.until(lambda: page.of("finished"))
    card, buffers = [m for m in page.heard if m[0]["kind"] == "card"][-1]
    assert (card["card"]["upload"], card["card"]["name"]) == ("u1", "shell.png")
    rows = card["card"]["answer"]["rows"]
    assert [row["label"] for row in rows] == widget.prediction.labels
    assert Image.open(io.BytesIO(buffers[0])).size == (256, 192)
    assert page.of("finished")[0]["numbers"] == [card["card"]["number"]]


def test_the_notice_stands_with_every_answer(make, net):
    widget, page = make(views=3, region="Panamic")
    widget.classify(png())
    remarks = [m["card"]["answer"]["remarks"] for m in page.of("card") if m["card"]["answer"]][-1]
    assert remarks == ["stand-in", "mean of 3 random views", "weighed by region: Panamic"]
    assert "stand-in" in repr(widget.picture()) and "stand-in" in widget.picture()._repr_html_()


def test_other_settings_answer_everything_anew(make, net):
    widget, page = make()
    before = widget.classify([png(1), png(2)])
    net.calls.clear()
    widget.region = "South African"
    page.until(lambda: [p.region for p in widget.predictions] == ["South African"] * 2)
    assert [call["region"] for call in net.calls] == ["South African"] * 2
    assert widget.predictions[0].probabilities != before[0].probabilities


def test_a_specimen_is_one_answer_without_its_bad_photographs(make, net):
    widget, page = make(specimen=True)
    answer = widget.classify([png(1), b"bad", png(2)])
    assert net.calls[-1]["count"] == 2
    assert answer.names == ["photograph 1", "photograph 3"]
    assert widget.predictions == [answer] and len(widget.errors) == 1
    page.until(lambda: page.of("finished"))
    assert page.of("finished")[-1]["specimen"]["answer"]["rows"][0]["label"] == answer.labels[0]
    with pytest.raises(ValueError, match="None of the photographs"):
        widget.clear()
        widget.classify([b"bad"])


def test_a_specimen_waits_for_the_whole_drop(make, net):
    widget, page = make(specimen=True)
    net.calls.clear()
    page.say(kind="begin", drop="d")
    for n in range(3):
        page.drop(f"{n}.png", png(n))
    time.sleep(0.05)
    assert net.calls == []
    page.say(kind="end", drop="d")
    page.until(lambda: page.of("finished"))
    assert [call["count"] for call in net.calls] == [3]


def test_cancel_leaves_the_rest_without_an_answer_and_resume_goes_on(make, net):
    widget, page = make(views=50)
    net.network.batch, net.network.delay = 1, 0.02
    for n in range(3):
        page.drop(f"{n}.png", png(n))
    page.until(lambda: page.of("progress"))
    runs = net.network.counted_forward
    page.say(kind="cancel")
    assert page.of("finished")[-1]["stopped"]
    time.sleep(0.15)
    assert net.network.counted_forward <= runs + 2, "it went on after the running batch"
    assert widget.predictions == []
    net.network.delay = 0
    page.say(kind="resume")
    page.until(lambda: len(widget.predictions) == 3)


def test_the_newest_settings_win(make, net):
    widget, page = make()
    net.network.delay = 0.01
    page.drop("a.png", png(1))
    for views in (40, 30, 20, 3):
        widget.views = views
    page.until(lambda: widget.predictions and not widget._board._ticket)
    assert [p.views for p in widget.predictions] == [3]
    answers = [m["card"]["answer"] for m in page.of("card") if m["card"]["answer"]]
    assert answers[-1]["remarks"][-1] == "mean of 3 random views"


def test_two_classifiers_on_one_network_never_meet_in_it(make, net):
    net.network.delay = 0.002  # the stand-in asserts that it is entered by one thread at a time
    (one, _), (two, _) = make(views=5), make(views=5)
    threads = [
        threading.Thread(target=widget.classify, args=([png(n) for n in range(4)],))
        for widget in (one, two)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(one.predictions) == len(two.predictions) == 4
    assert one.errors == two.errors == []
    assert net.threads == {"conus-worker"}


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("apply node failed")])
def test_a_failing_network_is_said_on_the_card_and_the_next_photograph_works(make, net, error):
    widget, page = make()
    net.fail = error
    page.drop("a.png", png(1))
    page.until(lambda: widget.errors)
    assert str(error) in page.of("card")[-1]["card"]["error"]
    net.fail = None
    assert widget.classify(png(2)).labels


def test_a_network_that_cannot_be_loaded_is_said_and_tried_again(monkeypatch):
    from conus_widgets.widgets.live import loading as module

    loads = []

    def load(source):
        loads.append(source)
        if len(loads) == 1:
            raise FileNotFoundError("nowhere/resnet50.npz is not there.")
        return StandIn()

    monkeypatch.setattr(module, "load", load)
    widget = Classifier("nowhere")
    page = Page(widget)
    try:
        page.until(lambda: widget._board.phase == "failed")
        page.say(kind="hello")
        assert page.of("state")[-1]["problem"] == "nowhere/resnet50.npz is not there."
        page.say(kind="resume")
        page.until(lambda: widget._board.phase == "ready")
        assert loads == ["nowhere"] * 2
    finally:
        widget._worker.close()
        widget.close()


def test_nearest_neighbour_wants_the_original_pixels(make):
    assert make()[0].original is False
    assert make(StandIn(resample="nearest"))[0].original is True
    assert make(StandIn(resample="nearest"), original=False)[0].original is False
    assert make()[0].long_side == 4 * StandIn().size
    assert make(long_side=2000)[0].long_side == 2000


def test_remove_and_clear(make):
    widget, page = make()
    widget.classify([png(1), png(2)])
    first, second = (card.number for card in widget._board.cards)
    page.say(kind="remove", number=first)
    assert page.of("removed")[-1]["numbers"] == [first] and len(widget.predictions) == 1
    page.say(kind="clear")
    assert page.of("removed")[-1]["numbers"] == [second] and widget.predictions == []
    assert widget.prediction is not None, "the last answer stays in Python"


def test_hello_tells_a_new_page_everything(make):
    widget, page = make()
    widget.classify([png(1), b"bad"])
    page.say(kind="hello")
    state, buffers = [m for m in page.heard if m[0]["kind"] == "state"][-1]
    assert [card["state"] for card in state["cards"]] == ["done", "failed"]
    assert state["pictured"] == [state["cards"][0]["number"]] and len(buffers) == 1
    assert state["regions"] == ["Panamic", "South African"] and state["phase"] == "ready"


def test_the_page_holds_a_limited_amount(make, monkeypatch):
    from conus_widgets.widgets.classifier import classifier as module

    monkeypatch.setattr(module, "_HOLD", 2 * 2**20)
    widget, page = make()
    assert page.drop("a.png", b"x" * 2**20) == ""
    assert "not taken" in page.drop("b.png", b"x" * 2**20 + b"y")
    page.say(kind="clear")
    assert page.drop("b.png", b"x" * 2**20) == ""


def test_the_picture_escapes_every_text(make, net):
    evil = "<img src=x onerror=alert(1)>"
    net.labels[:] = [f"{evil} {n}" for n in range(len(net.labels))]
    net.notice = evil
    widget, page = make(region="Panamic")
    page.drop(f"{evil}.jpg", png(1))
    page.drop(f"{evil}.txt", b"bad")
    page.until(lambda: widget.predictions and widget.errors)
    html = widget.picture()._repr_html_()
    assert "<img src=x" not in html and "&lt;img src=x" in html
    widget.specimen = True
    page.until(lambda: page.of("finished") and page.of("finished")[-1]["specimen"])
    assert "<img src=x" not in widget.picture()._repr_html_()


def test_the_picture_says_what_the_page_says(make):
    widget, _ = make(top=2)
    assert "No photographs" in repr(widget)
    answer = widget.classify(png(1))
    for text in (repr(widget.picture()), widget.picture()._repr_html_()):
        for label, probability in zip(answer.labels, answer.probabilities, strict=True):
            assert label in text and percent(probability) in text
    assert "photograph 1" in repr(widget)


def test_many_answers_do_not_swell_the_notebook(make):
    widget, _ = make()
    widget.classify([png(n) for n in range(40)])
    assert "and 16 more" in repr(widget.picture())
    assert len(widget.picture()._repr_html_()) < 400_000


@pytest.mark.parametrize(
    "probability, text",
    [(0, "< 0.1 %"), (0.0005, "0.1 %"), (0.924, "92.4 %"), (0.9994, "99.9 %"), (1, "> 99.9 %")],
)
def test_percent(probability, text):
    assert percent(probability).replace("\u00a0", " ") == text
