"""The explorer's numbers, as Python sees them; tests/browser has it on a page."""

import html
import re

import numpy as np
import pytest
from explorer_page import floats, picture
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain.catalogue import METHODS
from conus_widgets.explain.covers import COVERS, blurred
from conus_widgets.widgets import Explorer
from conus_widgets.widgets.explorer import bits
from conus_widgets.widgets.live.words import signed

pytest_plugins = ["explorer_page"]  # its fixtures

EVIL = "<img src=x onerror=alert(1)>"


# The page's numbers


def test_the_page_gets_what_explain_computes(explore, linear):
    image = picture(1)
    widget, page = explore(image)
    page.say(kind="hello")
    message, (_, logits, bias, shares, *_) = page.of("sight")[-1]
    classes, rows, columns = message["classes"], message["rows"], message["columns"]
    assert (classes, rows, columns) == (len(linear.labels), 7, 7)
    shares = floats(shares).reshape(classes, rows, columns)
    expected = linear.forward(linear.inputs([image])).logits[0]
    np.testing.assert_allclose(floats(logits), expected, rtol=1e-6)
    np.testing.assert_array_equal(floats(bias), linear.network.head[1])
    for number, label in enumerate(linear.labels):
        map_ = explain.cam(linear, image, label)
        np.testing.assert_allclose(shares[number], map_.values, rtol=1e-5, atol=1e-6)
    rest = floats(logits) - floats(bias) - shares.sum((1, 2), dtype=float)
    assert np.abs(rest).max() < 1e-5 * np.abs(shares).sum((1, 2)).max()


@pytest.mark.parametrize("against", [None, "spotted"])
def test_cam_without_a_run_is_cam(explore, linear, against):
    image = picture(2)
    widget, _ = explore(image, target="tented", against=against)
    runs = linear.network.counted_forward
    found = widget.explanation
    assert linear.network.counted_forward == runs
    target = {"tented": 1, "spotted": -1} if against else "tented"
    expected = explain.cam(linear, image, target)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-4, atol=1e-6)
    assert found.target.words == expected.target.words
    for key in ("bias", "logit"):
        assert found.figures[key] == pytest.approx(expected.figures[key], rel=1e-5)
    assert (found.method, found.layer, found.unit) == ("cam", expected.layer, "logit")


@pytest.mark.parametrize("name", [name for name in METHODS if name != "random_masks"])
def test_every_method_on_the_menu_gives_the_map_of_its_function(explore, linear, name):
    image = picture(3)
    widget, page = explore(image, target="banded", method=name)
    found = widget.explanation
    method = METHODS[name]
    expected = getattr(explain, name)(linear, image, "banded", **method.offered)
    assert found.method == name
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-5, atol=1e-6)
    message, [values] = [m for m in page.of("map") if m[0]["map"]][-1]
    sent = floats(values).reshape(message["map"]["rows"], message["map"]["columns"])
    np.testing.assert_array_equal(sent, found.values)
    lines = [(line["kind"], line["text"]) for line in message["map"]["trust"]]
    trust = {kind: text for kind, text in lines if kind != "remark"}
    assert f"{found.values.shape[0]} × {found.values.shape[1]} cells" in trust["grain"]
    assert trust["claim"] == method.claims
    assert trust["cost"].startswith(f"{method.runs(linear.size)}.")
    said = [trust["caveat"]] if "caveat" in trust else []
    assert said + [text for kind, text in lines if kind == "remark"] == list(found.remarks)


def test_guided_backpropagation_is_marked_as_failing_where_it_is_chosen(explore):
    _, page = explore()
    page.say(kind="hello")
    listed = page.of("network")[-1][0]["methods"]
    caveats = {
        method["name"]: line["text"]
        for method in listed
        for line in method["trust"]
        if line["kind"] == "caveat"
    }
    assert list(caveats) == ["guided_backprop"]
    assert "fails the randomisation test" in caveats["guided_backprop"]
    assert "fails" in METHODS["guided_backprop"].label


def test_the_line_of_python_makes_the_same_map(explore, linear, tmp_path):
    path = tmp_path / "shell.png"
    picture(4).save(path)
    last = linear.labels[linear.forward(linear.inputs([path])).logits[0].argmin()]
    widget, page = explore(str(path), against=last, method="hires_cam", layer="res4f")
    found = widget.explanation
    line = page.of("map")[-1][0]["map"]["python"]
    assert "shell.png" in line and str(tmp_path) not in line
    line = line.replace("shell.png", str(path))
    again = eval(line, {"explain": explain, "predictor": linear})  # our own line, of known names
    np.testing.assert_allclose(again.values, found.values, rtol=1e-5, atol=1e-7)


# The area


def test_covering_nothing_changes_nothing(explore, linear):
    widget, page = explore(picture(5))
    runs = linear.network.counted_forward
    found = widget.cover(np.zeros((42, 56), bool))
    assert not found.changes.any() and not found.shares.any()
    assert linear.network.counted_forward == runs
    assert page.cover(np.zeros((56, 56), bool), 5) == ""
    sight = widget._state.sight(1)
    np.testing.assert_array_equal(floats(page.of("checked")[-1][1][0]), sight.logits)


def test_a_patch_from_nowhere_else_changes_nothing(explore):
    widget, _ = explore(picture(5))
    found = widget.cover((10, 10, 30, 30), fill="patch", offset=(0, 0))
    assert found.fraction > 0 and np.abs(found.changes).max() < 1e-5


COLOUR = (200, 180, 160)
OFFSETS = [(fill, (7, -3) if fill == "patch" else (0, 0)) for fill in [*COVERS, COLOUR]]


@pytest.mark.parametrize(("fill", "offset"), OFFSETS)
def test_an_area_s_numbers_are_those_of_explain(explore, linear, fill, offset):
    image = picture(5, (56, 56))  # whole pixels of the network's input
    widget, _ = explore(image)
    box = (8, 12, 40, 31)
    found = widget.cover(box, fill=fill, offset=offset)
    expected = explain.evidence(linear, image, box, fill=fill, offset=offset)
    assert found.fill == expected.fill
    np.testing.assert_allclose(found.shares, expected.shares, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.changes, expected.changes, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(widget.evidence.changes, found.changes)


def test_the_default_cover_is_that_of_evidence(explore, linear):
    image = picture(5, (56, 56))
    widget, _ = explore(image)
    found = widget.cover((8, 12, 40, 31))
    assert found.fill == explain.evidence(linear, image, (8, 12, 40, 31)).fill == "the mean colour"


def test_the_older_names_work_and_say_the_new_ones(explore):
    widget, _ = explore(picture(5, (56, 56)))
    with pytest.warns(DeprecationWarning, match=r"cover\(area=\.\.\.\)"):
        found = widget.cover(region=(8, 12, 40, 31))
    np.testing.assert_array_equal(found.changes, widget.cover((8, 12, 40, 31)).changes)
    with pytest.warns(DeprecationWarning, match=r"Explorer\.add"):
        widget.look(picture(6))
    assert widget.explanation.image.tobytes() == picture(6).tobytes()


@pytest.mark.parametrize(("fill", "offset"), OFFSETS)
def test_both_numbers_of_an_area(explore, linear, fill, offset):
    widget, page = explore(picture(6))
    mask = np.zeros((56, 56), bool)
    mask[8:31, 5:40] = True
    sent = list(fill) if fill == COLOUR else fill
    assert page.cover(mask, 3, fill=sent, offset=offset) == ""
    page.until(lambda: page.of("checked"))
    message, [covered] = page.of("checked")[-1]
    assert message["generation"] == 3
    sight = widget._state.sight(1)
    pixels = sight.inputs[0].copy()
    rows, columns = np.nonzero(mask)
    if fill == "black":
        pixels[:, mask] = -sight.mean[:, 0]
    elif fill == "mean":
        pixels[:, mask] = 0
    elif fill == "patch":
        pixels[:, mask] = sight.inputs[0][:, rows - 3, columns + 7]
    elif fill == COLOUR:
        pixels[:, mask] = np.array(COLOUR[::-1])[:, None] - sight.mean[:, 0]
    elif fill == "blur":
        pixels[:, mask] = blurred(sight.inputs[0])[:, mask]
    else:
        pixels[:, mask] = sight.cover("noise").pixels[:, mask]
    expected = linear.forward(pixels[None]).logits[0]
    np.testing.assert_allclose(floats(covered), expected, rtol=1e-5, atol=1e-5)
    found = widget.evidence
    np.testing.assert_allclose(found.changes, sight.logits - expected, rtol=1e-4, atol=1e-5)
    weights = mask.reshape(7, 8, 7, 8).mean((1, 3))
    np.testing.assert_allclose(found.shares, (sight.shares * weights).sum((1, 2)), rtol=1e-5)


def line_of(page, linear, **names):
    """What the line of Python beside the area's numbers gives."""
    line = page.of("checked")[-1][0]["python"]
    return eval(line, {"explain": explain, "predictor": linear, **names})


@pytest.mark.parametrize(("fill", "offset"), OFFSETS)
def test_the_line_of_python_gives_the_numbers_of_the_area_again(explore, linear, fill, offset):
    image = picture(6)
    widget, page = explore(image)
    mask = np.random.default_rng(1).random((56, 56)) < 0.3
    assert page.cover(mask, 1, fill=list(fill) if fill == COLOUR else fill, offset=offset) == ""
    page.until(lambda: page.of("checked"))
    again = line_of(page, linear, photograph=image)
    found = widget.evidence
    assert again.fill == found.fill and again.fraction == found.fraction
    for name in ("shares", "changes", "covered"):
        expected = getattr(found, name)
        np.testing.assert_allclose(getattr(again, name), expected, rtol=1e-4, atol=1e-5)
    assert page.of("checked")[-1][0]["python"] in html.unescape(widget.picture()._repr_html_())


def test_the_line_of_python_names_the_photograph_that_lent_its_pixels(explore, linear, tmp_path):
    images = [picture(6), picture(7)]
    paths = [tmp_path / "one.png", tmp_path / "other.png"]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    mask = np.zeros((56, 56), bool)
    mask[8:31, 5:40] = True
    for given, other in ((images, "other"), (paths, "'other.png'")):
        widget, page = explore(given)
        with widget._state.changed:
            widget._wait_for_sight(2)
        assert page.cover(mask, 1, fill="given", lender=2) == ""
        page.until(lambda page=page: page.of("checked"))
        line = page.of("checked")[-1][0]["python"]
        assert line.endswith(f", fill={other})")
        for path in paths:
            line = line.replace(repr(path.name), repr(str(path)))
        names = {"explain": explain, "predictor": linear, "photograph": images[0]}
        again = eval(line, {**names, "other": images[1]})
        np.testing.assert_allclose(again.covered, widget.evidence.covered, rtol=1e-5)


def test_a_stroke_on_its_way_has_no_line_and_its_end_has(explore):
    _, page = explore(picture(6))
    for number, final in ((1, False), (2, True)):
        assert page.cover(np.eye(56, dtype=bool), number, final=final) == ""
        page.until(lambda n=number: page.of("checked")[n - 1 :])
        assert bool(page.of("checked")[-1][0]["python"]) == final


def test_a_photograph_on_the_page_lends_its_pixels_to_another(explore, linear):
    images = [picture(6, (56, 56)), picture(7, (56, 56))]
    widget, page = explore(images)
    mask = np.zeros((56, 56), bool)
    mask[8:31, 5:40] = True
    with widget._state.changed:
        widget._wait_for_sight(2)
    assert page.cover(mask, 3, fill="given", lender=2) == ""
    page.until(lambda: page.of("checked"))
    one, other = linear.inputs(images)
    expected = linear.forward(np.where(mask, other, one)[None]).logits[0]
    np.testing.assert_allclose(floats(page.of("checked")[-1][1][0]), expected, rtol=1e-5)
    assert widget.evidence.fill == "another photograph"
    assert "fill" in explore(images)[1].cover(mask, 4, fill="given", lender=9), "there is none"


def test_the_whole_photograph_s_share_is_the_logit_without_the_bias(explore):
    widget, _ = explore(picture(7))
    found = widget.cover((0, 0, 56, 42))
    np.testing.assert_allclose(found.shares, found.logits - found.bias, rtol=1e-4, atol=1e-5)
    assert found.fraction == 1


def test_masks_survive_their_journey_and_wrong_ones_are_named():
    rng = np.random.default_rng(0)
    for size in (7, 8, 56):
        mask = rng.random((size, size)) < 0.5
        np.testing.assert_array_equal(bits.unpack(bits.pack(mask), size), mask)
    with pytest.raises(ValueError, match="3 bytes, and 8 x 8 pixels need 8"):
        bits.unpack(b"123", 8)


def test_a_photograph_that_python_lent_is_painted_on_with(explore, linear):
    """The page has its pixels, and may show another cover in between."""
    images = [picture(6, (56, 56)), picture(7, (56, 56))]
    widget, page = explore(images[0])
    widget.cover((8, 12, 40, 31), fill=images[1])
    mask = np.eye(56, dtype=bool)
    for number, fill in ((5, "black"), (6, "given")):
        assert page.cover(mask, number, fill=fill) == ""
    page.until(lambda: page.of("checked")[-1][0]["generation"] == 6)
    one, other = linear.inputs(images)
    expected = linear.forward(np.where(mask, other, one)[None]).logits[0]
    np.testing.assert_allclose(widget.evidence.covered, expected, rtol=1e-5)


def test_painting_the_twin_s_pixels_over_the_marking_flips_the_demonstration(explore):
    from conus_widgets import load_predictor
    from conus_widgets.shells import draw

    predictor = load_predictor()
    marked, plain = draw("coronated", 4), draw("banded", 4)
    widget, _ = explore(marked.image, predictor, target="coronated", against="banded")
    found = widget.cover(marked.masks["knobs"], fill=plain.image)
    assert predictor.labels[int(found.logits.argmax())] == "coronated"
    assert predictor.labels[int(found.covered.argmax())] == "banded"
    np.testing.assert_allclose(found.covered, predictor.logits([plain.image])[0], atol=1e-3)
    share, change = found.of({"coronated": 1, "banded": -1})
    assert share > 0 and change > 0


# Several maps and photographs


def test_up_to_four_maps_each_of_its_own(explore, linear):
    images = [picture(1), picture(2)]
    widget, page = explore(images)
    widget.choose(pane=1, photograph=2, target="banded")
    widget.choose(pane=2, method="hires_cam", layer="res4f", photograph=1, target="tented")
    widget.choose(pane=3, method="gradient")
    with pytest.raises(ValueError, match="at most 4"):
        widget.choose(pane=4)
    for active, (shape, image) in enumerate(
        [((7, 7), 0), ((7, 7), 1), ((14, 14), 0), ((56, 56), 0)]
    ):
        page.say(kind="keep", kept={"active": active})
        found = widget.explanation
        assert found.values.shape == shape
        assert found.image.tobytes() == images[image].tobytes()
    page.say(kind="drop", pane=1)
    page.say(kind="keep", kept={"active": 1})
    assert widget.explanation.values.shape == (14, 14)


def test_another_photograph_explains_its_own_top_class(explore, linear):
    images = [picture(n) for n in range(6)]
    widget, page = explore(images)
    for number, image in enumerate(images, 1):
        page.choose(number, photograph=number)
        top = int(linear.forward(linear.inputs([image])).logits[0].argmax())
        assert widget.explanation.target.words == linear.labels[top]


def test_hello_tells_a_page_that_comes_later_everything(explore):
    widget, page = explore(picture(1), method="gradient")
    _ = widget.explanation
    widget.cover((0, 0, 20, 20), fill=picture(2))
    page.say(kind="keep", kept={"active": 0, "pins": [{"photograph": 1, "row": 1, "column": 2}]})
    page.heard.clear()
    page.say(kind="hello")
    kinds = [m["kind"] for m, _ in page.heard]
    assert kinds == ["network", "photographs", "sight", "map", "area", "checked", "heard"]
    assert page.of("network")[0][0]["kept"]["pins"]
    assert page.of("map")[0][0]["map"]["rows"] == 56
    area, (mask, given) = page.of("area")[0]
    assert area["fill"] == "given" and len(given) == 3 * 56 * 56
    assert bits.unpack(mask, 56).any()


# What leaves the page


def test_files_of_the_map(explore, tmp_path):
    widget, page = explore(picture(1))
    widget.choose(method="hires_cam", layer="res4f")
    found = widget.explanation
    for form in ("npz", "png"):
        assert page.say(kind="save", form=form, pane=0) == ""
        message, [data] = page.of("file")[-1]
        assert message["name"] == f"hires_cam.{form}"
        (tmp_path / message["name"]).write_bytes(data)
    again = explain.load(tmp_path / "hires_cam.npz")
    np.testing.assert_array_equal(again.values, found.values)
    assert Image.open(tmp_path / "hires_cam.png").size[0] > 300
    widget.save(tmp_path / "mine.npz")
    np.testing.assert_array_equal(explain.load(tmp_path / "mine.npz").values, found.values)


def test_the_saved_picture_holds_the_numbers_and_escapes_every_text():
    linear = StandIn(labels=[f"{EVIL} {n}" for n in range(5)], notice=EVIL)
    image = picture(1)
    widget = Explorer(linear, image, against=0)
    try:
        found = widget.cover((0, 0, 30, 30))
        page = widget.picture()._repr_html_()
        assert "<img src=x" not in page and "&lt;img src=x" in page
        for row in found.table():
            for key in ("logit", "share", "change"):
                assert signed(row[key]) in page
                assert signed(row[key]) in repr(widget.picture())
        assert len(page) < 200_000
        assert re.search(r"data:image/jpeg;base64,", page)
    finally:
        widget._worker.close()
        widget.close()


def test_nothing_of_the_photograph_is_saved_as_widget_state(explore):
    widget, _ = explore(picture(1))
    size = sum(len(str(value)) for key, value in widget.get_state().items() if key[:1] != "_")
    assert size < 2000
