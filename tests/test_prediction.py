"""The answer: its published form, and its text."""

import json

import numpy as np

from conus_widgets.photographs.photograph import PhotographError
from conus_widgets.prediction import Prediction


def answer(**changes):
    given = {
        "names": ["a.jpg"],
        "label_ids": [3, 1],
        "labels": ["Conus ermineus", "Conus textile & Co"],
        "probabilities": [0.75, 0.125],
        "info": ["-", "venomous"],
        "all_probabilities": np.array([0.1, 0.125, 0.025, 0.75]),
    }
    return Prediction(**{**given, **changes})


def test_to_dict_is_exactly_the_published_form():
    """Keys and links as in the response of the DEEP-OC conus classifier's service."""
    form = answer().to_dict()
    assert list(form) == ["status", "predictions"] and form["status"] == "ok"
    for prediction in form["predictions"]:
        assert list(prediction) == ["label_id", "label", "probability", "info"]
        assert list(prediction["info"]) == ["links", "metadata"]
        assert [list(link) for link in prediction["info"]["links"]] == [["link", "url"]] * 2
    first, second = form["predictions"]
    assert (first["label_id"], first["label"], first["probability"]) == (3, "Conus ermineus", 0.75)
    assert first["info"]["metadata"] == "-" and second["info"]["metadata"] == "venomous"
    assert [link["url"] for link in first["info"]["links"]] == [
        "https://www.google.es/search?tbm=isch&q=Conus+ermineus",
        "https://en.wikipedia.org/wiki/Conus_ermineus",
    ]
    # A name is a name, not a part of the address.
    assert "q=Conus+textile+%26+Co" in second["info"]["links"][0]["url"]
    assert json.loads(json.dumps(form)) == form


def test_a_drawn_kind_has_no_links():
    form = answer(notice="drawn shells").to_dict()
    assert form["notice"] == "drawn shells"
    assert [p["info"]["links"] for p in form["predictions"]] == [[], []]


def test_what_there_is_to_say_stands_in_the_form_and_in_the_text():
    error = PhotographError("b.jpg", "is damaged.")
    said = answer(region="Panamic", errors=[error], notice="a notice")
    form = said.to_dict()
    assert form["errors"] == [{"file": "b.jpg", "message": "b.jpg is damaged."}]
    assert (form["region"], form["notice"]) == ("Panamic", "a notice")
    lines = repr(said).splitlines()
    assert lines[0] == "a.jpg" and lines[-1] == "A notice."
    assert [lines[1].split()[0], lines[2].split()[0]] == ["75.0%", "12.5%"]
    assert "Panamic" in lines[3] and "b.jpg is damaged." in lines[4]
