"""The randomisation test: methods that ignore the network fail it, others pass."""

import json

import numpy as np
import pytest
from explain_cases import picture, small
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain, ops
from conus_widgets.explain import evaluate
from conus_widgets.explain.evaluate import trust
from conus_widgets.explain.evaluate.randomisation import LIMIT, rank_correlation
from conus_widgets.network.interface import STAGES, Cancelled


@pytest.fixture(scope="module")
def predictor():
    return small("onednn" if ops.available() else "theano")


def made(values, predictor, method="by hand"):
    return explain.Explanation(
        values=np.asarray(values, "float32"),
        target=explain.resolve(0, predictor.labels),
        method=method,
        image=picture(),
        logits=np.zeros(len(predictor.labels), "float32"),
        labels=predictor.labels,
    )


def edges(predictor, image, target):
    """Draws the photograph, whatever the network says."""
    grey = np.asarray(image.convert("L").resize((32, 32)), "float32")
    return made(np.abs(np.diff(grey, axis=0, prepend=0)), predictor)


def dice(predictor, image, target):
    """Noise that depends on all of the network, and on nothing else."""
    seed = abs(hash(predictor.network.head[0].tobytes()))
    return made(np.random.default_rng(seed).normal(size=(32, 32)), predictor)


def test_a_method_that_ignores_the_network_fails(predictor):
    found = evaluate.randomisation(predictor, edges, [picture(1), picture(2)])
    assert found.correlations == pytest.approx([1] * 6)
    assert found.resemblance == pytest.approx(1) and not found.passes
    assert found.words.startswith("FAILS") and "1.00" in found.words
    assert found.photographs == 2


def test_a_method_that_hangs_on_the_network_passes(predictor):
    found = evaluate.randomisation(predictor, dice, [picture(1)])
    assert found.passes and found.resemblance < 0.2
    assert found.words.startswith("Passes")


def test_stages_are_shuffled_one_upon_the_other_and_keep_their_numbers(predictor):
    seen = []

    def look(shuffled, image, target):
        seen.append(list(shuffled.checkpoint.arrays))
        return edges(shuffled, image, target)

    evaluate.randomisation(predictor, look, [picture()], stages=("logits", "res5"))
    names = [name for name, _ in predictor.checkpoint.architecture.parameters()]
    real, first, second = seen
    for name, a, b, c in zip(names, real, first, second, strict=True):
        for array in (b, c):
            np.testing.assert_array_equal(np.sort(array.ravel()), np.sort(a.ravel()))
        if a.size > 8:  # a short array may be shuffled into itself
            assert (a == b).all() != name.startswith("logits"), name
            assert (b == c).all() != name.startswith("res5"), name


def test_the_real_network_is_left_as_it_was(predictor):
    before = predictor.logits([picture()])
    evaluate.randomisation(predictor, explain.cam, [picture()])
    np.testing.assert_array_equal(predictor.logits([picture()]), before)


def test_maps_are_compared_inside_the_mask_only(predictor):
    """A method that keeps the background and forgets the rest."""
    mask = np.zeros((100, 100), bool)
    mask[:, :50] = True
    image = Image.new("RGB", (100, 100), (90, 90, 90))

    def half(predictor, image, target):
        values = np.arange(1024.0).reshape(32, 32)
        values[:, :16] = dice(predictor, image, target).values[:, :16]
        return made(values, predictor)

    whole = evaluate.randomisation(predictor, half, [image])
    inside = evaluate.randomisation(predictor, half, [image], where=[mask])
    outside = evaluate.randomisation(predictor, half, [image], where=[~mask])
    assert inside.resemblance < 0.2 < whole.resemblance < outside.resemblance
    assert outside.resemblance == pytest.approx(1)


def test_a_mask_that_holds_too_few_cells_is_not_used(predictor):
    """The ranks of two or three cells agree by luck; of none there are no ranks."""
    image, mask = picture(), np.zeros((100, 100), bool)
    mask[50, 50] = True
    whole = evaluate.randomisation(predictor, edges, [image])
    assert evaluate.randomisation(predictor, edges, [image], where=[mask]) == whole
    mask = np.ones((image.height, image.width), bool)
    coarse = evaluate.randomisation(predictor, explain.cam, [image], where=[mask])  # 2 x 2 cells
    assert coarse == evaluate.randomisation(predictor, explain.cam, [image])


def test_what_can_be_shuffled_is_told_by_the_predictor(predictor):
    assert predictor.stages == STAGES
    for stages in ("res5", ["logits", "res2"]):
        one, other = (
            predictor.shuffled(stages, seed=4),
            evaluate.shuffled(predictor, stages, seed=4),
        )
        for a, b in zip(one.checkpoint.arrays, other.checkpoint.arrays, strict=True):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="stage is 'res9': use one of logits, res5"):
        predictor.shuffled(["res9"])
    for ask in (evaluate.shuffled, lambda one: evaluate.randomisation(one, edges, [picture()])):
        with pytest.raises(ValueError, match="no parameters that can be shuffled"):
            ask(StandIn())


def test_it_tells_its_progress_and_stops(predictor):
    told = []
    evaluate.randomisation(
        predictor, edges, [picture(), picture(1)], progress=lambda *counts: told.append(counts)
    )
    assert told == [(n, 14) for n in range(1, 15)]
    with pytest.raises(Cancelled):
        evaluate.randomisation(predictor, edges, [picture()], cancelled=lambda: len(told) > 0)


def test_bad_requests_are_refused(predictor):
    with pytest.raises(ValueError, match="0 photographs"):
        evaluate.randomisation(predictor, edges, [])
    with pytest.raises(ValueError, match="res9"):
        evaluate.randomisation(predictor, edges, [picture()], stages=["logits", "res9"])


def test_rank_correlation():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(9, 9))
    assert rank_correlation(a, np.exp(a)) == pytest.approx(1)  # only the order counts
    assert rank_correlation(a, -a) == pytest.approx(-1)
    assert abs(rank_correlation(a, rng.normal(size=(9, 9)))) < 0.3
    assert rank_correlation(a, np.ones((9, 9))) == 0


# ---- kept, and said ----------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(trust.platformdirs, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path


@pytest.fixture(scope="module")
def record(predictor, tmp_path_factory):
    """A sound record, and the place of its file."""
    folder = tmp_path_factory.mktemp("record")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trust.platformdirs, "user_cache_path", lambda name: folder / name)
        first = evaluate.randomisation_of(predictor, "cam")
    (file,) = folder.rglob("*.json")
    assert json.loads(file.read_text())["photographs"] == 3
    return first, file.relative_to(folder)


def test_it_is_made_once_and_kept(predictor, home, monkeypatch):
    assert evaluate.randomisation_of(predictor, "cam", compute=False) is None
    assert "Not yet tested" in evaluate.trust_line(predictor, "cam")
    first = evaluate.randomisation_of(predictor, "cam")
    monkeypatch.setattr(trust, "randomisation", None)  # nothing is computed from here on
    assert evaluate.randomisation_of(predictor, "cam") == first
    line = evaluate.trust_line(predictor, "cam")
    assert line.startswith(first.words) and "cells of the last layer" in line


def test_another_network_has_a_test_of_its_own(predictor, home):
    from networks import random_checkpoint

    from conus_widgets.predictor import Predictor

    evaluate.randomisation_of(predictor, "cam")
    other = Predictor(random_checkpoint(seed=9))
    assert evaluate.randomisation_of(other, "cam", compute=False) is None


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 1}', '{"version": 99}', "null"])
def test_a_damaged_record_is_made_again(predictor, record, home, damage):
    first, file = record
    (home / file).parent.mkdir(parents=True)
    (home / file).write_text(damage)
    assert evaluate.randomisation_of(predictor, "cam", compute=False) is None
    assert evaluate.randomisation_of(predictor, "cam") == first


def test_a_verdict_says_of_which_options_it_is(predictor, home):
    assert "tested with channels='magnitude'." in evaluate.trust_line(predictor, "gradient")
    assert "tested with" not in evaluate.trust_line(predictor, "cam")


def test_a_record_of_what_layer_cam_was_before_is_not_quoted(predictor, home):
    """In version 0.1.0 this file held the numbers of HiResCAM."""
    file = trust._file(predictor, "layer_cam")
    old = {"version": 2, "method": "layer_cam", "stages": STAGES, "photographs": 3}
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({**old, "correlations": [0.1] * len(STAGES)}))
    assert evaluate.randomisation_of(predictor, "layer_cam", compute=False) is None


def test_an_unknown_method_is_refused(predictor, home):
    with pytest.raises(ValueError, match="No method is called 'camm'; there are cam"):
        evaluate.trust_line(predictor, "camm")


def test_the_limit_is_where_the_words_say():
    assert evaluate.Randomisation("m", ("logits",), (LIMIT,), 1).passes
    assert not evaluate.Randomisation("m", ("logits",), (-LIMIT - 0.01,), 1).passes
