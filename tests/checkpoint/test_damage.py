"""Checkpoints that do not fit together: the error names the file, the array and both numbers."""

import json
import os
import re
import shutil

import numpy as np
import pytest
from networks import arrays_of

from conus_widgets.checkpoint.files import CheckpointError, read


def put(folder, arrays):
    np.savez(folder / "random.npz", *arrays)


def change_json(folder, section, **values):
    path = folder / "random.json"
    record = json.loads(path.read_text())
    record[section] = {**record.get(section, {}), **values}
    path.write_text(json.dumps(record))


def replace_array(number, change):
    def damage(folder):
        arrays = arrays_of(folder)
        arrays[number] = change(arrays[number])
        put(folder, arrays)

    return damage


def with_value(value):
    def change(array):
        array = array.copy()
        array.flat[1] = value
        return array

    return change


def write_file(name, content):
    def damage(folder):
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def one_array(folder):
    np.save(folder / "one.npy", np.zeros(3))
    return folder / "one.npy"


def set_json(section, **values):
    return lambda folder: change_json(folder, section, **values)


DAMAGE = {
    "another shape": (
        replace_array(2, lambda a: a[:3]),
        r"random\.npz: array arr_2 \(conv1_bn.beta\) has shape 3, but 4 is needed",
    ),
    "turned shape": (
        replace_array(266, lambda a: a.T),
        r"arr_266 \(logits.W\) has shape 5x128, but 128x5 is needed \(output_dim is 5\)",
    ),
    "no shape at all": (
        replace_array(1, lambda a: np.float32(1)),
        r"arr_1 \(conv1.b\) has shape \(\), but 4 is needed",
    ),
    "one array too few": (
        lambda folder: put(folder, arrays_of(folder)[:-1]),
        r"random\.npz holds 267 arrays, but this network has 268",
    ),
    "one array too many": (
        lambda folder: put(folder, [*arrays_of(folder), np.zeros(3)]),
        "holds 269 arrays, but this network has 268",
    ),
    "no array": (lambda folder: put(folder, []), "holds 0 arrays, but this network has 268"),
    "other names": (
        lambda folder: np.savez(
            folder / "random.npz", **{f"w{n}": a for n, a in enumerate(arrays_of(folder))}
        ),
        r"random\.npz has no array arr_0 \(conv1.W\)",
    ),
    "not a number": (
        replace_array(9, with_value(np.nan)),
        r"arr_9 \(res2a_branch1_bn.mean\): 1 of 16 numbers are NaN or infinite",
    ),
    "infinite": (replace_array(267, with_value(-np.inf)), r"arr_267 \(logits.b\): 1 of 5"),
    "integers": (
        replace_array(3, lambda a: a.astype("int32")),
        r"arr_3 \(conv1_bn.gamma\) has dtype int32, but floats are needed",
    ),
    "complex numbers": (replace_array(3, lambda a: a.astype("complex64")), "arr_3 .*complex64"),
    "texts": (replace_array(3, lambda a: a.astype("U4")), "arr_3 .*U4"),
    "far too large": (
        replace_array(1, lambda a: np.zeros(100_000)),
        r"arr_1 \(conv1.b\) takes 800128 bytes, but one of shape 4 at most 4128",
    ),
    "empty file": (write_file("random.npz", b""), r"random\.npz .*(damaged|not copied whole)"),
    "not a zip": (write_file("random.npz", b"<html>404</html>"), r"random\.npz is damaged"),
    "a single .npy": (
        lambda folder: os.replace(one_array(folder), folder / "random.npz"),
        r"random\.npz is damaged",
    ),
    "other classes": (
        set_json("training_params", output_dim=4),
        r"synsets\.txt has 5 lines, but the network has 4 classes",
    ),
    "no number of classes": (
        write_file("random.json", "{}"),
        r"random\.json: training_params\.output_dim is None",
    ),
    "classes as text": (set_json("training_params", output_dim="5"), "output_dim is '5'"),
    "classes as truth": (set_json("training_params", output_dim=True), "output_dim is True"),
    "no class": (set_json("training_params", output_dim=0), r"random\.json: .*0 classes"),
    "broken JSON": (
        write_file("random.json", '{\n"a": 1,,\n}'),
        r"random\.json is not JSON: .* in line 2",
    ),
    "JSON of another kind": (write_file("random.json", "[1]"), r"random\.json holds a list"),
    "deep JSON": (write_file("random.json", "[" * 100_000), r"random\.json"),
    "endless digits": (
        write_file("random.json", '{"training_params": {"output_dim": ' + "9" * 5000 + "}}"),
        r"random\.json",
    ),
    "JSON not UTF-8": (write_file("random.json", b"\xff\xfe{"), r"random\.json is not UTF-8"),
    "unknown architecture": (
        set_json("architecture", depth=101),
        r"random\.json: architecture\.depth is not known; known are width, stem",
    ),
    "impossible width": (set_json("architecture", width=-1), r"random\.json: .*width -1"),
    "endless stem": (set_json("architecture", stem=float("inf")), r"random\.json: "),
    "impossible stride": (set_json("architecture", stride_on="5x5"), "stride_on is '5x5'"),
    "width of another kind": (set_json("architecture", width=[1]), r"random\.json: "),
    "another width": (
        set_json("architecture", width=0.125),
        r"arr_6 \(res2a_branch1.W\) has shape 16x4x1x1, but 32x4x1x1 is needed",
    ),
    "mean of two": (set_json("augmentation_params", mean_RGB=[1, 2]), r"mean_RGB is \[1, 2\]"),
    "mean of texts": (set_json("augmentation_params", mean_RGB=["a", "b", "c"]), "mean_RGB is"),
    "mean not finite": (
        set_json("augmentation_params", mean_RGB=[1, 2, float("nan")]),
        "mean_RGB .* not finite",
    ),
    "unknown way to resize": (
        lambda folder: (folder / "random.json").write_text(
            json.dumps({**json.loads((folder / "random.json").read_text()), "resample": "cubic"})
        ),
        r"random\.json: resample is 'cubic'",
    ),
    "a name too few": (
        write_file("synsets.txt", "a\nb\nc\nd\n"),
        r"synsets\.txt has 4 lines, but the network has 5 classes",
    ),
    "no names": (write_file("synsets.txt", ""), r"synsets\.txt has \d lines?"),
    "names missing": (lambda f: (f / "synsets.txt").unlink(), r"synsets\.txt is missing"),
    "names with zeros": (
        write_file("synsets.txt", b"a\nb\n\0\nd\ne\n"),
        r"synsets\.txt is not UTF-8 text, .* \(character 5 is a zero\): save it as UTF-8",
    ),
    "half a letter of UTF-16": (
        write_file("synsets.txt", b"\xff\xfea\0\n"),
        r"synsets\.txt is not UTF-8 text, .* \(byte 4 fits no UTF-16-LE\)",
    ),
    "two classes of one name": (
        write_file("synsets.txt", "a\nb\nc\nb\nd\n"),
        r"synsets\.txt: class 1 and class 3 \(counted from 0\) are both called 'b': give each",
    ),
    "two classes whose names look the same": (
        write_file("synsets.txt", "Conus \u00e9\nb\nConus\u00a0 e\u0301\nd\ne\n"),
        r"synsets\.txt: class 0 and class 2 ",
    ),
    "names are a web page": (
        write_file("synsets.txt", "\n<!DOCTYPE html>\na\nb\nc\n"),
        r"synsets\.txt is no text but a web page",
    ),
    "info is JSON": (
        write_file("info.txt", '{\n"error":\n"no such",\n"code": 1\n}'),
        r"info\.txt is JSON, but one line for each class is needed",
    ),
    "mean beyond all numbers": (
        write_file(
            "random.json",
            '{"training_params": {"output_dim": 5}, "augmentation_params": {"mean_RGB": [1, 2, 1'
            + "0" * 400
            + "]}}",
        ),
        r"random\.json: augmentation_params.mean_RGB is ",
    ),
    "weights are a web page": (
        write_file("random.npz", "<html>Not found</html>"),
        r"random\.npz is damaged .* \(it is a web page, not an \.npz file\)",
    ),
    "info too long": (
        write_file("info.txt", "-\n" * 5 + "more\n"),
        r"info\.txt has 6 lines, but the network has 5 classes",
    ),
    "JSON missing": (
        lambda f: (f / "random.json").unlink(),
        r"random\.json is missing: it says how random\.npz was trained. Put it beside",
    ),
    "JSON of another name": (
        lambda f: (f / "random.json").rename(f / "renamed.json"),
        r"random\.json is missing: .* The folder holds renamed\.json: if it is the right one",
    ),
    "JSON a folder": (
        lambda f: ((f / "random.json").unlink(), (f / "random.json").mkdir()),
        r"random\.json cannot be read \(Is a directory\)",
    ),
    "regions of nothing": (
        write_file("regions.csv", "species 9,Panamic\n"),
        r"regions\.csv, line 1: no class is called 'species 9'; near are species",
    ),
    "weights missing": (lambda f: (f / "random.npz").unlink(), r"holds 0 \(none\)"),
    "weights twice": (
        lambda f: shutil.copy(f / "random.npz", f / "b.npz"),
        r"holds 2 \(b\.npz, random\.npz\)",
    ),
    "names a folder": (
        lambda f: ((f / "synsets.txt").unlink(), (f / "synsets.txt").mkdir()),
        r"synsets\.txt cannot be read",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(folder, what):
    damage, words = DAMAGE[what]
    damage(folder)
    with pytest.raises(CheckpointError) as caught:
        read(folder)
    assert re.search(words, str(caught.value)), caught.value
    assert str(folder) in str(caught.value)  # whose file it is


@pytest.mark.parametrize("name", ["nowhere", "random.json"])
def test_a_path_that_is_no_checkpoint_is_named(folder, name):
    with pytest.raises(CheckpointError, match=f"{name} (does not exist|is not a .npz)"):
        read(folder / name)
