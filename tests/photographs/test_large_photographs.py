"""Photographs that are too large to be held: their answers, and the remarks on them."""

import io
import json

import numpy as np
import pytest
from networks import SMALL, random_arrays, random_checkpoint
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.__main__ import main
from conus_widgets.checkpoint.files import write
from conus_widgets.loading import load_predictor
from conus_widgets.photographs import photograph, room
from conus_widgets.photographs.photograph import MAX_PIXELS, PhotographError, open_photograph
from conus_widgets.prediction import Prediction
from conus_widgets.predictor import Predictor
from conus_widgets.widgets.classifier.cards import remarks as on_the_card


def checkpoint(resample):
    arrays = random_arrays(SMALL, seed=6)
    arrays[-2] *= 0.1
    return random_checkpoint(arrays=arrays, resample=resample)


@pytest.fixture(scope="module", params=["nearest", "bilinear"])
def predictor(request):
    return Predictor(checkpoint(request.param))


def jpeg(width=120, height=90, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def dim_png():
    values = np.random.default_rng(0).integers(0, 4096, (40, 50)).astype(np.uint16)
    values[0, 0] = 4095
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def in_strips(monkeypatch):
    """Whatever can be is read in strips, as a photograph of 200 megapixels is."""
    monkeypatch.setattr(photograph, "WHOLE_PIXELS", 0)
    assert open_photograph(jpeg()).in_strips


def test_telephones_have_200_megapixels():
    assert MAX_PIXELS >= 16320 * 12240


@pytest.mark.parametrize("views", [1, 4])
def test_an_answer_from_strips_is_the_answer_from_the_whole(predictor, views, monkeypatch):
    given = [jpeg(), jpeg(90, 120, seed=1)]
    whole = predictor.predict(given, views=views, seed=2)
    inputs = predictor.inputs(given, views=views, seed=2)
    monkeypatch.setattr(photograph, "WHOLE_PIXELS", 0)
    np.testing.assert_array_equal(predictor.inputs(given, views=views, seed=2), inputs)
    assert predictor.predict(given, views=views, seed=2) == whole


def test_views_that_do_not_fit_cost_one_photograph(in_strips, monkeypatch):
    averaging = Predictor(checkpoint("bilinear"))
    monkeypatch.setattr(photograph, "_WORKING", 0)
    monkeypatch.setattr(room, "ALWAYS", 1)
    monkeypatch.setattr(room, "free", lambda: 100e3)
    large, small = averaging.predict_each([jpeg(), jpeg(30, 20)], views=3, seed=0)
    assert isinstance(large, PhotographError) and "scale it down, or allow more" in str(large)
    assert isinstance(small, Prediction)


def test_a_large_photograph_is_explained_on_what_can_be_held(in_strips, monkeypatch):
    monkeypatch.setattr(photograph, "_EYES", 60)
    found = explain.cam(StandIn(), jpeg())
    assert found.image.size == (60, 45)
    assert "too large to be held, 120 x 90 pixels: looked at as 60 x 45" in found.remarks


def test_the_limit_can_be_raised_and_lowered(tmp_path, monkeypatch, capsys):
    write(tmp_path / "model", checkpoint("nearest"))
    (tmp_path / "large.jpg").write_bytes(jpeg(1300, 1000))
    arguments = ["classify", str(tmp_path / "large.jpg"), "--model", str(tmp_path / "model")]
    assert main(arguments) == 0
    assert main([*arguments, "--max-megapixels", "1"]) == 1
    said = capsys.readouterr().err
    assert "1300 x 1000 = 1,300,000 pixels, more than the 1,000,000 allowed" in said
    assert "max_megapixels" in said
    monkeypatch.chdir(tmp_path)
    explained = ["explain", *arguments[1:], "--max-megapixels", "1"]
    assert main(explained) == 1 and "1,000,000 allowed" in capsys.readouterr().err
    assert main([*explained[:-1], "2"]) == 0

    loaded = load_predictor(tmp_path / "model", max_megapixels=0.01)
    with pytest.raises(PhotographError, match="10,800 pixels, more than the 10,000 allowed"):
        loaded.predict(jpeg())
    for wrong in (0, -3, "many", True, float("nan"), 1e9):
        with pytest.raises(ValueError, match="max_megapixels is "):
            load_predictor(tmp_path / "model", max_megapixels=wrong)


# What must be said -----------------------------------------------------------------------------


def test_what_must_be_said_reaches_who_reads_the_answer(predictor, tmp_path):
    path = tmp_path / "microscope.png"
    path.write_bytes(dim_png())
    answer, plain = predictor.predict_each([path, jpeg()])
    (remark,) = answer.remarks
    assert remark.startswith("microscope.png: ") and "taken for 12 bits" in remark
    assert plain.remarks == []
    assert json.loads(json.dumps(answer.to_dict()))["remarks"] == [remark]
    assert "remarks" not in plain.to_dict()
    assert str(answer).splitlines()[-1].startswith("microscope.png: ")
    assert on_the_card(answer)[-1] == remark and on_the_card(plain) == []

    specimen = predictor.predict([jpeg(), path, b"no picture"])
    assert specimen.remarks == [remark] and len(specimen.errors) == 1


def test_what_must_be_said_stands_with_an_explanation(tmp_path):
    path = tmp_path / "microscope.png"
    path.write_bytes(dim_png())
    found = explain.cam(StandIn(), path)
    assert any("taken for 12 bits" in remark for remark in found.remarks)
    assert not explain.cam(StandIn(), jpeg()).remarks


def test_a_name_that_is_no_utf_8_can_be_printed_and_written_as_json(predictor, tmp_path, capsys):
    path = str(tmp_path / "M\udcfcller.jpg")
    try:
        with open(path, "wb") as file:
            file.write(jpeg())
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    answers = predictor.predict_each([path, path + "x"])
    for answer in answers:
        print(answer)
        str(answer).encode("utf-8")
    json.dumps(answers[0].to_dict(), ensure_ascii=False).encode("utf-8")
    assert answers[0].names == [r"M\udcfcller.jpg"]
    assert str(answers[1]).startswith(r"M\udcfcller.jpgx does not exist")
