"""Covers: each is what its name says, and the same wherever something is covered."""

import numpy as np
import pytest
from explain_cases import picture
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain.area import mask, mask_text
from conus_widgets.explain.covers import COVERS, DEFAULT, cover_of
from conus_widgets.explain.subject import Subject

GIVEN = [*COVERS, (10, 200, 30), pytest.param(picture(7), id="photograph")]
AREA = (0, 0, 40, 50)


@pytest.fixture
def subject():
    return Subject(StandIn(), picture())


def test_each_is_what_its_name_says(subject):
    pixels = {name: cover_of(subject, name, offset=(3, -2)).pixels for name in COVERS}
    inputs, mean = subject.inputs[0].astype(float), subject.mean
    assert not pixels["mean"].any()
    np.testing.assert_allclose(pixels["black"] + mean, 0, atol=1e-12)
    assert pixels["noise"].mean() == pytest.approx(inputs.mean(), abs=6)
    assert (pixels["patch"][:, 2:, :-3] == inputs[:, :-2, 3:]).all()
    colour = cover_of(subject, (10, 200, 30)).pixels
    np.testing.assert_allclose((colour + mean)[:, 0, 0], (30, 200, 10), atol=1e-4)  # B, G, R
    other = cover_of(subject, picture(7)).pixels
    assert (other == subject.predictor.inputs([picture(7)])[0]).all()


def test_a_mask_of_whole_pixels_covers_as_one_of_parts_does(subject):
    inputs, part = subject.inputs[0], np.random.default_rng(0).random((56, 56)) < 0.4
    for name in COVERS:
        made = cover_of(subject, name, offset=(3, -2))
        covered = made.over(inputs, part)
        assert covered.dtype == np.float32 and covered.shape == (1, 3, 56, 56)
        np.testing.assert_array_equal(covered, made.over(inputs, part.astype(float)))
        np.testing.assert_array_equal(covered[0][:, ~part], inputs[:, ~part])


@pytest.mark.parametrize("offset", [3, (1.5, 2), "ab", (1, 2, 3)])
def test_an_offset_is_two_whole_numbers(offset):
    for call in (
        lambda: explain.evidence(StandIn(), picture(), AREA, fill="patch", offset=offset),
        lambda: explain.occlusion(StandIn(), picture(), 0, fill="patch", offset=offset),
    ):
        with pytest.raises(ValueError, match="offset is .*: give two whole numbers"):
            call()


def test_a_blur_leaves_no_marking():
    speckled = np.random.default_rng(0).integers(0, 256, (56, 56, 3), np.uint8)
    subject = Subject(StandIn(), speckled)
    assert cover_of(subject, "blur").pixels.std() < 0.3 * subject.inputs.std()


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_one_cover_everywhere(given):
    """A window, an area and a mask over the same pixels give the same answer, to rounding."""
    predictor, image = StandIn(), picture()
    size = predictor.size
    options = {"fill": given, "offset": (5, 9)}
    whole = np.ones((size, size), bool)
    of_area = explain.evidence(predictor, image, whole, **options)
    one_window = explain.occlusion(predictor, image, 1, window=size, stride=size, **options)
    assert one_window.values[0, 0] == pytest.approx(of_area.changes[1], rel=1e-4, abs=1e-4)


def test_the_default_is_the_same_everywhere():
    predictor, image = StandIn(), picture()
    for method in (explain.evidence, explain.occlusion):
        target = AREA if method is explain.evidence else 0
        found, named = (method(predictor, image, target, **o) for o in ({}, {"fill": DEFAULT}))
        if method is explain.evidence:
            assert (found.changes == named.changes).all() and found.fill == COVERS[DEFAULT]
        else:
            assert (found.values == named.values).all() and found.options["fill"] == DEFAULT


@pytest.mark.parametrize("given", ["whit", 7, None, (0, 300, 0), np.zeros((3, 5, 5)), {}])
def test_what_is_no_cover_is_refused(given):
    for call in (
        lambda: explain.evidence(StandIn(), picture(), AREA, fill=given),
        lambda: explain.occlusion(StandIn(), picture(), 0, fill=given),
        lambda: explain.random_masks(StandIn(), picture(), 0, fill=given),
    ):
        with pytest.raises(ValueError, match=r"fill is|cover has|colour|NoneType|int;|dict;"):
            call()


def test_a_mask_survives_as_text():
    rng = np.random.default_rng(0)
    for size in (1, 56, 224):
        given = rng.random((size, size)) > 0.7
        assert (mask(mask_text(given)) == given).all()
    rectangle = np.zeros((224, 224), bool)
    rectangle[20:90, 30:100] = True
    assert len(mask_text(rectangle)) < 120


@pytest.mark.parametrize("text", ["", "56:", "56:abc", "9999999:eJw=", "x:eJw=", "56:!!!"])
def test_a_damaged_mask_is_refused(text):
    with pytest.raises(ValueError, match="no text of a mask"):
        mask(text)


def test_the_older_words_still_work_and_name_the_new_ones():
    predictor, image = StandIn(), picture()
    with pytest.warns(DeprecationWarning, match="area="):
        old = explain.evidence(predictor, image, region=AREA)
    assert (old.changes == explain.evidence(predictor, image, AREA).changes).all()
    with pytest.warns(DeprecationWarning, match="fraction"):
        assert old.area == old.fraction
