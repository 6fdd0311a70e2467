"""Answers are equal if they say the same; arrays in them are no reason to raise."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from types import SimpleNamespace

import numpy as np
import pytest
from explain_cases import made, picture
from networks import random_checkpoint
from PIL import Image
from stand_in import StandIn

import conus_widgets
from conus_widgets import explain, prediction, shells
from conus_widgets.checkpoint import files as checkpoint
from conus_widgets.network import network
from conus_widgets.photographs.photograph import PhotographError

RAMP = np.linspace(-1, 1, 49).reshape(7, 7)


def answer(**changes):
    given = {
        "names": ["a.jpg"],
        "label_ids": [1],
        "labels": ["B"],
        "probabilities": [0.75],
        "info": ["-"],
        "all_probabilities": np.array([0.25, 0.75]),
        "errors": [PhotographError("b.jpg", "is damaged.")],
    }
    return prediction.Prediction(**{**given, **changes})


CASES = {
    "prediction": (answer, {"all_probabilities": np.array([0.25, 0.5]), "errors": []}),
    "forward": (
        lambda **c: network.Forward(**{"logits": np.eye(2), "features": np.ones(3), **c}),
        {"logits": np.eye(3), "features": np.zeros(3)},
    ),
    "gradients": (
        lambda **c: network.Gradients(**{"logits": np.eye(2), "values": np.ones(3), **c}),
        {"activations": np.ones(3), "values": np.array([1, 1, np.nan])},
    ),
    "target": (
        lambda **c: explain.Target(**{"weights": np.array([1, 0]), "words": "A", **c}),
        {"weights": np.array([1, -1]), "words": "B"},
    ),
    "checkpoint": (
        lambda **c: random_checkpoint(regions={"R": np.ones(5)}, **c),
        {"labels": list("ABCDE"), "arrays": [np.ones(3)], "name": "other"},
    ),
    "explanation": (
        lambda **c: dataclasses.replace(made(RAMP, details={"x": RAMP}, options={"a": [1]}), **c),
        {
            "values": -RAMP,
            "image": Image.new("RGB", (56, 42)),
            "details": {"x": -RAMP},
            "options": {"a": [2]},
            "layer": "res5c",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_two_are_equal_if_and_only_if_all_that_they_say_is(name):
    make, changes = CASES[name]
    first, second = make(), make()
    assert (first == second) is True and (first != second) is False
    assert hash(first) == hash(second) and len({first, second}) == 1
    assert first in [second] and [first].index(second) == 0
    for field, value in changes.items():
        assert (first == make(**{field: value})) is False, field
    assert (first == None) is False and (first == "A") is False  # noqa: E711
    assert copy.deepcopy(first) == first


def test_a_prediction_outlives_a_pickle():
    assert pickle.loads(pickle.dumps(answer())) == answer()


def test_numbers_that_are_none_are_alike():
    nothing = np.array([np.nan, 1])
    assert answer(all_probabilities=nothing) == answer(all_probabilities=nothing.copy())
    assert made(RAMP, figures={"r": float("nan")}) == made(RAMP, figures={"r": float("nan")})


def test_the_same_question_has_the_same_answer_whatever_time_it_took(tmp_path):
    first, second = (explain.cam(StandIn(), picture(), 1) for _ in range(2))
    assert first.cost.seconds != second.cost.seconds
    assert first == second != explain.cam(StandIn(), picture(), 2)
    first.save(tmp_path / "map.npz")
    assert explain.load(tmp_path / "map.npz") == first


def test_evidence_curves_and_drawings_are_compared_too():
    area = (0, 0, 20, 20)
    first, second = (explain.evidence(StandIn(), picture(), area) for _ in range(2))
    assert first == second != explain.evidence(StandIn(), picture(), (0, 0, 20, 21))
    assert shells.draw("tented", 3) == shells.draw("tented", 3) != shells.draw("tented", 4)
    found = explain.cam(StandIn(), picture(), 1)
    low, again = (explain.evaluate.deletion(StandIn(), found, steps=2) for _ in range(2))
    assert low == again != explain.evaluate.deletion(StandIn(), found, steps=3)
    one, two = (next(explain.evaluate.draw_twins(1)) for _ in range(2))
    assert one == two


def test_no_dataclass_with_arrays_compares_tuples_of_them():
    """The whole package is looked through, so that a new one is not forgotten."""
    wrong, seen = [], 0
    for info in pkgutil.walk_packages(conus_widgets.__path__, "conus_widgets."):
        if info.name.endswith("__main__"):
            continue
        for _, kind in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if kind.__module__ != info.name or not dataclasses.is_dataclass(kind):
                continue
            if any("NDArray" in str(field.type) for field in dataclasses.fields(kind)):
                seen += 1
                if "__eq__" in vars(kind):
                    wrong.append(kind.__qualname__)
    assert seen >= 12 and wrong == []


def test_lists_of_arrays_on_disk_are_compared_one_by_one(tmp_path):
    path = checkpoint.write(tmp_path / "a", random_checkpoint())
    other = checkpoint.write(tmp_path / "b", random_checkpoint(seed=1))
    assert checkpoint.read(path) == checkpoint.read(path.parent)
    assert checkpoint.read(path) != checkpoint.read(other)
    assert checkpoint.read(path) != SimpleNamespace(name="random")
