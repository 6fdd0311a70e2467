"""Kills workers, schedulers and drivers of a cluster, and looks at what is left: ``make stress``.

A run whose workers are killed goes on; one whose scheduler or driver is killed resumes. The store
ends with the same rows as that of one process, each of them once.
"""

import argparse
import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

TESTS = Path(__file__).resolve().parents[1]
PATHS = [str(TESTS / "collection"), str(TESTS), str(TESTS.parent)]
sys.path[:0] = PATHS

from killing import assert_same, rows_of  # noqa: E402
from made_photographs import SPECIES, write_photographs  # noqa: E402
from sent import Sent  # noqa: E402

from conus_widgets.collection.evaluation import evaluate  # noqa: E402
from conus_widgets.collection.store import open_store  # noqa: E402

DRIVER = """
import sys
from pathlib import Path
from conus_widgets.collection import store
from conus_widgets.collection.cluster import ClusterError
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.table import Record, Table
from made_photographs import SPECIES
from sent import Sent

if __name__ == "__main__":
    folder, out, address = sys.argv[1:]
    files = sorted(Path(folder).rglob("*.png"))
    table = Table(tuple(Record(str(file), file.parent.name) for file in files), (), folder, False)

    def tell(done, total):
        print(done, flush=True)

    try:
        evaluate(
            table, Sent(SPECIES, delay=0.03), out, cluster=address, progress=tell
        )
    except ClusterError as error:
        sys.exit(str(error))
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)}
LIMIT = 240  # seconds for what must end by itself


def started(*command, **options):
    return subprocess.Popen(
        [sys.executable, *command], env=ENVIRONMENT, stdout=subprocess.DEVNULL, **options
    )


class Cluster:
    """A scheduler and two workers with nannies, as processes of their own."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.start()

    def start(self):
        port = str(self._port)
        given = [
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "--no-dashboard",
            "--dashboard-address",
            "0",
        ]
        self.scheduler = started("-m", "dask", "scheduler", *given, stderr=subprocess.DEVNULL)
        share = ["--nworkers", "2", "--nthreads", "1", "--memory-limit", "0", "--no-dashboard"]
        self.nannies = started(
            "-m", "dask", "worker", self.address, *share, stderr=subprocess.DEVNULL
        )

    def workers(self):
        """The processes that compute."""
        found = psutil.Process(self.nannies.pid).children(recursive=True)
        return [process for process in found if "spawn_main" in " ".join(process.cmdline())]

    def stop(self):
        for process in (self.nannies, self.scheduler):
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.kill()
            process.kill()
            process.wait()


def driver(photographs, out, address):
    return subprocess.Popen(
        [
            sys.executable,
            str(photographs.parent / "driver.py"),
            str(photographs),
            str(out),
            address,
        ],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process, more):
    """Read what a driver says until so many more photographs are done; return its last number."""
    first = None
    for line in process.stdout:
        done = int(line)
        first = done if first is None else first
        if done >= first + more:
            return done
    return None


def finish(photographs, out, address, expected):
    """Run to the end, and compare."""
    with driver(photographs, out, address) as process:
        _, errors = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, errors
    compare(out, expected)


def compare(out, expected):
    assert_same(rows_of(out), expected)
    rows = sum(len(part) for part in open_store(out).live().parts)
    assert rows == len(expected), f"{rows} rows for {len(expected)} photographs"


def workers(folder, photographs, expected, chance, times):
    """Kill workers; the driver notices nothing."""
    killed = stores = 0
    while killed < times:
        stores += 1
        out, cluster = folder / f"workers {stores}", Cluster()
        try:
            with driver(photographs, out, cluster.address) as process:
                while killed < times and wait_for(process, 32 + chance.randrange(64)) is not None:
                    victims = cluster.workers()
                    if victims:
                        chance.choice(victims).kill()
                        killed += 1
                        print(f"worker killed, {killed} of {times}", flush=True)
                _, errors = process.communicate(timeout=LIMIT)
                assert process.returncode == 0, errors
        finally:
            cluster.stop()
        compare(out, expected)


def schedulers(folder, photographs, expected, chance, times):
    """Kill the scheduler; the driver says so and ends; the same command resumes."""
    out, cluster = folder / "schedulers", Cluster()
    kept = 0
    try:
        for number in range(times):
            with driver(photographs, out, cluster.address) as process:
                assert wait_for(process, 64 + chance.randrange(32)) is not None
                cluster.scheduler.kill()
                _, errors = process.communicate(timeout=LIMIT)
            assert "went away" in errors and "goes on from there" in errors, errors
            cluster.stop()
            now = len(rows_of(out))
            assert now > kept, f"{kept} were kept before, {now} are now"
            kept = now
            print(f"scheduler killed, {number + 1} of {times}: {kept} kept", flush=True)
            cluster.start()
        finish(photographs, out, cluster.address, expected)
    finally:
        cluster.stop()


def drivers(folder, photographs, expected, chance, times):
    """Kill the driver; the same command resumes on the same cluster."""
    out, cluster = folder / "drivers", Cluster()
    kept = 0
    try:
        for number in range(times):
            with driver(photographs, out, cluster.address) as process:
                said = wait_for(process, 64 + chance.randrange(32))
                assert said is not None
                process.kill()
            now = len(rows_of(out))
            assert now >= said, f"{said} were said, {now} are kept"
            assert now > kept, f"{kept} were kept before, {now} are now"
            kept = now
            print(f"driver killed, {number + 1} of {times}: {said} said, {kept} kept", flush=True)
        finish(photographs, out, cluster.address, expected)
    finally:
        cluster.stop()


def main():
    parser = argparse.ArgumentParser(prog="make stress", description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=600, help="in the collection (600)")
    parser.add_argument("--workers", type=int, default=10, help="to kill (10)")
    parser.add_argument("--schedulers", type=int, default=3, help="to kill (3)")
    parser.add_argument("--drivers", type=int, default=3, help="to kill (3)")
    parser.add_argument("--seed", type=int, help="of the moments; another one each time")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    chance = random.Random(seed)
    print(f"seed {seed}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "driver.py").write_text(DRIVER)
        photographs = folder / "photographs"
        table = write_photographs(photographs, options.photographs)
        evaluate(table, Sent(SPECIES), folder / "whole", progress=False)
        expected = rows_of(folder / "whole")
        for kind in (drivers, schedulers, workers):
            kind(folder, photographs, expected, chance, getattr(options, kind.__name__))
    print(f"Nothing was lost, nothing is there twice ({time.monotonic() - begun:.0f} s).")


if __name__ == "__main__":
    main()
