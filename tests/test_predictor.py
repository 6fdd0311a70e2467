"""Answers for photographs, on a small random network."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from networks import SMALL, photographs, random_arrays, random_checkpoint
from PIL import Image

from conus_widgets import preparation
from conus_widgets.loading import load_predictor
from conus_widgets.network.interface import Cancelled, softmax
from conus_widgets.network.memory import BATCH
from conus_widgets.photographs import photograph
from conus_widgets.photographs.inputs import to_input
from conus_widgets.photographs.photograph import PhotographError
from conus_widgets.prediction import Prediction
from conus_widgets.predictor import Predictor

TESTS = Path(__file__).parent
REGIONS = {"Panamic": np.array([1, 0, 0.5, 1, 0]), "South African": np.array([0, 0, 0, 0, 1.0])}
BAD = b"not a picture"


@pytest.fixture(scope="module")
def predictor():
    # Logits of a moderate range: random ones would let one class take all, and hide the others.
    arrays = random_arrays(SMALL, seed=6)
    arrays[-2] *= 0.1
    return Predictor(random_checkpoint(arrays=arrays, regions=REGIONS))


@pytest.fixture(scope="module")
def images():
    return photographs(2 * BATCH + 3, seed=5)


def close(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


# Probabilities ---------------------------------------------------------------------------------


def test_an_answer_is_ranked_and_its_probabilities_sum_to_1(predictor, images):
    answers = predictor.predict_each(images, top=3)
    assert len({tuple(a.label_ids) for a in answers}) > 1  # the network does look at them
    for answer in answers:
        everything = answer.all_probabilities
        assert everything.sum() == pytest.approx(1, abs=1e-12)
        assert answer.label_ids == np.argsort(-everything)[:3].tolist()
        assert answer.probabilities == [everything[i] for i in answer.label_ids]
        assert answer.probabilities == sorted(answer.probabilities, reverse=True)
        assert answer.labels == [f"species {i}" for i in answer.label_ids]
        assert answer.info == [f"lives {i} m deep" for i in answer.label_ids]


def test_more_than_all_classes_are_all_classes(predictor, images):
    assert sorted(predictor.predict(images[0], top=99).label_ids) == [0, 1, 2, 3, 4]


def test_one_view_is_the_plain_photograph(predictor, images):
    x = to_input(images[:1], mean_rgb=(110.0, 90.0, 70.0), size=64, resample="bilinear")
    logits = predictor.forward(x).logits
    close(predictor.logits(images[:1]), logits)
    close(predictor.probabilities(images[:1]), np.exp(logits) / np.exp(logits).sum())
    first, second = (predictor.predict(images[0], seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(first.all_probabilities, second.all_probabilities)


def test_batches_of_any_size_give_what_each_gives_alone(predictor, images):
    alone = np.concatenate([predictor.logits([image]) for image in images])
    for count in (0, 1, 2, BATCH - 1, BATCH, BATCH + 1, len(images)):
        close(predictor.logits(images[:count]), alone[:count])
    assert predictor.logits([]).shape == predictor.probabilities([]).shape == (0, 5)


def test_features_times_the_dense_layer_are_the_logits(predictor, images):
    weights, bias = predictor.checkpoint.arrays[-2:]
    features = predictor.features(images[:3])
    assert features.shape == (3, SMALL.features)
    close(features @ weights + bias, predictor.logits(images[:3]))


# Views -----------------------------------------------------------------------------------------


def views_of(predictor, given, seed):
    return predictor.predict(given, views=10, seed=seed).all_probabilities


def test_random_views_are_reproducible_by_their_seed(predictor, images):
    np.testing.assert_array_equal(*(views_of(predictor, images[0], 3) for _ in range(2)))
    assert (
        np.abs(views_of(predictor, images[0], 3) - views_of(predictor, images[0], 4)).max() > 1e-4
    )
    plain = predictor.predict(images[0]).all_probabilities
    assert np.abs(views_of(predictor, images[0], 3) - plain).max() > 1e-4


def test_without_a_seed_they_differ(predictor, images):
    found = [views_of(predictor, images[0], None) for _ in range(2)]
    assert np.abs(found[0] - found[1]).max() > 1e-6


def test_an_answer_is_the_mean_over_its_views(predictor, images):
    x = predictor.inputs(images[:2], views=10, seed=3)
    assert x.shape == (20, 3, 64, 64)
    rows = softmax(predictor.forward(x).logits).reshape(2, 10, 5).mean(axis=1)
    close(predictor.probabilities(images[:2], views=10, seed=3), rows)
    close(views_of(predictor, images[:2], 3), rows.mean(axis=0))


@pytest.mark.parametrize("views", [3, BATCH, 10])
def test_the_views_of_a_photograph_do_not_depend_on_its_neighbours(predictor, images, views):
    settings = {"views": views, "seed": 7}
    first = predictor.predict_each([images[0], images[1], images[2]], **settings)
    other = predictor.predict_each([images[3], images[1], BAD], **settings)
    close(first[1].all_probabilities, other[1].all_probabilities)
    # The same picture twice is seen in different views: else nothing would be gained.
    twice = predictor.predict_each([images[0], images[0]], **settings)
    assert np.abs(twice[0].all_probabilities - twice[1].all_probabilities).max() > 1e-4


def test_views_drawn_one_by_one_are_those_drawn_together(predictor, images):
    """What an answer was made of before views were made one at a time."""
    chance = preparation.generators(3, 2)
    together = [
        photograph.random_views(image, 10, rng, resample="bilinear")
        for image, rng in zip(images[:2], chance, strict=True)
    ]
    expected = np.concatenate([predictor.preparation.batch(views) for views in together])
    np.testing.assert_array_equal(predictor.inputs(images[:2], views=10, seed=3), expected)


MEASURED = """
import resource
from networks import random_checkpoint
from PIL import Image
from conus_widgets.predictor import Predictor

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3

predictor = Predictor(random_checkpoint(resample="nearest"))
photograph = Image.new("RGB", (3000, 2000), "brown")  # 24 MB in Pillow
predictor.predict(photograph, views=2, seed=0)
before = peak()
predictor.predict(photograph, views=48, seed=0)
predictor.inputs(photograph, views=48, seed=0)
print(peak() - before)
"""


def test_many_views_take_no_more_memory_than_few():
    """48 views of 6 megapixels would be 1,100 MB; their inputs are 2 MB."""
    found = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, cwd=TESTS, timeout=240
    )
    assert found.returncode == 0, found.stderr
    assert float(found.stdout) < 200


def test_memory_that_ends_among_the_views_costs_one_photograph(predictor, images, monkeypatch):
    real, met = photograph.random_views, []

    def scarce(image, count, rng, **options):
        met.append(image.size)
        if image.size == images[1].size and met.count(image.size) > 2:
            raise MemoryError
        return real(image, count, rng, **options)

    expected = predictor.predict_each(images[:3], views=3, seed=1)
    monkeypatch.setattr(photograph, "random_views", scarce)
    first, bad, last = predictor.predict_each(images[:3], views=3, seed=1)
    assert isinstance(bad, PhotographError) and str(bad).startswith("photograph 2 has ")
    close(first.all_probabilities, expected[0].all_probabilities)
    close(last.all_probabilities, expected[2].all_probabilities)


# Specimens and bad photographs -----------------------------------------------------------------


@pytest.mark.parametrize("views", [1, 4])
def test_a_specimens_answer_is_the_mean_of_its_photographs(predictor, images, views):
    each = predictor.predict_each(images[:3], views=views, seed=1)
    together = predictor.predict(images[:3], views=views, seed=1)
    close(together.all_probabilities, np.mean([a.all_probabilities for a in each], axis=0))
    assert together.names == ["photograph 1", "photograph 2", "photograph 3"]
    assert (together.views, together.seed, together.errors) == (views, 1, [])


def test_a_bad_photograph_costs_only_itself(predictor, images, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(BAD)
    images[0].save(tmp_path / "good.png")
    given = [tmp_path / "good.png", tmp_path / "bad.jpg", images[1], tmp_path / "none.png"]
    good, bad, other, missing = predictor.predict_each(given)
    close(good.all_probabilities, predictor.predict(images[0]).all_probabilities)
    close(other.all_probabilities, predictor.predict(images[1]).all_probabilities)
    assert (good.names, other.names) == (["good.png"], ["photograph 3"])
    for error, name in ((bad, "bad.jpg"), (missing, "none.png")):
        assert isinstance(error, PhotographError) and error.name == name
        assert str(error).startswith(name)

    specimen = predictor.predict(given)
    assert specimen.names == ["good.png", "photograph 3"]
    assert [error.name for error in specimen.errors] == ["bad.jpg", "none.png"]
    close(specimen.all_probabilities, predictor.predict(images[:2]).all_probabilities)
    assert "Left out: bad.jpg" in str(specimen)


def test_where_all_are_bad_the_first_reason_is_raised(predictor):
    with pytest.raises(PhotographError, match="photograph 1"):
        predictor.predict([BAD, b""])
    assert [type(e) for e in predictor.predict_each([BAD] * 9)] == [PhotographError] * 9
    with pytest.raises(PhotographError, match="photograph 2"):
        predictor.probabilities([np.zeros((9, 9), np.uint8), BAD])


def test_anything_that_is_a_photograph_is_taken(predictor, images, tmp_path):
    path = tmp_path / "a.png"
    images[0].save(path)
    with open(path, "rb") as file:
        given = [images[0], np.asarray(images[0]), str(path), path, path.read_bytes(), file]
        found = predictor.probabilities(given)
    np.testing.assert_allclose(found, found[:1].repeat(6, axis=0), atol=1e-6)


VERBS = {
    "predict": lambda p, given: p.predict(given).all_probabilities[None],
    "predict_each": lambda p, given: [a.all_probabilities for a in p.predict_each(given)],
    "probabilities": lambda p, given: p.probabilities(given),
    "logits": lambda p, given: p.logits(given),
    "features": lambda p, given: p.features(given),
    "inputs": lambda p, given: p.inputs(given),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_photograph_alone_is_a_list_of_one(predictor, images, tmp_path, verb):
    path = tmp_path / "shell.png"
    images[0].save(path)
    rgb = np.asarray(images[0])
    grey = rgb[..., 0]
    call = VERBS[verb]
    with open(path, "rb") as file:
        for given in (str(path), path, path.read_bytes(), bytearray(path.read_bytes()), file):
            close(call(predictor, given), call(predictor, [images[0]]))
    for given in (images[0], rgb, Image.open(path)):
        close(call(predictor, given), call(predictor, [images[0]]))
    close(call(predictor, grey), call(predictor, [grey]))


@pytest.mark.parametrize("verb", VERBS)
def test_whatever_holds_photographs_in_an_order_is_a_list(predictor, images, tmp_path, verb):
    paths = []
    for number in range(3):
        paths.append(str(tmp_path / f"{number}.png"))
        images[0].rotate(90 * number, expand=True).resize((50, 40)).save(paths[-1])
    call = VERBS[verb]
    expected = call(predictor, paths)
    stack = np.stack([np.asarray(Image.open(path)) for path in paths])
    for given in (
        tuple(paths),
        (path for path in paths),
        iter(paths),
        np.array(paths),
        np.array(paths, object),
        stack,
    ):
        close(call(predictor, given), expected)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "given, words",
    [
        (None, r"No photograph was given \(None\)"),
        ({"a.png", "b.png"}, "in a set, which is no list .* give sorted"),
        ({"a": "a.png"}, r"in a dict, which is no list .* give list\(photographs.values\(\)\)"),
    ],
)
def test_what_has_no_order_is_refused_with_the_way_out(predictor, verb, given, words):
    with pytest.raises(ValueError, match=words):
        VERBS[verb](predictor, given)


def test_a_list_of_specimens_is_told_from_a_list_of_photographs(predictor, images):
    (error,) = predictor.predict_each([images[:2]])
    assert str(error).startswith("photograph 1 is a list; give a path")


# Regions ---------------------------------------------------------------------------------------


def test_a_region_weighs_the_classes_and_the_answer_says_so(predictor, images):
    plain = predictor.predict(images[0])
    weighed = predictor.predict(images[0], region="Panamic")
    expected = plain.all_probabilities * REGIONS["Panamic"]
    close(weighed.all_probabilities, expected / expected.sum())
    assert weighed.all_probabilities[[1, 4]].tolist() == [0, 0]
    assert (plain.region, weighed.region) == (None, "Panamic")
    assert "Panamic" in str(weighed) and "region" not in str(plain)
    assert weighed.to_dict()["region"] == "Panamic" and "region" not in plain.to_dict()
    assert predictor.predict_each(images[:1], region="South African")[0].probabilities[0] == 1


def test_an_unknown_region_names_the_nearest(predictor, images):
    with pytest.raises(ValueError, match="No region is called 'Panama'; there are Panamic"):
        predictor.predict(images[0], region="Panama")
    with pytest.raises(ValueError, match="'Xx'; there are Panamic, South African"):
        predictor.predict_each(images[:1], region="Xx")


def test_a_checkpoint_without_regions_says_so(predictor, images):
    lacking = object.__new__(Predictor)
    lacking.__dict__.update(predictor.__dict__, regions=[], checkpoint=random_checkpoint())
    with pytest.raises(ValueError, match="random cannot weigh .* no regions.csv"):
        lacking.predict(images[0], region="Panamic")


def test_a_region_in_which_nothing_possible_lives_is_refused_in_words(predictor, images):
    nowhere = object.__new__(Predictor)
    checkpoint = random_checkpoint(regions={"Sahara": np.zeros(5)})
    nowhere.__dict__.update(predictor.__dict__, regions=["Sahara"], checkpoint=checkpoint)
    with pytest.raises(ValueError, match="lives in 'Sahara'"):
        nowhere.predict(images[0], region="Sahara")


def test_numpy_integers_are_whole_numbers(predictor, images):
    given = {"top": np.int64(2), "views": np.uint8(3), "seed": np.int32(4)}
    found = predictor.predict(images[0], **given)
    assert len(found.labels) == 2
    assert found == predictor.predict(images[0], top=2, views=3, seed=4)


# Wrong use, progress, cancelling, threads ------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"top": 0}, "top is 0"),
        ({"views": 0}, "views is 0"),
        ({"views": -3}, "views is -3"),
        ({"views": 2, "seed": -1}, "seed is -1"),
        ({"top": 2.0}, "top is 2.0: it must be a whole number of at least 1"),
        ({"top": None}, "top is None"),
        ({"top": True}, "top is True"),
        ({"views": "10"}, "views is '10'"),
        ({"views": np.array([1, 2])}, "views is an array of shape"),
        ({"seed": 1.5}, "seed is 1.5: .* at least 0, or None"),
        ({"seed": [1, 2]}, r"seed is \[1, 2\]"),
        ({"region": 5}, "region is 5: give the name of a region"),
        ({"region": ["Panamic"]}, r"region is \['Panamic'\]"),
    ],
)
def test_settings_that_cannot_be_are_refused(predictor, images, settings, words):
    for verb in (predictor.predict, predictor.predict_each):
        with pytest.raises(ValueError, match=words):
            verb(images[:1], **settings)
    with pytest.raises(ValueError, match="No photograph"):
        predictor.predict([])


@pytest.mark.parametrize("views", [1, 3, 10])
def test_progress_rises_to_its_end(predictor, images, views):
    for given in (images, [BAD, *images[:3], BAD], [BAD]):
        seen = []
        predictor.predict_each(
            given, views=views, seed=0, progress=lambda *now, seen=seen: seen.append(now)
        )
        dones = [done for done, _ in seen]
        assert {total for _, total in seen} == {len(given) * views}
        assert dones == sorted(dones) and dones[-1] == len(given) * views


@pytest.mark.parametrize("views", [1, 10])
def test_cancelling_stops_before_the_next_batch(predictor, images, views):
    asked, done = [], []

    def cancelled():
        asked.append(len(done))
        return len(asked) > 2

    with pytest.raises(Cancelled):
        predictor.predict(
            images, views=views, cancelled=cancelled, progress=lambda n, _: done.append(n)
        )
    assert len(asked) == 3  # it was asked before each batch, and not after it said stop
    assert max(done) <= 2 * BATCH
    # Nothing is stuck: the next call works.
    assert isinstance(predictor.predict(images[0]), Prediction)


def test_cancelled_at_once_computes_nothing(predictor, images):
    with pytest.raises(Cancelled):
        predictor.predict(images, cancelled=lambda: True, progress=pytest.fail)


def test_four_threads_get_the_answers_of_one(predictor, images):
    jobs = [images[n : n + 1 + n % 9] for n in range(12)]
    expected = [predictor.predict(job).all_probabilities for job in jobs]
    found, failures = {}, []
    ready = threading.Barrier(4)

    def work(first):
        try:
            ready.wait()
            for number in range(first, first + len(jobs)):
                job = jobs[number % len(jobs)]
                found[first, number % len(jobs)] = predictor.predict(job).all_probabilities
        except BaseException as error:  # else the thread would end in silence
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(found) == 4 * len(jobs)
    for (_, number), probabilities in found.items():
        close(probabilities, expected[number])


# load_predictor --------------------------------------------------------------------------------


def test_a_known_name_that_was_not_fetched_says_how(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="'python -m conus_widgets fetch deep-oc-conus'"):
        load_predictor("deep-oc-conus")


def test_a_predictor_shows_what_it_is(predictor):
    assert repr(predictor) == "<Predictor random: 5 classes>"
    assert predictor.regions == ["Panamic", "South African"]
