"""Answers in a stream: in order, decoded ahead, within bounds."""

import itertools
import threading
import warnings

import numpy as np
import pytest
from networks import photographs, random_arrays, random_checkpoint
from PIL import Image
from stand_in import StandIn

from conus_widgets import stream
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.network.interface import Cancelled, softmax
from conus_widgets.photographs import photograph
from conus_widgets.photographs.photograph import PhotographError, open_photograph, read_photograph
from conus_widgets.predictor import Predictor

BAD = b"not a picture"


@pytest.fixture(scope="module")
def predictor():
    small = Architecture(5, width=0.0625, stem=4, size=64)
    arrays = random_arrays(small, seed=6)
    arrays[-2] *= 0.1
    return Predictor(random_checkpoint(small, arrays=arrays))


@pytest.fixture(scope="module")
def images():
    return photographs(11, seed=5)


def close(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


def counted_runs(predictor, monkeypatch):
    runs = []
    forward = predictor.network.forward

    def counting(x, **options):
        found = forward(x, **options)
        runs.append(len(x))
        return found

    monkeypatch.setattr(predictor.network, "forward", counting)
    return runs


def test_answers_come_in_order_and_are_those_of_each_photograph_alone(predictor, images):
    given = [images[0], BAD, *images[1:4], BAD, BAD, *images[4:], BAD]
    found = list(predictor.stream(given, features=True))
    good = [n for n, photo in enumerate(given) if photo is not BAD]
    assert [a.number for a in found if isinstance(a, stream.Answer)] == good
    for number, answer in enumerate(found):
        if number not in good:
            assert isinstance(answer, PhotographError)
            assert str(answer).startswith(f"photograph {number + 1} ")
            continue
        close(answer.logits, predictor.logits([given[number]])[0])
        close(answer.features, predictor.features([given[number]])[0])
        close(answer.probabilities, softmax(answer.logits))
        assert answer.name == f"photograph {number + 1}" and answer.about is None
    assert next(predictor.stream(images[:1])).features is None
    assert list(predictor.stream([])) == []


@pytest.mark.parametrize("views", [2, stream.AT_ONCE, stream.AT_ONCE + 5])
def test_several_views_are_those_of_predict(predictor, images, views):
    given = [images[0], BAD, images[1]]
    first, bad, last = predictor.stream(given, views=views, seed=3, features=True)
    assert isinstance(bad, PhotographError)
    for number, answer in ((0, first), (2, last)):
        x = predictor.inputs(given[:1] + [images[2]] + given[2:], views=views, seed=3)
        ran = predictor.forward(x[number * views : (number + 1) * views])
        close(answer.probabilities, softmax(ran.logits).mean(axis=0))
        close(softmax(answer.logits), answer.probabilities)
        close(answer.features, ran.features.mean(axis=0))


def test_wrong_settings_are_refused_before_the_first_answer_is_asked_for(predictor, images):
    with pytest.raises(ValueError, match="views is 0"):
        predictor.stream(images, views=0)
    with pytest.raises(ValueError, match="seed is -1"):
        predictor.stream(images, seed=-1)


# Ahead, but not too far -----------------------------------------------------------------------


def test_decoding_runs_ahead_by_a_bounded_number(predictor, images):
    begun = []

    def read(number, given, name):
        begun.append(number)
        return stream.Reading(open_photograph(given, name=name), lambda: None)

    answers = stream.stream(predictor, images * 20, read=read)
    next(answers)
    bound = 2 * stream.AHEAD + 2 * predictor.network.batch
    assert 1 < len(begun) <= bound < len(images) * 20
    answers.close()
    after = len(begun)
    threading.Event().wait(0.1)
    assert len(begun) == after <= bound + stream.AHEAD  # nothing is decoded for nobody


def test_two_photographs_are_decoded_at_once(predictor, images, monkeypatch):
    """Each waits for the other in the middle of its decoding: one lock around would stop both."""
    meet = threading.Barrier(2, timeout=20)
    real = photograph.to_rgb

    def meeting(image, name):
        meet.wait()
        return real(image, name)

    monkeypatch.setattr(photograph, "to_rgb", meeting)
    given = [np.asarray(image) for image in images[:2]]
    assert len(predictor.predict_each(given)) == 2


def test_photographs_too_large_together_are_decoded_one_by_one(predictor, monkeypatch):
    monkeypatch.setattr(stream, "_pixels", lambda workers: 50 * 40)
    inside, most = itertools.count(), []
    now = []

    def read(number, given, name):
        now.append(number)
        most.append(len(now))
        threading.Event().wait(0.005)
        now.remove(number)
        return stream.Reading(open_photograph(given, name=name), lambda: None)

    large = [np.full((40, 60, 3), next(inside), np.uint8) for _ in range(6)]
    assert len(list(stream.stream(predictor, large, read=read))) == 6
    assert set(most) == {1}
    most.clear()
    small = [photo[:20, :30] for photo in large]
    assert len(list(stream.stream(predictor, small * 4, read=read))) == 24
    assert max(most) > 1


def test_a_file_that_is_open_once_may_be_listed_twice(predictor, images, tmp_path):
    images[0].save(tmp_path / "a.png")
    expected = predictor.logits([images[0]])[0]
    with open(tmp_path / "a.png", "rb") as file:
        for answer in predictor.stream([file] * 12):
            close(answer.logits, expected)


def test_the_first_answers_come_soon_and_then_as_many_run_together_as_is_fast(images):
    standing = StandIn()
    standing.network.batch, standing.network.together = 1, 4
    given = []
    forward = standing.network.forward

    def counting(x, **options):
        given.append(len(x))
        return forward(x, **options)

    standing.network.forward = counting
    seen = []
    answers = list(
        stream.stream(standing, images, progress=lambda done, total: seen.append((done, total)))
    )
    assert given == [1, 2, 4, 4] and sum(given) == len(answers) == len(images) == 11
    assert seen == [(done, 11) for done in range(1, 12)]  # after each batch of the network


def test_memory_of_pixels_is_kept_while_a_stream_runs_and_then_given_back(predictor, images):
    before = Image.core.get_blocks_max()
    outer = predictor.stream(images)
    inner = predictor.stream(images)
    next(outer)
    next(inner)
    assert Image.core.get_blocks_max() > before
    inner.close()
    assert Image.core.get_blocks_max() > before  # the other one goes on
    list(outer)
    assert Image.core.get_blocks_max() == before


# Progress, cancelling --------------------------------------------------------------------------


def test_cancelling_keeps_what_came_before(predictor, images, monkeypatch):
    runs = counted_runs(predictor, monkeypatch)
    found = []
    with pytest.raises(Cancelled):
        for answer in predictor.stream(images * 3, cancelled=lambda: len(runs) == 2):
            found.append(answer)  # noqa: PERF402 (one by one: what came before stays)
    assert len(runs) == 2 and len(found) == sum(runs)


def test_progress_counts_views_and_reaches_its_end(predictor, images):
    for given in (images, [BAD, *images[:3], BAD], [BAD] * 30):
        seen = []
        list(
            predictor.stream(given, views=3, seed=0, progress=lambda *now, to=seen: to.append(now))
        )
        dones = [done for done, _ in seen]
        assert dones == sorted(dones) and seen[-1] == (3 * len(given), 3 * len(given))


# Warnings --------------------------------------------------------------------------------------


def test_filters_are_as_before_after_many_threads_have_read(images):
    given = [np.asarray(image) for image in images]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        threads = [
            threading.Thread(target=lambda: [read_photograph(p) for p in given]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before


def test_warnings_of_others_are_seen_while_a_photograph_is_read(images, monkeypatch):
    real = photograph.to_rgb

    def warning(image, name):
        warnings.warn("of somebody else", stacklevel=1)
        return real(image, name)

    monkeypatch.setattr(photograph, "to_rgb", warning)
    with pytest.warns(UserWarning, match="of somebody else"):
        read_photograph(images[0])


def test_no_photograph_is_begun_while_the_network_computes(images, monkeypatch):
    plain, predictor = StandIn(), StandIn()
    first = predictor.network.batch  # photographs in the first batch
    assert first < len(images)
    computing, was_computing, early = threading.Event(), threading.Event(), threading.Event()
    begun = []

    class Far(list):
        def __getitem__(self, number):
            # The others are there when the network computes: none has passed the door before.
            assert number < first or was_computing.wait(10)
            return super().__getitem__(number)

    def forward(inputs, **options):
        if not was_computing.is_set():
            computing.set()
            was_computing.set()
            early.wait(0.2)  # in which a photograph could be begun
            computing.clear()
        return plain.network.forward(inputs, **options)

    def reading(number, photo, name):
        begun.append(number)
        if computing.is_set():
            early.set()
        return stream.Reading(open_photograph(photo, name=name), lambda: None)

    monkeypatch.setattr(predictor.network, "forward", forward)
    found = list(stream.stream(predictor, Far(images), read=reading))
    assert len(found) == len(images) and sorted(begun) == list(range(len(images)))
    assert was_computing.is_set() and not early.is_set()


def test_the_next_photographs_are_fetched_while_the_network_computes(images, monkeypatch):
    plain = StandIn()
    fetched = threading.Event()

    class Far(list):
        def __getitem__(self, number):
            if number == len(images) - 1:
                fetched.set()
            return super().__getitem__(number)

    def forward(inputs, **options):
        assert fetched.wait(10)
        return plain.network.forward(inputs, **options)

    predictor = StandIn()
    monkeypatch.setattr(predictor.network, "forward", forward)
    monkeypatch.setattr(stream, "threads", lambda: len(images))
    assert len(list(stream.stream(predictor, Far(images)))) == len(images)
