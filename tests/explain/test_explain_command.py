"""python -m conus_widgets explain, as a person uses it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from explain_cases import picture
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.__main__ import main
from conus_widgets.explain.catalogue import METHODS


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Returns exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("conus_widgets.loading.load_predictor", lambda source: StandIn())
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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("hires_cam",), lambda *a: explain.hires_cam(*a)),
        (("hires_cam", "--layer", "res5c"), lambda *a: explain.hires_cam(*a, layer="res5c")),
        (("layer_cam", "--kind", "grad++"), lambda *a: explain.layer_cam(*a, kind="grad++")),
        (("smoothgrad", "--kind", "squared"), lambda *a: explain.smoothgrad(*a, kind="squared")),
    ],
    ids=["by default", "layer", "kind of CAM", "kind of gradient"],
)
def test_layer_and_kind_are_those_of_the_function(call, tmp_path, arguments, expected):
    assert call("shell.png", "--method", *arguments, "--target", "1", "--out", "map.npz")[0] == 0
    found = explain.load(tmp_path / "map.npz")
    wanted = expected(StandIn(), picture(), 1)
    np.testing.assert_array_equal(found.values, wanted.values)
    assert (found.layer, found.options) == (wanted.layer, wanted.options)


def test_against_alone_is_against_the_top_class(call, tmp_path):
    top = explain.cam(StandIn(), picture()).target.words
    other = next(label for label in StandIn().labels if label != top)
    assert call("shell.png", "--against", other, "--out", "map.npz")[0] == 0
    assert explain.load(tmp_path / "map.npz").target.words == f"{top} rather than {other}"


def test_figures_and_remarks_are_printed(call):
    out = call("shell.png", "--method", "integrated_gradients")[1]
    assert "residual: " in out and "steps: 32" in out
    assert "randomisation test" in call("shell.png", "--method", "guided_backprop")[1]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("none.png",), "none.png does not exist"),
        ((".",), ". is a folder; name the photographs inside it."),
        (("shell.png", "--method", "cams"), "nearest are cam, layer_cam, hires_cam."),
        (("shell.png", "--method", "lime"), "there are cam, hires_cam, layer_cam,"),
        (("shell.png", "--target", "bandet"), "nearest are banded"),
        (("shell.png", "--target", "xyz"), "there are 5, as "),
        (("shell.png", "--target", "77"), "numbered 0 to 4"),
        (("shell.png", "--target", "-1"), "There is no class -1: they are numbered 0 to 4"),
        (("shell.png", "--target", ""), "No class is called ''"),
        (("shell.png", "--style", "nope", "--out", "map.npz"), "map, contours, mask"),
        (("shell.png", "--out", "shell.png/map.png"), "cannot be written: Not a directory"),
        (("shell.png", "--target", "1", "--against", "banded"), "against itself"),
        (("shell.png", "--layer", "res4f"), "use --method hires_cam or layer_cam."),
        (("shell.png", "--kind", "grad"), "use --method layer_cam or smoothgrad."),
        (("shell.png", "--method", "hires_cam", "--kind", "grad"), "hires_cam has no --kind"),
        (("shell.png", "--method", "layer_cam", "--kind", "gard"), "hires, layer, grad, grad++"),
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


OUTS = {
    "name": "shell.png",
    "dot": "./shell.png",
    "up and down": "sub/../shell.png",
    "home": "~/shell.png",
    "link": "link.png",
    "hard link": "hard.png",
    "linked folder": "folder/shell.png",
    "case": "Shell.PNG",
}


@pytest.mark.parametrize("name", OUTS)
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_the_photograph_is_never_written_over(call, tmp_path, monkeypatch, name, force):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sub").mkdir()
    os.symlink("shell.png", tmp_path / "link.png")
    os.link(tmp_path / "shell.png", tmp_path / "hard.png")
    os.symlink(tmp_path, tmp_path / "folder")
    before = (tmp_path / "shell.png").read_bytes()
    names = sorted(os.listdir(tmp_path))
    for photograph in ("shell.png", str(tmp_path / "shell.png"), "link.png"):
        code, out, err = call(photograph, "--out", OUTS[name], *force)
        assert (code, out) == (1, "") and "would be written over" in err and err.count("\n") == 1
    assert (tmp_path / "shell.png").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == names


def test_another_file_is_replaced_with_force_only(call, tmp_path):
    (tmp_path / "notes.png").write_bytes(b"mine")
    code, out, err = call("shell.png", "--out", "notes.png")
    assert (code, out) == (1, "") and "--force" in err and err.count("\n") == 1
    assert (tmp_path / "notes.png").read_bytes() == b"mine"
    code, out, err = call("shell.png", "--out", "notes.png", "--force")
    assert (code, err) == (0, "") and "notes.png (in place of an earlier file)" in out
    # Now it is a map of ours.
    assert call("shell.png", "--out", "notes.png", "--target", "banded")[0] == 0
    assert call("shell.png")[0] == call("shell.png")[0] == 0


def test_the_model_is_never_written_over(call, tmp_path):
    (tmp_path / "model").mkdir()
    np.savez(tmp_path / "model" / "weights.npz", np.ones(3))
    before = (tmp_path / "model" / "weights.npz").read_bytes()
    for model in ("model", "model/weights.npz"):
        arguments = ("shell.png", "--model", model, "--out", "model/weights.npz", "--force")
        code, out, err = call(*arguments)
        assert (code, out) == (1, "") and "weights.npz would be written over" in err
    assert (tmp_path / "model" / "weights.npz").read_bytes() == before


def test_a_long_name_and_one_that_is_no_utf8(call, tmp_path):
    long = f"{'x' * 247}.png"
    odd = os.fsdecode(b"sh\xffell.png")
    for name in (long, odd):
        picture().save(tmp_path / name)
    code, out, err = call(long, "--method", "integrated_gradients")
    assert (code, err) == (0, "")
    (made,) = (path for path in tmp_path.glob("*integrated_gradients.png"))
    assert made.name.startswith("xxx") and made.name in out
    code, out, err = call(odd)
    assert (code, err) == (0, "") and "sh\\udcffell-cam.png" in out
    assert (tmp_path / os.fsdecode(b"sh\xffell-cam.png")).exists()
    code, out, err = call(long, "--out", "x" * 300 + ".png")
    assert (code, out) == (1, "") and "name too long" in err and err.count("\n") == 1


def test_the_help_names_every_method(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["explain", "--help"])
    said = capsys.readouterr().out.replace("\n", " ")
    assert [name for name in METHODS if name not in said] == []
    for words in ("of hires_cam and layer_cam", "hires, layer, grad, grad++ (of layer_cam)"):
        assert words in " ".join(said.split())


def test_the_help_of_other_commands_does_not_wait_for_the_methods():
    code = (
        "import sys; from conus_widgets.__main__ import _parser; _parser();"
        "print({'numpy', 'conus_widgets.explain'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stderr


def test_importing_the_explanations_starts_neither_theano_nor_matplotlib():
    """Both take long, and where Theano cannot start, a saved map can still be read."""
    code = (
        "import sys, conus_widgets; conus_widgets.explain.load; "
        "print({'theano', 'matplotlib'} & set(sys.modules), conus_widgets.explain.cam.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "set() cam", found.stderr
