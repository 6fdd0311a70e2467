"""Merging: batches become large parts, and nothing is lost or there twice."""

import numpy as np
import pytest
from made_rows import rows
from made_store import paths

from conus_widgets.collection import parts, store
from conus_widgets.collection.merging import Gathering, join, merge

pytest_plugins = ["made_store"]  # its fixture


def names(made):
    return [name.split("-")[0] for name in parts.names(made.folder)]


def test_batches_are_merged_into_large_parts_and_a_rest(made, monkeypatch):
    monkeypatch.setattr(store, "PART_ROWS", 64)
    for n in range(15):
        made.append(rows(10, first=10 * n))
    before = made.live().rows(paths(0, 150))
    merge(made)
    assert names(made) == ["batch", "part", "part"]
    live = made.live()
    assert [len(part) for part in live.parts] == [150 - 128, 64, 64]
    after = live.rows(paths(0, 150))
    assert after.digest == before.digest
    np.testing.assert_array_equal(after.features, before.features)
    kept = parts.names(made.folder)
    merge(made)  # nothing to be done: nothing is written
    assert parts.names(made.folder) == kept
    assert len(list((made.folder / parts.FEATURES).iterdir())) == 3


def test_a_merge_that_ends_anywhere_loses_and_doubles_nothing(made, monkeypatch):
    monkeypatch.setattr(store, "PART_ROWS", 64)
    removed = parts.remove
    for moment in range(12):
        made.append(rows(30, first=30 * moment))
        expected = made.live().rows(paths(0, 30 * (moment + 1))).digest
        calls = []

        def ends(folder, name, calls=calls, moment=moment):
            calls.append(name)
            if len(calls) > moment % 3:
                raise KeyboardInterrupt
            removed(folder, name)

        monkeypatch.setattr(parts, "remove", ends)
        try:
            merge(made)
        except KeyboardInterrupt:
            pass
        monkeypatch.setattr(parts, "remove", removed)
        live = made.live()
        assert live.rows(paths(0, 30 * (moment + 1))).digest == expected
    merge(made)
    assert sum(len(part) for part in made.live().parts) == 360
    assert made.live().rows(paths(0, 360)).digest == expected


def test_rows_that_no_longer_count_leave_with_the_next_merge(made):
    for seed in range(4):
        made.append(rows(6, seed=seed, asked=seed))
    merge(made)
    assert [len(part) for part in made.live().parts] == [6]
    assert made.live().rows(paths(0, 6)).digest == rows(6, seed=3).digest


def test_readers_go_on_while_another_process_merges(made, monkeypatch):
    monkeypatch.setattr(store, "PART_ROWS", 64)
    for n in range(10):
        made.append(rows(10, first=10 * n))
    listed = parts.names
    merged = []

    def late(folder):
        found = listed(folder)
        if not merged:
            merged.append(True)
            merge(made)
        return found

    monkeypatch.setattr(parts, "names", late)
    assert len(made.live().where) == 100


# Joined while they are saved --------------------------------------------------------------------


def test_batches_are_gathered_until_one_more_would_be_too_many():
    gathering = Gathering(64)
    found = [gathering.add(f"batch-{n}", 20) for n in range(7)]
    first, second = [f"batch-{n}" for n in range(3)], [f"batch-{n}" for n in range(3, 6)]
    assert found == [[], [], [], first, [], [], second]


def test_joined_batches_hold_the_same_rows_in_one_large_part(made):
    batches = [made.append(rows(10, first=10 * n)) for n in range(3)]
    expected = made.live().rows(paths(0, 30))
    join(made, batches)
    assert names(made) == ["part"]
    found = made.live().rows(paths(0, 30))
    assert found.digest == expected.digest
    np.testing.assert_array_equal(found.features, expected.features)
    join(made, batches)  # again, as after a worker's death: it is done already
    assert names(made) == ["part"] and len(made.live().parts[0]) == 30


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_join_that_ends_anywhere_is_ended_by_the_next_one(made, monkeypatch, removed):
    batches = [made.append(rows(10, first=10 * n)) for n in range(3)]
    expected = made.live().rows(paths(0, 30)).digest
    remove, calls = parts.remove, []

    def ends(folder, name):
        calls.append(name)
        if len(calls) > removed:
            raise KeyboardInterrupt
        remove(folder, name)

    with monkeypatch.context() as patched:
        patched.setattr(parts, "remove", ends)
        with pytest.raises(KeyboardInterrupt):
            join(made, batches)
    assert made.live().rows(paths(0, 30)).digest == expected
    join(made, batches)
    assert names(made) == ["part"] and made.live().rows(paths(0, 30)).digest == expected


def test_a_batch_that_is_not_seen_yet_costs_no_other_batch(made):
    """A disk of a network may show a file late to another machine."""
    batches = [made.append(rows(10, first=10 * n)) for n in range(3)]
    hidden = made.folder / parts.ANSWERS / f"{batches[1]}.parquet"
    hidden.rename(made.folder / "late")
    join(made, batches)
    assert names(made) == ["batch"] * 2
    (made.folder / "late").rename(hidden)
    merge(made)
    assert len(made.live().where) == 30 and names(made) == ["batch"]
