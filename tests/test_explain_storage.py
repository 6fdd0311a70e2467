"""What is saved comes back; what is damaged is refused."""

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
