"""Pictures that differ in small places: the same answers as whole runs."""

import numpy as np
import pytest
from engines import ENGINES, needs
from networks import random_checkpoint

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.network.network import Network


@pytest.fixture(
    scope="module",  # each test begins with a photograph that the network has not seen
    params=[
        (engine, *form)
        for engine in ENGINES
        for form in [("1x1", "ceil", 64), ("3x3", "pad1", 72), ("1x1", "ceil", 65)]
    ],
    ids=str,
)
def network(request):
    engine, stride_on, pool, size = request.param
    needs(engine)
    form = Architecture(5, width=0.0625, stem=4, stride_on=stride_on, pool=pool, size=size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONUS_ENGINE", engine)
        yield Network(random_checkpoint(form))


def places_of(size, rng):
    """Corners, edges, one pixel, nearly everything, and places by chance; one or two a copy."""
    end = size
    found = [
        [(slice(0, 8), slice(0, 8))],
        [(slice(end - 8, end), slice(end - 8, end))],
        [(slice(0, 3), slice(end - 9, end))],
        [(slice(20, 21), slice(33, 34))],
        [(slice(1, end - 1), slice(0, end))],
        [],
    ]
    for _ in range(6):
        each = []
        for _ in range(2):
            top, left = rng.integers(0, size - 13, 2)
            each.append((slice(top, top + rng.integers(1, 13)), slice(left, left + 12)))
        found.append(each)
    return found


def test_they_are_those_of_whole_runs(network):
    size = network.architecture.size
    rng = np.random.default_rng(0)
    whole = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
    places = places_of(size, rng)
    copies = np.repeat(whole, len(places), axis=0)
    for copy, each in zip(copies, places, strict=True):
        for place in each:
            copy[(slice(None), *place)] = rng.normal(0, 60)
    expected = network.activations(copies, network.layers[-1])
    for _ in range(2):  # the second time the photograph is known already
        found = network.variants(whole, copies, places)
        assert np.abs(found.logits - expected.logits).max() < 1e-5 * np.ptp(expected.logits)
        scale = np.abs(expected.activations).max()
        assert np.abs(found.activations - expected.activations).max() < 1e-5 * scale


def test_another_photograph_is_noticed(network):
    size = network.architecture.size
    rng = np.random.default_rng(1)
    for _ in range(2):
        whole = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
        found = network.variants(whole, whole, [[]])
        expected = network.forward(whole).logits
        assert np.abs(found.logits - expected).max() < 1e-5 * np.ptp(expected)


def strokes(size, rng):
    """Pictures as a brush makes them: painted on, the same, taken back, another photograph."""
    first, other = rng.normal(0, 60, (2, 1, 3, size, size)).astype("float32")
    picture = first.copy()
    for _ in range(8):
        top, left, high, wide = rng.integers(0, size - 13, 2).tolist() + [rng.integers(1, 13), 9]
        picture[..., top : top + high, left : left + wide] = rng.normal(0, 60)
        yield picture
    yield picture
    for corner in ((0, 0), (0, size - 1), (size - 1, 0), (size - 1, size - 1)):
        picture[(..., *corner)] += 500
        yield picture
    yield first
    yield other
    other[..., ::2, :] = 0
    yield other


def test_one_picture_is_followed_through_its_changes(network):
    """The answers are those of whole runs, however the pictures came about."""
    rng = np.random.default_rng(2)
    for number, picture in enumerate(strokes(network.architecture.size, rng)):
        before = picture.copy()
        found = network.follow(picture)
        expected = network.forward(picture).logits
        assert np.abs(found - expected).max() < 1e-5 * np.ptp(expected), number
        found[:] = np.nan  # the caller's own
        assert np.array_equal(picture, before)


def test_following_and_variants_do_not_disturb_each_other(network):
    """A brush asks between two batches of a slow map."""
    size = network.architecture.size
    rng = np.random.default_rng(3)
    whole = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
    covered = whole.copy()
    place = (slice(8, 20), slice(4, 16))
    covered[(..., *place)] = 0
    expected = network.forward(np.concatenate([whole, covered])).logits
    for _ in range(2):
        assert np.allclose(network.follow(covered), expected[1:], atol=1e-5 * np.ptp(expected))
        found = network.variants(whole, covered, [[place]]).logits
        assert np.allclose(found, expected[1:], atol=1e-5 * np.ptp(expected))
        assert np.allclose(network.follow(whole), expected[:1], atol=1e-5 * np.ptp(expected))


@pytest.fixture
def wide():
    """Wide enough for crops that are smaller than the picture."""
    return Network(random_checkpoint(Architecture(5, width=0.0625, stem=4, size=160)))


def test_after_a_failure_nothing_half_done_is_believed(wide, monkeypatch):
    rng = np.random.default_rng(4)
    picture = rng.normal(0, 60, (1, 3, 160, 160)).astype("float32")
    wide.follow(picture)
    parts = wide._variants
    onwards = parts._onwards

    def fail(*_, **__):
        raise MemoryError("no room")

    picture[..., 30:40, 30:40] = 0
    monkeypatch.setattr(parts, "_onwards", fail)
    with pytest.raises(MemoryError):
        wide.follow(picture)
    monkeypatch.setattr(parts, "_onwards", onwards)
    picture[..., :4, :4] = 9
    expected = wide.forward(picture).logits
    assert np.abs(wide.follow(picture) - expected).max() < 1e-5 * np.ptp(expected)


def test_a_small_change_costs_a_small_crop(wide, monkeypatch):
    """What makes it quick: no whole picture goes through the first two stages again."""
    rng = np.random.default_rng(5)
    picture = rng.normal(0, 60, (1, 3, 160, 160)).astype("float32")
    wide.follow(picture)
    seen, early = [], wide._variants._early
    monkeypatch.setattr(
        wide._variants, "_early", lambda x, **names: seen.append(x.shape) or early(x, **names)
    )
    wide.follow(picture)
    assert seen == [], "the same picture again"
    for change in ((0, 0), (slice(140, 160), slice(150, 160))):
        picture[(..., *change)] = 100
        wide.follow(picture)
    assert [shape[2:] for shape in seen] == [(112, 112)] * 2
