"""The explorer's work: the newest request wins, and what goes wrong is said."""

import itertools
import threading

import numpy as np
import pytest
from explorer_page import Page, picture
from networks import SMALL, random_checkpoint
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.network.interface import Cancelled
from conus_widgets.photographs.photograph import PhotographError
from conus_widgets.predictor import Predictor
from conus_widgets.widgets import Classifier, Explorer
from conus_widgets.widgets.explorer import bits

pytest_plugins = ["explorer_page"]  # its fixtures


# The newest request wins


class Gate:
    """Holds up the network's passes until it is opened."""

    def __init__(self, network):
        self.open, self.passes = threading.Event(), 0
        self.open.set()
        for name in ("forward", "activations", "gradients"):
            setattr(network, name, self._held(getattr(network, name)))

    def _held(self, call):
        def held(*arguments, **options):
            self.passes += 1
            assert self.open.wait(10)
            return call(*arguments, **options)

        return held


def test_of_many_regions_the_newest_is_answered(explore, linear):
    widget, page = explore(picture(8))
    gate = Gate(linear.network)
    gate.open.clear()
    for n in range(1, 11):
        mask = np.zeros((56, 56), bool)
        mask[: 4 * n] = True
        assert page.cover(mask, n, final=n == 10) == ""
    gate.open.set()
    page.until(lambda: any(m["generation"] == 10 for m, _ in page.of("checked")))
    assert gate.passes <= 2, "those in between cost nothing"
    generations = [m["generation"] for m, _ in page.of("checked")]
    assert generations == sorted(generations) and generations[-1] == 10


def test_a_newer_choice_drops_the_older_map(explore, linear):
    widget, page = explore(picture(9))
    gate = Gate(linear.network)
    gate.open.clear()
    page.choose(11, method="gradient", target=1)
    page.choose(12, method="gradient", target=2)
    page.choose(13, method="cam", target=3)
    done = [m for m, _ in page.of("map") if m["state"] == "done" and m["generation"] > 10]
    assert [m["generation"] for m in done] == [13], "a map that costs nothing does not wait"
    gate.open.set()
    page.choose(14, method="gradient", target=4)
    page.until(lambda: page.of("map")[-1][0]["generation"] == 14)
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    done = [m["generation"] for m, _ in page.of("map") if m["state"] == "done"]
    assert 11 not in done and 12 not in done
    assert widget.explanation.target.words == linear.labels[4]


def test_cancel_stops_a_slow_map_and_keeps_the_page_usable(explore, linear):
    widget, page = explore(picture(10))
    gate = Gate(linear.network)
    gate.open.clear()
    page.choose(5, method="smoothgrad")
    page.until(lambda: gate.passes)
    page.say(kind="cancel")
    assert page.of("map")[-1][0]["state"] == "stopped"
    gate.open.set()
    with pytest.raises(RuntimeError, match="stopped"):
        _ = widget.explanation
    page.choose(6, method="gradient")
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    assert [m["generation"] for m, _ in page.of("map") if m["state"] == "done"][-1] == 6


def test_a_stroke_on_its_way_is_answered_by_its_numbers_alone(explore):
    """A message without a number, one of many of a stroke, gets no receipt; a wrong one is said."""
    widget, page = explore(picture(1))
    page.heard.clear()
    page.dab(np.eye(56, dtype=bool), 1)
    page.until(lambda: page.of("checked"))
    page.dab(np.eye(56, dtype=bool), 2, fill="red")
    assert {message["kind"] for message, _ in page.heard} == {"checked", "problem"}
    assert "red" in page.of("problem")[0][0]["text"]
    [(message, buffers)] = page.of("checked")
    assert message["generation"] == 1 and 0 <= message["took"] < 10_000
    assert np.array_equal(np.frombuffer(buffers[0], "float32"), widget.evidence.covered)


def test_the_brush_passes_a_slow_map_between_two_batches(explore, linear):
    widget, page = explore(picture(11))
    order = []
    slow, quick = linear.network.gradients, linear.network.forward

    def gradients(inputs, *arguments, cancelled=None, **options):
        def asked():
            if len(order) == 2:
                assert page.cover(np.eye(56, dtype=bool), 1) == ""
            order.append("batch")
            return cancelled()

        return slow(inputs, *arguments, cancelled=asked, **options)

    def forward(inputs, **options):
        order.append("brush")
        return quick(inputs, **options)

    linear.network.gradients, linear.network.forward = gradients, forward
    page.choose(5, method="smoothgrad")
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    assert page.of("checked") and "brush" in order
    assert order.index("brush") < len(order) - 3, "it did not wait for the end"


def test_the_brush_of_one_widget_passes_the_slow_map_of_another(explore, linear):
    """Both have the same predictor, and so the same worker."""
    (slow, slow_page), (_, page) = explore(picture(11)), explore(picture(12))
    order, quick, network = [], linear.network.gradients, linear.network

    def gradients(inputs, *arguments, cancelled=None, **options):
        def asked():
            if len(order) == 2:
                assert page.cover(np.eye(56, dtype=bool), 1) == ""
            order.append("batch")
            return cancelled()

        return quick(inputs, *arguments, cancelled=asked, **options)

    follow = network.follow
    network.gradients = gradients
    network.follow = lambda one: order.append("brush") or follow(one)
    slow_page.choose(5, method="smoothgrad")
    slow_page.until(lambda: slow_page.of("map")[-1][0]["state"] == "done")
    assert page.of("checked"), "it did not wait for the map"
    at = order.index("brush")
    assert order[:at] == ["batch"] * 3 and len(order) > at + 3
    assert slow.explanation.method == "smoothgrad"


def test_the_brush_passes_the_views_that_a_classifier_averages(explore, monkeypatch):
    predictor = Predictor(random_checkpoint(SMALL))
    _, page = explore(picture(11), predictor)
    classifier = Classifier(predictor, views=300)
    order, network = [], predictor.network
    forward, follow = network.forward, network.follow

    def batch(*arguments, **options):
        order.append("batch")
        if len(order) == 2:
            mask = np.eye(predictor.size, dtype=bool)
            assert page.cover(mask, 1) == ""
        return forward(*arguments, **options)

    monkeypatch.setattr(network, "forward", batch)
    monkeypatch.setattr(network, "follow", lambda one: order.append("brush") or follow(one))
    try:
        classifier.classify(picture(12))
        assert order.index("brush") == 2 and order.count("batch") > 4
    finally:
        classifier.close()


def test_a_brush_that_never_rests_leaves_the_map_every_second_batch(explore, linear):
    widget, page = explore(picture(11))
    order, quick, network = [], linear.network.gradients, linear.network

    def gradients(inputs, *arguments, cancelled=None, **options):
        def asked():
            stop = cancelled()
            order.append("batch")
            return stop

        return quick(inputs, *arguments, cancelled=asked, **options)

    follow = network.follow

    def brush(inputs):
        order.append("brush")
        if len(order) < 1000:  # the next dab is there before this one is answered
            page.dab(np.eye(56, dtype=bool), len(order) + 1)
        return follow(inputs)

    network.gradients, network.follow = gradients, brush
    page.dab(np.eye(56, dtype=bool), 1)
    page.choose(5, method="smoothgrad")
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    maps = [at for at, what in enumerate(order) if what == "batch"]
    assert len(maps) > 8 and max(b - a for a, b in itertools.pairwise(maps)) == 2
    network.follow = follow


def test_the_map_of_an_explorer_that_is_closed_stops(explore, linear):
    widget, page = explore(picture(11))
    gate = Gate(linear.network)
    gate.open.clear()
    page.choose(5, method="smoothgrad")
    page.until(lambda: gate.passes)
    [running] = [pane.ticket for pane in widget._state.panes]
    widget.close()
    gate.open.set()
    assert running.wait(10) and isinstance(running.error, Cancelled)


# Two pages of one widget


def test_what_one_page_does_the_other_hears_of_and_nobody_twice(explore):
    widget, page = explore(picture(1))
    page.say(kind="hello", page="a")
    assert page.cover(np.eye(56, dtype=bool), 1, page="a") == ""
    assert page.of("area") == [], "there is no other page"
    page.until(lambda: page.of("checked"))
    page.say(kind="hello", page="b")
    page.heard.clear()
    assert page.cover(np.eye(56, dtype=bool), 2, page="b", final=False) == ""
    assert page.of("area") == [], "a stroke on its way is its own page's"
    mask = np.tri(56, dtype=bool)
    assert page.cover(mask, 3, page="b") == ""
    [(told, buffers)] = page.of("area")
    assert (told["page"], told["generation"], bytes(buffers[0])) == ("b", 3, bits.pack(mask))
    page.until(lambda: page.of("checked")[-1:] and page.of("checked")[-1][0]["generation"] == 3)
    assert {message["page"] for message, _ in page.of("checked")} == {"b"}
    page.choose(5, pane=1, target="tented")
    page.say(kind="drop", pane=1, page="a")
    assert [(m["pane"], m["page"]) for m, _ in page.of("dropped")] == [(1, "a")]
    page.say(kind="save", form="npz", pane=0, page="a")
    assert [message["page"] for message, _ in page.of("file")] == ["a"]
    widget.cover((0, 0, 20, 20))
    assert page.of("area")[-1][0]["page"] == "", "all pages take what Python covers"


# What can go wrong


def test_photograph_errors_keep_their_kind(explore, linear):
    from conus_widgets.widgets.explorer.sight import sight_of

    with pytest.raises(PhotographError, match=r"^b\.png"):
        sight_of(linear, b"bad", "b.png")


def test_no_photograph(explore):
    widget, page = explore()
    assert page.of("sight") == []
    with pytest.raises(RuntimeError, match="no photograph"):
        _ = widget.explanation
    with pytest.raises(RuntimeError, match="no photograph"):
        widget.cover((0, 0, 5, 5))
    assert widget.evidence is None and "stand-in" in repr(widget)
    widget.add(picture(1))
    assert widget.explanation.values.shape == (7, 7)


def test_a_photograph_that_cannot_be_read_is_said_by_its_name(explore):
    widget, page = explore()
    data = b"no picture"
    assert page.say([data], kind="file", name="a.jpg", upload="1", index=0, count=1) == ""
    page.until(lambda: page.of("photographs")[-1][0]["photographs"][0]["state"] == "failed")
    assert page.of("photographs")[-1][0]["photographs"][0]["error"].startswith("a.jpg")
    with pytest.raises(RuntimeError, match=r"a\.jpg"):
        _ = widget.explanation


def test_a_photograph_that_fails_gives_way_to_one_that_can_be_shown(explore, tmp_path):
    gone = tmp_path / "gone.png"
    widget, page = explore([gone, picture(1)])
    assert widget.explanation.image.tobytes() == picture(1).tobytes()
    page.say(kind="hello")
    message = page.of("photographs")[-1][0]
    assert message["panes"][0]["photograph"] == 2
    assert "gone.png does not exist in the folder" in message["photographs"][0]["error"]
    # Alone it leaves nothing to show, until another one comes.
    widget, page = explore()
    for name in ("a.jpg", "b.jpg"):
        assert page.say([b"no"], kind="file", name=name, upload=name, index=0, count=1) == ""
    widget._work.add(picture(2), "good.png")
    assert widget.explanation.image.tobytes() == picture(2).tobytes()


def test_a_method_s_check_tells_how_far_it_is_and_its_end(explore, linear, monkeypatch):
    from conus_widgets.explain.evaluate import trust
    from conus_widgets.explain.evaluate.randomisation import STAGES, Randomisation

    kept = {}
    monkeypatch.setattr(trust, "_file", lambda predictor, name: name)
    monkeypatch.setattr(trust, "_read", kept.get)
    monkeypatch.setattr(trust, "_keep", lambda made, file: kept.update({file: made}))

    def check(*_, progress, **__):
        progress(1, 2)
        return Randomisation("cam", STAGES, (0.25,) * len(STAGES), 3)

    monkeypatch.setattr(trust, "randomisation", check)
    linear.stages = STAGES  # as if it could be shuffled
    widget, page = explore(picture(1))
    page.say(kind="hello")
    assert page.of("map")[-1][0]["map"]["untested"] is True
    page.say(kind="test", method="cam")
    page.until(lambda: page.of("testing") and page.of("testing")[-1][0]["part"] == 1)
    assert [m["part"] for m, _ in page.of("testing")] == [0.5, 1]
    page.until(lambda: page.of("map")[-1][0]["map"]["untested"] is False)
    line = explain.evaluate.trust_line(linear, "cam")
    told = page.of("map")[-1][0]["map"]["trust"]
    assert "0.25" in line and {"kind": "test", "text": line} in told


def test_a_network_that_cannot_be_shuffled_is_not_tested(explore):
    widget, page = explore(picture(1))
    page.say(kind="hello")
    found = page.of("map")[-1][0]["map"]
    assert found["untested"] is False
    assert "test" not in [line["kind"] for line in found["trust"]]
    page.say(kind="test", method="layer_cam")
    page.until(lambda: page.of("testing") and "error" in page.of("testing")[-1][0])
    assert "cannot be shuffled" in page.of("testing")[-1][0]["error"]


def test_the_page_takes_a_limited_number_of_photographs(explore):
    widget, page = explore([picture(n) for n in range(12)])
    error = page.say([b"x"], kind="file", name="b.jpg", upload="1", index=0, count=1)
    assert "12 photographs" in error
    with pytest.raises(ValueError, match="12 photographs are on the page"):
        widget.add(picture(1))
    with pytest.raises(ValueError, match="13 photographs were given, and an Explorer shows at"):
        explore([picture(n) for n in range(13)])
    # Those that cannot be used are not among them.
    widget, page = explore([picture(n) for n in range(11)])
    for name in ("a.jpg", "b.jpg"):
        assert page.say([b"no"], kind="file", name=name, upload=name, index=0, count=1) == ""
        page.until(lambda: page.of("photographs")[-1][0]["photographs"][-1]["state"] == "failed")


def test_wrong_choices_are_named_and_change_nothing(explore):
    widget, page = explore(picture(1))
    for choice, words in [
        ({"target": "tentet"}, "tented"),
        ({"method": "oclusion"}, "occlusion"),
        ({"layer": "res9"}, "res5c"),
        ({"photograph": 7}, "no photograph 7"),
        ({"pane": 3}, "from 0 to 1"),
        ({"colour": 1}, "cannot be chosen"),
    ]:
        with pytest.raises(ValueError, match=words):
            widget.choose(**choice)
    assert widget.explanation.method == "cam"
    assert "bytes" in page.say(
        [b"1"],
        kind="area",
        generation=1,
        photograph=1,
        fill="black",
        offset=[0, 0],
        lender=0,
        final=True,
    )
    assert "fill" in page.cover(np.eye(56, dtype=bool), 2, fill="glitter")
    assert "form" in page.say(kind="save", form="exe", pane=0)


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("apply node failed")])
def test_a_failing_network_is_said_and_the_next_request_works(explore, linear, error):
    widget, page = explore(picture(1))
    good = linear.network.forward, linear.network.gradients

    def fail(*_, **__):
        raise error

    linear.network.forward = linear.network.gradients = fail
    page.cover(np.eye(56, dtype=bool), 1)
    page.until(lambda: page.of("problem"))
    assert str(error) in page.of("problem")[-1][0]["text"]
    page.choose(3, method="gradient")
    page.until(lambda: page.of("map")[-1][0]["state"] == "failed")
    assert str(error) in page.of("map")[-1][0]["error"]
    linear.network.forward, linear.network.gradients = good
    page.choose(4, method="gradient")
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    assert widget.cover((0, 0, 20, 20)).changes.any()


def test_a_network_that_cannot_be_loaded_is_said_and_tried_again(monkeypatch):
    from conus_widgets.widgets.live import loading as module

    loads = []

    def load(source):
        loads.append(source)
        if len(loads) < 3:  # asked for by the explorer, and by its photograph
            raise FileNotFoundError("nowhere/resnet50.npz is not there.")
        return StandIn()

    monkeypatch.setattr(module, "load", load)
    widget = Explorer("nowhere", picture(1))
    page = Page(widget)
    try:
        page.until(lambda: len(loads) == 2 and widget._state.phase == "failed")
        page.say(kind="hello")
        assert page.of("network")[-1][0]["problem"] == "nowhere/resnet50.npz is not there."
        page.say(kind="resume")
        assert widget.explanation.values.shape == (7, 7)
    finally:
        widget._worker.close()
        widget.close()
