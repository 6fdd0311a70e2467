"""Wrong arguments of the widgets: refused at once, in words, with the way out."""

import json
import threading

import numpy as np
import pytest
from explorer_page import Page, picture
from ipywidgets.widgets.widget import _instances
from PIL import Image
from stand_in import StandIn

from conus_widgets.loading import load_predictor
from conus_widgets.predictor import Predictor
from conus_widgets.widgets import Classifier, DropZone, Explorer
from conus_widgets.widgets.live import loading
from conus_widgets.widgets.live.widget import LiveWidget

pytest_plugins = ["explorer_page"]  # its fixtures


@pytest.fixture(autouse=True)
def no_widget_is_left():
    """What is refused leaves no half-made widget behind, as that would stay on the page."""
    before = set(_instances)
    yield
    for number in set(_instances) - before:
        widget = _instances[number]
        assert not isinstance(widget, LiveWidget), "it was refused, but it is there"
        widget.close()


@pytest.fixture
def from_folder(monkeypatch, tmp_path):
    """A folder whose predictor is loaded as soon as `go` is called."""
    allowed = threading.Event()

    def load(source):
        assert allowed.wait(10)
        return StandIn()

    monkeypatch.setattr(loading, "load", load)
    return tmp_path, allowed.set


# No predictor


@pytest.mark.parametrize("widget", [Classifier, Explorer])
@pytest.mark.parametrize(
    "given, words",
    [
        (load_predictor, "load_predictor itself, without calling it: write .*load_predictor"),
        (lambda: 1, "function .* without calling it"),
        (Predictor, "the class Predictor itself"),
        (5, "this int is not one: give what"),
        ({"a": 1}, "this dict is not one"),
        (object(), "this object is not one"),
        (True, "this bool is not one"),
        (b"...", "A photograph"),
        (["a.png"], "A photograph"),
        (np.zeros((4, 4, 3), np.uint8), "A photograph"),
        (Image.new("RGB", (4, 4)), "Write "),
    ],
)
def test_what_is_no_predictor_is_a_type_error_at_once(widget, given, words):
    with pytest.raises(TypeError, match=words) as caught:
        widget(given)
    assert widget.__name__ in str(caught.value)


@pytest.mark.parametrize("widget", [Classifier, Explorer])
def test_a_photograph_in_the_predictor_s_place_is_named(widget, tmp_path):
    for path in ("shell.jpg", tmp_path / "Shell.TIF"):
        with pytest.raises(ValueError, match="photograph by its name"):
            widget(path)


def test_a_folder_that_is_not_there_is_said_on_the_page_and_in_python(tmp_path):
    gone = tmp_path / "gone"
    classifier, explorer = Classifier(gone), Explorer(gone)
    try:
        for widget in (classifier, explorer):
            with pytest.raises(ValueError, match=r"gone does not exist: give the folder"):
                _ = widget.predictor
        assert "gone does not exist" in classifier._board.problem
        assert "gone does not exist" in explorer._state.problem
    finally:
        for widget in (classifier, explorer):
            widget._worker.close()
            widget.close()


def test_a_subclass_is_a_widget_too():
    class Mine(Classifier):
        pass

    with pytest.raises(TypeError, match="A photograph"):
        Mine(b"...")
    with pytest.raises(TypeError, match="Mine has no argument 'veiws'"):
        Mine(StandIn(), veiws=3)


# Arguments that do not exist


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Explorer(StandIn(), agianst="banded"), "'agianst'; the nearest is 'against'"),
        (lambda: Explorer(StandIn(), None, traget="banded"), "'traget'; the nearest is 'target'"),
        (lambda: Classifier(StandIn(), veiws=3), "'veiws'; the nearest is 'views'"),
        (lambda: DropZone(orignal=True), "'orignal'; the nearest is 'original'"),
    ],
)
def test_a_misspelt_argument_is_a_type_error(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def test_the_arguments_of_every_widget_are_still_taken():
    zone = DropZone(layout={"width": "50%"}, long_side=100)
    assert zone.layout.width == "50%" and zone.long_side == 100
    zone.close()


def test_what_traitlets_refuses_is_a_value_error_too():
    for wrong in ({"long_side": 0}, {"limit": "much"}, {"original": "yes"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            DropZone(**wrong)


# The explorer's questions

WRONG = [
    ({"target": "Tented"}, "target is 'Tented'. .*tented"),
    ({"target": "tentet"}, "target is 'tentet'. .*tented"),
    ({"target": -1}, "target is -1.*0 to 4"),
    ({"target": 99}, "target is 99.*0 to 4"),
    ({"target": np.int64(7)}, "0 to 4"),
    ({"against": "band"}, "against is 'band'. .*banded"),
    ({"against": 5}, "against is 5.*0 to 4"),
    ({"layer": "res9", "method": "hires_cam"}, "res9.*res5c"),
    ({"target": "tented", "against": 3}, "both"),
]
WRONG_OF_ANY_NETWORK = [
    ({"target": {"tented": 1, "banded": -1}}, "target=A, against=B"),
    ({"target": np.array([1, 0, 0, 0, 0])}, "number or the name"),
    ({"target": [1, 2]}, "number or the name"),
    ({"target": 1.0}, "number or the name"),
    ({"target": True}, "number or the name"),
    ({"against": ["banded"]}, "number or the name"),
    ({"method": "oclusion"}, "there are occlusion"),
    ({"method": ["cam"]}, "method is"),
    ({"method": None}, "method is None"),
    ({"layer": 5, "method": "hires_cam"}, "layer is 5"),
    ({"layer": "res4f"}, "'cam' takes no layer: use one of hires_cam, layer_cam"),
    ({"layer": "res4f", "method": "occlusion"}, "'occlusion' takes no layer"),
]


@pytest.mark.parametrize("wrong, words", WRONG + WRONG_OF_ANY_NETWORK)
def test_a_wrong_question_is_a_value_error_at_once(wrong, words, linear):
    with pytest.raises(ValueError, match=words):
        Explorer(linear, picture(1), **wrong)


@pytest.mark.parametrize("wrong, words", WRONG_OF_ANY_NETWORK)
def test_what_needs_no_network_to_be_wrong_is_refused_before_it_is_loaded(wrong, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        Explorer(tmp_path, picture(1), **wrong)


@pytest.mark.parametrize("wrong, words", WRONG)
def test_a_wrong_question_is_said_as_soon_as_the_network_is_loaded(wrong, words, from_folder):
    folder, go = from_folder
    widget = Explorer(folder, picture(1), **wrong)
    page = Page(widget)
    try:
        go()
        with pytest.raises(ValueError, match=words):
            _ = widget.explanation
        page.say(kind="hello")
        said = page.of("network")[-1][0]["problem"]
        shown = page.of("map")[-1][0]
        assert shown["state"] == "failed" and shown["map"] is None, "no other class in its place"
        assert shown["error"] == said and said in repr(widget.picture())
        # Choosing something that exists goes on.
        widget.choose(target="banded", against=None, layer=None, method="cam")
        assert widget.explanation.target.words == "banded"
        page.say(kind="hello")
        assert page.of("network")[-1][0]["problem"] == ""
    finally:
        widget._worker.close()
        widget.close()


def test_the_same_is_refused_by_choose_and_changes_nothing(explore):
    widget, _ = explore(picture(1), target="banded")
    before = widget.explanation
    for wrong, words in WRONG + WRONG_OF_ANY_NETWORK:
        with pytest.raises(ValueError, match=words):
            widget.choose(**wrong)
        assert widget.explanation is before, wrong
    for wrong in (
        *({"pane": 2}, {"pane": -1}, {"pane": "a"}, {"pane": None}, {"pane": 1.0}),
        *({"photograph": 2}, {"photograph": "shell.jpg"}, {"photograph": [1]}, {"colour": 1}),
    ):
        with pytest.raises(ValueError, match=str(next(iter(wrong)))):
            widget.choose(**wrong)
        assert widget.explanation is before, wrong


def test_the_top_class_cannot_be_held_against_itself(explore, linear):
    top = linear.labels[int(linear.forward(linear.inputs([picture(1)])).logits.argmax())]
    widget, page = explore(picture(1), against=top)
    with pytest.raises(ValueError, match="top class of this photograph itself"):
        _ = widget.explanation
    other = next(label for label in linear.labels if label != top)
    widget.choose(against=other)
    assert widget.explanation.target.words == f"{top} rather than {other}"
    widget.choose(target=other)  # it was what the other is held against
    assert widget.explanation.target.words == other


def test_a_wrong_cover_is_a_value_error(explore):
    widget, _ = explore(picture(1))
    for options, words in [
        ({"fill": "blak"}, "fill is 'blak'.*black"),
        ({"fill": "patch", "offset": 3}, "offset is 3"),
        ({"fill": "patch", "offset": (1.5, 2)}, "offset is"),
        ({"fill": "patch", "offset": "ab"}, "offset is"),
    ]:
        with pytest.raises(ValueError, match=words):
            widget.cover((0, 0, 20, 20), **options)
    assert widget.evidence is None


def test_a_cover_that_another_one_replaces_does_not_wait_for_ever(explore, linear, monkeypatch):
    widget, page = explore(picture(1))
    monkeypatch.setattr(widget._covering, "_check", lambda *_: None)
    threading.Timer(0.2, lambda: page.cover(np.eye(56, dtype=bool), 9)).start()
    with pytest.raises(RuntimeError, match="Another area was covered"):
        widget.cover((0, 0, 20, 20))


# The classifier's settings

SETTINGS = [
    ({"top": 0}, "top is 0: it must be a whole number of at least 1"),
    ({"top": -3}, "top is -3"),
    ({"top": "5"}, "top is '5'"),
    ({"top": 2.5}, "top is 2.5"),
    ({"top": True}, "top is True"),
    ({"views": 0}, "views is 0: it must be a whole number from 1 to 1000"),
    ({"views": 1001}, "views is 1001"),
    ({"views": "many"}, "views is 'many'"),
    ({"seed": -1}, "seed is -1: it must be a whole number of at least 0"),
    ({"seed": "a"}, "seed is 'a'"),
    ({"seed": 1.5}, "seed is 1.5"),
    ({"specimen": "yes"}, "specimen"),
    ({"region": 3}, "region"),
]


@pytest.mark.parametrize("wrong, words", SETTINGS)
def test_a_wrong_setting_is_a_value_error_at_once(wrong, words, tmp_path):
    for predictor in (StandIn(regions=["Panamic"]), tmp_path):
        with pytest.raises(ValueError, match=words):
            Classifier(predictor, **wrong)


def test_an_unknown_region_is_refused_with_the_nearest_names():
    with pytest.raises(ValueError, match="'Panamik', .*there are Panamic"):
        Classifier(StandIn(regions=["Panamic", "South African"]), region="Panamik")
    with pytest.raises(ValueError, match=r"no regions\.csv"):
        Classifier(StandIn(), region="Panamic")
    widget = Classifier(StandIn(regions=["Panamic"]), region="Panamic")
    with pytest.raises(ValueError, match="Panamic"):
        widget.region = "Panamik"
    assert widget.region == "Panamic"
    widget._worker.close()
    widget.close()


def test_a_region_that_a_network_turns_out_not_to_have_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(loading, "load", lambda source: StandIn(regions=["Panamic"]))
    widget = Classifier(tmp_path, region="Panamik")
    page = Page(widget)
    try:
        assert widget.predictor.regions == ["Panamic"]
        page.until(lambda: widget._board.phase == "ready")
        page.say(kind="hello")
        assert "Panamik" in page.of("state")[-1][0]["problem"]
        with pytest.raises(ValueError, match="Panamik"):
            widget.classify(picture(1))
        widget.region = "Panamic"
        assert widget.classify(picture(1)).region == "Panamic"
        page.say(kind="hello")
        assert page.of("state")[-1][0]["problem"] == ""
    finally:
        widget._worker.close()
        widget.close()


def test_numbers_of_numpy_are_numbers():
    widget = Classifier(StandIn(), top=np.int64(2), views=np.int32(3), seed=np.uint8(4))
    assert len(widget.classify(picture(1)).labels) == 2 and widget.prediction.seed == 4
    widget._worker.close()
    widget.close()


def test_photographs_are_given_alone_or_in_any_row(explore):
    widget = Classifier(StandIn())
    stack = np.stack([np.asarray(picture(n)) for n in (1, 2)])
    try:
        assert widget.classify(stack[0]).labels
        for rows in (stack, (one for one in stack), tuple(stack), [picture(1), picture(2)]):
            assert len(widget.classify(rows)) == 2
        assert widget.classify([]) == []
        for wrong in (None, {"a": picture(1)}):
            with pytest.raises(ValueError, match="[Pp]hotograph"):
                widget.classify(wrong)
        widget.clear()
        widget.specimen = True
        with pytest.raises(ValueError, match="No photograph was given"):
            widget.classify([])
        assert len(widget.classify(stack).names) == 2
    finally:
        widget._worker.close()
        widget.close()
    explorer, _ = explore(stack)
    assert list(explorer._state.photographs) == [1, 2]
    with pytest.raises(ValueError, match="dict"):
        explore({"a": picture(1)})
    for wrong in (None, [], {"a": picture(1)}):
        with pytest.raises(ValueError, match="[Pp]hotograph"):
            explorer.add(wrong)
    explorer.add([picture(3), picture(4)])
    assert explorer.explanation.image.tobytes() == picture(3).tobytes()


# Names

ODD = ("\udcff.png", "a\x1b[31m\n.png", "<b>bold.png", "\u202eesrever.png", "\x00")


def test_a_name_on_the_page_is_one_line_of_text_that_can_be_sent(explore):
    """Also where a file's name is not UTF-8: such letters have no place in a message."""
    images = []
    for name in ODD:
        images.append(picture(1))
        images[-1].filename = f"folder/{name}"
    classifier = Classifier(StandIn())
    page = Page(classifier)
    classifier.classify(images)
    explorer, other = explore(images)
    other.say(kind="hello")
    for widget, heard in ((classifier, page.heard), (explorer, other.heard)):
        for message, _ in heard:
            json.dumps(message, ensure_ascii=False).encode("utf-8")
        html = widget.picture()._repr_html_()
        html.encode("utf-8")
        assert "<b>" not in html and "\x1b" not in repr(widget.picture())
    names = [card.name for card in classifier._board.cards]
    assert names == [one.name for one in explorer._state.photographs.values()]
    assert all(name.isprintable() for name in names)
    assert names[:3] == ["\\udcff.png", "a\\x1b[31m\\n.png", "<b>bold.png"]
    classifier._worker.close()
    classifier.close()
