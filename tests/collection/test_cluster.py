"""A collection on a Dask cluster: the same store as one process, whatever happens on the way.

The workers here are threads of this process, which start at once; one test has real ones.
tests/stress/kill_cluster.py kills workers, schedulers and drivers.
"""

import asyncio
import errno
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from killing import assert_same, rows_of
from made_photographs import SPECIES, write_photographs
from sent import Sent

from conus_widgets.__main__ import main
from conus_widgets.collection import store
from conus_widgets.collection.asking import Asking, Entry
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.store import StoreError, open_store
from conus_widgets.collection.table import Record, Table
from conus_widgets.network.interface import Cancelled

distributed = pytest.importorskip("distributed", reason="Dask is the extra 'cluster'")
import psutil  # noqa: E402  # comes with Dask

from conus_widgets.collection import cluster, cluster_worker  # noqa: E402  # need Dask
from conus_widgets.collection.cluster_worker import NetworkPlugin  # noqa: E402

COUNT = 90


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A table of good photographs and two bad ones."""
    folder = tmp_path_factory.mktemp("photographs")
    table = write_photographs(folder, COUNT)
    (folder / "text.png").write_text("no picture")
    bad = [Record(str(folder / name), SPECIES[1]) for name in ("text.png", "missing.png")]
    return Table((bad[0], *table.records, bad[1]), (), str(folder), True)


@pytest.fixture(scope="module")
def whole(photographs, tmp_path_factory):
    """The store that one process makes."""
    out = tmp_path_factory.mktemp("whole") / "out"
    evaluate(photographs, Sent(SPECIES), out, progress=False)
    return out


@pytest.fixture
def client(no_loop_of_the_browser):
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as made,
        distributed.Client(made, set_as_default=False) as found,
    ):
        yield found


def run(table, out, client, predictor=None, **options):
    given = {"progress": False, "cluster": client, **options}
    return evaluate(table, predictor or Sent(SPECIES), out, **given)


def rows_in(out):
    return sum(len(part) for part in open_store(out).live().parts)


def test_a_cluster_makes_the_same_store_as_one_process(
    photographs, whole, client, tmp_path, monkeypatch
):
    monkeypatch.setattr(store, "PART_ROWS", 64)
    seen = []
    out = tmp_path / "out"
    done = run(photographs, out, client, progress=lambda *given: seen.append(given))
    assert (done.photographs, done.asked, done.failed) == (COUNT + 2, COUNT, 2)
    assert_same(rows_of(out), rows_of(whole))
    assert rows_in(out) == COUNT + 2
    assert sorted(len(part) for part in open_store(out).live().parts if part.large) == [64]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (COUNT + 2, COUNT + 2)
    one, other = (Collection.open(place).answers for place in (whole, out))
    assert (one.status, one.errors, one.digests) == (other.status, other.errors, other.digests)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-5)
    paths = [os.fsencode(record.path) for record in photographs.records]
    ours, theirs = (open_store(place).live().rows(paths) for place in (out, whole))
    assert ours.label == theirs.label
    assert run(photographs, out, client).asked == 0
    assert rows_in(out) == COUNT + 2


def test_views_are_the_same_on_a_cluster(photographs, client, tmp_path):
    few = Table(photographs.records[1:9], (), "x", True)
    run(few, tmp_path / "out", client, views=3, seed=5)
    evaluate(few, Sent(SPECIES), tmp_path / "here", views=3, seed=5, progress=False)
    assert_same(rows_of(tmp_path / "out"), rows_of(tmp_path / "here"))


def test_it_is_stopped_and_goes_on(photographs, whole, client, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "BATCH", 4)
    out, seen = tmp_path / "out", []

    def interrupt(done, total):
        seen.append(done)
        if done >= 20:
            raise KeyboardInterrupt

    slow = Sent(SPECIES, delay=0.01)
    with pytest.raises(KeyboardInterrupt):
        run(photographs, out, client, slow, progress=interrupt)
    kept = len(rows_of(out))
    assert 20 <= kept < COUNT
    with pytest.raises(Cancelled):
        run(photographs, out, client, slow, cancelled=lambda: len(rows_of(out)) > kept)
    assert len(rows_of(out)) > kept
    run(photographs, out, client)
    assert_same(rows_of(out), rows_of(whole))
    assert rows_in(out) == COUNT + 2


def test_a_large_collection_has_larger_batches_a_small_one_never_smaller_ones():
    sizes = [cluster.batch_of(count) for count in (0, 1, 2_000, 25_600, 40_000, 10**5, 10**7)]
    assert sizes == [32, 32, 32, 32, 50, 125, 128]


def test_workers_here_spend_no_time_on_looking_at_their_own_stacks(no_loop_of_the_browser):
    def looks(dask_worker):
        return "profile" in dask_worker.periodic_callbacks, os.getpid()

    with cluster.local_workers(1) as client:
        ((looking, process),) = client.run(looks).values()
    assert not looking and process != os.getpid()


def test_a_full_disk_is_said(photographs, client, tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="is full. What was saved there stays"):
            run(photographs, tmp_path / "out", client)
    saved = len(rows_of(tmp_path / "out"))
    assert saved < COUNT
    run(photographs, tmp_path / "out", client)
    assert len(rows_of(tmp_path / "out")) == COUNT + 2


def test_a_photograph_that_ends_its_workers_costs_itself(
    photographs, whole, client, tmp_path, monkeypatch
):
    """Dask gives a batch up after four workers died of it: here it says so at once."""
    bad = os.fsencode(photographs.records[40].path)

    def ask_batch(plugin, ident, entries):
        if bad in [entry.path for entry in entries]:
            last = types.SimpleNamespace(address="tcp://host:1")
            raise distributed.KilledWorker("batch", last, 3)
        return cluster_worker.ask_batch(plugin, ident, entries)

    with monkeypatch.context() as patched:
        patched.setattr(cluster, "ask_batch", ask_batch)
        done = run(photographs, tmp_path / "out", client)
    assert (done.asked, done.failed) == (COUNT - 1, 3)
    answers = Collection.open(tmp_path / "out").answers
    assert "39.png ended the worker processes that read it" in answers.errors[40]
    assert run(photographs, tmp_path / "out", client).asked == 1  # it is tried again
    assert_same(rows_of(tmp_path / "out"), rows_of(whole))


# What a worker does -----------------------------------------------------------------------------


def plugin_in(out, predictor):
    """A plugin in a worker, as it is set up there, without a cluster."""
    worker = types.SimpleNamespace(address="tcp://host:1", state=types.SimpleNamespace(nthreads=1))
    plugin = NetworkPlugin(predictor, open_store(out), Asking())
    asyncio.run(plugin.setup(worker))
    return plugin


def test_a_batch_that_was_saved_before_its_worker_died_is_not_asked_again(
    photographs, tmp_path, no_loop_of_the_browser
):
    evaluate(Table((), (), "x", True), Sent(SPECIES), tmp_path / "out", progress=False)
    plugin = plugin_in(tmp_path / "out", Sent(SPECIES))
    records = photographs.records[:6]
    entries = [Entry(os.fsencode(r.path), r.label, SPECIES.index(r.label)) for r in records]
    first = plugin.ask("1", entries)
    assert first == (5, 1, 6) and plugin.ask("1", entries) == first
    assert plugin._predictor_here.network.counted_forward == 5 and rows_in(tmp_path / "out") == 6
    known = [entries[0]._replace(known=open_store(tmp_path / "out").live().parts[0].error[0])]
    assert plugin.ask("2", known) == (0, 1, 0) and rows_in(tmp_path / "out") == 6


def test_a_machine_that_lacks_something_says_what(tmp_path, monkeypatch, no_loop_of_the_browser):
    evaluate(Table((), (), "x", True), Sent(SPECIES), tmp_path / "out", progress=False)
    plugin = NetworkPlugin(Sent(SPECIES), open_store(tmp_path / "out"), Asking())
    worker = types.SimpleNamespace(address="tcp://host:1")
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="tcp://host:1 .* does not see the store: .* must share"):
        asyncio.run(plugin.setup(worker))
    monkeypatch.setattr(cluster_worker, "VERSION", "0.0")
    with pytest.raises(RuntimeError, match="has conus_widgets 0.0, .* install the same version"):
        asyncio.run(plugin.setup(worker))


class Unloadable(Sent):
    """One whose checkpoint is not on the workers."""

    def __reduce__(self):
        return open, ("/no/such/checkpoint",)


def test_a_network_that_cannot_be_loaded_is_said_before_anything_runs(
    photographs, client, tmp_path
):
    with pytest.raises(cluster.ClusterError, match="cannot be loaded: .*/no/such/checkpoint"):
        run(photographs, tmp_path / "out", client, Unloadable(SPECIES))


def test_no_scheduler_is_said(photographs, tmp_path, monkeypatch, no_loop_of_the_browser):
    monkeypatch.setattr(cluster, "CONNECTING", 0.2)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(cluster.ClusterError, match=f"No scheduler answers at {address}"):
            run(photographs, tmp_path / "out", address)


def test_without_dask_it_says_what_to_install(photographs, tmp_path):
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "from conus_widgets.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", photographs.source, "--workers", "2"]
        + ["--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "pip install 'conus-widgets[cluster]'" in done.stderr


# Real processes ---------------------------------------------------------------------------------


def test_two_processes_give_what_one_gives(
    photographs, tmp_path, capsys, monkeypatch, no_loop_of_the_browser
):
    ask, places = cluster.ask_cluster, set()

    def asking(*given, **options):
        here = psutil.Process()
        for process in (here, *here.children(recursive=True)):
            found = process.net_connections("tcp")
            places.update(one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN)
        ask(*given, **options)

    monkeypatch.setattr(cluster, "ask_cluster", asking)
    few = tmp_path / "few"
    for record in photographs.records[1:41]:
        name = few / record.label / Path(record.path).name
        name.parent.mkdir(parents=True, exist_ok=True)
        name.symlink_to(record.path)
    for out, more in (("two", ["--workers", "2"]), ("one", [])):
        assert main(["evaluate", str(few), "--out", str(tmp_path / out), *more]) == 0
        assert "40 photographs: 40 asked" in capsys.readouterr().out
    assert_same(rows_of(tmp_path / "two"), rows_of(tmp_path / "one"))
    assert places == {"127.0.0.1"}, "nothing listens to other machines"
