"""A store: parts that several processes write, merge, damage and read."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_rows import CLASSES, fingerprint, rows
from made_store import paths

from conus_widgets.collection import parts, store
from conus_widgets.collection.answers import Answers
from conus_widgets.collection.merging import merge
from conus_widgets.collection.problems import Problem
from conus_widgets.collection.store import HeldError, StoreError, open_store, writing
from conus_widgets.collection.table import Record, Table

pytest_plugins = ["made_store"]  # its fixture


def test_a_store_is_made_once_and_opened_again(made):
    again = open_store(made.folder)
    assert again.fingerprint == fingerprint() and len(again.live().where) == 0
    with writing(made.folder, fingerprint()) as (found, _):
        assert found.fingerprint == fingerprint()


def test_another_model_or_other_settings_are_refused_with_the_way_out(made):
    import dataclasses

    for change, words in (
        ({"digest": "1" * 64}, "the model is made .*, not made of the same name"),
        ({"digest": "1" * 64, "name": "other"}, "the model is other"),
        ({"views": 10, "seed": 1}, "views is 10, not 1; seed is 1, not None"),
        ({"precision": "bfloat16"}, "precision is bfloat16, not float32"),
    ):
        other = dataclasses.replace(fingerprint(), **change)
        with pytest.raises(StoreError, match=f"{words}.* Give another folder"):
            with writing(made.folder, other):
                pass


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 1}', "\0" * 50, '{"format": 99, "name": "x"}']
)
def test_a_damaged_fingerprint_says_so(made, text):
    (made.folder / "fingerprint.json").write_text(text)
    with pytest.raises(StoreError, match="fingerprint.json cannot be read"):
        open_store(made.folder)


def test_a_folder_of_other_files_or_none_is_refused(tmp_path):
    with pytest.raises(StoreError, match="holds no answers"):
        open_store(tmp_path / "none")
    (tmp_path / "thesis.doc").write_text("")
    with pytest.raises(StoreError, match=r"holds other files \(thesis.doc\): give an empty"):
        with writing(tmp_path, fingerprint()):
            pass
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        with writing(tmp_path / "file", fingerprint()):
            pass


def test_what_fails_in_the_block_is_not_blamed_on_the_folder(tmp_path):
    with pytest.raises(BrokenPipeError):
        with writing(tmp_path / "out", fingerprint()):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    with writing(tmp_path / "out", fingerprint()):
        pass


# Rows ------------------------------------------------------------------------------------------


def test_the_newest_row_of_a_photograph_counts(made):
    made.append(rows(6, seed=1, asked=10))
    made.append(rows(3, seed=2, asked=20))
    made.append(rows(6, seed=3, asked=5))
    live = made.live()
    assert live.rows(paths(0, 6)).digest == (
        rows(3, seed=2).digest + rows(6, seed=1).take(range(3, 6)).digest
    )
    chosen = live.rows([b"/photos/5.jpg", b"/photos/0.jpg", b"/photos/5.jpg"])
    assert chosen.path == [b"/photos/5.jpg", b"/photos/0.jpg", b"/photos/5.jpg"]


def test_a_damaged_part_costs_its_own_rows(made):
    made.append(rows(5))
    bad = parts.write(made.folder, rows(5, first=5), parts.BATCH)
    (made.folder / parts.ANSWERS / f"{bad}.parquet").write_bytes(b"\0" * 100)
    live = made.live()
    assert sorted(live.where) == paths(0, 5)
    assert list(live.damaged) == [bad] and f"{bad}.parquet cannot be read" in live.damaged[bad]
    made.set_aside(bad)
    assert made.live().damaged == {}
    assert (made.folder / "damaged" / f"{bad}.parquet").exists()


def test_what_ended_processes_left_is_removed_after_a_while(made):
    made.append(rows(3))
    old = made.folder / parts.UNFINISHED / "old.part"
    new = made.folder / parts.UNFINISHED / "new.part"
    alone = made.folder / parts.FEATURES / "batch-0.npy"
    for file in (old, new, alone):
        file.write_bytes(b"x")
    for file in (old, alone):
        os.utime(file, (time.time() - 2 * store.OLD,) * 2)
    made.clean()
    assert not old.exists() and not alone.exists() and new.exists()
    assert len(made.live().where) == 3


@pytest.mark.parametrize("number, words", [(errno.ENOSPC, "is full"), (errno.EDQUOT, "is full")])
def test_a_full_disk_is_said_and_what_was_saved_stays(made, monkeypatch, number, words):
    made.append(rows(4))

    def full(descriptor):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match=f"{words}. What was saved there stays"):
            made.append(rows(4, first=4))
        with pytest.raises(StoreError, match=words):
            made.write_table(Table((), (), "x", True))
    assert len(made.live().where) == 4
    made.append(rows(4, first=4))
    assert len(made.live().where) == 8


# The table -------------------------------------------------------------------------------------


def test_a_table_comes_back_as_it_was(made):
    strange = Record(
        path=os.fsdecode(b"/x/\xff\n.jpg"),
        label="Conus \N{SNOWMAN}",
        specimen="MNCN:1",
        view="ventral",
        region="Panamic",
        institution="MNCN",
        occurrence="urn:1",
        catalogue="15.05/1",
        others={"collector": 'Ana "N" <b>', "depth": "3"},
        given_view="aperture",
    )
    table = Table((strange, Record("/x/2.jpg")), (Problem("a", "is b", True),), "/x", False)
    made.write_table(table)
    stored = open_store(made.folder).read_table()
    assert stored.table == table and stored.record(1) == Record("/x/2.jpg") and len(stored) == 2
    assert list(stored.records) == [*stored.records[:1], stored.records[-1]] == list(table.records)
    assert stored.column("label") == ["Conus \N{SNOWMAN}", ""]
    made.write_table(Table((), (), "none", True))
    assert made.read_table().table.records == ()


def test_a_table_that_is_missing_or_damaged_says_what_to_do(made):
    with pytest.raises(StoreError, match="has no table.parquet: evaluate"):
        made.read_table()
    (made.folder / "table.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match="table.parquet cannot be read"):
        made.read_table()


# One writer ------------------------------------------------------------------------------------

HOLD = """
import sys, time
from made_rows import fingerprint
from conus_widgets.collection.store import writing
with writing(sys.argv[1], fingerprint()):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_who_writes_until_that_one_is_gone(made):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(made.folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        try:
            assert child.stdout.readline() == b"held\n"
            with pytest.raises(HeldError, match=f"by process {child.pid} of .* since 20"):
                with writing(made.folder, fingerprint()):
                    pass
            assert len(open_store(made.folder).live().where) == 0  # reading goes on
        finally:
            child.kill()
    with writing(made.folder, fingerprint()):
        pass


# Opening ---------------------------------------------------------------------------------------

LIGHT = """
import sys
from conus_widgets.collection.answers import Answers
from conus_widgets.collection.merging import merge
from conus_widgets.collection.store import open_store
store = open_store(sys.argv[1])
table = store.read_table()
answers = Answers(store.live(), table.paths, [0] * 100, store.fingerprint.labels, 8)
assert answers.probabilities[7].sum() > 0.99 and answers.features[7].shape == (8,)
assert answers.losses[7] > 0 and table.record(7).label and table.table.records
print([m for m in ("pandas", "sklearn", "cleanlab", "theano", "scipy") if m in sys.modules])
"""


def test_opening_imports_nothing_heavy(made, monkeypatch):
    monkeypatch.setattr(store, "PART_ROWS", 64)
    given = rows(100)
    made.append(given)
    merge(made)
    records = (Record(os.fsdecode(p), n) for p, n in zip(given.path, given.label, strict=True))
    made.write_table(Table(tuple(records), (), "x", True))
    found = subprocess.run(
        [sys.executable, "-c", LIGHT, str(made.folder)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"


def test_answers_stand_in_the_order_of_the_table(made, monkeypatch):
    monkeypatch.setattr(store, "PART_ROWS", 64)
    given = rows(150)
    given.error[4] = "/photos/4.jpg is damaged"
    made.append(given.take(range(100)))
    merge(made)
    made.append(given.take(range(100, 150)))
    order = [149, 4, 0, 500, 63, 64, 0]
    wanted = [b"/photos/%d.jpg" % n for n in order]
    class_of = [1, 1, -1, 1, 2, 0, -1]
    answers = Answers(made.live(), wanted, class_of, fingerprint().labels, 8)
    assert answers.status == ["answered", "failed", "answered", "waiting"] + ["answered"] * 3
    assert answers.errors[1] == "/photos/4.jpg is damaged" and answers.errors[3] == ""
    assert answers.digests[3] == "" and answers.digests[0] == given.digest[149]
    known = [0, 2, 4, 5, 6]
    rows_of = [order[n] for n in known]
    np.testing.assert_array_equal(answers.probabilities[known], given.probabilities[rows_of])
    np.testing.assert_array_equal(answers.logits[known], given.logits[rows_of])
    np.testing.assert_array_equal(answers.hashes[known], given.hash[rows_of])
    np.testing.assert_array_equal(answers.measures["sharpness"][known], given.measures[rows_of, 3])
    np.testing.assert_array_equal(answers.features[known], given.features[rows_of])
    np.testing.assert_array_equal(answers.features[-1], given.features[0])
    np.testing.assert_array_equal(np.asarray(answers.features)[known], given.features[rows_of])
    some = answers.features.of(np.array([5, 0]))
    np.testing.assert_array_equal(some[:], given.features[[64, 149]])
    assert answers.features.shape == (7, 8) and np.isnan(answers.features[3]).all()
    assert np.isnan(answers.probabilities[3]).all()
    # Losses follow today's labels, not those of the day when a photograph was asked.
    expected = -np.log(given.probabilities[149, 1])
    np.testing.assert_allclose(answers.losses[0], expected, rtol=1e-5)
    assert np.isnan(answers.losses[[2, 3, 6]]).all()
    assert answers.class_of.tolist() == class_of and CLASSES == len(answers.classes)
