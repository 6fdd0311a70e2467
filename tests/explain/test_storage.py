"""Saved explanations come back; damaged ones are refused."""

import os

import numpy as np
import pytest
from explain_cases import METHODS, PAIR, made, picture
from PIL import Image
from stand_in import StandIn

from conus_widgets import explain

RAMP = np.linspace(-1, 1, 49).reshape(7, 7)


@pytest.mark.parametrize("name", METHODS)
def test_an_explanation_comes_back_whole(name, tmp_path):
    saved = METHODS[name](StandIn(), picture(), PAIR)
    assert saved.save(tmp_path / "map.npz") == tmp_path / "map.npz"
    found = explain.load(tmp_path / "map.npz")
    for array in ("values", "logits"):
        np.testing.assert_array_equal(getattr(found, array), getattr(saved, array))
        assert getattr(found, array).dtype == np.float32
    np.testing.assert_array_equal(found.target.weights, saved.target.weights)
    np.testing.assert_array_equal(np.asarray(found.image), np.asarray(saved.image))
    for name in "method labels unit layer options cost remarks figures notice".split():
        assert getattr(found, name) == getattr(saved, name), name
    assert found.target.words == saved.target.words


def test_names_of_any_script_and_odd_options_come_back(tmp_path):
    label = "Conus “gloriamaris” 芋贝 <b> $x$"
    saved = made(RAMP, words=label, labels=(label, "B"), options={"step": np.float32(0.5)})
    saved.save(tmp_path / "map.NPZ")
    found = explain.Explanation.load(tmp_path / "map.NPZ")
    assert found.labels[0] == found.target.words == label
    assert found.options == {"step": 0.5}


def test_what_comes_back_draws_the_same_picture(tmp_path):
    saved = made(RAMP, image=picture())
    saved.save(tmp_path / "map.npz")
    assert explain.load(tmp_path / "map.npz")._repr_png_() == saved._repr_png_()


def test_options_make_the_same_map_again():
    """As the options say."""
    stand_in = StandIn(bend=0.02)
    for first in (
        explain.smoothgrad(stand_in, picture(), PAIR, samples=3, kind="variance", seed=8),
        explain.gradient(stand_in, picture(), PAIR, channels="largest"),
        explain.layer_cam(stand_in, picture(), PAIR, layer="res4f", kind="grad"),
        explain.integrated_gradients(stand_in, picture(), PAIR, baseline="blurred", steps=3),
    ):
        options = {**first.options, **({"layer": first.layer} if first.layer else {})}
        again = getattr(explain, first.method)(stand_in, first.image, first.target, **options)
        np.testing.assert_array_equal(again.values, first.values)


def test_a_picture_is_written_in_the_style_asked_for(tmp_path):
    found = made(RAMP)
    sizes = {style: found.save(tmp_path / f"{style}.png", style=style) for style in ("map", "mask")}
    pictures = [Image.open(path).convert("RGB") for path in sizes.values()]
    assert pictures[0].tobytes() != pictures[1].tobytes()


@pytest.mark.parametrize("name", ["map.jpg", "map", "map.npy"])
def test_other_endings_are_refused_and_leave_nothing(name, tmp_path):
    with pytest.raises(ValueError, match=r"use \.png or \.npz"):
        made(RAMP).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_leaves_nothing_beside(tmp_path):
    (tmp_path / "map.npz").mkdir()
    with pytest.raises(OSError, match="map.npz cannot be written: Is a directory"):
        made(RAMP).save(tmp_path / "map.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["map.npz"]
    with pytest.raises(FileNotFoundError, match="nowhere/map.npz cannot be written: No such file"):
        made(RAMP).save(tmp_path / "nowhere" / "map.npz")
    with pytest.raises(FileNotFoundError):
        explain.load(tmp_path / "none.npz")


@pytest.mark.parametrize("ending", ["png", "npz"])
def test_an_earlier_map_is_replaced_and_another_file_only_if_asked(tmp_path, ending):
    path = tmp_path / f"map.{ending}"
    made(RAMP).save(path)
    first = path.read_bytes()
    made(-RAMP).save(path)
    assert path.read_bytes() != first
    for foreign in (b"", b"notes", b"PK\3\4 no archive"):
        path.write_bytes(foreign)
        with pytest.raises(ValueError, match="is there already and was not made .* force=True"):
            made(RAMP).save(path)
        assert path.read_bytes() == foreign
    made(RAMP).save(path, force=True)
    assert path.read_bytes() == first
    assert os.listdir(tmp_path) == [path.name]


def test_checkpoints_and_pictures_of_others_are_no_maps(tmp_path):
    np.savez(tmp_path / "model.npz", np.ones(3))
    picture().save(tmp_path / "drawn.png")
    made(RAMP).save(tmp_path / "map.png")
    edited = Image.open(tmp_path / "map.png")
    edited.save(tmp_path / "edited.png")  # without the texts: it is somebody's work now
    for name in ("model.npz", "drawn.png", "edited.png"):
        with pytest.raises(ValueError, match="was not made by this kit"):
            made(RAMP).save(tmp_path / name)


@pytest.mark.parametrize("force", [False, True])
def test_the_photograph_that_is_explained_is_never_replaced(tmp_path, monkeypatch, force):
    monkeypatch.chdir(tmp_path)
    picture().save("shell.png")
    before = (tmp_path / "shell.png").read_bytes()
    found = explain.cam(StandIn(), "shell.png", 1)
    os.symlink("shell.png", "link.png")
    os.link("shell.png", "hard.png")
    for name in ("shell.png", "./shell.png", tmp_path / "shell.png", "link.png", "hard.png"):
        with pytest.raises(ValueError, match="(is the photograph|is there already)"):
            found.save(name, force=force)
        assert (tmp_path / "shell.png").read_bytes() == before
    assert os.path.islink("link.png")
    # A figure of ours can be a photograph, too.
    made(RAMP, image=picture()).save("map.png")
    before = (tmp_path / "map.png").read_bytes()
    with pytest.raises(ValueError, match="map.png is the photograph that is explained"):
        explain.cam(StandIn(), "map.png", 1).save("map.png", force=force)
    assert (tmp_path / "map.png").read_bytes() == before
    # It is known by its pixels, also where the path is not.
    again = explain.cam(StandIn(), Image.open("shell.png"), 1)
    again.save("again.npz")
    with pytest.raises(ValueError, match="is the photograph that is explained"):
        explain.load("again.npz").save("shell.png", force=True)


def test_a_map_is_written_through_a_link_and_under_the_longest_name(tmp_path):
    (tmp_path / "kept").mkdir()
    os.symlink("kept/map.npz", tmp_path / "latest.npz")
    made(RAMP).save(tmp_path / "latest.npz")
    assert os.path.islink(tmp_path / "latest.npz")
    assert explain.load(tmp_path / "kept" / "map.npz") == made(RAMP)
    long = tmp_path / f"{'x' * 251}.npz"
    assert explain.load(made(RAMP).save(long)) == made(RAMP)
    with pytest.raises(OSError, match="name too long"):
        made(RAMP).save(tmp_path / f"{'x' * 252}.npz")
    assert sorted(os.listdir(tmp_path)) == sorted(["kept", "latest.npz", long.name])


@pytest.mark.parametrize(
    "name, words",
    [
        ("empty.npz", r"it is empty \(0 bytes\)"),
        ("text.npz", "it is text, not an .npz"),
        ("shell.npz", "it is a PNG picture, not an .npz"),
        ("map.png", "it is the figure of one; .* saved as .npz"),
        ("model.npz", "an .npz of something else, without 'values' and"),
        ("short.npz", "damaged or was not copied whole"),
        ("pickled.npz", "holds pickled objects, which are never opened"),
        ("newer.npz", "its format is 'conus_widgets explanation 2'"),
    ],
)
def test_what_is_no_explanation_is_called_what_it_is(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    good = made(RAMP).save("good.npz").read_bytes()
    made(RAMP).save("map.png")
    picture().save("shell.npz", "PNG")
    np.savez("model.npz", np.ones(3))
    other = dict(np.load("good.npz"))
    np.savez("pickled.npz", **{**other, "values": np.array([{}], object)})
    newer = other["texts"].tobytes().replace(b"explanation 1", b"explanation 2")
    np.savez("newer.npz", **{**other, "texts": np.frombuffer(newer, np.uint8)})
    for file, content in (("empty", b""), ("text", b"notes"), ("short", good[:400])):
        (tmp_path / f"{file}.npz").write_bytes(content)
    with pytest.raises(ValueError, match=f"^{name} is no explanation that can be read: .*{words}"):
        explain.load(name)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    good = made(RAMP).save(tmp_path / "good.npz").read_bytes()
    bad = {
        "short": good[: len(good) // 2],
        "empty": b"",
        "text": b"no zip at all",
    }
    for name, content in bad.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
    np.savez(tmp_path / "foreign.npz", values=RAMP)
    np.savez(tmp_path / "pickled.npz", values=np.array([{"a": 1}], object), texts=RAMP)
    other = dict(np.load(tmp_path / "good.npz"))
    other["texts"] = np.frombuffer(b'{"format": "another 7"}', np.uint8)
    np.savez(tmp_path / "newer.npz", **other)
    for name in [*bad, "foreign", "pickled", "newer"]:
        with pytest.raises(ValueError, match=f"{name}.npz is no explanation that can be read"):
            explain.load(tmp_path / f"{name}.npz")
