"""A collection asked once: resumed, stopped, killed, changed, shared."""

import errno
import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from killing import assert_same, kill_after, rows_of, start
from made_photographs import SPECIES, write_photographs
from PIL import Image
from stand_in import StandIn

from conus_widgets.collection import evaluation
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.store import HeldError, StoreError, open_store
from conus_widgets.collection.table import Record, Table
from conus_widgets.network.interface import Cancelled, softmax
from conus_widgets.photographs.photograph import read_photograph


@pytest.fixture
def table(tmp_path):
    return write_photographs(tmp_path / "photographs", 30)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def predictor():
    return StandIn(labels=SPECIES)


def run(table, predictor, out, **options):
    return evaluate(table, predictor, out, progress=False, **options)


def answers_of(out):
    return Collection.open(out).answers


def test_every_photograph_is_asked_once_and_its_answer_is_kept(table, predictor, out):
    done = run(table, predictor, out)
    assert (done.photographs, done.asked, done.runs, done.failed) == (30, 30, 30, 0)
    assert predictor.network.counted_forward == 30
    answers = answers_of(out)
    assert answers.status == ["answered"] * 30
    images = [read_photograph(record.path) for record in table.records]
    expected = predictor.network.forward(predictor.preparation.batch(images))
    np.testing.assert_allclose(answers.logits, expected.logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(answers.probabilities, softmax(expected.logits), atol=1e-5)
    np.testing.assert_allclose(answers.features[:], expected.features, rtol=2e-3, atol=1e-3)
    label = [predictor.labels.index(record.label) for record in table.records]
    loss = -np.log(softmax(expected.logits)[range(30), label])
    np.testing.assert_allclose(answers.losses, loss, rtol=1e-3, atol=1e-4)
    live = open_store(out).live()
    rows = live.rows([os.fsencode(record.path) for record in table.records])
    np.testing.assert_allclose(rows.loss, loss, rtol=1e-3, atol=1e-4)
    assert answers.measures["width"].tolist() == [image.width for image in images]


def test_a_second_time_nothing_runs_and_nothing_is_written(table, predictor, out):
    run(table, predictor, out)
    kept = {f: f.stat().st_mtime_ns for f in (out / "answers").iterdir()}
    done = run(table, predictor, out)
    assert (done.asked, done.runs, done.carried, predictor.network.counted_forward) == (0, 0, 0, 30)
    assert {f: f.stat().st_mtime_ns for f in (out / "answers").iterdir()} == kept


def test_a_disk_that_is_not_mounted_costs_no_answers(table, predictor, out, tmp_path):
    run(table, predictor, out)
    kept, disk = rows_of(out), Path(table.records[0].path).parents[1]
    disk.rename(tmp_path / "not mounted")
    disk.mkdir()  # an empty place to mount it
    more = Table((*table.records, Record(str(disk / "new.png"))), (), table.source, True)
    done = run(more, predictor, out)
    assert (done.asked, done.carried, done.failed) == (0, 0, 1), "only the new one is an error"
    now = rows_of(out)
    assert_same({path: now[path] for path in kept}, kept)
    first = table.records[0].path
    assert done.notes == (
        f"30 photographs are missing, for example {first}. Their answers are kept. Is a disk not "
        "mounted?",
    )
    disk.rmdir()
    (tmp_path / "not mounted").rename(disk)
    Image.new("RGB", (70, 50), "brown").save(table.records[3].path)
    done = run(table, predictor, out)
    assert (done.asked, done.failed, done.notes) == (1, 0, ())
    os.unlink(first)
    (note,) = run(table, predictor, out).notes
    assert note == f"{first} is missing. Its answer is kept. Is a disk not mounted?"


def test_only_what_was_changed_or_added_is_asked_again(table, predictor, out, tmp_path):
    run(table.__class__(table.records[:25], (), table.source, True), predictor, out)
    Image.new("RGB", (70, 50), "brown").save(table.records[3].path)
    before = answers_of(out)
    done = run(table, predictor, out)
    assert (done.asked, predictor.network.counted_forward) == (6, 31)
    after = answers_of(out)
    same = [n for n in range(25) if n != 3]
    assert [after.digests[n] for n in same] == [before.digests[n] for n in same]
    assert after.digests[3] != before.digests[3]
    expected = predictor.network.forward(
        predictor.preparation.batch([read_photograph(table.records[3].path)])
    )
    np.testing.assert_allclose(after.logits[3], expected.logits[0], rtol=1e-4, atol=1e-4)


def test_moved_copied_and_touched_files_are_recognised_by_their_content(
    table, predictor, out, tmp_path
):
    run(table, predictor, out)
    before = answers_of(out)
    os.utime(table.records[0].path, (1, 1))
    shutil.copy(table.records[1].path, tmp_path / "copy.png")
    moved = tmp_path / "elsewhere"
    os.rename(Path(table.records[2].path).parent, moved)
    records = [
        Record(
            record.path.replace(str(Path(table.records[2].path).parent), str(moved)), "species 4"
        )
        for record in table.records
    ]
    records.append(Record(str(tmp_path / "copy.png"), "species 0"))
    done = run(Table(tuple(records), (), "x", True), predictor, out)
    assert (done.asked, done.carried, predictor.network.counted_forward) == (0, 8, 30)
    after = answers_of(out)
    assert after.digests == [*before.digests, before.digests[1]]
    np.testing.assert_array_equal(after.logits[:30], before.logits)
    np.testing.assert_array_equal(after.features[30], before.features[1])
    live = open_store(out).live()
    rows = live.rows([os.fsencode(records[2].path)])
    np.testing.assert_allclose(rows.loss[0], after.losses[2], rtol=1e-5)
    assert rows.label == ["species 4"]
    assert run(Table(tuple(records), (), "x", True), predictor, out).carried == 0


def test_a_bad_photograph_costs_itself_and_is_tried_again(table, predictor, out, tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "text.jpg").write_text("no picture")
    os.mkfifo(tmp_path / "pipe.jpg")
    bad = ["empty.jpg", "folder.jpg", "text.jpg", "pipe.jpg", "missing.jpg", "nul\0.jpg"]
    records = [Record(str(tmp_path / name), "species 1") for name in bad]
    given = Table((records[0], *table.records, *records[1:]), (), "x", True)
    done = run(given, predictor, out)
    assert (done.asked, done.failed, done.photographs) == (30, 6, 36)
    assert "6 cannot be used" in str(done)
    answers = answers_of(out)
    assert [n for n, status in enumerate(answers.status) if status == "failed"] == [
        0,
        *range(31, 36),
    ]
    assert answers.errors[0].startswith("empty.jpg is empty")
    assert answers.errors[31].startswith("folder.jpg is a folder")
    assert answers.errors[33].startswith("pipe.jpg is not a file")
    assert np.isnan(answers.probabilities[[0, 31]]).all()
    kept = sorted((out / "answers").iterdir())
    assert (run(given, predictor, out).failed, sorted((out / "answers").iterdir())) == (6, kept)
    Image.new("RGB", (70, 50), "brown").save(tmp_path / "missing.jpg")
    done = run(given, predictor, out)
    assert (done.asked, done.failed, predictor.network.counted_forward) == (1, 5, 31)
    assert answers_of(out).status.count("failed") == 5


def test_a_file_that_is_listed_twice_is_asked_once(table, predictor, out):
    twice = Table(table.records + table.records[:3], (), "x", True)
    assert run(twice, predictor, out).photographs == 30
    assert predictor.network.counted_forward == 30
    answers = answers_of(out)
    assert len(answers) == 33 and answers.digests[30:] == answers.digests[:3]


def test_an_empty_table_is_no_failure(predictor, out):
    assert run(Table((), (), "x", True), predictor, out).photographs == 0
    assert len(answers_of(out)) == 0


def test_labels_that_the_model_does_not_know_have_no_loss(table, predictor, out):
    strange = Table((Record(table.records[0].path, "Saxidomus"),), (), "x", True)
    run(strange, predictor, out)
    answers = answers_of(out)
    assert answers.class_of.tolist() == [-1] and np.isnan(answers.losses).all()
    assert answers.status == ["answered"]


# Views -----------------------------------------------------------------------------------------


def test_views_depend_on_seed_and_content_only(table, predictor, tmp_path):
    whole = tmp_path / "whole"
    done = run(table, predictor, whole, views=3, seed=5)
    assert (done.asked, done.runs) == (30, 90)
    parted = tmp_path / "parted"
    run(Table(table.records[20:], (), "x", True), predictor, parted, views=3, seed=5)
    run(Table(table.records[::-1], (), "x", True), predictor, parted, views=3, seed=5)
    assert_same(rows_of(parted), rows_of(whole))
    other = tmp_path / "other"
    run(table, predictor, other, views=3, seed=6)
    assert np.abs(answers_of(other).logits - answers_of(whole).logits).max() > 1e-3
    np.testing.assert_allclose(
        softmax(answers_of(whole).logits), answers_of(whole).probabilities, atol=1e-5
    )


# Another model, another process, a full disk ----------------------------------------------------


def test_another_model_or_other_settings_do_not_mix(table, predictor, out):
    run(table, predictor, out)
    with pytest.raises(StoreError, match="the model is stand-in .* Give another folder"):
        run(table, StandIn(labels=SPECIES, seed=1), out)
    with pytest.raises(StoreError, match="views is 2, not 1"):
        run(table, predictor, out, views=2)
    renamed = StandIn(labels=SPECIES, name="the same under another name")
    assert run(table, renamed, out).asked == 0


def test_stopping_keeps_what_was_answered_and_resuming_asks_the_rest(table, predictor, out):
    network = predictor.network
    with pytest.raises(Cancelled):
        run(table, predictor, out, cancelled=lambda: network.counted_forward >= 12)
    assert network.counted_forward == 12
    assert answers_of(out).status.count("answered") == 12
    assert run(table, predictor, out).asked == 18
    assert network.counted_forward == 30


def test_an_interruption_in_the_middle_keeps_what_was_answered(table, predictor, out):
    def interrupt(done, total):
        assert total == 30
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(table, predictor, out, progress=interrupt)
    assert answers_of(out).status.count("answered") == 7
    seen = []
    evaluate(table, predictor, out, progress=lambda done, total: seen.append(done))
    assert seen[0] == 7 and seen == sorted(seen) and seen[-1] == 30


def test_a_full_disk_in_the_middle_keeps_what_was_saved(table, predictor, out, monkeypatch):
    monkeypatch.setattr(evaluation, "BATCH", 4)
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="is full. What was saved there stays"):
            run(table, predictor, out)
    saved = answers_of(out).status.count("answered")
    assert saved == 16
    assert run(table, predictor, out).asked == 30 - saved
    assert answers_of(out).status == ["answered"] * 30


def test_a_damaged_part_is_asked_again_and_said(table, predictor, out, monkeypatch):
    monkeypatch.setattr(evaluation, "BATCH", 10)
    monkeypatch.setattr(evaluation, "merge", lambda whole: None)
    run(table, predictor, out)
    bad = sorted((out / "answers").iterdir())[0]
    bad.write_bytes(b"\0" * bad.stat().st_size)
    done = run(table, predictor, out)
    assert done.asked == 10
    assert f"{bad.name} cannot be read" in str(done) and "were asked again" in str(done)
    assert run(table, predictor, out).notes == ()


def test_a_second_process_is_refused_while_the_first_goes_on(table, predictor, out, tmp_path):
    with start(tmp_path / "photographs", out, batch=2, part_rows=64, delay=0.03) as child:
        child.stdout.readline()
        with pytest.raises(HeldError, match=f"process {child.pid}"):
            run(table, predictor, out)
        rest, _ = child.communicate(timeout=120)
        assert child.returncode == 0 and "30 asked" in rest
    assert run(table, predictor, out).asked == 0


# Killed ----------------------------------------------------------------------------------------


def test_a_killed_evaluation_loses_at_most_a_batch_and_resumes(table, predictor, tmp_path):
    """tests/stress/kill_evaluation.py does so at 20 moments, with many more photographs."""
    run(table, predictor, tmp_path / "whole")
    expected = rows_of(tmp_path / "whole")
    chance = random.Random()
    killed = 0
    for _ in range(3):
        out = tmp_path / "killed"
        seconds = chance.uniform(0, 0.5)
        said = kill_after(tmp_path / "photographs", out, seconds, batch=4, part_rows=64, delay=0.02)
        kept = rows_of(out)
        if said is not None:
            killed += 1
            assert len(kept) >= said - 4, f"{len(kept)} of {said} were kept after {seconds} s"
        for path, row in kept.items():
            assert row[0] == expected[path][0]
    assert killed
    run(table, predictor, out)
    assert_same(rows_of(out), expected)
