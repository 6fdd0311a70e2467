"""Laws of the drawn shells: a seed always gives the same drawing; twins differ in one marking."""

import pickle

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from conus_widgets.shells import KINDS, PAIRS, contact_sheet, draw

PARTS = ("spire", "shoulder", "body_whorl", "aperture", "lip")
VIEWS = ("apertural", "dorsal")


def middle(mask):
    return np.argwhere(mask).mean(0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_drawing(kind):
    a, b = draw(kind, 11, size=96), draw(kind, 11, size=96)
    assert a.image.dtype == np.uint8 and a.image.shape == (96, 96, 3)
    assert np.array_equal(a.image, b.image)
    assert a.masks.keys() == b.masks.keys()
    assert all(np.array_equal(a.masks[k], b.masks[k]) for k in a.masks)
    assert not np.array_equal(a.image, draw(kind, 12, size=96).image)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", KINDS)
def test_parts_share_out_the_shell(kind, view):
    drawing = draw(kind, 5, size=160, view=view)
    masks = drawing.masks
    assert (drawing.label, drawing.view) == (kind, view)
    assert all(m.shape == (160, 160) and m.dtype == bool for m in masks.values())
    assert np.array_equal(sum(masks[p].astype(int) for p in PARTS), masks["shell"].astype(int))
    assert np.array_equal(masks["background"], ~masks["shell"])
    assert masks["aperture"].any() == (view == "apertural")
    assert all(masks[p].any() for p in ("spire", "shoulder", "body_whorl", "lip"))
    # One shell in one piece.
    assert ndimage.label(masks["shell"])[1] == 1
    named = {n for n in (KINDS[kind].base, KINDS[kind].extra) if n}
    assert named == masks.keys() - set(PARTS) - {"shell", "background"}
    assert all(masks[n].any() for n in named)
    assert all((masks[n] & masks["shell"]).sum() > 0.4 * masks[n].sum() for n in named)


@pytest.mark.parametrize("seed", range(12))
def test_the_shell_lies_within_the_frame(seed):
    shell = draw("plain", seed, size=128).masks["shell"]
    rim = np.concatenate([shell[0], shell[-1], shell[:, 0], shell[:, -1]])
    assert not rim.any()
    assert 0.04 < shell.mean() < 0.6


@pytest.mark.parametrize("turn", [0, 90, 180, -90, 33])
def test_the_turn_carries_the_masks(turn):
    masks = draw("dark tip", 3, size=160, turn=turn, fill=0.8).masks
    tip, spire = middle(masks["dark_tip"]), middle(masks["spire"])
    along = (tip - spire) / np.hypot(*(tip - spire))
    # With the apex up the tip points down the rows; positive turns are clockwise.
    angle = np.deg2rad(turn)
    assert along @ [np.cos(angle), -np.sin(angle)] > 0.98
    assert not (masks["dark_tip"] & masks["spire"]).any()
    body = middle(masks["body_whorl"])
    assert 0 < (body - spire) @ along < (tip - spire) @ along


def test_the_aperture_opens_on_the_right():
    masks = draw("plain", 3, size=160, view="apertural", turn=0).masks
    assert middle(masks["aperture"])[1] > middle(masks["body_whorl"])[1]
    masks = draw("plain", 3, size=160, view="dorsal", turn=0).masks
    assert middle(masks["lip"])[1] < middle(masks["body_whorl"])[1]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p.marking)
def test_twins_differ_only_within_the_marking_and_visibly_there(pair):
    shares, contrasts = [], []
    for seed in range(24):
        plain = draw(pair.plain, seed, size=112)
        marked = draw(pair.marked, seed, size=112)
        mask = marked.masks[pair.marking]
        assert plain.view == marked.view
        assert pair.marking not in plain.masks
        assert np.array_equal(plain.image[~mask], marked.image[~mask]), f"seed {seed}"
        change = np.abs(plain.image.astype(int) - marked.image).max(-1)
        contrasts.append(np.percentile(change[mask], 75))
        shares.append(mask.sum() / marked.masks["shell"].sum())
        if pair.marking != "knobs":
            assert np.array_equal(plain.masks["shell"], marked.masks["shell"])
    assert np.mean(np.array(shares) <= 0.25) >= 0.8, shares
    assert min(contrasts) > 15 and np.median(contrasts) > 30, contrasts


def test_twins_are_equal_at_the_size_the_network_sees():
    for pair in PAIRS:
        for seed in (100, 101, 102):
            plain, marked = draw(pair.plain, seed), draw(pair.marked, seed)
            same = (plain.image == marked.image).all(-1)
            assert (same | marked.masks[pair.marking]).all()


def test_masks_show_where_a_marking_lies():
    masks = draw("coronated", 8, size=200).masks
    near = ndimage.binary_dilation(masks["spire"] | masks["shoulder"], iterations=12)
    assert (masks["knobs"] & near).sum() > 0.95 * masks["knobs"].sum()
    masks = draw("dark spire", 8, size=200).masks
    assert (masks["dark_spire"] & masks["spire"]).sum() > 0.95 * masks["spire"].sum()
    masks = draw("tented", 8, size=200).masks
    assert (masks["tented"] & masks["spire"]).any()
    drawing = draw("blotched", 8, size=200, background="black", view="dorsal")
    light = drawing.image.mean(-1)
    white, rest = drawing.masks["blotched"], drawing.masks["shell"] & ~drawing.masks["blotched"]
    assert light[white].mean() > 1.5 * light[rest].mean()


def test_kinds_differ_from_each_other():
    images = [draw(kind, 2, size=64, view="dorsal").image.astype(int) for kind in KINDS]
    assert len(KINDS) >= 12 and len(PAIRS) >= 4
    for n, one in enumerate(images):
        for other in images[:n]:
            assert (np.abs(one - other).max(-1) > 20).sum() > 15


def test_a_pair_names_kinds_that_share_their_base():
    for pair in PAIRS:
        assert KINDS[pair.plain].base == KINDS[pair.marked].base
        assert KINDS[pair.plain].extra is None and KINDS[pair.marked].extra == pair.marking


@pytest.mark.parametrize("kind", ["tented", "spotted", "coronated"])
def test_the_size_changes_the_pixels_not_the_scene(kind):
    for seed in range(4):
        small, large = draw(kind, seed, size=112), draw(kind, seed, size=224)
        halved = large.masks["shell"].reshape(112, 2, 112, 2).mean((1, 3)) >= 0.5
        assert (halved == small.masks["shell"]).mean() > 0.99
        shrunk = np.asarray(Image.fromarray(large.image).resize((112, 112), Image.Resampling.BOX))
        soft = [ndimage.gaussian_filter(i.astype(float), (2, 2, 0)) for i in (shrunk, small.image)]
        assert np.abs(soft[0] - soft[1]).mean() < 4


def test_options_fix_what_the_seed_would_choose():
    grounds = {b: draw("plain", 4, size=64, background=b).image for b in ("black", "sand", "grey")}
    assert grounds["black"][:4].mean() < grounds["sand"][:4].mean()
    assert grounds["sand"][:4].std() > grounds["grey"][:4].std()
    small, large = (draw("plain", 4, size=96, fill=f).masks["shell"].sum() for f in (0.45, 0.9))
    assert large / small == pytest.approx(4, rel=0.15)


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="kind of shell 'tentd'.*tented"):
        draw("tentd", 0)
    with pytest.raises(ValueError, match="view 'dorsel'.*dorsal"):
        draw("plain", 0, view="dorsel")
    with pytest.raises(ValueError, match="background 'snad'.*sand"):
        draw("plain", 0, background="snad")
    with pytest.raises(ValueError, match="8 pixels"):
        draw("plain", 0, size=8)
    with pytest.raises(ValueError, match="fill .* 3"):
        draw("plain", 0, fill=3)


def test_drawings_travel_between_processes():
    drawing = draw("zigzag", 1, size=64)
    copy = pickle.loads(pickle.dumps(drawing))
    assert np.array_equal(copy.image, drawing.image)


def test_the_contact_sheet_shows_every_kind():
    sheet = contact_sheet(size=60, columns=4)
    pixels = np.asarray(sheet)
    assert sheet.mode == "RGB"
    assert (pixels.max(-1) > 60).mean() > 0.1
    assert sheet.height > 60 * (len(KINDS) // 4)
