"""The four-file format: what is written is read again; and the published form."""

import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import numpy_resnet
import pytest
from networks import SMALL, arrays_of, photographs, random_arrays, random_checkpoint
from PIL import Image

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.files import MEAN_RGB, CheckpointError, read, write
from conus_widgets.loading import load_predictor
from conus_widgets.machine.beside import longest_name

PUBLISHED = "resnet50_70classes_100epochs"


# Sound ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"notice": "a notice", "resample": "lanczos", "mean_rgb": (1.5, 2.0, 0.0)},
        {"labels": ["Conus ermineus", "C. ñandú", "海螺", "a, b", "<b>"], "info": ["-"] * 5},
        {
            "architecture": Architecture(
                5, width=0.07, stem=3, stride_on="3x3", pool="pad1", size=99
            )
        },
    ],
)
def test_what_is_written_is_read_again(tmp_path, changes):
    if "architecture" in changes:
        changes = {**changes, "arrays": random_arrays(changes["architecture"])}
    given = random_checkpoint(**changes)
    path = write(tmp_path / "new" / "folder", given)
    assert path == tmp_path / "new" / "folder" / "random.npz"
    for source in (path, path.parent, str(path)):
        found = read(source)
        for name in ("name", "architecture", "labels", "info", "mean_rgb", "resample", "notice"):
            assert getattr(found, name) == getattr(given, name), name
        for ours, expected in zip(found.arrays, given.arrays, strict=True):
            assert ours.dtype == np.float32
            np.testing.assert_array_equal(ours, expected)
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "info.txt",
        "random.json",
        "random.npz",
        "synsets.txt",
    ]


def test_float16_is_widened(tmp_path):
    given = random_checkpoint()
    path = write(tmp_path, given, dtype="float16")
    assert all(array.dtype == np.float16 for array in arrays_of(tmp_path))
    for ours, expected in zip(read(path).arrays, given.arrays, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, expected.astype("float16"))


def test_regions_are_written_and_read_again(tmp_path):
    weights = {"Panamic": np.array([1, 0, 0.1, 1, 1]), "a, b": np.array([0, 0, 3e-7, 1, 1])}
    write(tmp_path, random_checkpoint(regions=weights))
    found = read(tmp_path).regions
    assert list(found) == list(weights)
    for region, expected in weights.items():
        np.testing.assert_array_equal(found[region], expected)


def test_the_record_of_the_training_survives(tmp_path):
    record = {"training_params": {"epochs": 7, "output_dim": 99}, "figures": {"accuracy": 0.5}}
    write(tmp_path, random_checkpoint(record=record))
    found = read(tmp_path).record
    assert found["training_params"] == {"epochs": 7, "output_dim": 5}
    assert found["figures"] == {"accuracy": 0.5}


def test_without_info_no_class_has_any(folder):
    (folder / "info.txt").unlink()
    assert read(folder).info == ["-"] * 5


def test_windows_line_ends_and_byte_order_mark_are_no_part_of_a_name(folder):
    text = "\ufeff" + "\r\n".join(f"Conus {n}" for n in range(5)) + "\r\n\r\n"
    (folder / "synsets.txt").write_bytes(text.encode())
    assert read(folder).labels == [f"Conus {n}" for n in range(5)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_text_file_is_read_however_it_was_saved(folder, encoding, end):
    labels = [f"Conus ñandú {n}" for n in range(5)]
    texts = {
        "synsets.txt": "\n".join(labels),
        "info.txt": "côté\n-\nlà\n\n\n\n",
        "regions.csv": f"class,region\n{labels[0]},Côte\n\n",
        "random.json": (folder / "random.json").read_text(),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.replace("\n", end).encode(encoding))
    found = read(folder)
    assert found.labels == labels
    assert found.info == ["côté", "-", "là", "-", "-"]
    assert {name: list(weights) for name, weights in found.regions.items()} == {
        "Côte": [1.0, 1.0, 1.0, 1.0, 1.0]
    }


@pytest.mark.parametrize(
    ("text", "info"),
    [
        ("a\nb\nc\n\n", ["a", "b", "c", "-", "-"][:5]),  # the last line ends in no line feed
        ("a\nb\nc\n\n\n", ["a", "b", "c", "-", "-"]),
        ("a\n\nc\n \ne\n\n\n\n", ["a", "-", "c", "-", "e"]),
        ("\n\n\n\n\n", ["-"] * 5),
        ("", ["-"] * 5),
        ("\n\n", ["-"] * 5),
    ],
)
def test_an_empty_line_of_info_says_nothing_of_its_class(folder, text, info):
    (folder / "info.txt").write_text(text)
    assert read(folder).info == info


def test_empty_lines_name_no_class(folder):
    (folder / "synsets.txt").write_text("\na\n\nb\nc\n\nd\ne\n\n\n")
    assert read(folder).labels == ["a", "b", "c", "d", "e"]


def test_files_that_a_system_adds_are_no_part_of_a_checkpoint(folder):
    for name in ("._random.npz", "._random.json", "._synsets.txt", ".random.npz"):
        (folder / name).write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    for name in (".DS_Store", "Thumbs.db", "random.npz.part", "random.npz.part.json"):
        (folder / name).write_bytes(b"\0" * 9)
    for name in ("__MACOSX", "a folder.npz"):
        (folder / name).mkdir()
    (folder / "__MACOSX" / "._random.npz").write_bytes(b"")
    assert read(folder).name == "random"
    with pytest.raises(CheckpointError, match="macOS keeps beside a file: give .*/random.npz"):
        read(folder / "._random.npz")


def test_an_npz_that_macos_packed_again_is_read(folder):
    arrays = arrays_of(folder)
    with zipfile.ZipFile(folder / "random.npz", "w") as archive:
        archive.mkdir("random")
        archive.writestr("random/.DS_Store", b"")
        for number, array in enumerate(arrays):
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(f"random/arr_{number}.npy", content.getvalue())
            archive.writestr(f"__MACOSX/random/._arr_{number}.npy", b"\0\5\x16\7")
    for ours, expected in zip(read(folder).arrays, arrays, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_capitals_in_the_names_of_files_do_not_matter(folder):
    for old, new in (("random.npz", "Random.NPZ"), ("synsets.txt", "Synsets.TXT")):
        (folder / old).rename(folder / new)
    found = read(folder)
    assert (found.name, found.labels[4]) == ("Random", "species 4")


def test_names_that_are_no_utf_8(folder):
    odd = Path(os.fsdecode(os.fsencode(folder.parent) + b"/caf\xe9"))
    try:
        folder.rename(odd)
        (odd / "random.npz").rename(odd / os.fsdecode(b"caf\xe9.npz"))
    except OSError:
        pytest.skip("this disk takes UTF-8 names only")
    with pytest.raises(CheckpointError, match="caf\ufffd.json is missing") as caught:
        read(odd)
    str(caught.value).encode("utf-8")  # so a page can show it
    (odd / "random.json").rename(odd / os.fsdecode(b"caf\xe9.json"))
    for given in (odd, os.fsencode(odd), str(odd), odd / os.fsdecode(b"caf\xe9.npz")):
        found = read(given)
        assert found.name == "caf\ufffd"
        assert len(list(found.arrays)) == 268


def test_half_a_letter_in_the_notice_can_be_shown(folder):
    record = {**json.loads((folder / "random.json").read_text()), "notice": "drawn \ud83d only"}
    (folder / "random.json").write_text(json.dumps(record))
    assert read(folder).notice == "drawn \ufffd only"


@pytest.mark.parametrize("letter", ["x", "é"])
def test_the_longest_name_that_fits_is_written_and_read(tmp_path, letter):
    name = letter * ((longest_name(tmp_path) - len(".json")) // len(letter.encode()))
    write(tmp_path, random_checkpoint(name=name))
    assert read(tmp_path).name == name
    assert len(list(tmp_path.iterdir())) == 4
    with pytest.raises(CheckpointError, match=r"one of at most 250 bytes \(this has 25[12]\)"):
        write(tmp_path / "other", random_checkpoint(name=name + letter))
    assert list((tmp_path / "other").iterdir()) == [] if (tmp_path / "other").exists() else True


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ["a", "b", "a", "c", "d"]}, "class 0 and class 2 .* are both called 'a'"),
        ({"labels": ["a", "b\nx", "c", "d", "e"]}, r"name of class 1 is 'b\\nx': it must be one"),
        ({"labels": ["a", "", "c", "d", "e"]}, "name of class 1 is ''"),
        ({"labels": ["a"]}, "There are 1 names, but 5 classes"),
        ({"info": ["-", "two\rlines", "-", "-", "-"]}, "text of class 1 is"),
        ({"name": ".hidden"}, "'.hidden' cannot be the name"),
        ({"name": "a/b"}, "'a/b' cannot be the name"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(tmp_path, changes, words):
    with pytest.raises(CheckpointError, match=words):
        write(tmp_path / "new", random_checkpoint(**changes))
    assert not (tmp_path / "new").exists()


def test_a_number_too_large_for_float16_is_named_and_nothing_is_overwritten(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    arrays = random_arrays(SMALL)
    arrays[4][1] = 1e6
    with pytest.raises(CheckpointError, match=r"arr_4 \(conv1_bn.mean\): 1 of 4 numbers"):
        write(folder, random_checkpoint(arrays=arrays), dtype="float16")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


# The published form ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Four files as the authors' scripts write them, of full width, with random numbers."""
    folder = tmp_path_factory.mktemp("published")
    architecture = Architecture(70)
    arrays = random_arrays(architecture, seed=70)
    np.savez(folder / f"{PUBLISHED}.npz", *arrays)
    record = {
        "training_params": {"output_dim": 70, "batchsize": 16, "num_epochs": 100},
        "augmentation_params": {"mean_RGB": None, "train_mode": "standard"},
        "training_info": {},
    }
    (folder / f"{PUBLISHED}.json").write_text(json.dumps(record))
    labels = [f"Conus fictus{number}" for number in range(70)]
    (folder / "synsets.txt").write_text("\n".join(labels) + "\n")
    info = [f"https://example.org/{number}" if number % 2 else "-" for number in range(70)]
    (folder / "info.txt").write_text("\n".join(info) + "\n")
    rows = [f"{label},{['Panamic', 'South African'][n % 2]}" for n, label in enumerate(labels)]
    (folder / "regions.csv").write_text("class,region\n" + "\n".join(rows) + "\n")
    yield folder, arrays, labels, info
    shutil.rmtree(folder)  # 95 MB


def test_the_published_form_predicts_what_numpy_predicts(published):
    """Nearest neighbours, BGR, the mean that the authors' scripts fall back on, all 70 classes."""
    folder, arrays, labels, info = published
    predictor = load_predictor(folder / f"{PUBLISHED}.npz")
    assert (predictor.name, predictor.size, predictor.resample) == (PUBLISHED, 224, "nearest")
    assert (predictor.labels, predictor.info, predictor.notice) == (labels, info, "")
    assert predictor.checkpoint.mean_rgb == MEAN_RGB == (107.59348955, 112.1047813, 80.9982362)
    (image,) = photographs(1, seed=9)
    rgb = np.asarray(image.resize((224, 224), Image.Resampling.NEAREST), "float32")
    x = (rgb - np.array(MEAN_RGB, "float32"))[:, :, ::-1].transpose(2, 0, 1)[None]
    expected = numpy_resnet.forward(x, arrays)
    np.testing.assert_allclose(predictor.logits([image]), expected, atol=1e-4 * np.ptp(expected))

    answer = predictor.predict(image, top=3)
    probabilities = numpy_resnet.softmax(expected.astype("float64"))[0]
    best = np.argsort(-probabilities)[:3]
    assert answer.label_ids == best.tolist()
    np.testing.assert_allclose(answer.probabilities, probabilities[best], atol=1e-4)

    answer = predictor.predict(image, top=70, region="Panamic")
    assert all(n % 2 == 0 for n in answer.label_ids[:35])
    assert answer.probabilities[35:] == [0.0] * 35


def test_output_dim_rules_over_names_and_texts(published, tmp_path):
    """The published name says 70 classes and its text 68 species; the JSON decides."""
    folder = shutil.copytree(published[0], tmp_path / "copy")
    record = json.loads((folder / f"{PUBLISHED}.json").read_text())
    record["training_params"]["output_dim"] = 68
    (folder / f"{PUBLISHED}.json").write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match="synsets.txt has 70 lines, .* 68 classes"):
        read(folder)
    for name in ("synsets.txt", "info.txt"):
        lines = (folder / name).read_text().splitlines()[:68]
        (folder / name).write_text("\n".join(lines))
    with pytest.raises(
        CheckpointError,
        match=r"arr_266 \(logits.W\) has shape 2048x70, but 2048x68 is needed \(output_dim is 68",
    ):
        read(folder)
    shutil.rmtree(folder)
