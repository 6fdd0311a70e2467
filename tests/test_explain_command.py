"""python -m conus_widgets explain, as a person uses it."""

import subprocess
import sys

import pytest
from explain_cases import picture
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.__main__ import main
from conus_widgets.explain.command import METHODS


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Returns exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("conus_widgets.predictor.load_predictor", lambda source: StandIn())
    picture().save(tmp_path / "shell.png")

    def run(*arguments):
        return main(["explain", *arguments]), *capsys.readouterr()

    return run


def test_without_options_it_draws_the_class_activation_map(call, tmp_path):
    code, out, err = call("shell.png")
    top = explain.cam(StandIn(), picture()).target.words
    assert (code, err) == (0, "")
    assert f"cam at res5c of {top}" in out and "stand-in" in out and "shell-cam.png" in out
    assert Image.open(tmp_path / "shell-cam.png").size[0] > 300


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--target", "banded"), "banded"),
        (("--target", "1"), "banded"),
        (("--target", "banded", "--against", "tented"), "banded rather than tented"),
        (("--target", "1", "--against", "3"), "banded rather than tented"),
    ],
)
def test_target_and_against_are_names_or_numbers(call, tmp_path, arguments, words):
    code, out, err = call("shell.png", *arguments, "--method", "gradient", "--out", "map.npz")
    assert (code, err) == (0, "")
    found = explain.load(tmp_path / "map.npz")
    assert found.target.words == words and found.method == "gradient"


def test_against_alone_is_against_the_top_class(call, tmp_path):
    top = explain.cam(StandIn(), picture()).target.words
    other = next(label for label in StandIn().labels if label != top)
    assert call("shell.png", "--against", other, "--out", "map.npz")[0] == 0
    assert explain.load(tmp_path / "map.npz").target.words == f"{top} rather than {other}"


def test_figures_and_remarks_are_printed(call):
    out = call("shell.png", "--method", "integrated_gradients")[1]
    assert "residual: " in out and "steps: 32" in out
    assert "randomisation check" in call("shell.png", "--method", "guided_backprop")[1]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("none.png",), "none.png does not exist"),
        ((".",), ". is a folder; name the photographs inside it."),
        (("shell.png", "--method", "cams"), "nearest are cam, layer_cam."),
        (("shell.png", "--method", "lime"), "there are cam, layer_cam, gradient,"),
        (("shell.png", "--target", "bandet"), "nearest are banded"),
        (("shell.png", "--target", "xyz"), "there are 5, as "),
        (("shell.png", "--target", "77"), "numbered 0 to 4"),
        (("shell.png", "--target", "1", "--against", "banded"), "against itself"),
        (("shell.png", "--layer", "res4f"), "use --method layer_cam"),
        (("shell.png", "--method", "layer_cam", "--layer", "res9"), "res5c"),
        (("shell.png", "--style", "rainbow"), "map, contours, mask"),
        (("shell.png", "--out", "map.jpg"), "map.jpg ends in '.jpg': use .png or .npz."),
        (("shell.png", "--out", "map"), "map has no ending: use .png or .npz."),
        (("shell.png", "--out", "nowhere/map.png"), "There is no folder nowhere for map.png"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(call, tmp_path, arguments, words):
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    assert words in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["shell.png"]


def test_the_help_names_every_method(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["explain", "--help"])
    said = capsys.readouterr().out.replace("\n", " ")
    assert [name for name in METHODS if name not in said] == []


def test_importing_the_explanations_starts_neither_theano_nor_matplotlib():
    """Both take long, and where Theano cannot start, a saved map can still be read."""
    code = (
        "import sys, conus_widgets; conus_widgets.explain.load; "
        "print({'theano', 'matplotlib'} & set(sys.modules), conus_widgets.explain.cam.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "set() cam", found.stderr
