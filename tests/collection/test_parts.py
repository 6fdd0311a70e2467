"""The parts of a store: written whole, read back as they were, told apart from damaged ones."""

import dataclasses
import errno
import os

import numpy as np
import pyarrow.dataset
import pytest
from made_rows import CLASSES, rows

from conus_widgets.collection import parts
from conus_widgets.collection.parts import BATCH, LARGE, DamagedPart, Part


@pytest.fixture
def folder(tmp_path):
    for name in (parts.ANSWERS, parts.FEATURES, parts.UNFINISHED):
        (tmp_path / name).mkdir()
    return tmp_path


def same(found, expected):
    for field in dataclasses.fields(found):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(one, list):
            assert one == other, field.name
        else:
            np.testing.assert_array_equal(one, other, field.name)
            assert one.dtype == other.dtype


@pytest.mark.parametrize("kind", [BATCH, LARGE])
def test_rows_come_back_as_they_were_written(folder, kind):
    given = rows(7)
    given.path[0] = b"/not utf-8 \xff\n'<b>.jpg"
    given.label[1] = "Conus \N{SNOWMAN} 'x' \n<b>"
    given.error[2] = "a.jpg is empty"
    name = parts.write(folder, given, kind)
    part = Part(folder, name, CLASSES, 8)
    same(part.rows(range(7)), given)
    same(part.rows([3, 1]), given.take([3, 1]))
    assert isinstance(part.features, np.memmap) == (kind == LARGE)
    assert parts.names(folder) == [name]
    assert not any((folder / parts.UNFINISHED).iterdir())


def test_rows_are_joined_and_taken(folder):
    given = rows(9)
    same(parts.Rows.joined([given.take([0, 1, 2]), given.take(range(3, 9))]), given)


def test_all_answers_are_one_parquet_data_set_for_other_programs(folder):
    for first in (0, 5):
        parts.write(folder, rows(5, first=first), BATCH)
    table = pyarrow.dataset.dataset(folder / parts.ANSWERS).to_table()
    assert table.num_rows == 10
    assert {len(p) for p in table.column("probabilities").to_pylist()} == {CLASSES}


def test_a_part_that_vanishes_is_a_missing_file(folder):
    name = parts.write(folder, rows(3), BATCH)
    parts.remove(folder, name)
    with pytest.raises(FileNotFoundError):
        Part(folder, name, CLASSES, 8)
    assert parts.names(folder) == []


def test_a_batch_can_be_read_after_it_was_merged_and_removed(folder):
    given = rows(4)
    name = parts.write(folder, given, BATCH)
    part = Part(folder, name, CLASSES, 8)
    parts.remove(folder, name)
    same(part.rows(range(4)), given)


def damage(folder, name, how):
    answers = folder / parts.ANSWERS / f"{name}.parquet"
    features = folder / parts.FEATURES / f"{name}.npy"
    if how == "cut":
        answers.write_bytes(answers.read_bytes()[:-20])
    elif how == "empty":
        answers.write_bytes(b"")
    elif how == "zeros":
        answers.write_bytes(bytes(answers.stat().st_size))
    elif how == "features cut":
        features.write_bytes(features.read_bytes()[:-20])
    elif how == "other features":
        np.save(features, np.zeros((2, 8), np.float16))
    elif how == "pickled features":
        np.save(features, np.array([{}, {}]), allow_pickle=True)
    else:
        answers.unlink()
        answers.mkdir()


@pytest.mark.parametrize(
    "how", ["cut", "empty", "zeros", "features cut", "other features", "pickled features", "folder"]
)
def test_a_damaged_part_says_so(folder, how):
    name = parts.write(folder, rows(6), BATCH)
    damage(folder, name, how)
    with pytest.raises(DamagedPart, match=f"{name}.parquet cannot be read"):
        Part(folder, name, CLASSES, 8)


def test_a_part_of_another_model_says_so(folder):
    name = parts.write(folder, rows(6), LARGE)
    with pytest.raises(DamagedPart, match="another model: it has 5 probabilities .*, not 9"):
        Part(folder, name, 9, 8).probabilities  # noqa: B018
    with pytest.raises(DamagedPart, match=r"its features are float16 \(6, 8\)"):
        Part(folder, name, CLASSES, 4).features  # noqa: B018


@pytest.mark.parametrize("fails_at", [0, 1])
def test_what_cannot_be_written_leaves_nothing(folder, monkeypatch, fails_at):
    calls = []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        parts.write(folder, rows(3), BATCH)
    assert [file for file in folder.rglob("*") if file.is_file()] == []
