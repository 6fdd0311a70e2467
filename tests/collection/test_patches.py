"""Matches: identity, shifts, and how few lie beside the specimen."""

import itertools

import numpy as np
import pytest
from drawn_features import predictor
from outlines import OUTLINES, PHOTOS, outline
from PIL import Image, ImageDraw
from sklearn.metrics.pairwise import cosine_similarity

from conus_widgets import shells
from conus_widgets.collection.masks import specimen_mask
from conus_widgets.collection.patches import cells_inside, matched_patches

KINDS = list(shells.KINDS)
LAST = "res5c"


def inside(images):
    """What the last layer holds for images, and the weights of their first class rather than the
    second."""
    found = predictor().network.activations(predictor().inputs(images), LAST)
    head = predictor().network.head[0]
    order = np.argsort(-found.logits, axis=1)
    return found.activations, [head[:, a] - head[:, b] for a, b in order[:, :2]]


def share_outside(images, masks, truths, layers, weights, most=5):
    """The share of matched cells that lie beside the specimen with more than half of their area,
    over all pairs of images."""
    beside = []
    for i, j in itertools.permutations(range(len(images)), 2):
        for match in matched_patches(
            layers[i],
            layers[j],
            first_mask=masks[i],
            second_mask=masks[j],
            weights=weights[i],
            most=most,
        ):
            beside += [truths[i][match.first] < 0.5, truths[j][match.second] < 0.5]
    assert len(beside) > 100
    return np.mean(beside)


@pytest.mark.parametrize("background", ["black", "grey", "gradient"])
def test_matched_cells_lie_on_drawn_shells(background):
    """By the true masks of the drawings; at most 5 % may lie beside the shell."""
    drawn = [
        shells.draw(KINDS[5 * n % 16], 986_200_000 + n, background=background) for n in range(8)
    ]
    images = [drawing.image for drawing in drawn]
    layers, weights = inside(images)
    truths = [cells_inside(drawing.masks["shell"], (7, 7)) for drawing in drawn]
    masks = [specimen_mask(image) for image in images]
    assert not any(mask.fails for mask in masks)
    found = share_outside(images, [mask.mask for mask in masks], truths, layers, weights)
    without = share_outside(images, [None] * 8, truths, layers, weights)
    assert found <= 0.05
    assert without > 3 * found


def test_matched_cells_lie_on_photographed_shells():
    """By outlines drawn by hand on eight photographs."""
    if not PHOTOS.is_dir():
        pytest.skip(f"{PHOTOS} is not here: set CONUS_PHOTOS to the folder of photographs")
    images, truths = [], []
    for name in OUTLINES:
        image = Image.open(PHOTOS / name.rsplit("_", 2)[0] / f"{name}.jpg").convert("RGB")
        drawn = Image.new("1", image.size)
        ImageDraw.Draw(drawn).polygon(outline(name), fill=1)
        images.append(np.asarray(image))
        truths.append(cells_inside(np.asarray(drawn), (7, 7)))
    layers, weights = inside(images)
    masks = [specimen_mask(image).mask for image in images]
    for most in (5, None):
        assert share_outside(images, masks, truths, layers, weights, most) <= 0.05


def test_a_shift_by_32_pixels_is_a_shift_by_one_cell():
    right = []
    for number in range(9):
        drawing = shells.draw(
            KINDS[number],
            986_300_000 + number,
            background="black",
            fill=0.55,
            turn=40 * number,
            centre=(0.43, 0.43),
        )
        down, across = [(0, 1), (1, 0), (1, 1)][number % 3]
        shifted = np.roll(drawing.image, (32 * down, 32 * across), axis=(0, 1))
        layers, weights = inside([drawing.image, shifted])
        found = matched_patches(
            *layers,
            first_mask=specimen_mask(drawing.image).mask,
            second_mask=specimen_mask(shifted).mask,
            weights=weights[0],
        )
        assert found
        right += [
            (one.second[0] - one.first[0], one.second[1] - one.first[1]) == (down, across)
            for one in found
        ]
    assert np.mean(right) >= 0.95, f"{sum(right)} of {len(right)}"


def test_a_photograph_matches_itself():
    drawing = shells.draw("tented", 986_400_000, background="black")
    layers, weights = inside([drawing.image])
    mask = specimen_mask(drawing.image).mask
    found = matched_patches(
        layers[0], layers[0], first_mask=mask, second_mask=mask, weights=weights[0], most=None
    )
    assert len(found) == (cells_inside(mask, (7, 7)) >= 0.6).sum()
    assert all(one.first == one.second for one in found)
    assert [one.similarity for one in found] == pytest.approx([1] * len(found))
    lesser = [min(one.first_share, one.second_share) for one in found]
    assert lesser == sorted(lesser, reverse=True)


def test_the_shares_add_up_to_the_difference_of_the_logits():
    """Class activation mapping: logit A - logit B is the sum over cells, plus the biases."""
    drawing = shells.draw("tented", 986_400_000, background="black")
    found = predictor().network.activations(predictor().inputs([drawing.image]), LAST)
    weights, bias = predictor().network.head
    layer = found.activations[0]
    a, b = np.argsort(-found.logits[0])[:2]
    cells = matched_patches(layer, layer, weights=weights[:, a] - weights[:, b], most=None)
    total = sum(one.first_share for one in cells) + bias[a] - bias[b]
    assert total == pytest.approx(found.logits[0, a] - found.logits[0, b], rel=1e-3)


def made_up(seed=0, channels=12, side=4):
    rng = np.random.default_rng(seed)
    return rng.random((2, channels, side, side)), rng.normal(size=channels)


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_mutually_nearest(seed):
    """sklearn.metrics.pairwise.cosine_similarity"""
    (first, second), weights = made_up(seed)
    similar = cosine_similarity(first.reshape(12, -1).T, second.reshape(12, -1).T)
    expected = {
        (n, m)
        for n in range(16)
        for m in range(16)
        if similar[n].argmax() == m and similar[:, m].argmax() == n
    }
    found = matched_patches(first, second, weights=weights, most=None)
    pairs = {(4 * a + b, 4 * c + d) for (a, b), (c, d) in ((m.first, m.second) for m in found)}
    assert pairs == expected
    for match in found:
        n, m = 4 * match.first[0] + match.first[1], 4 * match.second[0] + match.second[1]
        assert match.similarity == pytest.approx(similar[n, m], abs=1e-5)
        share = weights @ first.reshape(12, -1)[:, n] / 16
        assert match.first_share == pytest.approx(share, abs=1e-5)
    turned = matched_patches(second, first, weights=weights, most=None)
    assert {(m.second, m.first) for m in turned} == {(m.first, m.second) for m in found}


def test_both_cells_must_speak_for_a():
    """A pair with one great share and one against it comes after a modest pair."""
    first, second = np.zeros((3, 1, 2)), np.zeros((3, 1, 2))
    first[:, 0, 0], second[:, 0, 0] = [9, 0, 1], [9, 4, 1]
    first[:, 0, 1], second[:, 0, 1] = [0, 0, 5], [0, 0, 5]
    found = matched_patches(first, second, weights=np.array([1, -3, 1.0]))
    assert [one.first for one in found] == [(0, 1), (0, 0)]
    assert found[1].first_share > found[0].first_share


def test_without_weights_the_most_similar_come_first():
    (first, second), _ = made_up()
    found = [one.similarity for one in matched_patches(first, second, most=None)]
    assert found == sorted(found, reverse=True)


def test_cells_are_shares_of_area():
    mask = np.zeros((60, 80), bool)
    mask[:15, :20] = True  # a whole cell of 4 x 4
    mask[15:30, :10] = True  # half of the next
    shares = cells_inside(mask, (4, 4))
    assert shares[0, 0] == 1 and shares[1, 0] == pytest.approx(0.5)
    assert shares.sum() == pytest.approx(1.5)
    odd = np.random.default_rng(0).random((101, 77)) > 0.5
    assert cells_inside(odd, (7, 7)).mean() == pytest.approx(odd.mean(), abs=1e-3)


def test_no_specimen_no_match():
    (first, second), weights = made_up()
    nothing = np.zeros((8, 8), bool)
    assert matched_patches(first, second, first_mask=nothing, weights=weights) == []
    assert matched_patches(np.zeros((12, 4, 4)), second) == []


def test_what_does_not_fit_is_said():
    (first, second), weights = made_up()
    with pytest.raises(ValueError, match=r"\(11, 4, 4\) and \(12, 4, 4\)"):
        matched_patches(first[1:], second)
    with pytest.raises(ValueError, match=r"\(11,\) weights do not fit 12"):
        matched_patches(first, second, weights=weights[1:])
