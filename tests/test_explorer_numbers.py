"""The explorer as Python sees it; tests/browser has it on a page."""

import re
import threading
import time

import numpy as np
import pytest
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.photograph import PhotographError
from conus_widgets.widgets import Explorer
from conus_widgets.widgets.explorer import composing, methods
from conus_widgets.widgets.explorer.picture import signed

EVIL = "<img src=x onerror=alert(1)>"


def picture(seed=0, size=(56, 42)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(size, 2)


class Page:
    """The other end of the widget: speaks as its JavaScript does, and hears what is sent."""

    def __init__(self, widget):
        self.widget, self.heard, self.number = widget, [], 0
        widget.send = lambda content, buffers=None: self.heard.append((content, buffers))

    def say(self, buffers=(), **content):
        """Returns the error in the receipt."""
        self.number += 1
        self.widget._message(None, {**content, "id": self.number}, list(buffers))
        [receipt] = [m for m, _ in list(self.heard) if m.get("id") == self.number]
        return receipt["error"]

    def of(self, kind):
        return [
            (message, buffers) for message, buffers in list(self.heard) if message["kind"] == kind
        ]

    def until(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.heard[-5:]
            time.sleep(0.005)

    def choose(self, generation, pane=0, **choice):
        return self.say(kind="choose", pane=pane, generation=generation, **choice)

    def cover(self, mask, generation, fill="black", offset=(0, 0), final=True, photograph=1):
        return self.say(
            [composing.pack(mask)],
            kind="region",
            generation=generation,
            photograph=photograph,
            fill=fill,
            offset=list(offset),
            final=final,
        )


@pytest.fixture
def net():
    return StandIn(bend=1e-3)


@pytest.fixture
def make(net):
    """Make an explorer with its page; with a photograph, once that is there."""
    made = []

    def explorer(photograph=None, predictor=None, **options):
        widget = Explorer(predictor or net, photograph, **options)
        page = Page(widget)
        made.append(widget)
        assert widget.predictor is (predictor or net)
        if photograph is not None:
            with widget._session.changed:
                widget._wait_for_sight(1)
        return widget, page

    yield explorer
    for widget in made:
        widget._worker.close()
        widget.close()


def floats(buffer):
    return np.frombuffer(buffer, np.float32)


# The page's numbers


def test_the_page_gets_what_explain_computes(make, net):
    image = picture(1)
    widget, page = make(image)
    page.say(kind="hello")
    message, (_, logits, bias, shares, _, _) = page.of("sight")[-1]
    classes, rows, columns = message["classes"], message["rows"], message["columns"]
    assert (classes, rows, columns) == (len(net.labels), 7, 7)
    shares = floats(shares).reshape(classes, rows, columns)
    expected = net.forward(net.inputs([image])).logits[0]
    np.testing.assert_allclose(floats(logits), expected, rtol=1e-6)
    np.testing.assert_array_equal(floats(bias), net.network.head[1])
    for number, label in enumerate(net.labels):
        map_ = explain.cam(net, image, label)
        np.testing.assert_allclose(shares[number], map_.values, rtol=1e-5, atol=1e-6)
    rest = floats(logits) - bias_of(floats(bias)) - shares.sum((1, 2), dtype=float)
    assert np.abs(rest).max() < 1e-5 * np.abs(shares).sum((1, 2)).max()


def bias_of(bias):
    return bias.astype(float)


@pytest.mark.parametrize("against", [None, "spotted"])
def test_cam_without_a_run_is_cam(make, net, against):
    image = picture(2)
    widget, _ = make(image, target="tented", against=against)
    runs = net.network.counted_forward
    found = widget.explanation
    assert net.network.counted_forward == runs
    target = {"tented": 1, "spotted": -1} if against else "tented"
    expected = explain.cam(net, image, target)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-4, atol=1e-6)
    assert found.target.words == expected.target.words
    for key in ("bias", "logit"):
        assert found.figures[key] == pytest.approx(expected.figures[key], rel=1e-5)
    assert (found.method, found.layer, found.unit) == ("cam", expected.layer, "logit")


@pytest.mark.parametrize("name", [m.name for m in methods.available() if not m.streams])
def test_every_method_on_the_menu_gives_the_map_of_its_function(make, net, name):
    image = picture(3)
    widget, page = make(image, target="banded", method=name)
    found = widget.explanation
    method = methods.METHODS[name]
    expected = getattr(explain, method.function)(net, image, "banded", **method.options)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-5, atol=1e-6)
    message, [values] = [m for m in page.of("map") if m[0]["map"]][-1]
    sent = floats(values).reshape(message["map"]["rows"], message["map"]["columns"])
    np.testing.assert_array_equal(sent, found.values)
    trust = " ".join(message["map"]["trust"])
    assert f"{found.values.shape[0]} × {found.values.shape[1]} cells" in trust
    assert method.cost in trust and method.says in trust


def test_guided_backpropagation_is_marked_as_failing_where_it_is_chosen(make):
    _, page = make()
    page.say(kind="hello")
    listed = page.of("network")[-1][0]["methods"]
    failing = [method for method in listed if method["fails"]]
    assert [method["name"] for method in failing] == ["guided_backprop"]
    assert "fails" in failing[0]["label"] and "randomisation" in failing[0]["fails"]


def test_the_line_of_python_makes_the_same_map(make, net, tmp_path):
    path = tmp_path / "shell.png"
    picture(4).save(path)
    widget, page = make(str(path), against="tented", method="hires_cam", layer="res4f")
    found = widget.explanation
    line = page.of("map")[-1][0]["map"]["python"]
    assert "shell.png" in line and str(tmp_path) not in line
    line = line.replace("shell.png", str(path))
    again = eval(line, {"explain": explain, "predictor": net})  # our own line, of known names
    np.testing.assert_allclose(again.values, found.values, rtol=1e-5, atol=1e-7)


# The region


def test_covering_nothing_changes_nothing(make, net):
    widget, page = make(picture(5))
    runs = net.network.counted_forward
    found = widget.cover(np.zeros((42, 56), bool))
    assert not found.changes.any() and not found.shares.any()
    assert net.network.counted_forward == runs
    assert page.cover(np.zeros((56, 56), bool), 5) == ""
    sight = widget._session.sight(1)
    np.testing.assert_array_equal(floats(page.of("checked")[-1][1][0]), sight.logits)


def test_a_patch_from_nowhere_else_changes_nothing(make):
    widget, _ = make(picture(5))
    found = widget.cover((10, 10, 30, 30), fill="patch", offset=(0, 0))
    assert found.area > 0 and np.abs(found.changes).max() < 1e-5


@pytest.mark.parametrize("fill", ["black", "mean", "blur", "patch"])
def test_both_numbers_of_a_region(make, net, fill):
    widget, page = make(picture(6))
    mask = np.zeros((56, 56), bool)
    mask[8:31, 5:40] = True
    assert page.cover(mask, 3, fill=fill, offset=(7, -3)) == ""
    page.until(lambda: page.of("checked"))
    message, [covered] = page.of("checked")[-1]
    assert message["generation"] == 3
    sight = widget._session.sight(1)
    pixels = sight.inputs[0].copy()
    rows, columns = np.nonzero(mask)
    if fill == "black":
        pixels[:, mask] = -sight.mean[:, 0]
    elif fill == "mean":
        pixels[:, mask] = 0
    elif fill == "patch":
        pixels[:, mask] = sight.inputs[0][:, rows - 3, columns + 7]
    else:
        pixels[:, mask] = composing.backdrop(sight.inputs[0], sight.mean, "blur")[:, mask]
    expected = net.forward(pixels[None]).logits[0]
    np.testing.assert_allclose(floats(covered), expected, rtol=1e-5, atol=1e-5)
    found = widget.evidence
    np.testing.assert_allclose(found.changes, sight.logits - expected, rtol=1e-4, atol=1e-5)
    weights = mask.reshape(7, 8, 7, 8).mean((1, 3))
    np.testing.assert_allclose(found.shares, (sight.shares * weights).sum((1, 2)), rtol=1e-5)


def test_the_whole_photograph_s_share_is_the_logit_without_the_bias(make):
    widget, _ = make(picture(7))
    found = widget.cover((0, 0, 56, 42))
    np.testing.assert_allclose(found.shares, found.logits - found.bias, rtol=1e-4, atol=1e-5)
    assert found.area == 1


def test_a_blur_leaves_one_colour_as_it_is_and_no_marking(net):
    flat = np.full((3, 56, 56), 7, np.float32)
    mean = np.zeros((3, 1, 1), np.float32)
    np.testing.assert_allclose(composing.backdrop(flat, mean, "blur"), flat, rtol=1e-6)
    stripes = flat * np.where(np.arange(56) % 4 < 2, 1, -1)
    assert np.abs(composing.backdrop(stripes.astype("float32"), mean, "blur")).max() < 0.8


def test_masks_survive_their_journey_and_wrong_ones_are_named():
    rng = np.random.default_rng(0)
    for size in (7, 8, 56):
        mask = rng.random((size, size)) < 0.5
        np.testing.assert_array_equal(composing.unpack(composing.pack(mask), size), mask)
    with pytest.raises(ValueError, match="3 bytes, where 8 x 8 pixels need 8"):
        composing.unpack(b"123", 8)


def test_painting_the_twin_s_pixels_over_the_marking_flips_the_demonstration(make):
    from conus_widgets import load_predictor
    from conus_widgets.shells import draw

    predictor = load_predictor()
    marked, plain = draw("coronated", 4), draw("banded", 4)
    widget, _ = make(marked.image, predictor, target="coronated", against="banded")
    found = widget.cover(marked.masks["knobs"], fill=plain.image)
    assert predictor.labels[int(found.logits.argmax())] == "coronated"
    assert predictor.labels[int(found.covered.argmax())] == "banded"
    np.testing.assert_allclose(found.covered, predictor.logits([plain.image])[0], atol=1e-3)
    share, change = found.of({"coronated": 1, "banded": -1})
    assert share > 0 and change > 0


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


def test_of_many_regions_the_newest_is_answered(make, net):
    widget, page = make(picture(8))
    gate = Gate(net.network)
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


def test_a_newer_choice_drops_the_older_map(make, net):
    widget, page = make(picture(9))
    gate = Gate(net.network)
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
    assert widget.explanation.target.words == net.labels[4]


def test_cancel_stops_a_slow_map_and_keeps_the_page_usable(make, net):
    widget, page = make(picture(10))
    gate = Gate(net.network)
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


def test_the_brush_passes_a_slow_map_between_two_batches(make, net):
    widget, page = make(picture(11))
    order = []
    slow, quick = net.network.gradients, net.network.forward

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

    net.network.gradients, net.network.forward = gradients, forward
    page.choose(5, method="smoothgrad")
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    assert page.of("checked") and "brush" in order
    assert order.index("brush") < len(order) - 3, "it did not wait for the end"


# What can go wrong


def test_no_photograph(make):
    widget, page = make()
    assert page.of("sight") == []
    with pytest.raises(RuntimeError, match="no photograph"):
        _ = widget.explanation
    with pytest.raises(RuntimeError, match="no photograph"):
        widget.cover((0, 0, 5, 5))
    assert widget.evidence is None and "no photograph" in repr(widget)
    widget.look(picture(1))
    assert widget.explanation.values.shape == (7, 7)


def test_a_photograph_that_cannot_be_read_is_said_by_its_name(make):
    widget, page = make()
    data = b"no picture"
    assert page.say([data], kind="file", name="a.jpg", upload="1", index=0, count=1) == ""
    page.until(lambda: page.of("photographs")[-1][0]["photographs"][0]["state"] == "failed")
    assert page.of("photographs")[-1][0]["photographs"][0]["error"].startswith("a.jpg")
    with pytest.raises(RuntimeError, match=r"a\.jpg"):
        _ = widget.explanation


def test_the_page_takes_a_limited_number_of_photographs(make):
    widget, page = make([picture(n) for n in range(12)])
    error = page.say([b"x"], kind="file", name="b.jpg", upload="1", index=0, count=1)
    assert "12 photographs" in error


def test_wrong_choices_are_named_and_change_nothing(make):
    widget, page = make(picture(1))
    for choice, words in [
        ({"target": "tentet"}, "tented"),
        ({"method": "magic"}, "cam, hires_cam"),
        ({"layer": "res9"}, "res5c"),
        ({"photograph": 7}, "no photograph 7"),
        ({"pane": 3}, "no map 4"),
        ({"colour": 1}, "cannot be chosen"),
    ]:
        with pytest.raises(ValueError, match=words):
            widget.choose(**choice)
    assert widget.explanation.method == "cam"
    assert "bytes" in page.say(
        [b"1"], kind="region", generation=1, photograph=1, fill="black", offset=[0, 0], final=True
    )
    assert "fill" in page.cover(np.eye(56, dtype=bool), 2, fill="glitter")
    assert "form" in page.say(kind="save", form="exe", pane=0)


def test_a_wrong_name_at_the_start_is_said_on_the_page(make):
    widget, page = make(picture(1), target="tentet")
    page.say(kind="hello")
    assert "tented" in page.of("network")[-1][0]["problem"]
    assert widget.explanation.values.shape == (7, 7)


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("apply node failed")])
def test_a_failing_network_is_said_and_the_next_request_works(make, net, error):
    widget, page = make(picture(1))
    good = net.network.forward, net.network.gradients

    def fail(*_, **__):
        raise error

    net.network.forward = net.network.gradients = fail
    page.cover(np.eye(56, dtype=bool), 1)
    page.until(lambda: page.of("problem"))
    assert str(error) in page.of("problem")[-1][0]["text"]
    page.choose(3, method="gradient")
    page.until(lambda: page.of("map")[-1][0]["state"] == "failed")
    assert str(error) in page.of("map")[-1][0]["error"]
    net.network.forward, net.network.gradients = good
    page.choose(4, method="gradient")
    page.until(lambda: page.of("map")[-1][0]["state"] == "done")
    assert widget.cover((0, 0, 20, 20)).changes.any()


def test_a_network_that_cannot_be_loaded_is_said_and_tried_again(monkeypatch):
    from conus_widgets.widgets.explorer import explorer as module

    loads = []

    def load(source):
        loads.append(source)
        if len(loads) < 3:  # asked for by the explorer, and by its photograph
            raise FileNotFoundError("nowhere/resnet50.npz is not there.")
        return StandIn()

    monkeypatch.setattr(module, "_load", load)
    widget = Explorer("nowhere", picture(1))
    page = Page(widget)
    try:
        page.until(lambda: len(loads) == 2 and widget._session.phase == "failed")
        page.say(kind="hello")
        assert page.of("network")[-1][0]["problem"] == "nowhere/resnet50.npz is not there."
        page.say(kind="resume")
        assert widget.explanation.values.shape == (7, 7)
    finally:
        widget._worker.close()
        widget.close()


# Several maps and photographs


def test_up_to_four_maps_each_of_its_own(make, net):
    images = [picture(1), picture(2)]
    widget, page = make(images)
    widget.choose(pane=1, photograph=2, target="banded")
    widget.choose(pane=2, method="hires_cam", layer="res4f", photograph=1, target="tented")
    widget.choose(pane=3, method="gradient")
    with pytest.raises(ValueError, match="at most 4"):
        widget.choose(pane=4)
    for active, (shape, image) in enumerate(
        [((7, 7), 0), ((7, 7), 1), ((14, 14), 0), ((56, 56), 0)]
    ):
        page.say(kind="view", view={"active": active})
        found = widget.explanation
        assert found.values.shape == shape
        assert found.image.tobytes() == images[image].tobytes()
    page.say(kind="drop", pane=1)
    page.say(kind="view", view={"active": 1})
    assert widget.explanation.values.shape == (14, 14)


def test_another_photograph_explains_its_own_top_class(make, net):
    images = [picture(n) for n in range(6)]
    widget, page = make(images)
    for number, image in enumerate(images, 1):
        page.choose(number, photograph=number)
        top = int(net.forward(net.inputs([image])).logits[0].argmax())
        assert widget.explanation.target.words == net.labels[top]


def test_hello_tells_a_page_that_comes_later_everything(make):
    widget, page = make(picture(1), method="gradient")
    _ = widget.explanation
    widget.cover((0, 0, 20, 20), fill=picture(2))
    page.say(kind="view", view={"active": 0, "pins": [{"photograph": 1, "row": 1, "column": 2}]})
    page.heard.clear()
    page.say(kind="hello")
    kinds = [m["kind"] for m, _ in page.heard]
    assert kinds == ["network", "photographs", "sight", "map", "region", "checked", "heard"]
    assert page.of("network")[0][0]["view"]["pins"]
    assert page.of("map")[0][0]["map"]["rows"] == 56
    region, (bits, given) = page.of("region")[0]
    assert region["fill"] == "given" and len(given) == 3 * 56 * 56
    assert composing.unpack(bits, 56).any()


# What leaves the page


def test_files_of_the_map(make, tmp_path):
    widget, page = make(picture(1))
    widget.choose(method="hires_cam", layer="res4f")
    found = widget.explanation
    for form in ("npz", "png"):
        assert page.say(kind="save", form=form, pane=0) == ""
        message, [data] = page.of("file")[-1]
        assert message["name"] == f"layer_cam.{form}"
        (tmp_path / message["name"]).write_bytes(data)
    again = explain.load(tmp_path / "layer_cam.npz")
    np.testing.assert_array_equal(again.values, found.values)
    assert Image.open(tmp_path / "layer_cam.png").size[0] > 300
    widget.save(tmp_path / "mine.npz")
    np.testing.assert_array_equal(explain.load(tmp_path / "mine.npz").values, found.values)


def test_the_saved_picture_holds_the_numbers_and_escapes_every_text():
    net = StandIn(labels=[f"{EVIL} {n}" for n in range(5)], notice=EVIL)
    image = picture(1)
    widget = Explorer(net, image, against=0)
    try:
        found = widget.cover((0, 0, 30, 30))
        html = widget.picture()._repr_html_()
        assert "<img src=x" not in html and "&lt;img src=x" in html
        for row in found.table():
            for key in ("logit", "share", "change"):
                assert signed(row[key]) in html
                assert signed(row[key]) in repr(widget.picture())
        assert len(html) < 200_000
        assert re.search(r"data:image/jpeg;base64,", html)
    finally:
        widget._worker.close()
        widget.close()


def test_nothing_of_the_photograph_is_saved_as_widget_state(make):
    widget, _ = make(picture(1))
    size = sum(len(str(value)) for key, value in widget.get_state().items() if key[:1] != "_")
    assert size < 2000


def test_photograph_errors_keep_their_kind(make, net):
    from conus_widgets.widgets.explorer.sight import look

    with pytest.raises(PhotographError, match=r"^b\.png"):
        look(net, b"bad", "b.png")
