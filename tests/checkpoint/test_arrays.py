"""The .npz of a checkpoint, cut, changed or booby-trapped: only a clear error comes of it."""

import io
import os
import pickle
import warnings
import zipfile

import numpy as np
import pytest
from networks import arrays_of

from conus_widgets.checkpoint.files import CheckpointError, read


def read_or_error(folder, expected):
    """A damaged checkpoint is refused in words; or the damage did not matter."""
    try:
        found = read(folder)
    except CheckpointError as error:
        assert "random.npz" in str(error)
        return 1
    for ours, theirs in zip(found.arrays, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    return 0


def test_a_file_cut_anywhere_is_refused(folder):
    whole = (folder / "random.npz").read_bytes()
    expected = list(read(folder).arrays)
    places = [*range(0, len(whole), len(whole) // 25), *range(len(whole) - 22, len(whole))]
    for place in places:
        (folder / "random.npz").write_bytes(whole[:place])
        assert read_or_error(folder, expected), place


@pytest.mark.parametrize("compressed", [False, True])
def test_a_byte_changed_anywhere_is_refused_or_does_not_matter(folder, compressed):
    expected = list(read(folder).arrays)
    if compressed:
        np.savez_compressed(folder / "random.npz", *expected)
    whole = (folder / "random.npz").read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        headers = [info.header_offset for info in archive.infolist()]
        directory = archive.start_dir
    rng = np.random.default_rng(1)
    # Of an array: the zip's header, NumPy's header, numbers. Of the whole: the directory.
    places = [headers[1] + n for n in range(0, 180, 5)]
    places += [*range(directory, directory + 46, 2), *range(len(whole) - 22, len(whole), 2)]
    places += rng.integers(0, len(whole), 10).tolist()
    refused = 0
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        (folder / "random.npz").write_bytes(changed)
        refused += read_or_error(folder, expected)
    assert refused > len(places) / 3


@pytest.mark.parametrize(
    "written",
    [
        {"order": "F"},
        {"version": (2, 0)},
        {"version": (3, 0)},
        {"dtype": ">f4"},
        {"dtype": "<f8"},
        {"compression": zipfile.ZIP_DEFLATED},
    ],
    ids=str,
)
def test_arrays_may_lie_in_the_file_as_numpy_allows(folder, written):
    expected = list(read(folder).arrays)
    compression = written.get("compression", zipfile.ZIP_STORED)
    with zipfile.ZipFile(folder / "random.npz", "w", compression) as archive:
        for number, array in enumerate(expected):
            file = io.BytesIO()
            other = np.array(array, written.get("dtype", "<f4"), order=written.get("order", "C"))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy warns of versions that old ones cannot read
                np.lib.format.write_array(file, other, written.get("version"))
            archive.writestr(f"arr_{number}.npy", file.getvalue())
    for found, wanted in zip(read(folder).arrays, expected, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, wanted)


def test_an_array_whose_numbers_are_too_few_is_refused(folder):
    """The zip file itself is whole."""
    arrays = arrays_of(folder)
    with zipfile.ZipFile(folder / "random.npz", "w") as archive:
        for number, array in enumerate(arrays):
            file = io.BytesIO()
            np.save(file, array)
            archive.writestr(f"arr_{number}.npy", file.getvalue()[: -4 if number == 5 else None])
    with pytest.raises(CheckpointError, match=r"random.npz is damaged or was not copied whole"):
        read(folder)


def test_a_shape_of_many_digits_is_refused_at_once(folder):
    """To try all ways of cutting them into sides would take longer than anybody lives."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"1" * 64 + b"x), }\n"
    with zipfile.ZipFile(folder / "random.npz") as archive:
        names = archive.namelist()
    with zipfile.ZipFile(folder / "random.npz", "w") as archive:
        for name in names:
            size = len(header).to_bytes(2, "little")
            archive.writestr(name, b"\x93NUMPY\x01\x00" + size + header)
    with pytest.raises(CheckpointError, match=r"random.npz is damaged or was not copied whole"):
        read(folder)


class Trap:
    """Whoever unpickles it makes a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def npy_of_objects(trap):
    """A .npy whose numbers are a pickle."""
    file = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (4,)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + pickle.dumps(trap)


@pytest.mark.parametrize("how", ["as an array", "as the file", "as a member"])
def test_nothing_is_unpickled(folder, tmp_path, how):
    sprung = tmp_path / "sprung"
    trap = Trap(sprung)
    path = folder / "random.npz"
    if how == "as the file":
        path.write_bytes(pickle.dumps(trap))
    else:
        arrays = arrays_of(folder)
        with zipfile.ZipFile(path, "w") as archive:
            for number, array in enumerate(arrays):
                file = io.BytesIO()
                np.save(file, array)
                content = file.getvalue()
                if number == 1:
                    objects = npy_of_objects(trap)
                    content = objects if how == "as an array" else pickle.dumps(trap)
                archive.writestr(f"arr_{number}.npy", content)
    with pytest.raises(CheckpointError, match=r"random\.npz"):
        read(folder)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(trap))
    assert sprung.exists()  # the trap would have worked


def test_a_tiny_file_that_unpacks_to_gigabytes_is_refused_unopened(folder):
    path = folder / "random.npz"
    arrays = arrays_of(folder)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, array in enumerate(arrays):
            with archive.open(f"arr_{number}.npy", "w", force_zip64=True) as file:
                if number == 0:
                    header = {"descr": "<f4", "fortran_order": False, "shape": (50_000_000,)}
                    np.lib.format.write_array_header_1_0(file, header)
                    for _ in range(200):
                        file.write(bytes(1_000_000))
                else:
                    np.save(file, array)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(CheckpointError, match=r"arr_0 \(conv1.W\) takes 200000128 bytes"):
        read(folder)


def test_arrays_are_handed_out_once_and_read_again_when_asked_again(folder):
    """So a network of full width is in memory once; a file put in its place does not matter."""
    found = read(folder).arrays
    first = list(found)
    path = folder / "random.npz"
    aside = folder / "other"
    aside.write_bytes(b"something else")
    aside.replace(path)
    for again, before in zip(found, first, strict=True):
        assert again is not before
        np.testing.assert_array_equal(again, before)
    np.testing.assert_array_equal(found[-1], first[-1])
    assert [array.shape for array in found[1:3]] == [array.shape for array in first[1:3]]


def test_arrays_that_were_overwritten_in_place_are_refused_when_asked_for_again(folder):
    found = read(folder).arrays
    list(found)
    path = folder / "random.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"random\.npz is damaged or was not copied whole"):
        list(found)
