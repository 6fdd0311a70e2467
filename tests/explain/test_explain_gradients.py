"""Maps by the pixels: what must hold of a gradient, and of anything made from gradients."""

import numpy as np
import pytest
from explain_cases import METHODS, PAIR, picture
from stand_in import LABELS, StandIn

from conus_widgets import explain
from conus_widgets.explain.gradients import CHANNELS
from conus_widgets.explain.subject import Subject
from conus_widgets.network.interface import Cancelled


@pytest.fixture
def bent():
    return StandIn(bend=0.01)


@pytest.fixture
def linear():
    return StandIn()


def test_a_gradient_agrees_with_finite_differences(bent):
    """The bent stand-in has no kinks; a channel's gradient is seen by moving it alone."""
    image, rng = picture(), np.random.default_rng(0)
    x = bent.inputs([image])
    found = explain.gradient(bent, image, PAIR)
    for _ in range(5):
        step = np.repeat(rng.normal(size=(1, 1, *x.shape[2:])), 3, axis=1)
        ends = [found.target.of(bent.forward(x + sign * step).logits[0]) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / 2
        assert np.vdot(found.values, step[0, 0]) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_a_pair_is_the_difference_of_two_classes(linear, name):
    """A linear method's map is linear in the weights of the classes."""
    a, b, pair = (METHODS[name](linear, picture(), target) for target in (1, 3, PAIR))
    if name == "layer_cam":  # LayerCAM clips inside
        a, b, pair = (
            explain.layer_cam(linear, picture(), target, kind="hires") for target in (1, 3, PAIR)
        )
    scale = np.abs(a.values).max()
    np.testing.assert_allclose(pair.values, a.values - b.values, atol=1e-5 * scale)
    assert pair.target.words == f"{LABELS[1]} rather than {LABELS[3]}"


@pytest.mark.parametrize("name", METHODS)
def test_the_top_class_is_explained_where_none_is_given(linear, name):
    found = METHODS[name](linear, picture())
    assert found.target.words == LABELS[int(np.argmax(found.logits))]
    np.testing.assert_array_equal(
        found.logits, linear.forward(linear.inputs([picture()])).logits[0]
    )
    same = METHODS[name](linear, picture(), found.target.words)
    np.testing.assert_array_equal(found.values, same.values)


def test_smoothgrad_of_one_sample_without_noise_is_the_gradient(bent):
    plain = explain.gradient(bent, picture(), PAIR).values
    smooth = explain.smoothgrad(bent, picture(), PAIR, samples=1, noise=0).values
    np.testing.assert_array_equal(smooth, plain)
    squared = explain.smoothgrad(bent, picture(), PAIR, samples=3, noise=0, kind="squared").values
    squares = explain.gradient(bent, picture(), PAIR, channels="squares").values
    np.testing.assert_allclose(squared, squares, rtol=1e-5)
    variance = explain.smoothgrad(bent, picture(), PAIR, samples=3, noise=0, kind="variance").values
    assert variance.max() <= 1e-12 * squares.max()


def test_smoothgrad_does_not_depend_on_the_batch_and_repeats_itself(bent):
    first = explain.smoothgrad(bent, picture(), samples=7, seed=4).values
    bent.network.gradient_batch = 5
    np.testing.assert_allclose(
        explain.smoothgrad(bent, picture(), samples=7, seed=4).values, first, rtol=1e-4, atol=1e-9
    )
    assert not np.allclose(explain.smoothgrad(bent, picture(), samples=7, seed=5).values, first)


def test_a_linear_network_knows_no_noise(linear):
    """Its gradient is the same everywhere, so its mean is itself and its variance nothing."""
    plain = explain.gradient(linear, picture(), 2).values
    smooth = explain.smoothgrad(linear, picture(), 2, samples=6).values
    np.testing.assert_allclose(smooth, plain, rtol=1e-5, atol=1e-9)
    spread = explain.smoothgrad(linear, picture(), 2, samples=6, kind="variance").values
    assert spread.max() < 1e-10 * (plain**2).max()


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("magnitude", [False, True])
def test_the_authors_maps_can_be_made(bent, guided, magnitude):
    """Their script: noise follows each channel's range, pixels stay within 0 to 255; the mean over
    samples of gradients (or their squares), its absolute value, summed over the channels."""
    image = np.uint8(np.asarray(picture()) * np.array([1, 0.6, 0.3]))  # ranges that differ
    x, mean = bent.inputs([image]), Subject(bent, image).mean
    noise = np.random.default_rng(0).standard_normal((40, *x.shape[1:]), np.float32)
    spread = x.max((2, 3), keepdims=True) - x.min((2, 3), keepdims=True)
    noisy = np.clip(x + mean + 0.2 * spread * noise, 0, 255) - mean
    weights = explain.resolve(1, LABELS).weights
    gradients = bent.network.gradients(noisy, weights, guided=guided).values.astype(float)
    expected = np.abs((gradients**2 if magnitude else gradients).mean(axis=0)).sum(axis=0)
    found = explain.smoothgrad(
        bent,
        image,
        1,
        samples=40,
        noise=0.2,
        clip=True,
        guided=guided,
        kind="squared" if magnitude else "mean",
        channels="magnitude",
    )
    np.testing.assert_allclose(found.values, expected, rtol=1e-3, atol=1e-9)
    plain = bent.network.gradients(x, weights, guided=guided).values[0].astype(float)
    vanilla = explain.gradient(
        bent, image, 1, guided=guided, channels="squares" if magnitude else "magnitude"
    )
    expected = (plain**2 if magnitude else np.abs(plain)).sum(axis=0)
    np.testing.assert_allclose(vanilla.values, expected, rtol=1e-4, atol=1e-12)


def test_ways_to_join_channels_keep_their_order(bent):
    maps = {name: explain.gradient(bent, picture(), channels=name).values for name in CHANNELS}
    assert (np.abs(maps["sum"]) <= maps["magnitude"] * (1 + 1e-6)).all()
    assert (maps["largest"] <= maps["magnitude"] * (1 + 1e-6)).all()
    assert (maps["magnitude"] <= 3 * maps["largest"] * (1 + 1e-6)).all()
    assert (maps["squares"] <= maps["magnitude"] ** 2 * (1 + 1e-5)).all()
    assert maps["sum"].min() < 0 < maps["sum"].max()


def test_guided_backpropagation_says_that_it_fails(bent):
    for found in (
        explain.guided_backprop(bent, picture()),
        explain.gradient(bent, picture(), guided=True),
        explain.smoothgrad(bent, picture(), samples=1, guided=True),
    ):
        assert any("fails the randomisation test" in remark for remark in found.remarks)
    assert not explain.gradient(bent, picture()).remarks


@pytest.mark.parametrize("given", [None, 1])
def test_stated_costs_are_what_the_stand_in_counted(given):
    expected = {
        "gradient": (1, 1),
        "guided_backprop": (1, 1),
        "gradient_times_input": (1, 1),
        "smoothgrad": (6, 5),
        "integrated_gradients": (5, 5),
        "cam": (1, 0),
        "hires_cam": (1, 1),
        "layer_cam": (1, 1),
    }
    top = {"smoothgrad", "cam"}  # these run the plain photograph forward anyway
    for name, method in METHODS.items():
        counting = StandIn()
        cost = method(counting, picture(), given).cost
        forward, backward = expected[name]
        forward += given is None and name not in top
        assert (cost.forward, cost.backward) == (forward, backward), name
        counted = counting.network.counted_forward, counting.network.counted_backward
        assert counted == (forward, backward), name
        assert cost.seconds > 0


@pytest.mark.parametrize("name", ["smoothgrad", "integrated_gradients"])
def test_a_cancel_stops_within_one_batch(linear, name):
    method = {"smoothgrad": explain.smoothgrad, "integrated_gradients": METHODS[name]}[name]
    at_stop = []

    def cancelled():
        if linear.network.counted_backward >= 2 * linear.network.gradient_batch:
            at_stop.append(linear.network.counted_backward)
        return bool(at_stop)

    with pytest.raises(Cancelled):
        method(linear, picture(), 1, cancelled=cancelled)
    assert linear.network.counted_backward == at_stop[0]
    assert linear.network.largest <= linear.network.gradient_batch


@pytest.mark.parametrize("name", METHODS)
def test_several_photographs_give_a_list_and_one_progress(linear, name):
    images, told = [picture(1), picture(2)], []
    both = METHODS[name](linear, images, 1, progress=lambda *now: told.append(now))
    for image, found in zip(images, both, strict=True):
        np.testing.assert_array_equal(found.values, METHODS[name](linear, image, 1).values)
        assert found.image.size == image.size
    assert told[-1][0] == told[-1][1]
    assert all(done <= total for done, total in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"kind": "median"}, "mean, squared, variance"),
        ({"samples": 0}, "samples is 0"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"channels": "red"}, "sum, magnitude, squares, largest"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_runs(linear, options, words):
    with pytest.raises(ValueError, match=words):
        explain.smoothgrad(linear, picture(), **options)
    assert linear.network.counted_forward == 0


@pytest.mark.parametrize("name", METHODS)
def test_a_class_that_does_not_exist_is_refused_with_the_nearest(linear, name):
    with pytest.raises(ValueError, match="banded"):
        METHODS[name](linear, picture(), "bandet")
