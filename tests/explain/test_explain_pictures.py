"""Pictures: one scale, neutral zeros, the target in words."""

import numpy as np
import pytest
from explain_cases import PAIR, made, picture
from matplotlib.text import Text
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain
from conus_widgets.explain.panels import COLOURS, STYLES
from conus_widgets.explain.picture import plot
from conus_widgets.explain.scale import is_flat, limit_of

NEUTRAL = np.array(COLOURS(0.5)[:3])
RAMP = np.linspace(-1, 1, 49).reshape(7, 7)


def panels(figure):
    """The pixels of the drawn panels, photograph first, in order."""
    return [np.asarray(axes.images[0].get_array(), float) for axes in figure.axes if axes.images]


def words(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def assert_neutral(panel, tolerance=0.02):
    """No pixel leans to red or to blue by more than the middle of the scale does."""
    assert np.ptp(panel[..., :3], axis=-1).max() <= tolerance


def test_zero_is_neutral_and_signs_have_their_colours():
    values = np.zeros((7, 7))
    values[0, 0], values[6, 6] = 2.0, -1.0
    image = Image.new("RGB", (70, 70), (128, 128, 128))
    drawn = panels(plot(made(values, image=image)))[1]
    assert_neutral(drawn[15:55, 15:55])
    red, blue = drawn[5, 5], drawn[65, 65]
    assert red[0] > red[2] + 0.3 and blue[2] > blue[0] + 0.15
    grey = drawn[35, 35, 0] / NEUTRAL[0]  # of the photograph below
    np.testing.assert_allclose(red, np.array(COLOURS(1.0)[:3]) * grey, atol=0.02)
    np.testing.assert_allclose(blue, np.array(COLOURS(0.25)[:3]) * grey, atol=0.02)


def test_the_scale_is_symmetric():
    bar = plot(made(RAMP + 0.5)).axes[-1]
    assert bar.get_ylim() == pytest.approx((-1.5, 1.5))
    assert "logit" in bar.get_ylabel()


def test_several_maps_share_one_scale():
    """The same value has the same colour in a strong map and in a weak one."""
    image = Image.new("RGB", (70, 70), (200, 200, 200))
    weak = np.zeros((7, 7))
    weak[3, 3] = 0.5
    strong = weak.copy()
    strong[0, 0] = -2.0
    figure = explain.compare([made(weak, image=image), made(strong, image=image)])
    _, first, second = panels(figure)
    np.testing.assert_array_equal(first[35, 35], second[35, 35])
    np.testing.assert_array_equal(first[60, 60], second[60, 60])
    assert figure.axes[-1].get_ylim() == pytest.approx((-2, 2))
    alone = panels(plot(made(weak, image=image)))[1]
    assert np.abs(alone[35, 35] - first[35, 35]).max() > 0.1


def test_each_photograph_is_drawn_once_and_before_its_maps():
    one, other = Image.new("RGB", (60, 60)), Image.new("RGB", (60, 60), (9, 9, 9))
    maps = [made(RAMP, image=image) for image in (one, one, other)]
    titles = [axes.get_title(loc="left") for axes in explain.compare(maps).axes]
    assert [title.startswith("photograph") for title in titles[:5]] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize("value", [0.0, 0.3, -5.0])
def test_a_flat_map_is_drawn_neutral_and_says_its_value(value):
    rounding = np.random.default_rng(0).normal(0, 1e-8, (7, 7))
    flat = made(np.full((7, 7), value) + rounding)
    assert is_flat(flat) and limit_of([flat]) is None
    figure = plot(flat)
    assert_neutral(panels(figure)[1])
    assert "the same everywhere" in words(figure)
    assert not is_flat(made(RAMP * 1e-4))


@pytest.mark.parametrize("colour", [(0, 0, 0), (40, 200, 90)])
def test_what_differs_from_nothing_is_drawn_neutral(colour):
    """A picture of one colour, explained over that colour: rounding is not blown up."""
    flat = Image.new("RGB", (64, 48), colour)
    found = explain.integrated_gradients(StandIn(bend=0.02), flat, baseline=colour)
    assert_neutral(panels(found.plot())[1])


def test_a_few_pixels_do_not_set_the_scale_of_a_fine_map():
    values = np.random.default_rng(0).uniform(-1, 1, (100, 100))
    values[0, 0] = 1000
    assert limit_of([made(values)]) <= 1.0
    coarse = RAMP.copy()
    coarse[0, 0] = 1000
    assert limit_of([made(coarse)]) == 1000


def test_the_picture_says_what_is_explained_and_what_must_be_known():
    found = explain.guided_backprop(StandIn(), picture(), PAIR)
    text = words(found.plot()).replace("\n", " ")
    assert found.target.words in text
    assert "guided_backprop" in text and "stand-in" in text
    assert "fails the randomisation test" in text


def test_names_are_text_and_never_formulas():
    """A label with signs of mathematics or markup is drawn as it is."""
    label = r"A $\frac{1}{0$ <b>x</b>"
    found = made(RAMP, words=label, labels=(label, "B"), notice="$_{$", remarks=("^$",))
    figure = found.plot()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert label in words(figure) and "$_{$" in words(figure)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (3, 400), (3000, 2000)], ids=str)
def test_every_style_draws_every_shape(style, size):
    image = Image.new("RGB", size, (100, 90, 80))
    for values in (RAMP, np.zeros((1, 1))):
        drawn = made(values, image=image).plot(style)
        assert drawn._repr_png_().startswith(b"\x89PNG")
        width, height = drawn.get_size_inches()
        assert width < 15 and height < 10
        shape = panels(drawn)[1].shape
        assert shape[1] / shape[0] == pytest.approx(size[0] / size[1], rel=0.3)


def test_a_soft_mask_shows_what_speaks_for_the_target_only():
    values = np.zeros((7, 7))
    values[3, 3], values[0, 0] = 1.0, -1.0
    alpha = panels(made(values, image=Image.new("RGB", (70, 70))).plot("mask"))[1][..., 3]
    assert alpha[35, 35] > 200 and alpha[4, 4] == 0 and alpha[60, 60] == 0


def test_contours_are_solid_for_and_dashed_against():
    figure = made(RAMP, image=Image.new("RGB", (70, 70))).plot("contours")
    styles = {
        collection.get_linestyles()[0][1] is None
        for axes in figure.axes
        for collection in axes.collections
        if collection.get_paths() and hasattr(collection, "levels")
    }
    assert styles == {True, False}


def test_a_notebook_shows_picture_and_words():
    found = explain.cam(StandIn(), picture(), 1)
    assert found._repr_png_().startswith(b"\x89PNG")
    assert repr(found).startswith("<cam at res5c of banded: 7 x 7") and "stand-in" in repr(found)


def test_maps_without_a_common_scale_and_other_wishes_are_refused():
    with pytest.raises(ValueError, match="logit and no unit"):
        explain.compare([made(RAMP), made(RAMP, unit="no unit")])
    with pytest.raises(ValueError, match="nothing to draw"):
        explain.compare([])
    with pytest.raises(ValueError, match="map, contours, mask"):
        made(RAMP).plot("rainbow")
    for limit in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="above 0"):
            made(RAMP).plot(limit=limit)
