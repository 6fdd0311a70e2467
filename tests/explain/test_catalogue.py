"""The table of methods: each row is true, and a new one is found wherever methods are listed."""

import functools
from pathlib import Path

import numpy as np
import pytest
from explain_cases import PAIR, picture
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.__main__ import main
from conus_widgets.explain import catalogue, evaluate, table
from conus_widgets.explain.catalogue import LAST, LAYER, METHODS, PIXELS, Method, Runs
from conus_widgets.explain.evaluate.methods import compared
from conus_widgets.explain.subject import Subject, each
from conus_widgets.network.interface import STAGES

pytest_plugins = ["explorer_page"]  # its fixtures

DOCS = Path(__file__).parents[2] / "docs" / "explain.md"

#: Options under which a slow method is quick, and still goes the same way.
QUICK = {
    "occlusion": [
        {"window": 14, "stride": 14},
        {"window": (28, 14), "stride": 14},
        {"window": 14, "stride": 7, "method": "drill-down", "share": 0.5},
    ],
    "random_masks": [{"masks": 20}],
    "smoothgrad": [{"samples": 5}, {"samples": 3, "kind": "variance"}],
    "integrated_gradients": [{"steps": 4}, {"steps": 3, "most": 11}, {"steps": 5, "most": 5}],
    "layer_cam": [{"kind": kind} for kind in ("layer", "grad++")],
}


@pytest.mark.parametrize("name", METHODS)
def test_a_row_says_what_its_function_does(name):
    method = METHODS[name]
    assert getattr(explain, name) is method.function and name in explain.__all__
    for options in QUICK.get(name, [{}]):
        linear = StandIn(bend=1e-3)
        found = explain.__dict__[name](linear, picture(), PAIR, **options)
        assert found.method == name
        assert found.unit in (*method.unit.split(", or "), "no unit", "(logit per grey level)²")
        grains = {LAST: "res5c", LAYER: "res4f", PIXELS: None}
        assert found.layer == grains[method.grain]
        assert found.values.shape == ((56, 56) if found.layer is None else found.values.shape)
        runs = method.runs(linear.size, **options)
        assert runs.forward <= found.cost.forward <= runs.forward + runs.more
        assert runs.backward <= found.cost.backward <= runs.backward + runs.more
        assert (method.caveat in found.remarks) == bool(method.caveat)
        assert method.takes("layer") == (method.grain == LAYER)
        assert method.takes("kind") == bool(method.kinds)


@pytest.mark.parametrize("name", METHODS)
def test_options_with_which_a_method_stands_in_the_table_are_its_own(name):
    method = METHODS[name]
    for option in (*method.offered, *method.compared):
        assert method.takes(option)
    for kind in method.kinds:
        if name == "smoothgrad":
            explain.smoothgrad(StandIn(), picture(), 1, kind=kind, samples=2)
        else:
            method.function(StandIn(), picture(), 1, kind=kind)


def test_the_most_steps_are_those_that_doubling_reaches():
    """A bent network that is never exact enough goes on to the end."""
    linear = StandIn(bend=0.05)
    options = {"steps": 3, "most": 14, "tolerance": 0}
    found = explain.integrated_gradients(linear, picture(), 1, **options)
    runs = METHODS["integrated_gradients"].runs(linear.size, **options)
    assert found.cost.forward == runs.forward + runs.more == 13


def test_costs_of_the_published_network_are_said_in_numbers():
    said = {name: str(method.runs(224)) for name, method in METHODS.items()}
    assert said["cam"] == "1 run forward"
    assert said["hires_cam"] == "1 run forward and backward"
    assert said["occlusion"] == "626 runs forward"
    assert said["smoothgrad"] == "51 runs forward and 50 backward"
    assert said["integrated_gradients"] == "33 to 513 runs forward and backward"
    assert str(METHODS["occlusion"].runs(224, stride=16)) == "170 runs forward"
    assert str(Runs(2, 1, more=3)) == "2 to 5 runs forward and 1 to 4 backward"
    with pytest.raises(ValueError, match="32 pixels does not fit"):
        METHODS["occlusion"].runs(28)


def test_the_docs_have_the_table_of_the_catalogue():
    """Renewed by: python -m conus_widgets.explain.table docs/explain.md"""
    text = DOCS.read_text("utf-8")
    assert table.replaced(text) == text
    with pytest.raises(ValueError, match="no table"):
        table.replaced("| kind | none |")


@each
def middle(predictor, image, target=None, *, layer=None, power=1, progress=None, cancelled=None):
    """A toy: all that speaks for the target stands in the middle."""
    subject = Subject(predictor, image)
    values = np.zeros((7, 7))
    values[3, 3] = power * subject.aim(target).of(subject.logits)
    return subject.explanation(values, subject.aim(target), "middle", layer=layer or "res5c")


ROW = Method(
    "middle",
    "Middle: a toy",
    middle,
    "The logit stands in the middle.",
    lambda options, size: Runs(1, 0, options["power"]),
    LAYER,
    "logit",
    "Nobody 1999",
    "nothing",
    compared={"power": 2},
)


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setitem(catalogue.METHODS, "middle", ROW)


def test_a_row_more_is_a_method_of_explain(toy):
    assert explain.middle is middle


def test_a_row_more_is_on_the_command_line(toy, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["explain", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "guided_backprop, middle (cam)" in said and "layer_cam and middle" in said
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("conus_widgets.loading.load_predictor", lambda source: StandIn())
    picture().save(tmp_path / "shell.png")
    given = ["explain", "shell.png", "--method", "middle", "--layer", "res4f"]
    assert main([*given, "--out", "map.npz"]) == 0
    assert explain.load(tmp_path / "map.npz").method == "middle"
    assert "middle at res4f" in capsys.readouterr().out
    assert main(["explain", "shell.png", "--method", "midle"]) == 1
    assert "nearest are middle" in capsys.readouterr().err


def test_a_row_more_is_compared(toy, tmp_path, monkeypatch, capsys):
    found = compared()["middle"]
    assert isinstance(found, functools.partial) and found.keywords == {"power": 2}
    with pytest.raises(SystemExit, match="0"):
        main(["trust", "--help"])
    assert "middle" in capsys.readouterr().out
    monkeypatch.setattr(evaluate.trust, "_file", lambda *_: tmp_path / "none.json")
    line = evaluate.trust_line(StandIn(), "middle")
    said = "Not yet tested on this network. It is tested with power=2. Its map shows"
    assert line == f"{said} {LAYER}."


def test_a_row_more_is_on_the_page(toy, explore, linear, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate.trust, "_file", lambda *_: tmp_path / "none.json")
    linear.stages = STAGES
    widget, page = explore(picture(1), method="middle", layer="res4f", target="banded")
    page.say(kind="hello")
    [entry] = [one for one in page.of("network")[-1][0]["methods"] if one["name"] == "middle"]
    claim = {"kind": "claim", "text": "The logit stands in the middle."}
    cost = {"kind": "cost", "text": "1 to 2 runs forward."}
    assert entry["label"] == "Middle: a toy" and entry["layered"] is True
    assert entry["trust"] == [claim, cost]
    assert widget.explanation.method == "middle"
    told = page.of("map")[-1][0]["map"]
    assert told["trust"][:2] == [claim, cost] and told["untested"] is True
    assert {"kind": "test", "text": evaluate.trust_line(linear, "middle")} in told["trust"]
    assert told["python"] == "explain.middle(predictor, photograph, 'banded', layer='res4f')"


def test_a_row_more_is_in_the_docs_table(toy):
    [row] = [line for line in table.table().splitlines() if "`middle`" in line]
    assert "1 to 2 runs forward" in row and "Nobody 1999" in row
    assert f"{row}\n" in table.replaced(DOCS.read_text("utf-8"))
