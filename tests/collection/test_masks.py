"""Masks beside the true ones of drawn shells, and outlines drawn by hand on photographs."""

import numpy as np
import pytest
from outlines import OUTLINES, PHOTOS, outline
from PIL import Image, ImageDraw

from conus_widgets import shells
from conus_widgets.collection.masks import specimen_mask

KINDS = list(shells.KINDS)


def overlap(one, other):
    return (one & other).sum() / max((one | other).sum(), 1)


@pytest.mark.parametrize("background", ["black", "grey", "cloth", "gradient"])
def test_masks_lie_on_drawn_shells_and_cover_most_of_them(background):
    """A mask may miss parts of the background's colour; it must not take the background in."""
    right, covered = [], []
    for seed in range(10):
        drawing = shells.draw(KINDS[3 * seed % 16], 986_000_000 + seed, background=background)
        found, shell = specimen_mask(drawing.image), drawing.masks["shell"]
        if not found.fails:
            right.append((found.mask & shell).sum() / found.mask.sum())
            covered.append((found.mask & shell).sum() / shell.sum())
    assert len(right) >= 8, f"{10 - len(right)} of 10 were not believed"
    assert min(right) >= 0.85, np.round(sorted(right), 2)
    assert np.median(covered) >= 0.88, np.round(sorted(covered), 2)


def test_sand_is_said_to_fail():
    for seed in range(10):
        drawing = shells.draw(KINDS[seed], 986_100_000 + seed, background="sand")
        found = specimen_mask(drawing.image)
        assert found.fails
        assert "not even" in found.reason and "switch the mask off" in found.reason


@pytest.mark.parametrize("name", OUTLINES)
def test_outlines_drawn_by_hand(name):
    path = PHOTOS / name.rsplit("_", 2)[0] / f"{name}.jpg"
    if not path.exists():
        pytest.skip(f"{path} is not here: set CONUS_PHOTOS to the folder of photographs")
    image = Image.open(path).convert("RGB")
    found = specimen_mask(np.asarray(image))
    drawn = Image.new("1", image.size)
    ImageDraw.Draw(drawn).polygon(outline(name), fill=1)
    height, width = found.mask.shape
    assert not found.fails
    assert overlap(found.mask, np.asarray(drawn.resize((width, height)))) > 0.93


def scene(background=(40, 60, 90), specimen=(200, 180, 150), box=(60, 50, 140, 150), size=200):
    """A rectangle on an even ground, with a little noise; and its mask."""
    image = np.full((size, size, 3), background, np.float64)
    mask = np.zeros((size, size), bool)
    left, top, right, bottom = box
    mask[top:bottom, left:right] = True
    image[mask] = specimen
    image += np.random.default_rng(0).normal(0, 2, image.shape)
    return image.clip(0, 255).astype(np.uint8), mask


def test_any_even_colours_will_do():
    rng = np.random.default_rng(1)
    for _ in range(10):
        background = rng.integers(20, 230, 3)
        specimen = (background + rng.choice([-1, 1], 3) * 60).clip(0, 255)
        if np.abs(specimen - background).max() < 40:
            continue
        image, mask = scene(background, specimen)
        found = specimen_mask(image)
        assert not found.fails and overlap(found.mask, mask) > 0.9


def test_holes_are_filled_and_dust_is_dropped():
    image, mask = scene()
    image[90:100, 90:100] = (40, 60, 90)  # a spot of the background's colour
    image[20:26, 20:26] = (200, 180, 150)
    found = specimen_mask(image).mask
    assert found[95, 95] and not found[23, 23]
    assert overlap(found, mask) > 0.9


def test_a_mirrored_photograph_has_the_mirrored_mask():
    image, _ = scene(box=(30, 50, 120, 130))
    found, mirrored = specimen_mask(image).mask, specimen_mask(image[:, ::-1].copy()).mask
    assert overlap(found, mirrored[:, ::-1]) > 0.99


def test_a_shadow_is_no_specimen():
    image, mask = scene(background=(150, 150, 150), specimen=(210, 160, 90))
    y, x = np.mgrid[:200, :200]
    depth = 0.5 * np.exp(-(((x - 150) / 25) ** 2) - ((y - 120) / 40) ** 2)
    shaded = image * np.where(mask, 1, 1 - depth)[..., None]
    found = specimen_mask(shaded.astype(np.uint8))
    assert not found.fails and overlap(found.mask, mask) > 0.85


def test_large_photographs_are_scaled_down():
    image, mask = scene()
    large = np.repeat(np.repeat(image, 5, axis=0), 10, axis=1)
    found = specimen_mask(large)
    assert found.mask.shape == (160, 320)
    again = np.asarray(Image.fromarray(mask).resize((320, 160)))
    assert overlap(found.mask, again) > 0.9


def test_why_it_fails_is_said():
    even = np.full((100, 100, 3), 128, np.uint8)
    assert "0.0% of the photograph differs" in specimen_mask(even).reason
    image, _ = scene(box=(0, 0, 200, 110))  # over three sides
    assert "of the border is not background" in specimen_mask(image).reason
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
    assert "not even" in specimen_mask(np.repeat(np.repeat(noise, 4, 0), 4, 1)).reason


def test_other_arrays_are_refused():
    with pytest.raises(ValueError, match=r"\(20, 20\)"):
        specimen_mask(np.zeros((20, 20), np.uint8))
    with pytest.raises(ValueError, match="float64"):
        specimen_mask(np.zeros((20, 20, 3)))
    with pytest.raises(ValueError, match="20 x 10 pixels"):
        specimen_mask(np.zeros((10, 20, 3), np.uint8))
