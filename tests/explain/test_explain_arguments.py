"""Wrong arguments of `explain`: a sentence each time, never the words of NumPy."""

import re

import numpy as np
import pytest
from explain_cases import made, picture
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain import centres, evaluate
from conus_widgets.explain.target import resolve
from conus_widgets.network.interface import STAGES

PLAIN = {"samples": 2, "steps": 2, "masks": 4, "window": 28, "stride": 28}

#: What NumPy, Python and their like say, which is no way out for a person.
THEIRS = re.compile(
    r"ambiguous|unhashable|unsupported operand|not supported between|could not convert|"
    r"SeedSequence|expected non-negative|object cannot be interpreted|has no attribute|"
    r"not iterable|must be real number|not subscriptable|inhomogeneous|invalid literal"
)

# Under names that are the same in every process.
A_FUNCTION = pytest.param(lambda: StandIn(), id="function")
A_PHOTOGRAPH = pytest.param(picture(), id="photograph")


def sentence_of(call, *arguments, **options):
    """Return what the call says in refusing; anything but a sentence of ours fails."""
    with pytest.raises(ValueError) as caught:
        call(*arguments, **options)
    said = str(caught.value)
    assert said.endswith(".") and "\n" not in said and not THEIRS.search(said), said
    assert len(said) < 400, said
    return said


TARGETS = {
    "list": [1, 2],
    "one-hot": np.eye(5)[2],
    "array": np.array([1]),
    "tuple": (1, 2),
    "set": {1, 2},
    "bool": True,
    "float": 3.0,
    "bytes": b"tented",
    "negative": -1,
    "too large": 99,
    "misspelt": "Tented",
    "empty": {},
    "None in a dict": {None: 1},
    "float in a dict": {3.0: 1},
    "no weight": {"tented": None},
    "text as weight": {"tented": "1"},
    "NaN": {"tented": float("nan")},
    "infinite": {"tented": float("inf")},
    "too large for float32": {"tented": 1e39},
    "too large for floats": {"tented": 10**400},
    "array as weight": {"tented": np.ones(3)},
    "all zero": {"tented": 0, "plain": 0.0},
    "sums to zero": {"plain": 1, 0: -1},
    "another number of classes": explain.Target(np.ones(3), "?"),
    "object": object(),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_of_an_odd_kind_is_refused_in_a_sentence(name):
    said = sentence_of(resolve, TARGETS[name], StandIn().labels)
    if name in ("list", "one-hot", "array", "tuple", "set", "bool", "float", "bytes"):
        assert "by its number or its name" in said and "{'A': 1, 'B': -1}" in said
    for method in (explain.cam, explain.gradient, explain.occlusion):
        assert sentence_of(method, StandIn(), picture(), TARGETS[name]) == said
    found = explain.evidence(StandIn(), picture(), (0, 0, 9, 9))
    assert sentence_of(found.of, TARGETS[name]) == said


def test_numbers_of_numpy_are_numbers():
    labels = StandIn().labels
    for target in (np.int64(3), np.uint8(3), {np.int32(3): np.float32(1)}, {"tented": 1}):
        assert resolve(target, labels) == resolve(3, labels)


@pytest.mark.parametrize("weights", [[[1, 0]], 5, "ab", [None], [np.nan, 0], [1e39, 0], {"a": 1}])
def test_a_target_by_hand_has_one_number_for_each_class(weights):
    assert "one finite number" in sentence_of(explain.Target, weights, "A")
    assert explain.Target([1, 0], "A").weights.dtype == np.float32


ODD = [None, "5", 2.5, float("nan"), True, [1], np.array([1, 2]), {}, object()]
NEITHER = {"whole": [*ODD, -1, 32.0], "number": [None, "5", np.nan, np.inf, True, [1], -1.0]}
WORDS = [None, 5, "Mean", ["sum"], {}, np.array(["sum", "magnitude"]), True]

OPTIONS = [
    (explain.smoothgrad, "samples", [*NEITHER["whole"], 0]),
    (explain.smoothgrad, "noise", NEITHER["number"]),
    (explain.smoothgrad, "seed", NEITHER["whole"]),
    (explain.smoothgrad, "kind", WORDS),
    (explain.smoothgrad, "channels", WORDS),
    (explain.smoothgrad, "guided", [None, "no", 0, 2, [], np.ones(2)]),
    (explain.smoothgrad, "clip", [None, "no", 0, 2]),
    (explain.gradient, "channels", WORDS),
    (explain.gradient, "guided", [None, "False", 1, []]),
    (explain.guided_backprop, "channels", WORDS),
    (explain.integrated_gradients, "steps", [*NEITHER["whole"], 0, 513]),
    (explain.integrated_gradients, "most", [*NEITHER["whole"], 0]),
    (explain.integrated_gradients, "tolerance", NEITHER["number"]),
    (explain.integrated_gradients, "baseline", [None, "whte", 5, (1, 2), (0, 0, 300), {}]),
    (explain.hires_cam, "layer", [5, "res9", ["res5c"], True]),
    (explain.layer_cam, "kind", WORDS),
    (explain.layer_cam, "layer", [5, "res9", ["res5c"], np.array(["res5c", "res4f"]), True]),
    (explain.occlusion, "window", [0, 99, "32", 32.0, [], [8, 8], [8, None], None, np.nan, {3, 4}]),
    (explain.occlusion, "stride", [*ODD, 0, 8.0, 57]),
    (explain.occlusion, "method", WORDS),
    (explain.occlusion, "share", [*NEITHER["number"], 0, 1.1]),
    (explain.occlusion, "output", WORDS),
    (explain.occlusion, "seed", NEITHER["whole"]),
    (explain.occlusion, "batch", [value for value in NEITHER["whole"] if value is not None]),
    (explain.occlusion, "fill", [None, 5, "grey", (1, 2), (0, 0, 300), {}, np.ones((3, 3))]),
    (explain.random_masks, "masks", [*NEITHER["whole"], 1]),
    (explain.random_masks, "cells", [*NEITHER["whole"], 0, 57]),
    (explain.random_masks, "keep", [*NEITHER["number"], 0, 1]),
    (explain.random_masks, "seed", NEITHER["whole"]),
]


@pytest.mark.parametrize(
    "method, option, values", OPTIONS, ids=[f"{m.__name__}-{o}" for m, o, _ in OPTIONS]
)
def test_an_option_of_an_odd_kind_is_refused_in_a_sentence(method, option, values):
    for value in values:
        stand_in = StandIn()
        said = sentence_of(method, stand_in, picture(), 1, **{option: value})
        assert stand_in.network.counted_backward == 0, "something was computed first"
        topics = (option, "window", "photograph", "colour", "cover", "layer", "none of")
        assert any(word in said for word in topics), said


def test_seeds_and_sizes_of_numpy_are_taken():
    found = explain.occlusion(
        StandIn(), picture(), 1, window=np.array([28, 14]), stride=np.int8(14), seed=np.uint16(3)
    )
    assert found.options["window"] == [28, 14]
    assert found == explain.occlusion(StandIn(), picture(), 1, window=(28, 14), stride=14, seed=3)


AREAS = [
    None, 5, "all", (1, 2, 3), (5, 5, 1, 1), (np.nan, 0, 9, 9), [(0, 0), (1, 1)], {},
    [[1], [2]], np.ones((3, 3), bool), np.ones((3, 3)), (900, 900, 999, 999),
]  # fmt: skip


@pytest.mark.parametrize("area", AREAS, ids=str)
def test_an_area_that_is_none_is_refused_in_a_sentence(area):
    sentence_of(explain.evidence, StandIn(), picture(), area)


def test_rows_of_a_table_are_counted():
    found = explain.evidence(StandIn(), picture(), (0, 0, 9, 9))
    for top in (-1, 0, 2.0, "3", True):
        assert "top is" in sentence_of(found.table, top)
    assert len(found.table(2)) == 2 and len(found.table()) == 5


@pytest.mark.parametrize(
    "options",
    [{"style": s} for s in WORDS] + [{"limit": v} for v in (0, -1, "1", np.nan, np.inf, True, [])],
    ids=str,
)
def test_a_drawing_of_an_odd_kind_is_refused_in_a_sentence(options):
    sentence_of(made(np.eye(7)).plot, **options)


def test_what_is_no_explanation_is_not_drawn():
    for given in ([], [None], ["a"], [made(np.eye(7)), 5]):
        sentence_of(explain.compare, given)
    assert explain.compare(made(np.eye(7)))._repr_png_() == made(np.eye(7)).plot()._repr_png_()


@pytest.mark.parametrize("given", [None, "shell.png", A_FUNCTION, 5, A_PHOTOGRAPH], ids=str)
def test_what_is_no_predictor_is_said_to_be_none(given):
    for method in (explain.cam, explain.gradient, explain.occlusion, explain.random_masks):
        assert "is no predictor" in sentence_of(method, given, picture(), 1)
    assert "is no predictor" in sentence_of(explain.evidence, given, picture(), (0, 0, 9, 9))


def shufflable():
    linear = StandIn()
    linear.stages = STAGES
    return linear


CHECKS = [
    (lambda **o: evaluate.deletion(StandIn(), made(np.eye(7)), **o), {"steps": NEITHER["whole"]}),
    (lambda **o: evaluate.insertion(StandIn(), made(np.eye(7)), **o), {"fill": [None, "grey", 5]}),
    (
        lambda **o: evaluate.stability(StandIn(), explain.cam, picture(), 1, **o),
        {"noise": NEITHER["number"], "copies": [*NEITHER["whole"], 0], "seed": NEITHER["whole"]},
    ),
    (
        lambda **o: evaluate.randomisation(shufflable(), explain.cam, [picture()], 1, **o),
        {
            "stages": [(), "res9", [5], None, 5, [["res5"]]],
            "seed": NEITHER["whole"],
            "where": [[], [np.ones((2, 2), bool)] * 2],
        },
    ),
    (
        lambda **o: evaluate.pointing_game(StandIn(), o.pop("methods", {"cam": explain.cam}), **o),
        {"pairs": [*NEITHER["whole"], 0], "methods": [None, explain.cam, ["cam"], {"cam": "cam"}]},
    ),
    (
        lambda **o: evaluate.checks(StandIn(), o.pop("methods", {"cam": explain.cam}), **o),
        {"drawings": [*NEITHER["whole"], 0], "methods": [None, explain.cam, {"cam": 1}]},
    ),
    (
        lambda **o: list(evaluate.draw_twins(**{"count": 1, **o})),
        {"count": ODD, "first": [-1, 2.0]},
    ),
]


@pytest.mark.parametrize("number", range(len(CHECKS)))
def test_a_check_refuses_odd_options_in_a_sentence(number):
    call, options = CHECKS[number]
    for option, values in options.items():
        for value in values:
            sentence_of(call, **{option: value})


@pytest.mark.parametrize("given", [None, "map.npz", A_PHOTOGRAPH, [made(np.eye(7))]], ids=str)
def test_what_is_no_explanation_is_not_checked(given):
    calls = (evaluate.deletion, evaluate.insertion, evaluate.completeness)
    for call in calls:
        assert "is no explanation" in sentence_of(call, StandIn(), given)
    assert "is no explanation" in sentence_of(centres.centred, given, StandIn())


# A photograph alone, and several -----------------------------------------------------------------


def test_a_photograph_alone_gives_one_map_and_several_give_a_list(tmp_path):
    path = tmp_path / "shell.png"
    picture().save(path)
    alone = explain.cam(StandIn(), picture(), 1)
    rgb = np.asarray(picture())
    with open(path, "rb") as file:
        for given in (path, str(path), path.read_bytes(), file, rgb, picture()):
            assert explain.cam(StandIn(), given, 1) == alone
    for given in ([path], (path,), (p for p in [path]), np.array([str(path)]), rgb[None]):
        assert explain.cam(StandIn(), given, 1) == [alone]
        assert len(explain.evidence(StandIn(), [path, path], (0, 0, 9, 9))) == 2
    for given in (None, {path}, {"a": path}):
        assert "photograph" in sentence_of(explain.cam, StandIn(), given, 1)
    assert "photographs" in sentence_of(evaluate.randomisation, shufflable(), explain.cam, {path})
