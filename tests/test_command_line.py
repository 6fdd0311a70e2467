"""python -m conus_widgets, as a person or a script uses it; never a traceback."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from networks import photographs, random_checkpoint

from conus_widgets.__main__ import main
from conus_widgets.checkpoint import download
from conus_widgets.checkpoint.files import write
from conus_widgets.loading import load_predictor

ROOT = Path(__file__).resolve().parents[1]
REGIONS = {"Panamic": np.array([1, 0, 1, 1, 1]), "South African": np.array([0, 1, 1, 1, 1])}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write(folder, random_checkpoint(regions=REGIONS))
    return folder


@pytest.fixture(scope="module")
def predictor(model):
    return load_predictor(model)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Three good photographs, a damaged one, one that is not there."""
    folder = tmp_path_factory.mktemp("photographs")
    paths = []
    for name, image in zip("abc", photographs(3), strict=True):
        paths.append(folder / f"{name}.png")
        image.save(paths[-1])
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    return [str(path) for path in [*paths, folder / "bad.jpg", folder / "none.jpg"]]


@pytest.fixture
def classify(model, predictor, capsys, monkeypatch):
    """Call ``classify``; returns exit code, standard output, standard error.

    The checkpoint is compiled once for all calls; the first test does without this.
    """
    monkeypatch.setattr(
        "conus_widgets.loading.load_predictor",
        lambda source: predictor if source == str(model) else load_predictor(source),
    )

    def call(*arguments):
        options = arguments if "--model" in arguments else (*arguments, "--model", str(model))
        code = main(["classify", *options])
        return code, *capsys.readouterr()

    return call


def test_a_new_process_answers_as_python_does(files, model, predictor):
    """And names the bad one on standard error, while the good one has its answer."""
    result = subprocess.run(
        [sys.executable, "-m", "conus_widgets", "classify", files[0], files[3], "--json"]
        + ["--model", str(model), "--top", "2"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 1, result.stderr
    good, bad = json.loads(result.stdout)
    expected = predictor.predict(files[0], top=2).to_dict()
    for found, wanted in zip(good["predictions"], expected["predictions"], strict=True):
        assert found["probability"] == pytest.approx(wanted["probability"], abs=1e-5)
        assert {**found, "probability": 0} == {**wanted, "probability": 0}
    assert bad["status"] == "error"
    assert result.stderr == bad["message"] + "\n"
    assert bad["message"].startswith("bad.jpg ")


def test_one_photograph_is_one_dict(classify, predictor, files):
    code, out, err = classify(files[0], "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == predictor.predict(files[0]).to_dict()


def test_several_are_a_list_in_their_order(classify, predictor, files):
    code, out, err = classify(files[2], files[0], files[1], "--json", "--top", "3")
    assert (code, err) == (0, "")
    answers = json.loads(out)
    for answer, path in zip(answers, (files[2], files[0], files[1]), strict=True):
        for found, wanted in zip(
            answer["predictions"],
            predictor.predict(path, top=3).to_dict()["predictions"],
            strict=True,
        ):
            assert found["probability"] == pytest.approx(wanted["probability"], abs=1e-5)


def test_a_bad_photograph_is_an_error_in_its_place(classify, files):
    code, out, err = classify(files[3], files[0], files[4], "--json")
    bad, good, missing = json.loads(out)
    assert code == 1
    assert list(bad) == list(missing) == ["status", "file", "message"]
    assert (bad["status"], good["status"], missing["status"]) == ("error", "ok", "error")
    assert (bad["file"], missing["file"]) == ("bad.jpg", "none.jpg")
    assert err.splitlines() == [bad["message"], missing["message"]]
    code, out, err = classify(files[3], "--json")
    assert (code, json.loads(out)) == (1, bad)


def test_text_is_for_people(classify, files):
    code, out, err = classify(files[0], files[3], files[1], "--top", "2")
    assert code == 1 and err.startswith("bad.jpg ") and len(err.splitlines()) == 1
    first, second = out.rstrip("\n").split("\n\n")
    assert first.splitlines()[0] == "a.png" and second.splitlines()[0] == "b.png"
    assert len(first.splitlines()) == 3 and "species" in first and "%" in first
    code, out, err = classify(files[3])
    assert (code, out) == (1, "") and err.startswith("bad.jpg ")


def test_a_specimen_is_one_answer(classify, predictor, files):
    code, out, err = classify(*files[:3], "--specimen", "--json", "--top", "5")
    assert (code, err) == (0, "")
    assert json.loads(out) == predictor.predict(files[:3]).to_dict()
    code, out, err = classify(files[0], files[3], "--specimen", "--json")
    form = json.loads(out)
    assert code == 1 and form["status"] == "ok"
    assert [error["file"] for error in form["errors"]] == ["bad.jpg"]
    assert err == form["errors"][0]["message"] + "\n"


def test_a_specimen_of_bad_photographs_only_is_an_error(classify, files):
    code, out, err = classify(files[3], files[4], "--specimen", "--json")
    assert code == 1 and json.loads(out)["status"] == "error"
    assert [line.split()[0] for line in err.splitlines()] == ["bad.jpg", "none.jpg"]


def test_views_and_seed_are_handed_on(classify, predictor, files):
    settings = ["--views", "3", "--seed", "4", "--json"]
    found = [classify(files[0], *settings)[1] for _ in range(2)]
    assert found[0] == found[1] != classify(files[0], "--json")[1]
    assert json.loads(found[0]) == predictor.predict(files[0], views=3, seed=4).to_dict()


def test_the_region_is_said(classify, files):
    code, out, err = classify(files[0], "--region", "Panamic")
    assert (code, err) == (0, "") and "Panamic" in out
    code, out, err = classify(files[0], "--region", "Panama")
    assert (code, out) == (1, "")
    assert err == "No region is called 'Panama'; there are Panamic.\n"


@pytest.mark.parametrize("name", ["nowhere", "photograph", "broken", "deep-oc-conus"])
def test_a_model_that_is_none_is_one_sentence(classify, files, tmp_path, name, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.npz").write_bytes(b"PK")
    given = {"photograph": files[0], "deep-oc-conus": name}.get(name, str(tmp_path / name))
    code, out, err = classify(files[0], "--model", given)
    assert (code, out) == (1, "") and len(err.splitlines()) == 1
    assert Path(given).name in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["classify"],
        ["classify", "a.jpg", "--top", "0"],
        ["classify", "a.jpg", "--views", "-1"],
        ["classify", "a.jpg", "--views", "many"],
        ["classify", "a.jpg", "--seed", "-1"],
        ["guess", "a.jpg"],
    ],
)
def test_wrong_usage_is_explained(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("usage: python -m conus_widgets")


def test_help_says_that_photographs_stay_and_that_cones_kill(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "never leave" in text and "living cone snail" in text


def test_fetch_without_an_address_says_so(monkeypatch, capsys):
    monkeypatch.delenv("CONUS_MODEL_URL", raising=False)
    assert main(["fetch"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "CONUS_MODEL_URL" in err and "deep-oc-conus" in err


@pytest.mark.parametrize("arguments", [["ftp://a/b"], ["Conus"], ["http://a/", "--sha256", "12"]])
def test_fetch_of_what_is_no_address_says_so(arguments, capsys):
    assert main(["fetch", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1


def test_fetch_hands_address_and_digest_on_and_prints_the_folder(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(
        download, "fetch", lambda source, **more: asked.append((source, more)) or Path("there")
    )
    assert main(["fetch", "http://a/", "--sha256", "ab"]) == 0
    assert asked == [("http://a/", {"sha256": "ab"})]
    assert capsys.readouterr().out == "there\n"
    # A digest is wanted of whatever is fetched, also of the configured address.
    monkeypatch.setenv("CONUS_MODEL_URL", "http://b/")
    assert main(["fetch", "--sha256", "cd"]) == 0
    assert asked[1][0] == "http://b/" and asked[1][1]["sha256"] == "cd"


def test_stopping_it_is_no_error_of_the_program(classify, files, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("conus_widgets.predictor.Predictor.predict_each", stop)
    assert classify(files[0]) == (130, "", "Stopped.\n")


# Streams and names as they really are -----------------------------------------------------------


def in_a_shell(command):
    """Run a line of the shell, in which PY stands for ``python -m conus_widgets``."""
    return subprocess.run(
        ["bash", "-c", command.replace("PY", f"{sys.executable} -m conus_widgets")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=240,
    )


@pytest.fixture
def odd_name(tmp_path, monkeypatch):
    """A photograph in the working folder, whose name is no UTF-8."""
    monkeypatch.chdir(tmp_path)
    photographs(1)[0].save(b"m\xfcschel.png", "PNG")
    return os.fsdecode(b"m\xfcschel.png")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_names_are_printed_escaped_where_they_cannot_be_shown(
    model, predictor, odd_name, encoding, monkeypatch
):
    """As with PYTHONIOENCODING, or in a terminal of long ago."""
    monkeypatch.setattr("conus_widgets.loading.load_predictor", lambda source: predictor)

    def call(*arguments):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)]
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        code = main([*arguments, "--model", str(model)])
        for stream in streams:
            stream.flush()
        return code, *(stream.buffer.getvalue().decode(encoding) for stream in streams)

    code, out, err = call("classify", odd_name, "none海.png", "--json")
    good, bad = json.loads(out)
    assert code == 1 and good["status"] == "ok"
    assert bad["file"] == "none海.png" and err.startswith("none") and err.count("\n") == 1
    code, out, err = call("classify", odd_name)
    assert (code, err) == (0, "") and out.startswith("m\\udcfcschel.png\n")
    code, out, err = call("explain", odd_name)
    assert (code, err) == (0, "") and out.endswith("m\\udcfcschel-cam.png\n")
    assert os.path.exists(b"m\xfcschel-cam.png")


@pytest.mark.parametrize(
    "command, code, said",
    [
        ("PY classify m*schel.png > /dev/full", 1, b"The answer cannot be written: No space left"),
        ("PY classify m*schel.png | true; exit ${PIPESTATUS[0]}", 1, b""),
        ("PY classify none.png --json 2>&- | grep '\"error\"'", 0, b""),
        ("PY evaluate --methods cam --pairs 1 2>&- | grep 'pairs count'", 0, b""),
    ],
)
def test_a_stream_that_is_full_or_closed_is_no_traceback(odd_name, command, code, said):
    found = in_a_shell(command)
    assert found.returncode == code, found
    assert found.stderr.startswith(said) and found.stderr.count(b"\n") == bool(said), found.stderr


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("An engine failed."), OSError("x")])
def test_what_fails_while_it_computes_is_one_sentence(classify, files, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("conus_widgets.predictor.Predictor.predict_each", fail)
    code, out, err = classify(files[0])
    assert (code, out) == (1, "") and len(err) > 1 and err.count("\n") == 1


def test_a_number_that_is_too_large_is_said_to_be(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["classify", "a.jpg", "--top", "9" * 5000])
    assert "is too large a number" in capsys.readouterr().err
